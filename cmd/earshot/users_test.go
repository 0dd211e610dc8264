package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/earshot-chat/earshot/wire"
)

// parsed reads the JSON that a command printed.
func parsed[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

func TestUsersFromTheCommandLine(t *testing.T) {
	data := t.TempDir()
	created := parsed[[]createdJSON](t, wants(t, data, aPassword+"\n"+aPassword, "user", "create", "--json", "--password-stdin", "Ana", "bob"))
	if len(created) != 2 || created[0].Username != "Ana" || created[1].ID == 0 {
		t.Errorf("%+v", created)
	}
	show := func(name string) userJSON {
		t.Helper()
		return parsed[userJSON](t, wants(t, data, "", "user", "show", "--json", name))
	}
	wants(t, data, "", "user", "change", "ana", "--email", "ana@example.org", "--display-name", "Ana María")
	wants(t, data, "", "user", "grant", "ANA", "add_room", "add_invitation", "--staff")
	wants(t, data, "", "user", "revoke", "ana", "add_room")
	wants(t, data, "", "group", "create", "Helpers", "view_user")
	wants(t, data, "", "group", "grant", "helpers", "manage_bots")
	wants(t, data, "", "group", "add", "helpers", "ana", "bob")
	wants(t, data, "", "group", "remove", "helpers", "bob")
	wants(t, data, "", "group", "revoke", "helpers", "view_user")
	if u := show("ana"); u.Username != "Ana" || u.Email != "ana@example.org" || u.DisplayName != "Ana María" || !u.IsStaff || u.IsSuperuser || !u.IsActive ||
		fmt.Sprint(u.Permissions, u.Inherited, u.Groups) != "[add_invitation] [manage_bots] [Helpers]" || !u.HasPassword || u.LastLogin != nil {
		t.Errorf("%+v", u)
	}
	if text := wants(t, data, "", "user", "show", "ana"); !strings.Contains(text, "manage_bots") || strings.Contains(text, "argon2") {
		t.Errorf("%s", text)
	}
	if g := parsed[groupJSON](t, wants(t, data, "", "group", "show", "--json", "HELPERS")); fmt.Sprint(g.Members, g.Permissions) != "[Ana] [manage_bots]" {
		t.Errorf("%+v", g)
	}
	if text := wants(t, data, "", "group", "show", "helpers") + wants(t, data, "", "group", "list"); !strings.Contains(text, "  Ana\nHelpers  manage_bots\n") {
		t.Errorf("%s", text)
	}
	wants(t, data, "", "user", "passwd", "--none", "bob")
	if u := show("bob"); u.HasPassword {
		t.Errorf("%+v", u)
	}
	wants(t, data, "", "user", "deactivate", "bob", "ana")
	if off := parsed[[]userJSON](t, wants(t, data, "", "user", "list", "--json", "--no-active")); len(off) != 2 {
		t.Errorf("%+v", off)
	}
	wants(t, data, "", "user", "activate", "ana")
	if text := wants(t, data, "", "user", "list"); !strings.Contains(text, "staff") || !strings.Contains(text, "inactive, no password") {
		t.Errorf("%s", text)
	}
	if text := wants(t, data, "", "user", "list", "--search", "nobody", "--json"); text != "[]\n" {
		t.Errorf("%q", text)
	}
	refused(t, exitFailure, "bob\n", "user", "passwd", "bob", "--password-stdin", "--data", data)
	refused(t, exitFailure, "", "user", "change", "ana", "--email", "nowhere", "--data", data)
	refused(t, exitFailure, "", "group", "create", "HELPERS", "--data", data)
	for _, args := range [][]string{
		{"user", "show", "nobody"},
		{"user", "deactivate", "ana", "nobody"},
		{"user", "delete", "ana", "nobody"},
		{"user", "grant", "nobody", "--staff"},
		{"user", "list", "--group", "none"},
		{"group", "show", "none"},
		{"group", "add", "helpers", "ana", "nobody"},
		{"group", "delete", "none"},
	} {
		refused(t, exitNotFound, "", append(args, "--data", data)...)
	}
	if u := show("ana"); !u.IsActive {
		t.Error("a command with a name that nobody has did a part of its work")
	}
	wants(t, data, "", "group", "delete", "helpers")
	wants(t, data, "", "user", "delete", "bob")
	if all := parsed[[]userJSON](t, wants(t, data, "", "user", "list", "--json")); len(all) != 1 || len(all[0].Inherited) != 0 {
		t.Errorf("%+v", all)
	}
}

// A list goes through thousands by pages, from within or by whoever calls.
func TestUserListIsWhole(t *testing.T) {
	data := t.TempDir()
	var list strings.Builder
	const n = 2*usersAtOnce + 3
	for i := range n {
		fmt.Fprintf(&list, "user%05d\n", i)
	}
	wants(t, data, list.String(), "user", "create", "--from", "-")
	all := parsed[[]userJSON](t, wants(t, data, "", "user", "list", "--json"))
	if len(all) != n || all[0].Username != "user00000" || all[n-1].Username != fmt.Sprintf("user%05d", n-1) {
		t.Errorf("%d users", len(all))
	}
	page := parsed[[]userJSON](t, wants(t, data, "", "user", "list", "--json", "--limit", "1001", "--after", all[9].Username))
	if len(page) != 1001 || page[0].Username != all[10].Username {
		t.Errorf("%d users from %s on", len(page), page[0].Username)
	}
}

// A path that is mistyped is no new database, but for those commands that may come first.
func TestMistypedData(t *testing.T) {
	data := filepath.Join(t.TempDir(), "mistyped")
	for _, args := range [][]string{
		{"user", "list"},
		{"user", "show", "ana"},
		{"user", "passwd", "ana", "--none"},
		{"user", "delete", "ana"},
		{"group", "list"},
		{"group", "create", "g"},
		{"token", "create", "ana"},
		{"invite"},
		{"room", "create", "hall"},
	} {
		if complaint := refused(t, exitNotFound, "", append(args, "--data", data)...); !strings.Contains(complaint, "There is no database at") {
			t.Errorf("%v: %s", args, complaint)
		}
		refused(t, exitNotFound, "", append(args, "--db", "sqlite:"+data+".db")...)
	}
	if left, err := os.ReadDir(filepath.Dir(data)); err != nil || len(left) != 0 {
		t.Errorf("it made %v, %v", left, err)
	}
}

// What the command line changes holds for the open connections of a server that runs.
func TestChangesReachTheServer(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\nben\ncleo\ndan\n", "user", "create", "--from", "-")
	wants(t, data, "", "user", "grant", "ben", "--staff")
	tokens := strings.Fields(wants(t, data, "", "token", "create", "ana", "ben", "cleo", "dan"))
	wants(t, data, "", "room", "create", "office", "--access", "staff")
	r := serve(t, data)
	conns := make([]*websocket.Conn, len(tokens))
	for i, token := range tokens {
		conns[i] = connect(t, r.url, token)
	}
	if err := wsjson.Write(t.Context(), conns[1], wire.Command{Type: wire.CommandJoin, Ref: 1, Room: 1}); err != nil {
		t.Fatal(err)
	}
	hear(t, conns[1], wire.FrameJoined)
	wants(t, data, "", "user", "deactivate", "ana")
	wants(t, data, "", "user", "revoke", "ben", "--staff")
	wants(t, data, "", "user", "delete", "cleo")
	wants(t, data, "", "user", "grant", "dan", "add_room")
	if removed := hear(t, conns[1], wire.FrameRemoved); removed["code"] != "forbidden" {
		t.Errorf("%v", removed)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, conn := range []*websocket.Conn{conns[0], conns[2]} {
		for {
			if _, _, err := conn.Read(ctx); err != nil {
				if ctx.Err() != nil {
					t.Error("a connection of somebody who was deactivated or deleted stays open")
				}
				break
			}
		}
	}
	if err := wsjson.Write(ctx, conns[3], wire.Command{Type: wire.CommandPing, Ref: 7}); err != nil {
		t.Error(err)
	}
	hear(t, conns[3], wire.FrameOK)
	if _, _, err := begin(t, r.url, tokens[0]); err == nil {
		t.Error("who was deactivated connects again")
	}
}
