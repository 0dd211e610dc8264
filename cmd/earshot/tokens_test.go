package main

import (
	"strings"
	"testing"
)

func TestTokensFromTheCommandLine(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\nben\n", "user", "create", "--from", "-")
	secrets := strings.Fields(wants(t, data, "", "token", "create", "ana", "ana", "ana", "ben"))
	list := func() []tokenJSON {
		t.Helper()
		return parsed[[]tokenJSON](t, wants(t, data, "", "token", "list", "--json", "ANA"))
	}
	all := list()
	if len(all) != 3 || all[0].UsedAt != nil || all[0].ExpiresAt != nil || len(all[0].Scopes) == 0 {
		t.Fatalf("%+v", all)
	}
	text := wants(t, data, "", "token", "list", "ana")
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is shown: %s", text)
		}
	}
	if !strings.Contains(text, all[1].ID) {
		t.Errorf("said %q", text)
	}
	// Nothing is revoked where one of them is not there, or is somebody else's.
	others := parsed[[]tokenJSON](t, wants(t, data, "", "token", "list", "--json", "ben"))
	refused(t, exitNotFound, "", "token", "revoke", "ana", all[0].ID, others[0].ID, "--data", data)
	refused(t, exitNotFound, "", "token", "revoke", "ana", "'; DROP TABLE token; --", "--data", data)
	refused(t, exitNotFound, "", "token", "list", "nobody", "--data", data)
	refused(t, exitUsage, "", "token", "revoke", "ana", "--data", data)
	refused(t, exitUsage, "", "token", "revoke", "ana", all[0].ID, "--all", "--data", data)
	if left := list(); len(left) != 3 {
		t.Errorf("%+v", left)
	}
	if said := wants(t, data, "", "token", "revoke", "ana", all[0].ID); said != "1 token of ana revoked.\n" {
		t.Errorf("said %q", said)
	}
	wants(t, data, "", "token", "revoke", "ana", "--all")
	if left := list(); len(left) != 0 {
		t.Errorf("%+v", left)
	}
	if text := wants(t, data, "", "token", "list", "ana"); text != "" {
		t.Errorf("said %q", text)
	}
}

func TestRoomList(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\n", "user", "create", "--from", "-")
	if text := wants(t, data, "", "room", "list"); text != "" {
		t.Errorf("said %q", text)
	}
	wants(t, data, "", "room", "create", "Hall")
	wants(t, data, "", "room", "create", "den", "--title", "The den", "--access", "private", "--owner", "ana")
	all := parsed[[]roomJSON](t, wants(t, data, "", "room", "list", "--json"))
	if len(all) != 2 || all[0].Name != "den" || all[0].Owner == nil || *all[0].Owner != "ana" || all[1].Owner != nil {
		t.Errorf("%+v", all)
	}
	if text := wants(t, data, "", "room", "list"); !strings.Contains(text, "#Hall") || !strings.Contains(text, "The den") {
		t.Errorf("said %q", text)
	}
	if some := parsed[[]roomJSON](t, wants(t, data, "", "room", "list", "--json", "--search", "HAL")); len(some) != 1 || some[0].Name != "Hall" {
		t.Errorf("%+v", some)
	}
	if some := parsed[[]roomJSON](t, wants(t, data, "", "room", "list", "--json", "--access", "private")); len(some) != 1 {
		t.Errorf("%+v", some)
	}
	refused(t, exitUsage, "", "room", "list", "--access", "secret", "--data", data)
}
