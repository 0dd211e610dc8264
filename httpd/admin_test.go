package httpd

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
)

func TestUsers(t *testing.T) {
	h := newHouse(t, nil)
	boss := h.user("boss", superuser)
	made := read[userReply](t, boss.wants(http.StatusCreated, "POST", "/api/v1/users",
		`{"username":"Ａna","password":"correct horse battery","email":" ana@example.org ","display_name":"Ana B","is_staff":true}`))
	if made.Username != "Ana" || made.Email != "ana@example.org" || !made.IsStaff || !made.IsActive || !made.HasPassword || made.LastLogin != nil ||
		!made.Editable || len(made.Permissions) != len(earshot.StaffPermissions().List()) {
		t.Errorf("%+v", made)
	}
	for body, field := range map[string]string{
		`{"username":""}`: "username", `{"username":"a b"}`: "username", `{"username":"bob","password":"1234"}`: "password",
		`{"username":"bob","password":""}`: "password", `{"username":"bob","email":"x"}`: "email",
	} {
		if p := boss.refused(earshot.CodeInvalid, "POST", "/api/v1/users", body); p.Field != field || strings.Contains(p.Detail, "Account 1") {
			t.Errorf("%s: %+v", body, p)
		}
	}
	boss.refused(earshot.CodeConflict, "POST", "/api/v1/users", `{"username":"ANA"}`)
	if w := h.call("POST", "/api/v1/login", login("ana", goodPassword)); w.Code != http.StatusOK {
		t.Errorf("log-in: %d", w.Code)
	}
	const path = "/api/v1/users/ana"
	boss.wants(http.StatusCreated, "POST", "/api/v1/groups", `{"name":"Helpers","permissions":["add_room","view_user"]}`)
	changed := read[userReply](t, boss.wants(http.StatusOK, "PATCH", path,
		`{"email":"","is_staff":false,"grant":["manage_bots"],"revoke":["change_room"],"join":["helpers"]}`))
	if changed.Email != "" || changed.IsStaff || !slices.Equal(changed.Groups, []string{"Helpers"}) || changed.LastLogin == nil ||
		!slices.Contains(changed.Permissions, earshot.PermManageBots) || slices.Contains(changed.Permissions, earshot.PermChangeRoom) ||
		!slices.Equal(changed.Inherited, []earshot.Permission{earshot.PermAddRoom, earshot.PermViewUser}) {
		t.Errorf("%+v", changed)
	}
	if shown := read[userReply](t, boss.wants(http.StatusOK, "GET", path, "")); fmt.Sprintf("%+v", shown.Groups) != "[Helpers]" || shown.DisplayName != "Ana B" {
		t.Errorf("%+v", shown)
	}
	for body, field := range map[string]string{
		`{"grant":["fly"]}`: "permissions", `{"join":["nothing"]}`: "groups", `{"email":"x"}`: "email", `{"display_name":"a\nb"}`: "display_name",
	} {
		if p := boss.refused(earshot.CodeInvalid, "PATCH", path, body); p.Field != field {
			t.Errorf("%s: %+v", body, p)
		}
	}
	// Nothing of a change that is refused is made.
	boss.refused(earshot.CodeInvalid, "PATCH", path, `{"email":"new@example.org","join":["nothing"]}`)
	if shown := read[userReply](t, boss.wants(http.StatusOK, "GET", path, "")); shown.Email != "" {
		t.Errorf("half a change was made: %+v", shown)
	}
	boss.refused(earshot.CodeInvalid, "PUT", path+"/password", `{"password":"password"}`)
	boss.wants(http.StatusOK, "PUT", path+"/password", `{"password":"another horse battery"}`)
	if w := h.call("POST", "/api/v1/login", login("ana", "another horse battery")); w.Code != http.StatusOK {
		t.Errorf("log-in with the new password: %d", w.Code)
	}
	if u := read[userReply](t, boss.wants(http.StatusOK, "DELETE", path+"/password", "")); u.HasPassword {
		t.Errorf("%+v", u)
	}
	boss.wants(http.StatusNoContent, "DELETE", path, "")
	boss.refused(earshot.CodeNotFound, "GET", path, "")
}

// TestTokensOfOthers sees that a token of somebody else is listed without its secret, and is good no more when it was revoked.
func TestTokensOfOthers(t *testing.T) {
	h := newHouse(t, nil)
	boss, ana := h.user("boss", superuser), h.user("ana", nil)
	const path = "/api/v1/users/ana/tokens"
	list := read[tokensReply](t, boss.wants(http.StatusOK, "GET", path, ""))
	if len(list.Tokens) != 1 || list.Tokens[0].Secret != "" {
		t.Fatalf("%+v", list)
	}
	boss.refused(earshot.CodeNotFound, "DELETE", path+"/none", "")
	boss.refused(earshot.CodeNotFound, "DELETE", "/api/v1/users/boss/tokens/"+list.Tokens[0].ID, "") // not the boss's
	boss.wants(http.StatusNoContent, "DELETE", path+"/"+list.Tokens[0].ID, "")
	ana.refused(earshot.CodeUnauthenticated, "GET", "/api/v1/me", "")
	boss.refused(earshot.CodeNotFound, "DELETE", path+"/"+list.Tokens[0].ID, "")
}

// TestChangesHoldAtOnce sees that who is changed loses log-ins and sessions before the answer is there.
func TestChangesHoldAtOnce(t *testing.T) {
	h := newHouse(t, nil)
	boss := h.user("boss", superuser)
	for what, c := range map[string][3]string{
		"deactivated":    {"PATCH", "", `{"is_active":false}`},
		"deleted":        {"DELETE", "", ""},
		"a new password": {"PUT", "/password", `{"password":"another horse battery"}`},
	} {
		name := strings.ReplaceAll(what, " ", ".")
		ana := h.user(name, password(goodPassword))
		cookie := sessionCookie(h.call("POST", "/api/v1/login", login(name, goodPassword)))
		by, err := h.accounts.BySession(t.Context(), cookie.Value)
		if err != nil {
			t.Fatal(err)
		}
		conn := &deafConn{}
		if _, err := h.hub.Connect(by.User, by.Credential, func(*hub.Session) hub.Conn { return conn }); err != nil {
			t.Fatal(err)
		}
		if w := boss.call(c[0], "/api/v1/users/"+ana.name+c[1], c[2]); w.Code >= http.StatusBadRequest {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
		if conn.closed != earshot.CloseRevoked {
			t.Errorf("%s: the session was closed with %v", what, conn.closed)
		}
		if w := h.call("GET", "/api/v1/me", "", "Cookie", cookieName+"="+cookie.Value); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: the log-in holds: %d", what, w.Code)
		}
	}
}

// deafConn is a connection that notes only how it was closed.
type deafConn struct{ closed earshot.CloseReason }

func (*deafConn) Encoding() hub.Encoding                 { return noFrames{} }
func (*deafConn) Write([]byte)                           {}
func (*deafConn) Removed(earshot.RoomID, *earshot.Error) {}

func (*deafConn) Muted(earshot.RoomID, earshot.Sanction) {}
func (c *deafConn) Close(why earshot.CloseReason)        { c.closed = why }

type noFrames struct{}

func (noFrames) AppendEvent(dst []byte, _ *earshot.Event) []byte { return dst }

func TestUserPages(t *testing.T) {
	h := newHouse(t, nil)
	boss := h.user("boss", superuser)
	many := make([]account.NewAccount, 120)
	for i := range many {
		many[i] = account.NewAccount{Username: fmt.Sprintf("user%03d", i), Email: fmt.Sprintf("u%d@example.org", i%2)}
	}
	if _, err := h.accounts.CreateUsers(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	boss.wants(http.StatusOK, "PATCH", "/api/v1/users", `{"action":"deactivate","usernames":["user001","user002","USER003"]}`)
	boss.wants(http.StatusCreated, "POST", "/api/v1/groups", `{"name":"a/b & c"}`)
	boss.wants(http.StatusNoContent, "PUT", "/api/v1/groups/a%2Fb%20&%20c/members/user050", "")
	for query, want := range map[string]int{
		"": 121, "search=user": 120, "search=U0@EXAMPLE": 60, "active=false": 3, "active=true&search=user00": 7, "superuser=true": 1, "staff=false": 121,
		"group=a/b+%26+c": 1, "after=user099": 20, "search=nobody": 0,
	} {
		for _, limit := range []int{11, 200} {
			var names []string
			for next := ""; ; {
				address := fmt.Sprintf("/api/v1/users?limit=%d&%s", limit, query)
				if next != "" {
					address = fmt.Sprintf("/api/v1/users?limit=%d&after=%s&%s", limit, next, strings.TrimPrefix(query, "after=user099"))
				}
				p := read[usersReply](t, boss.wants(http.StatusOK, "GET", strings.TrimSuffix(address, "&"), ""))
				for _, u := range p.Users {
					names = append(names, u.Username)
				}
				if next = p.Next; next == "" {
					break
				}
				if len(p.Users) != limit || next != names[len(names)-1] {
					t.Fatalf("%s: a page of %d, next %q", query, len(p.Users), next)
				}
			}
			if len(names) != want || !slices.IsSorted(names) {
				t.Errorf("%s by %d: %d users, want %d", query, limit, len(names), want)
			}
		}
	}
}

func TestBulk(t *testing.T) {
	h := newHouse(t, nil)
	boss := h.user("boss", superuser)
	names := make([]string, account.MaxBulk)
	many := make([]account.NewAccount, len(names))
	for i := range many {
		many[i].Username = fmt.Sprintf("%s%03d", strings.Repeat("ü", earshot.MaxUsername-3), i) // the longest there are
		names[i] = fmt.Sprintf("%q", many[i].Username)
	}
	if _, err := h.accounts.CreateUsers(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(names, ",")
	boss.wants(http.StatusCreated, "POST", "/api/v1/groups", `{"name":"all"}`)
	count := func(query string) int {
		t.Helper()
		n := 0
		for next := ""; ; {
			p := read[usersReply](t, boss.wants(http.StatusOK, "GET", "/api/v1/users?limit=200&"+query+"&after="+next, ""))
			if n, next = n+len(p.Users), url.QueryEscape(p.Next); next == "" {
				return n
			}
		}
	}
	some := strings.Join(names[:20], ",")
	for _, c := range []struct {
		body, names, query string
		done, want         int
	}{
		{`"action":"deactivate"`, all, "active=false", account.MaxBulk, account.MaxBulk},
		{`"action":"activate"`, some, "active=false", 20, account.MaxBulk - 20},
		{`"action":"join","group":"ALL"`, some, "group=all", 20, 20},
		{`"action":"leave","group":"all"`, some, "group=all", 20, 0},
		{`"action":"delete"`, all, "search=%C3%BC", account.MaxBulk, 0},
	} {
		got := read[outcomesReply](t, boss.wants(http.StatusOK, "PATCH", "/api/v1/users", fmt.Sprintf(`{%s,"usernames":[%s]}`, c.body, c.names)))
		if got.Done != c.done || len(got.Failed) != 0 {
			t.Errorf("%s: %d done, failed: %.200v", c.body, got.Done, got.Failed)
		}
		if n := count(c.query); n != c.want {
			t.Errorf("%s: then %d, not %d", c.body, n, c.want)
		}
	}
	for body, field := range map[string]string{
		`{"action":"delete","usernames":[]}`: "usernames",
		`{"action":"delete"}`:                "usernames",
		`{"action":"delete","usernames":["x",` + strings.Repeat(`"a",`, account.MaxBulk-1) + `"b"]}`: "usernames",
		`{"action":"promote","usernames":["boss"]}`:                                                  "action",
		`{"usernames":["boss"]}`:                                "action",
		`{"action":"join","usernames":["boss"],"group":"none"}`: "groups",
		`{"action":"join","usernames":["boss"]}`:                "groups",
	} {
		if p := boss.refused(earshot.CodeInvalid, "PATCH", "/api/v1/users", body); p.Field != field {
			t.Errorf("%.60s: %+v", body, p)
		}
	}
	got := read[outcomesReply](t, boss.wants(http.StatusOK, "PATCH", "/api/v1/users", `{"action":"deactivate","usernames":["boss","nobody",""]}`))
	if got.Done != 0 || len(got.Failed) != 3 || got.Failed[0].Code != earshot.CodeConflict || got.Failed[1].Code != earshot.CodeNotFound {
		t.Errorf("%+v", got)
	}
}

func TestGroups(t *testing.T) {
	h := newHouse(t, nil)
	boss := h.user("boss", superuser)
	made := read[groupReply](t, boss.wants(http.StatusCreated, "POST", "/api/v1/groups", `{"name":" Helpers ","permissions":["view_user"]}`))
	if fmt.Sprint(made) != "{Helpers [view_user]}" {
		t.Errorf("%+v", made)
	}
	boss.refused(earshot.CodeConflict, "POST", "/api/v1/groups", `{"name":"HELPERS"}`)
	for body, field := range map[string]string{`{"name":""}`: "group", `{}`: "group", `{"name":"x","permissions":["fly"]}`: "permissions"} {
		if p := boss.refused(earshot.CodeInvalid, "POST", "/api/v1/groups", body); p.Field != field {
			t.Errorf("%s: %+v", body, p)
		}
	}
	const path = "/api/v1/groups/helpers"
	boss.refused(earshot.CodeInvalid, "PATCH", path, `{"revoke":["fly"]}`)
	if g := read[groupReply](t, boss.wants(http.StatusOK, "PATCH", path, `{"grant":["add_room"],"revoke":["view_user"]}`)); fmt.Sprint(g) != "{Helpers [add_room]}" {
		t.Errorf("%+v", g)
	}
	boss.wants(http.StatusNoContent, "PUT", path+"/members/BOSS", "")
	boss.refused(earshot.CodeNotFound, "PUT", path+"/members/nobody", "")
	boss.refused(earshot.CodeNotFound, "PUT", "/api/v1/groups/none/members/boss", "")
	if p := read[usersReply](t, boss.wants(http.StatusOK, "GET", "/api/v1/users?group=helpers", "")); len(p.Users) != 1 || p.Users[0].Username != "boss" {
		t.Errorf("%+v", p)
	}
	boss.wants(http.StatusNoContent, "DELETE", path+"/members/boss", "")
	if g := read[groupReply](t, boss.wants(http.StatusOK, "GET", path, "")); fmt.Sprint(g) != "{Helpers [add_room]}" {
		t.Errorf("%+v", g)
	}
	if all := read[groupsReply](t, boss.wants(http.StatusOK, "GET", "/api/v1/groups", "")); len(all.Groups) != 1 {
		t.Errorf("%+v", all)
	}
	boss.wants(http.StatusNoContent, "DELETE", path, "")
	boss.refused(earshot.CodeNotFound, "GET", path, "")
}

func TestFindRooms(t *testing.T) {
	h := newHouse(t, nil)
	ana, warden := h.user("ana", nil), h.user("warden", nil).grant(earshot.PermModerateRoom)
	for i, access := range []earshot.Access{earshot.AccessPublic, earshot.AccessPrivate, earshot.AccessPrivate} {
		ana.room(fmt.Sprint("room", i), access)
	}
	h.user("boss", staff).room("attic", earshot.AccessStaff)
	for query, want := range map[string]string{
		"": "attic room0 room1 room2", "?search=ROOM": "room0 room1 room2", "?access=private": "room1 room2", "?owner=ANA&access=public": "room0",
		"?owner=nobody": "", "?after=room0": "room1 room2", "?limit=2": "attic room0 +room0", "?limit=2&after=Room0": "room1 room2",
	} {
		got := read[foundRoomsReply](t, warden.wants(http.StatusOK, "GET", "/api/v1/rooms/all"+query, ""))
		var names []string
		for _, r := range got.Rooms {
			names = append(names, r.Name)
			if wantOwner := map[bool]string{true: "boss", false: "ana"}[r.Name == "attic"]; r.OwnerName != wantOwner || r.CreatedAt.IsZero() {
				t.Errorf("%+v", r)
			}
		}
		if got.Next != "" {
			names = append(names, "+"+got.Next)
		}
		if all := strings.Join(names, " "); all != want {
			t.Errorf("%s: %s, not %s", query, all, want)
		}
	}
	if err := h.accounts.DeleteUser(t.Context(), "ana"); err != nil {
		t.Fatal(err)
	}
	if got := read[foundRoomsReply](t, warden.wants(http.StatusOK, "GET", "/api/v1/rooms/all?search=room1", "")); got.Rooms[0].Owner != 0 || got.Rooms[0].OwnerName != "" {
		t.Errorf("%+v", got)
	}
}

func TestFiguresAndSettings(t *testing.T) {
	set := []Setting{{Name: "limits.rooms", Value: "7", Default: "100", Help: "How many."}}
	h := newHouse(t, func(o *Options, _ *account.Config, _ *hub.Config) { o.Settings = set })
	boss := h.user("boss", superuser)
	if got := read[settingsReply](t, boss.wants(http.StatusOK, "GET", "/api/v1/settings", "")); !slices.Equal(got.Settings, set) {
		t.Errorf("%+v", got)
	}
	before := read[figuresReply](t, boss.wants(http.StatusOK, "GET", "/api/v1/figures", ""))
	if before.Accounts != 1 || before.Sessions != 0 || before.HeapBytes == 0 || before.MemoryBytes < before.HeapBytes || before.Goroutines == 0 || before.Messages != 0 {
		t.Errorf("%+v", before)
	}
	user, err := h.accounts.UserByName(t.Context(), "boss")
	if err != nil {
		t.Fatal(err)
	}
	_, room := boss.room("hall", earshot.AccessPublic)
	s, err := h.hub.Connect(user, earshot.SecretHash{1}, func(*hub.Session) hub.Conn { return &deafConn{} })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Join(t.Context(), earshot.RoomID(room.ID), func(hub.Joined) {}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := s.Post(t.Context(), earshot.RoomID(room.ID), earshot.Draft{Text: []byte("hello")}); err != nil {
			t.Fatal(err)
		}
	}
	after := read[figuresReply](t, boss.wants(http.StatusOK, "GET", "/api/v1/figures", ""))
	if after.Users != 1 || after.Sessions != 1 || after.Connections != 1 || after.Rooms != 1 || after.Messages != 3 || after.At < before.At || after.UptimeMs < before.UptimeMs {
		t.Errorf("%+v", after)
	}
}
