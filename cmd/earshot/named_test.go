package main

import (
	"fmt"
	"strings"
	"testing"
)

// Whoever is named twice is meant once, in whatever case the name is; and nothing is done to anybody as long as one of those
// who are named is not there.
func TestNamedTwiceOrNotAtAll(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\nben\ncai\n", "user", "create", "--from", "-")
	wants(t, data, "", "room", "create", "hall")
	wants(t, data, "", "room", "create", "den")
	once := func(want string, args ...string) {
		t.Helper()
		if got := wants(t, data, "", args...); got != want {
			t.Errorf("earshot %v: %q, want %q", args, got, want)
		}
	}
	once("ana is not active any more.\n", "user", "deactivate", "ana", "ANA")
	once("ana has no second factor.\n", "user", "reset-factors", "ana", "Ana")
	once("ana is banned for good.\n192.0.2.0/24 is banned for good.\n", "ban", "ana", "ANA", "192.0.2.1/24", "192.0.2.0/24")
	once("ana is not banned any more.\n192.0.2.0/24 is not banned any more.\n", "unban", "ana", "ANA", "192.0.2.1/24", "192.0.2.0/24")
	once("ana is muted in #hall for good.\n", "room", "mute", "hall", "ana", "ANA")
	once("ana is not muted in #hall any more.\n", "room", "unmute", "hall", "ana", "ANA")
	once("1 room deleted.\n", "room", "delete", "den", "DEN")
	once("ana deleted.\n", "user", "delete", "ana", "ANA")
	wants(t, data, "", "token", "create", "ben")
	id := parsed[[]tokenJSON](t, wants(t, data, "", "token", "list", "--json", "ben"))[0].ID
	once("1 token of ben revoked.\n", "token", "revoke", "ben", id, id)

	wants(t, data, "", "ban", "cai")
	before := wants(t, data, "", "log", "--json")
	for _, args := range []string{
		"user deactivate ben nobody", "user delete ben nobody", "user reset-factors ben nobody", "ban ben nobody", "unban cai nobody", "unban cai 192.0.2.0/24",
		"ban --room hall ben nobody", "room mute hall ben nobody", "room delete hall nowhere", "token create ben nobody",
	} {
		refused(t, exitNotFound, "", append(strings.Fields(args), "--data", data)...)
	}
	refused(t, exitFailure, "", "ban", "ben", "192.0.2.0/99", "--data", data)
	if after := wants(t, data, "", "log", "--json"); after != before {
		t.Errorf("a part was done: %s", after)
	}
	// One whom nobody banned is told of as such, and not as somebody who is not there.
	if complaint := refused(t, exitNotFound, "", "unban", "198.51.100.7", "--data", data); !strings.Contains(complaint, "no such ban") {
		t.Errorf("%s", complaint)
	}
}

// A change of nothing is a mistake, and so is a password longer than any may be, which is said in words.
func TestNothingToChange(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\n", "user", "create", "--from", "-")
	refused(t, exitUsage, "", "user", "change", "ana", "--data", data)
	complaint := refused(t, exitFailure, strings.Repeat("x", maxLine+1)+"\n", "user", "passwd", "ana", "--password-stdin", "--data", data)
	if !strings.Contains(complaint, fmt.Sprintf("longer than %d bytes", maxLine)) {
		t.Errorf("%s", complaint)
	}
}
