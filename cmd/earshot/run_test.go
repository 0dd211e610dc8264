package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const aPassword = "correct horse battery"

func TestVersionAndHelp(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		if r := invoke(t, "", nil, args...); r.code != exitOK || !strings.HasPrefix(r.stdout, "earshot "+version) {
			t.Errorf("%v: %+v", args, r)
		}
	}
	for _, args := range [][]string{nil, {"--help"}, {"help"}, {"help", "user", "create"}, {"serve", "--help"}, {"user", "create", "--help"}} {
		if r := invoke(t, "", nil, args...); r.code != exitOK || !strings.Contains(r.stdout, "Usage: earshot") {
			t.Errorf("%v: %+v", args, r)
		}
	}
	help := invoke(t, "", nil, "serve", "--help").stdout
	for _, want := range []string{"--listen=HOST:PORT", "$EARSHOT_LIMITS_TEXT_BYTES", "--config=FILE"} {
		if !strings.Contains(help, want) {
			t.Errorf("the help of serve has no %s", want)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	data := "--data=" + t.TempDir()
	for _, args := range [][]string{
		{"sing"},
		{"user"},
		{"user", "create"},
		{"user", "create", data},
		{"user", "create", "ana", "--from", "x", data},
		{"user", "create", "--from", "-", "--password-stdin", data},
		{"user", "create", "ana", "--root", data},
		{"token", "create", data},
		{"serve", "--listen", "8000", data},
		{"serve", "--sign-up", "maybe", data},
		{"serve", "--limits-rooms", "many", data},
		{"serve", "--config", filepath.Join(t.TempDir(), "none"), data},
		{"serve", "extra", data},
		{"invite", "--uses", "0", data},
		{"invite", "--days", "31", data},
		{"room", "create", data},
		{"room", "create", "x", "--access", "secret", data},
		{"user", "list", "--limit", "-1", data},
		{"user", "show", data},
		{"user", "grant", "ana", data},
		{"user", "grant", "ana", "add_rooms", data},
		{"user", "revoke", "ana", "ADD_ROOM", data},
		{"user", "passwd", "ana", "--none", "--password-stdin", data},
		{"user", "deactivate", data},
		{"group", "create", "g", "everything", data},
		{"group", "grant", "g", data},
		{"group", "add", "g", data},
	} {
		if complaint := refused(t, exitUsage, "", args...); !strings.Contains(complaint, "--help") {
			t.Errorf("%v: %s", args, complaint)
		}
	}
}

func TestUserCreate(t *testing.T) {
	data := filepath.Join(t.TempDir(), "new", "data")
	if got := wants(t, data, aPassword+"\n", "user", "create", "--admin", "--password-stdin", "ana"); got != "1 user created.\n" {
		t.Errorf("said %q", got)
	}
	if info, err := os.Stat(data); err != nil || (runtime.GOOS != "windows" && info.Mode().Perm() != 0o700) {
		t.Errorf("the data directory: %v, %v", info.Mode(), err)
	}
	if got := wants(t, data, aPassword+"\r\n"+aPassword+"2", "user", "create", "--staff", "--password-stdin", "bob", "carl"); got != "2 users created.\n" {
		t.Errorf("said %q", got)
	}
	for _, c := range []struct {
		stdin string
		args  []string
		want  string
	}{
		{aPassword, []string{"--password-stdin", "ANA"}, "no user was created"},
		{aPassword, []string{"--password-stdin", "a b"}, "no user was created"},
		{"", []string{"--password-stdin", "dora"}, "no line with a password for dora"},
		{aPassword, []string{"--password-stdin", "dora", "emil"}, "no line with a password for emil"},
		{"", []string{"dora"}, "--password-stdin"},
		{"x\n", []string{"--password-stdin", "dora"}, "no user was created"},
	} {
		args := append([]string{"user", "create", "--data", data}, c.args...)
		if complaint := refused(t, exitFailure, c.stdin, args...); !strings.Contains(complaint, c.want) || strings.Contains(complaint, aPassword) {
			t.Errorf("%v: %s", c.args, complaint)
		}
	}
	refused(t, exitNotFound, "", "token", "create", "dora", "--data", data)
	// All that is wrong with a password is said at once; whoever runs the server may take it all the same.
	complaint := refused(t, exitFailure, "1234\n", "user", "create", "--data", data, "--password-stdin", "dora")
	for _, reason := range []string{"too short", "too common", "entirely numeric"} {
		if !strings.Contains(complaint, reason) {
			t.Errorf("%q is not said: %s", reason, complaint)
		}
	}
	wants(t, data, "1234\n", "user", "create", "--no-validate", "--password-stdin", "dora")
}

func TestUserCreateFrom(t *testing.T) {
	data := t.TempDir()
	list := filepath.Join(t.TempDir(), "list")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]string{
		"ana\nbob bobspassword x\n":               "line 2",
		"# list\n\nana\nb\x00b\n":                 "line 4",
		"ana\nbob\nAna\n":                         "line 3: the name is the same as in line 1",
		"ana\nb\xffb\n":                           "line 2: it is not valid UTF-8",
		"ana\n" + strings.Repeat("x", maxLine+1):  "line 2: it is longer",
		"ana\n" + strings.Repeat("x", 151) + "\n": "line 2",
		"":                                   "no name",
		"# nobody\n":                         "no name",
		"ana " + aPassword[:7] + "\nbob x\n": "no user was created",
	} {
		write(text)
		if complaint := refused(t, exitFailure, "", "user", "create", "--data", data, "--from", list); !strings.Contains(complaint, want) {
			t.Errorf("%.40q: %s", text, complaint)
		}
	}
	refused(t, exitFailure, "", "user", "create", "--data", data, "--from", list+"-none")
	// None of those above has been created.
	write("\ufeff# the people\nana\n\n  bob\tbobs-long-password  \r\n\u00e9va\n")
	if got := wants(t, data, "", "user", "create", "--from", list); got != "3 users created.\n" {
		t.Errorf("said %q", got)
	}
	if got := wants(t, data, "dora\nemil\n", "user", "create", "--from", "-"); got != "2 users created.\n" {
		t.Errorf("said %q", got)
	}
	tokens := strings.Fields(wants(t, data, "", "token", "create", "emil", "ana", "bob"))
	if len(tokens) != 3 || tokens[0] == tokens[1] {
		t.Errorf("tokens: %v", tokens)
	}
	if again := strings.Fields(wants(t, data, "", "token", "create", "--from", list)); len(again) != 3 || again[0] == tokens[1] {
		t.Errorf("tokens by list: %v", again)
	}
}

// TestThousands makes 10,000 users and tokens by one call each; it says how long that took, which is seconds where nothing
// else is done.
func TestThousands(t *testing.T) {
	const many = 10_000
	data := t.TempDir()
	var list strings.Builder
	for i := range many {
		fmt.Fprintf(&list, "user%d\n", i)
	}
	start := time.Now()
	if got := wants(t, data, list.String(), "user", "create", "--from", "-"); got != "10000 users created.\n" {
		t.Errorf("said %q", got)
	}
	users := time.Since(start)
	if tokens := strings.Fields(wants(t, data, list.String(), "token", "create", "--from", "-")); len(tokens) != many {
		t.Errorf("%d tokens", len(tokens))
	}
	t.Logf("%d users in %v, tokens in %v", many, users, time.Since(start)-users)
}

func TestInvite(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\n", "user", "create", "--from", "-")
	if got := wants(t, data, "", "invite", "--uses", "5", "--days", "2"); !strings.HasPrefix(got, "http://127.0.0.1:8000/signup?invitation=") {
		t.Errorf("said %q", got)
	}
	// A group that is not there is told as everywhere.
	refused(t, exitNotFound, "", "invite", "--group", "nope", "--data", data)
	refused(t, exitNotFound, "ben\n", "user", "create", "--from", "-", "--group", "nope", "--data", data)
	r := invoke(t, "", map[string]string{"EARSHOT_PUBLIC_URL": "https://chat.example.org", "EARSHOT_DATA": data}, "invite")
	if r.code != exitOK || !strings.HasPrefix(r.stdout, "https://chat.example.org/signup?invitation=") {
		t.Errorf("%+v", r)
	}
}

func TestRoomCreate(t *testing.T) {
	data := t.TempDir()
	wants(t, data, aPassword, "user", "create", "--password-stdin", "ana")
	if got := wants(t, data, "", "room", "create", "Hall"); got != "Room #Hall created, with the id 1.\n" {
		t.Errorf("said %q", got)
	}
	wants(t, data, "", "room", "create", "den", "--title", "The den", "--topic", "hush", "--access", "private", "--owner", "ANA")
	for _, args := range [][]string{
		{"room", "create", "hall"},
		{"room", "create", "a b"},
		{"room", "create", "x", "--title", "two\nlines"},
	} {
		refused(t, exitFailure, "", append(args, "--data", data)...)
	}
	refused(t, exitNotFound, "", "room", "create", "x", "--owner", "nobody", "--data", data)
}

func TestNoDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("this is no database, and longer than its header of 100 bytes: "+strings.Repeat("x", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"token", "create", "ana", "--db", file},
		{"token", "create", "ana", "--data", file},
		{"serve", "--listen", "127.0.0.1:0", "--db", file},
		{"token", "create", "ana", "--db", "postgres://ana:hush@127.0.0.1:1/none?connect_timeout=1"},
	} {
		if complaint := refused(t, exitFailure, "", args...); strings.Contains(complaint, "hush") {
			t.Errorf("%v: the password is shown: %s", args, complaint)
		}
	}
}
