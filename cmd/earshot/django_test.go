package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/internal/pgtest"
)

// project runs the script that makes a project's database, or changes it, with the Django that is installed, and skips the
// test where there is none (scripts/need-django.sh).
func project(t *testing.T, target, what string) {
	t.Helper()
	script, err := filepath.Abs("../../import/django/testdata/project.py")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"python3", "/usr/bin/python3"} {
		if exec.CommandContext(t.Context(), program, "-c", "import django, argon2, psycopg2").Run() != nil {
			continue
		}
		var out bytes.Buffer
		cmd := exec.CommandContext(t.Context(), program, script, target, what)
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s %s: %v\n%s", script, what, err, out.String())
		}
		return
	}
	t.Skip("SKIPPED: the import of what the real Django made. No python3 with django, argon2 and psycopg2 was found.")
}

func TestImportDjango(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		db := filepath.Join(t.TempDir(), "db.sqlite3")
		importProject(t, db, db, filepath.Join(t.TempDir(), "earshot.db"), 1)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		server := pgtest.Start(t)
		dsn := server.NewDatabase(t)
		at, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		target := fmt.Sprintf("host=%s user=%s dbname=%s schema=%s", at.Query().Get("host"), at.User.Username(), strings.TrimPrefix(at.Path, "/"), at.Query().Get("search_path"))
		importProject(t, dsn, target, server.NewDatabase(t), 0)
	})
}

// importProject takes a project over three times, the last time after it was changed. sqlite is 1 where there is also what
// only SQLite keeps.
func importProject(t *testing.T, db, target, own string, sqlite int) {
	t.Helper()
	project(t, target, "make")
	into := func(args ...string) string {
		t.Helper()
		r := invoke(t, "", map[string]string{"EARSHOT_DB": own}, args...)
		if r.code != exitOK {
			t.Fatalf("earshot %v: %d %s", args, r.code, r.stderr)
		}
		return r.stdout
	}
	once := func(args ...string) account.ImportReport {
		t.Helper()
		return parsed[account.ImportReport](t, into(append([]string{"import", "django", "--json", "--db", db}, args...)...))
	}
	lookFirst(t, once("--dry-run"), own, sqlite)
	// An account that was here before is left alone.
	r := invoke(t, "unusable\n", map[string]string{"EARSHOT_DB": own}, "user", "create", "--from", "-")
	if r.code != exitOK {
		t.Fatal(r.stderr)
	}
	dry := once("--dry-run")
	if all := parsed[[]userJSON](t, into("user", "list", "--json")); len(all) != 1 {
		t.Errorf("a dry run made users: %+v", all)
	}
	first := once()
	if fmt.Sprint(first) != fmt.Sprint(dry) {
		t.Errorf("the dry run told something else:\n%+v\n%+v", dry, first)
	}
	if first.Users != (account.ImportCounts{Created: 7, LeftOut: 10 + sqlite}) && sqlite == 1 ||
		first.Groups != (account.ImportCounts{Created: 2}) || first.Rooms != (account.ImportCounts{Created: 5, LeftOut: 2}) {
		t.Errorf("%+v", first)
	}
	for _, want := range []string{
		"user ana: the name is that of another", "user b0ss: the name is reserved, or looks", "user moderator: the name is reserved, or looks",
		"user '; DROP TABLE auth_user; --: ", "user bidi\u202egro: ", "user : ", "user two words: ", "user unusable: there is a user of that name here",
		"email 李小龙: ", "password md5: its hash is of an algorithm", "password dear: its hash asks for more", "permission chat.shout: ", "permission auth.delete_group: ",
		"room evil\u202etitle: ",
	} {
		if !leftOut(first, want) {
			t.Errorf("not told: %q", want)
		}
	}
	checkImported(t, into)

	again := once()
	if again.Users.Created+again.Users.Updated+again.Groups.Created+again.Groups.Updated+again.Rooms.Created+again.Rooms.Updated != 0 || again.Users.Unchanged != first.Users.Created {
		t.Errorf("the second time: %+v", again)
	}
	// What is changed here stays where it has not changed there; what is deleted here does not come back.
	into("user", "change", "boss", "--display-name", "Boss")
	into("user", "delete", "md5")
	project(t, target, "change")
	later := once()
	if later.Users.Created != 1 || later.Users.Updated != 2 || later.Groups.Updated != 1 || later.Rooms.Updated != 1 || !leftOut(later, "user md5: it was imported earlier, and deleted here") {
		t.Errorf("after changes: %+v", later)
	}
	ana := parsed[userJSON](t, into("user", "show", "--json", "ana"))
	if len(ana.Groups) != 0 || fmt.Sprint(ana.Permissions) != "[view_user]" || !parsed[userJSON](t, into("user", "show", "--json", "gone")).IsActive ||
		parsed[userJSON](t, into("user", "show", "--json", "boss")).DisplayName != "Boss" {
		t.Errorf("%+v", ana)
	}
	if g := parsed[groupJSON](t, into("group", "show", "--json", "helpers")); fmt.Sprint(g.Permissions) != "[add_room add_user]" {
		t.Errorf("%+v", g)
	}
	if text := into("import", "django", "--db", db); !strings.Contains(text, "Users:  0 created, 0 updated, 7 unchanged") && sqlite == 1 {
		t.Errorf("%s", text)
	}
}

// lookFirst is for who comes from Django: they look at what would come, and have no database yet.
func lookFirst(t *testing.T, sight account.ImportReport, own string, sqlite int) {
	t.Helper()
	if sight.Users.Created < 7 || sight.Rooms.Created != 5 {
		t.Errorf("a dry run without a database: %+v", sight)
	}
	if left, err := os.ReadDir(filepath.Dir(own)); sqlite == 1 && (err != nil || len(left) != 0) {
		t.Errorf("a dry run left %v, %v", left, err)
	}
}

func leftOut(report account.ImportReport, start string) bool {
	for _, l := range report.LeftOut {
		if strings.HasPrefix(l.Kind+" "+l.Name+": "+l.Why, start) {
			return true
		}
	}
	return false
}

// checkImported looks at what the first import made.
func checkImported(t *testing.T, into func(...string) string) {
	t.Helper()
	boss := parsed[userJSON](t, into("user", "show", "--json", "boss"))
	if !boss.IsStaff || !boss.IsSuperuser || boss.Email != "boss@example.org" || boss.DisplayName != "Ada Love" || !boss.HasPassword ||
		boss.DateJoined.UTC().Format("2006-01-02T15:04:05.000") != "2019-02-03T04:05:06.789" || boss.LastLogin == nil ||
		boss.LastLogin.UTC().Format("2006-01-02T15:04:05") != "2020-01-02T03:04:05" {
		t.Errorf("%+v", boss)
	}
	ana := parsed[userJSON](t, into("user", "show", "--json", "ana"))
	if ana.Username != "Ana" || fmt.Sprint(ana.Groups, ana.Permissions, ana.Inherited) != "[Helpers] [view_user] [add_room]" || ana.LastLogin != nil {
		t.Errorf("%+v", ana)
	}
	if gone := parsed[userJSON](t, into("user", "show", "--json", "gone")); gone.IsActive || !gone.HasPassword {
		t.Errorf("%+v", gone)
	}
	if dear := parsed[userJSON](t, into("user", "show", "--json", "dear")); dear.HasPassword {
		t.Errorf("%+v", dear)
	}
	if long := parsed[userJSON](t, into("user", "show", "--json", strings.Repeat("x", 150))); len(long.DisplayName) != 300 {
		t.Errorf("%+v", long)
	}
}

// Whoever comes from Django logs in with the password of there, and finds the rooms.
func TestLogInFromDjango(t *testing.T) {
	db, data := filepath.Join(t.TempDir(), "db.sqlite3"), t.TempDir()
	project(t, db, "make")
	wants(t, data, "", "import", "django", "--db", db)
	r := serve(t, data)
	for body, want := range map[string]int{
		fmt.Sprintf(`{"username":"boss","password":%q}`, "correct horse battery"): http.StatusOK,
		fmt.Sprintf(`{"username":"ANA","password":%q}`, "correct horse battery"):  http.StatusOK,
		fmt.Sprintf(`{"username":"ana","password":%q}`, "another horse battery"):  http.StatusUnauthorized,
		fmt.Sprintf(`{"username":"gone","password":%q}`, "correct horse battery"): http.StatusUnauthorized,
		`{"username":"dear","password":"dear"}`:                                   http.StatusUnauthorized,
	} {
		status, text, header := request(t, http.MethodPost, r.url+"/api/v1/login", body)
		if status != want {
			t.Errorf("%s: %d %s", body, status, text)
		}
		if !strings.Contains(body, "boss") {
			continue
		}
		cookie, _, _ := strings.Cut(header.Get("Set-Cookie"), ";")
		if rooms := roomNames(t, r.url, cookie); rooms != "drop-table-room-会議室 open-room open-room-3 room-4 staff-only" {
			t.Errorf("rooms: %s", rooms)
		}
	}
}

func roomNames(t *testing.T, url, cookie string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v1/rooms", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Cookie", cookie)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	list := parsed[struct {
		Rooms []struct {
			Name string `json:"name"`
		} `json:"rooms"`
	}](t, text.String())
	var names []string
	for _, room := range list.Rooms {
		names = append(names, room.Name)
	}
	return strings.Join(names, " ")
}

func TestImportDjangoRefuses(t *testing.T) {
	data, dir := filepath.Join(t.TempDir(), "data"), t.TempDir()
	garbage, empty := filepath.Join(dir, "garbage"), filepath.Join(dir, "empty")
	for path, text := range map[string]string{garbage: strings.Repeat("this is no database ", 100), empty: ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, exitUsage, "", "import", "django", "--data", data)
	refused(t, exitNotFound, "", "import", "django", "--data", data, "--db", filepath.Join(dir, "none"))
	for db, want := range map[string]string{garbage: "reading Django's database", empty: "no table auth_user", "postgres://ana:hush@127.0.0.1:1/none?connect_timeout=1": "Django's database"} {
		if complaint := refused(t, exitFailure, "", "import", "django", "--data", data, "--db", db); !strings.Contains(complaint, want) || strings.Contains(complaint, "hush") {
			t.Errorf("%s: %s", db, complaint)
		}
	}
	// Earshot's own database is none of Django.
	wants(t, data, "ana\n", "user", "create", "--from", "-")
	refused(t, exitFailure, "", "import", "django", "--data", data, "--db", filepath.Join(data, "earshot.db"))
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		t.Error("it made a database")
	}
}
