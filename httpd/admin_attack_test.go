package httpd

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
)

// grant gives the user permissions, as whoever runs the server does.
func (s *someone) grant(permissions ...earshot.Permission) *someone {
	s.t.Helper()
	_, err := s.accounts.ChangeUser(s.t.Context(), s.name, account.UserEdit{Grant: earshot.PermissionsOf(permissions...)})
	if err != nil {
		s.t.Fatal(err)
	}
	return s
}

// plainStaff makes somebody of the staff who was granted nothing.
func (h *house) plainStaff(name string) *someone {
	h.t.Helper()
	s := h.user(name, staff)
	if _, err := h.accounts.ChangeUser(h.t.Context(), name, account.UserEdit{Revoke: earshot.StaffPermissions()}); err != nil {
		h.t.Fatal(err)
	}
	return s
}

// adminCall is a call of the administration, with what it needs. TARGET and GROUP are a user and a group of the call's own.
type adminCall struct {
	operation, body string
	needs           earshot.Permission
	status          int
}

func adminCalls() []adminCall {
	return []adminCall{
		{"GET /users", "", earshot.PermViewUser, http.StatusOK},
		{"POST /users", `{"username":"TARGET-new","password":"correct horse battery"}`, earshot.PermAddUser, http.StatusCreated},
		{"PATCH /users", `{"action":"deactivate","usernames":["TARGET"]}`, earshot.PermChangeUser, http.StatusOK},
		{"GET /users/{username}", "", earshot.PermViewUser, http.StatusOK},
		{"PATCH /users/{username}", `{"display_name":"x","join":["GROUP"]}`, earshot.PermChangeUser, http.StatusOK},
		{"DELETE /users/{username}", "", earshot.PermDeleteUser, http.StatusNoContent},
		{"PUT /users/{username}/password", `{"password":"correct horse battery"}`, earshot.PermChangeUser, http.StatusOK},
		{"DELETE /users/{username}/password", "", earshot.PermChangeUser, http.StatusOK},
		{"GET /users/{username}/tokens", "", earshot.PermViewUser, http.StatusOK},
		{"DELETE /users/{username}/tokens/{id}", "", earshot.PermChangeUser, http.StatusNoContent},
		{"POST /users/{username}/reset-link", "", earshot.PermChangeUser, http.StatusCreated},
		{"GET /groups", "", earshot.PermViewUser, http.StatusOK},
		{"POST /groups", `{"name":"GROUP-new"}`, earshot.PermChangeUser, http.StatusCreated},
		{"GET /groups/{group}", "", earshot.PermViewUser, http.StatusOK},
		{"PATCH /groups/{group}", `{"grant":["change_user"]}`, earshot.PermChangeUser, http.StatusOK},
		{"DELETE /groups/{group}", "", earshot.PermChangeUser, http.StatusNoContent},
		{"PUT /groups/{group}/members/{username}", "", earshot.PermChangeUser, http.StatusNoContent},
		{"DELETE /groups/{group}/members/{username}", "", earshot.PermChangeUser, http.StatusNoContent},
		{"GET /rooms/all", "", earshot.PermViewRoom, http.StatusOK},
		{"GET /rooms/all/bans", "", earshot.PermModerateRoom, http.StatusOK},
		{"PATCH /rooms/{id}", `{"title":"x","owner":"TARGET"}`, earshot.PermChangeRoom, http.StatusOK},
		{"DELETE /rooms/{id}", "", earshot.PermDeleteRoom, http.StatusNoContent},
		{"PUT /rooms/{id}/members/{username}", "", earshot.PermChangeRoom, http.StatusNoContent},
		{"POST /rooms/{id}/kick", `{"username":"TARGET"}`, earshot.PermModerateRoom, http.StatusOK},
		{"GET /rooms/{id}/bans", "", earshot.PermModerateRoom, http.StatusOK},
		{"PUT /rooms/{id}/bans/{username}", `{}`, earshot.PermModerateRoom, http.StatusOK},
		{"DELETE /rooms/{id}/bans/{username}", "", earshot.PermModerateRoom, http.StatusNoContent},
		{"GET /rooms/{id}/mutes", "", earshot.PermModerateRoom, http.StatusOK},
		{"PUT /rooms/{id}/mutes/{username}", `{}`, earshot.PermModerateRoom, http.StatusOK},
		{"DELETE /rooms/{id}/mutes/{username}", "", earshot.PermModerateRoom, http.StatusNoContent},
		{"GET /bans", "", earshot.PermChangeUser, http.StatusOK},
		{"POST /bans", `{"username":"TARGET"}`, earshot.PermChangeUser, http.StatusCreated},
		{"DELETE /bans/{id}", "", earshot.PermChangeUser, http.StatusNoContent},
		{"GET /log", "", earshot.PermViewLog, http.StatusOK},
		{"POST /invitations", `{}`, earshot.PermAddInvitation, http.StatusCreated},
		{"GET /settings", "", earshot.PermViewServer, http.StatusOK},
		{"GET /figures", "", earshot.PermViewServer, http.StatusOK},
	}
}

// forAll is every other call: what people do about themselves and their own rooms, by how its address begins, or by its whole
// name where others that begin so are the administration's. A call that is in neither list is one that nobody has thought about.
func forAll(operation string) bool {
	_, path, _ := strings.Cut(operation, " ")
	for _, begin := range []string{
		"/server", "/openapi.yaml", "/setup", "/signup", "/login", "/logout", "/password/", "/email/", "/me", "/profiles",
	} {
		if path == begin || strings.HasPrefix(path, strings.TrimSuffix(begin, "/")+"/") {
			return true
		}
	}
	return slices.Contains([]string{
		"GET /rooms", "POST /rooms", "GET /rooms/{id}", "GET /rooms/{id}/members",
		"DELETE /rooms/{id}/members/{username}",        // also oneself, and with moderate_room
		"GET /users/{username}/avatar",                 // everybody sees the pictures of others
		"GET /invitations", "DELETE /invitations/{id}", // one's own
		"GET /settings/second-factor", "PUT /settings/second-factor", // everybody's, and superusers'
	}, operation)
}

// targets makes what a call is about: a user, whom nobody else has to do with, with a token, a group, a room of somebody's and a
// ban. It gives the address and the body.
func (h *house) targets(c adminCall, name string) (method, path, body string) {
	h.t.Helper()
	ctx := h.t.Context()
	target, group := name, "group of "+name
	h.user(target, nil)
	made, err := h.accounts.UserByName(ctx, target)
	if err != nil {
		h.t.Fatal(err)
	}
	method, route, _ := strings.Cut(c.operation, " ")
	id := ""
	switch {
	case strings.HasPrefix(route, "/rooms/{id}"):
		room, err := h.hub.CreateRoom(ctx, made, earshot.Room{Name: "of-" + name, Title: "x", Access: earshot.AccessPublic})
		if err != nil {
			h.t.Fatal(err)
		}
		id = fmt.Sprint(room.ID)
		target = "guest-of-" + name
		h.user(target, nil)
	case route == "/bans/{id}":
		ban, err := h.accounts.Ban(ctx, nil, netip.Addr{}, account.NewBan{Username: target})
		if err != nil {
			h.t.Fatal(err)
		}
		id = fmt.Sprint(ban.ID)
	case strings.Contains(route, "/tokens/"):
		tokens, err := h.accounts.Tokens(ctx, made.ID)
		if err != nil || len(tokens) != 1 {
			h.t.Fatalf("%+v, %v", tokens, err)
		}
		id = tokens[0].ID
	}
	if _, err := h.accounts.CreateGroup(ctx, group, 0); err != nil {
		h.t.Fatal(err)
	}
	path = "/api/v1" + strings.NewReplacer("{username}", url.PathEscape(target), "{group}", url.PathEscape(group), "{id}", id).Replace(route)
	return method, path, strings.NewReplacer("TARGET", target, "GROUP", group).Replace(c.body)
}

// TestWhoAdministers calls everything there is for administrators as nobody, as a user, as staff with every permission but the one
// that is needed, as staff with that one alone, and as a superuser.
func TestWhoAdministers(t *testing.T) {
	h := newHouse(t, nil)
	calls := adminCalls()
	for _, op := range operations(t) {
		tried := slices.ContainsFunc(calls, func(c adminCall) bool { return c.operation == op.key })
		if tried == forAll(op.key) {
			t.Errorf("%s: it must be in one of the lists of this test: who may call it?", op.key)
		}
	}
	user := h.user("user", nil)
	for i, c := range calls {
		others := slices.DeleteFunc(earshot.Permissions(), func(p earshot.Permission) bool {
			// Whoever may change users may look at them, and who looks after rooms at those.
			looks := c.needs == earshot.PermViewUser && strings.HasSuffix(string(p), "_user")
			return p == c.needs || looks || (c.needs == earshot.PermViewRoom && strings.HasSuffix(string(p), "_room"))
		})
		without := h.plainStaff(fmt.Sprint("without", i)).grant(others...)
		with := h.plainStaff(fmt.Sprint("with", i)).grant(c.needs)
		boss := h.user(fmt.Sprint("boss", i), superuser) // each has so many calls a second
		for k, by := range []struct {
			who    string
			caller *someone
			status int
		}{
			{"nobody", nil, http.StatusUnauthorized},
			{"a user", user, http.StatusForbidden},
			{"staff without " + string(c.needs), without, http.StatusForbidden},
			{"staff with " + string(c.needs), with, c.status},
			{"a superuser", boss, c.status},
		} {
			method, path, body := h.targets(c, fmt.Sprint("t", i, ".", k))
			w := h.call(method, path, body)
			if by.caller != nil {
				w = by.caller.call(method, path, body)
			}
			if w.Code != by.status {
				t.Errorf("%s as %s: %d, not %d: %s", c.operation, by.who, w.Code, by.status, w.Body)
			}
		}
	}
}

// TestMassAssignment sends with every call that takes a user's fields more of them than it has, as somebody who may change users and
// nothing else, and as whom they are about. Nobody becomes more by it.
func TestMassAssignment(t *testing.T) {
	h := newHouse(t, func(_ *Options, c *account.Config, _ *hub.Config) { c.SignUp = account.SignUpOpen })
	clerk := h.plainStaff("clerk").grant(earshot.PermAddUser, earshot.PermChangeUser)
	ana := h.user("ana", password(goodPassword))
	more := []string{
		`"permissions":["delete_user"]`, `"inherited":["delete_user"]`, `"grant":["delete_user"]`, `"Grant":["delete_user"]`, `"is_staff":true`,
		`"is_superuser":true`, `"IsSuperuser":true`, `"IS_SUPERUSER":true`, `"is_superuser":"true"`, `"is_superuser":1`, `"isSuperuser":true`,
		`"id":1`, `"password":"!x"`, `"has_password":true`, `"email_confirmed":true`, `"last_login":"2020-01-01T00:00:00Z"`, `"groups":["bosses"]`,
		`"join":["bosses"]`, `"banned_until":null`, `"__proto__":{"is_superuser":true}`, `"display_name":"x","display_name":"y"`, `"editable":true`,
		`"user":{"is_superuser":true}`, `"Keys":{"Name":"boss"}`,
	}
	if _, err := h.accounts.CreateGroup(t.Context(), "bosses", earshot.PermissionsOf(earshot.PermDeleteUser)); err != nil {
		t.Fatal(err)
	}
	for i, field := range more {
		name := fmt.Sprint("new", i)
		signed := fmt.Sprint("signed", i)
		clerk := h.plainStaff(fmt.Sprint("clerk", i)).grant(earshot.PermAddUser, earshot.PermChangeUser)
		clerk.call("PATCH", "/api/v1/users/ana", `{"display_name":"n",`+field+`}`)
		clerk.call("PATCH", "/api/v1/users/"+clerk.name, `{`+field+`}`)
		clerk.call("POST", "/api/v1/users", `{"username":"`+name+`",`+field+`}`)
		clerk.call("PATCH", "/api/v1/users", `{"action":"activate","usernames":["ana"],`+field+`}`)
		h.call("POST", "/api/v1/signup", fmt.Sprintf(`{"username":%q,"password":%q,%s}`, signed, goodPassword, field))
		ana.call("PATCH", "/api/v1/me", `{"display_name":"m",`+field+`}`)
		for _, of := range []string{"ana", clerk.name, name, signed} {
			u, err := h.accounts.UserByName(t.Context(), of)
			if earshot.CodeOf(err) == earshot.CodeNotFound {
				continue
			}
			if err != nil || u.IsSuperuser || u.All().Has(earshot.PermDeleteUser) || (u.IsStaff && of != clerk.name) || (u.Username == "ana" && u.ID != ana.id) {
				t.Errorf("with %s, %s became %+v: %v", field, of, u, err)
			}
		}
	}
	if u, err := h.accounts.UserByName(t.Context(), clerk.name); err != nil || u.IsSuperuser {
		t.Errorf("%+v, %v", u, err)
	}
}

// raises are calls of clerk, who may view, add, change and delete users, that would give more than that, or take it from others.
func raises() []struct{ method, path, body string } {
	const users, self, ana, boss, janitor = "/api/v1/users", "/api/v1/users/clerk", "/api/v1/users/ana", "/api/v1/users/boss", "/api/v1/users/janitor"
	return []struct{ method, path, body string }{
		{"POST", users, `{"username":"x","is_superuser":true}`},
		{"POST", users, `{"username":"x","is_staff":true}`},
		{"PATCH", self, `{"is_superuser":true}`},
		{"PATCH", self, `{"grant":["delete_room"]}`},
		{"PATCH", self, `{"grant":["view_user","delete_room"],"revoke":["delete_room"]}`},
		{"PATCH", self, `{"join":["rooms"]}`},
		{"PATCH", self, `{"is_staff":true}`},
		{"PATCH", ana, `{"is_superuser":true}`},
		{"PATCH", ana, `{"is_superuser":false}`},
		{"PATCH", ana, `{"is_staff":true}`},
		{"PATCH", ana, `{"grant":["add_room"]}`},
		{"PATCH", ana, `{"join":["rooms"]}`},
		{"PATCH", ana, `{"leave":["rooms"]}`},
		{"PATCH", boss, `{"email":"clerk@example.org"}`},
		{"PATCH", boss, `{"display_name":"x"}`},
		{"PATCH", boss, `{}`},
		{"PATCH", boss, `{"is_active":false}`},
		{"PATCH", boss, `{"is_superuser":false}`},
		{"PUT", boss + "/password", `{"password":"correct horse battery"}`},
		{"DELETE", boss + "/password", ""},
		{"DELETE", boss, ""},
		{"DELETE", boss + "/tokens/x", ""},
		{"PUT", janitor + "/password", `{"password":"correct horse battery"}`},
		{"PATCH", janitor, `{"email":"clerk@example.org"}`},
		{"PATCH", janitor, `{"revoke":["delete_room"]}`},
		{"PATCH", janitor, `{"revoke":["view_user"]}`},
		{"DELETE", janitor, ""},
		{"POST", "/api/v1/groups", `{"name":"x","permissions":["add_room"]}`},
		{"PATCH", "/api/v1/groups/own", `{"grant":["add_room"]}`},
		{"PATCH", "/api/v1/groups/rooms", `{"revoke":["add_room"]}`},
		{"DELETE", "/api/v1/groups/rooms", ""},
		{"PUT", "/api/v1/groups/rooms/members/clerk", ""},
		{"PUT", "/api/v1/groups/rooms/members/ana", ""},
		{"PUT", "/api/v1/groups/own/members/boss", ""},
		{"PATCH", users, `{"action":"join","usernames":["ana"],"group":"rooms"}`},
		{"POST", users, `{"username":"x","groups":["rooms"]}`},
		{"POST", users, `{"username":"x","groups":["own","rooms"]}`},
		{"PATCH", "/api/v1/groups/rooms", `{"name":"mine"}`},
		{"POST", "/api/v1/invitations", `{"groups":["own"]}`},
		{"POST", "/api/v1/bans", `{"username":"boss"}`},
		{"POST", "/api/v1/bans", `{"username":"janitor"}`},
		{"POST", janitor + "/reset-link", ""},
		{"POST", boss + "/reset-link", ""},
		// A session that was stolen, or a token with the scope admin, is not to become the whole account: what lets somebody in they
		// change themselves, where they are asked for what they have.
		{"POST", self + "/reset-link", ""},
		{"PUT", self + "/password", `{"password":"correct horse battery"}`},
		{"DELETE", self + "/password", ""},
		{"PATCH", self, `{"email":"clerk@example.org"}`},
		{"PATCH", self, `{"display_name":"x","email":""}`},
		{"GET", "/api/v1/log", ""},
		{"GET", "/api/v1/rooms/all/bans", ""},
	}
}

// TestNobodyGetsMore has somebody who looks after users try to become more, or to take it from those who are.
func TestNobodyGetsMore(t *testing.T) {
	h := newHouse(t, nil)
	clerk := h.plainStaff("clerk").grant(earshot.PermViewUser, earshot.PermAddUser, earshot.PermChangeUser, earshot.PermDeleteUser)
	h.user("boss", superuser)
	h.user("janitor", nil).grant(earshot.PermDeleteRoom)
	h.user("ana", nil)
	for name, set := range map[string]earshot.PermissionSet{"rooms": earshot.PermissionsOf(earshot.PermAddRoom), "own": earshot.PermissionsOf(earshot.PermViewUser)} {
		if _, err := h.accounts.CreateGroup(t.Context(), name, set); err != nil {
			t.Fatal(err)
		}
	}
	const users, self, ana = "/api/v1/users", "/api/v1/users/clerk", "/api/v1/users/ana"
	for _, c := range raises() {
		clerk.refused(earshot.CodeForbidden, c.method, c.path, c.body)
	}
	bulk := read[outcomesReply](t, clerk.wants(http.StatusOK, "PATCH", users, `{"action":"delete","usernames":["boss","janitor","clerk","nobody"]}`))
	if bulk.Done != 0 || len(bulk.Failed) != 4 || bulk.Failed[0].Code != "forbidden" || bulk.Failed[1].Code != "forbidden" ||
		bulk.Failed[2].Code != "conflict" || bulk.Failed[3].Code != "not_found" {
		t.Errorf("in bulk: %+v", bulk)
	}
	// What they may, they may.
	clerk.wants(http.StatusOK, "PATCH", ana, `{"grant":["view_user"],"join":["own"]}`)
	clerk.wants(http.StatusOK, "PATCH", ana, `{"revoke":["view_user"],"leave":["own"]}`)
	clerk.wants(http.StatusOK, "PATCH", self, `{"display_name":"The clerk"}`)
	for _, c := range []struct{ method, path, body string }{{"PATCH", self, `{"is_active":false}`}, {"DELETE", self, ""}} {
		clerk.refused(earshot.CodeConflict, c.method, c.path, c.body)
	}
	// Somebody who is not staff does not get staff's rooms by the password of one who is.
	helper := h.user("helper", nil).grant(earshot.PermChangeUser)
	h.plainStaff("sitter")
	helper.refused(earshot.CodeForbidden, "PUT", users+"/sitter/password", `{"password":"correct horse battery"}`)
	if u, err := h.accounts.UserByName(t.Context(), "boss"); err != nil || !u.IsActive || !u.IsSuperuser || u.Email != "" || u.DisplayName != "" {
		t.Errorf("the superuser became %+v: %v", u, err)
	}
}

// TestTheLastSuperuser sees that the last one stays.
func TestTheLastSuperuser(t *testing.T) {
	h := newHouse(t, nil)
	boss, other := h.user("boss", superuser), h.user("other", superuser)
	const path = "/api/v1/users/other"
	boss.wants(http.StatusOK, "PATCH", path, `{"is_superuser":false}`)
	if p := boss.refused(earshot.CodeConflict, "PATCH", "/api/v1/users/boss", `{"is_superuser":false}`); p.Field != "is_superuser" {
		t.Errorf("%+v", p)
	}
	boss.wants(http.StatusOK, "PATCH", path, `{"is_superuser":true}`)
	boss.wants(http.StatusOK, "PATCH", path, `{"is_active":false}`)
	boss.refused(earshot.CodeConflict, "PATCH", "/api/v1/users/boss", `{"is_superuser":false,"display_name":"x"}`)
	boss.wants(http.StatusOK, "PATCH", path, `{"is_active":true}`)
	boss.wants(http.StatusOK, "PATCH", "/api/v1/users/boss", `{"is_superuser":false}`)
	boss.refused(earshot.CodeForbidden, "PATCH", path, `{"is_superuser":false}`)
	other.refused(earshot.CodeConflict, "DELETE", path, "")
}

// TestOddFilters gives every filter what it could trip over, and wants nothing found and nothing harmed.
func TestOddFilters(t *testing.T) {
	h := newHouse(t, nil)
	first := h.user("boss", superuser)
	_, hall := first.room("hall", earshot.AccessPrivate)
	h.user("ben", nil)
	first.wants(http.StatusCreated, "POST", "/api/v1/bans", `{"username":"ben","reason":"spam"}`)
	first.wants(http.StatusOK, "PUT", fmt.Sprintf("/api/v1/rooms/%d/bans/ben", hall.ID), `{"reason":"spam"}`)
	odd := []string{
		"'", `"`, "' OR 1=1 --", "'; DROP TABLE auth_user; --", "%", "_", `\`, "*", "?", "$1", ":a", "a\x00b", "\xff", "\u202e", strings.Repeat("%", 500),
		strings.Repeat("\ufdfa", 60), "../../etc/passwd", "NULL", "0x27",
		"b\u043ess", "\u0412\u0435n", "ben\u200b", "\u2067ben\u2069", "neb\u202e", "%' ESCAPE '", "ben' UNION SELECT password FROM auth_user --", "spam\u0000", "-1", "1e9",
	}
	for path, names := range map[string][]string{
		"/api/v1/users":          {"search", "after", "group", "active", "unconfirmed", "limit"},
		"/api/v1/rooms/all":      {"search", "name", "after", "owner", "access", "limit"},
		"/api/v1/rooms/all/bans": {"search", "after", "limit"},
		"/api/v1/bans":           {"search", "kind", "below", "limit"},
		"/api/v1/log":            {"actor", "action", "subject", "since", "before", "below", "limit"},
	} {
		for _, name := range names {
			boss := h.user(fmt.Sprint("caller", len(path), name), superuser) // each has so many calls a second
			for _, value := range odd {
				w := boss.call(http.MethodGet, path+"?"+name+"="+url.QueryEscape(value), "")
				switch {
				case w.Code == http.StatusOK && strings.Contains(w.Body.String(), `"reason":"spam"`) && name != "after":
					t.Errorf("%s?%s=%q finds %s", path, name, value, w.Body)
				case w.Code == http.StatusOK && name == "search" && (strings.Contains(w.Body.String(), `"boss"`) && path == "/api/v1/users" || strings.Contains(w.Body.String(), `"hall"`)):
					t.Errorf("%s?%s=%q finds %s", path, name, value, w.Body)
				case w.Code != http.StatusOK && w.Code != http.StatusBadRequest && w.Code != http.StatusUnprocessableEntity:
					t.Errorf("%s?%s=%q: %d %s", path, name, value, w.Code, w.Body)
				}
			}
		}
	}
	boss := h.user("another", superuser)
	for _, q := range []string{"limit=0", "limit=201", "limit=-1", "limit=1e2", "limit=9999999999999999999", "active=1", "staff=TRUE", "superuser=yes", "group=none", "access=secret"} {
		path := "/api/v1/users?"
		if strings.HasPrefix(q, "access") {
			path = "/api/v1/rooms/all?"
		}
		boss.refused(earshot.CodeInvalid, http.MethodGet, path+q, "")
	}
	for _, q := range []string{"search=a&search=b", "Search=a", "is_staff=true", "%zz=1", "a;b", "password=x", "order=password"} {
		boss.refused(earshot.CodeMalformed, http.MethodGet, "/api/v1/users?"+q, "")
	}
	for _, name := range []string{"nobody", "%00", "..%2f", "%ff", "'", strings.Repeat("a", 5000), "%2e%2e"} {
		for _, c := range []struct{ method, path, body string }{
			{"GET", "/api/v1/users/", ""},
			{"PATCH", "/api/v1/users/", `{"email":"a@b"}`},
			{"DELETE", "/api/v1/users/", ""},
			{"GET", "/api/v1/groups/", ""},
			{"PATCH", "/api/v1/groups/", `{}`},
			{"DELETE", "/api/v1/groups/", ""},
		} {
			boss.refused(earshot.CodeNotFound, c.method, c.path+name, c.body)
		}
	}
	if n, err := h.accounts.Count(t.Context()); err != nil || n < 2 {
		t.Errorf("%d accounts are left: %v", n, err)
	}
}

// TestHugeBodies sends 10 MB to each call that takes a body: it is cut off at the limit.
func TestHugeBodies(t *testing.T) {
	h := newHouse(t, nil)
	boss := h.user("boss", superuserWithPassword)
	huge := `{"username":"` + strings.Repeat("x", 10<<20) + `"}`
	before := heap()
	for _, op := range operations(t) {
		if op.body == nil || (*op.body)["application/json"] == nil {
			continue
		}
		method, route := op.call()
		boss.forCall(fillIn(route, 1)).refused(earshot.CodeTooLarge, method, fillIn(route, 1), huge)
	}
	if grown := int64(heap()) - int64(before); grown > 8<<20 {
		t.Errorf("the heap grew by %d KiB", grown>>10)
	}
}
