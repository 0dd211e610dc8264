package httpd

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// TestNewUserInGroups makes users who are in groups from the start, as far as whoever makes them may.
func TestNewUserInGroups(t *testing.T) {
	h := newHouse(t, nil)
	boss := h.user("boss", superuser)
	boss.wants(http.StatusCreated, "POST", "/api/v1/groups", `{"name":"Crew","permissions":["add_room"]}`)
	boss.wants(http.StatusCreated, "POST", "/api/v1/groups", `{"name":"plain"}`)
	made := read[userReply](t, boss.wants(http.StatusCreated, "POST", "/api/v1/users", `{"username":"ana","groups":["crew","PLAIN","crew"]}`))
	if !slices.Equal(made.Groups, []string{"Crew", "plain"}) || !slices.Equal(made.Inherited, []earshot.Permission{earshot.PermAddRoom}) {
		t.Errorf("%+v", made)
	}
	if p := boss.refused(earshot.CodeInvalid, "POST", "/api/v1/users", `{"username":"ben","groups":["crew","none"]}`); p.Field != "groups" {
		t.Errorf("%+v", p)
	}
	maker := h.user("maker", nil).grant(earshot.PermAddUser)
	maker.wants(http.StatusCreated, "POST", "/api/v1/users", `{"username":"cai","groups":[]}`)
	maker.refused(earshot.CodeForbidden, "POST", "/api/v1/users", `{"username":"ben","groups":["plain"]}`)
	maker.refused(earshot.CodeForbidden, "POST", "/api/v1/users", `{"username":"ben","groups":["none"]}`) // names of groups are not for everybody
	maker.grant(earshot.PermChangeUser)
	maker.wants(http.StatusCreated, "POST", "/api/v1/users", `{"username":"dora","groups":["plain"]}`)
	maker.refused(earshot.CodeForbidden, "POST", "/api/v1/users", `{"username":"ben","groups":["plain","crew"]}`)
	boss.refused(earshot.CodeNotFound, "GET", "/api/v1/users/ben", "")
}

// TestRenameGroup gives groups other names, which their members do not feel.
func TestRenameGroup(t *testing.T) {
	h := newHouse(t, nil)
	boss, clerk := h.user("boss", superuser), h.user("clerk", nil).grant(earshot.PermChangeUser)
	for _, body := range []string{`{"name":"Crew","permissions":["add_room"]}`, `{"name":"other"}`} {
		boss.wants(http.StatusCreated, "POST", "/api/v1/groups", body)
	}
	ana := h.user("ana", nil)
	boss.wants(http.StatusNoContent, "PUT", "/api/v1/groups/crew/members/ana", "")
	const path = "/api/v1/groups/crew"
	if g := read[groupReply](t, boss.wants(http.StatusOK, "PATCH", path, `{"name":" CREW "}`)); fmt.Sprint(g) != "{CREW [add_room]}" {
		t.Errorf("%+v", g)
	}
	if p := boss.refused(earshot.CodeConflict, "PATCH", path, `{"name":"Other","grant":["view_user"]}`); p.Field != "group" {
		t.Errorf("%+v", p)
	}
	for _, name := range []string{"", " ", `a\nb`, `a\u202eb`, strings.Repeat("x", earshot.MaxGroupName+1), strings.Repeat("x", 5000)} {
		if p := boss.refused(earshot.CodeInvalid, "PATCH", path, `{"name":"`+name+`"}`); p.Field != "group" {
			t.Errorf("%q: %+v", name, p)
		}
	}
	clerk.refused(earshot.CodeForbidden, "PATCH", path, `{"name":"mine"}`) // it gives what they have not
	clerk.wants(http.StatusOK, "PATCH", "/api/v1/groups/other", `{"name":"theirs"}`)
	if g := read[groupReply](t, boss.wants(http.StatusOK, "PATCH", path, `{"name":"Mates","grant":["view_room"]}`)); fmt.Sprint(g) != "{Mates [add_room view_room]}" {
		t.Errorf("%+v", g)
	}
	boss.refused(earshot.CodeNotFound, "GET", path, "")
	if u := read[userReply](t, boss.wants(http.StatusOK, "GET", "/api/v1/users/ana", "")); !slices.Equal(u.Groups, []string{"Mates"}) {
		t.Errorf("%+v", u)
	}
	ana.room("hall", earshot.AccessPublic)
}

// TestGiveRoom gives a room to another owner by the API.
func TestGiveRoom(t *testing.T) {
	h := newHouse(t, nil)
	boss, ana, ben := h.user("boss", superuser), h.user("ana", nil), h.user("ben", nil)
	_, made := ana.room("den", earshot.AccessPrivate)
	path := fmt.Sprintf("/api/v1/rooms/%d", made.ID)
	for _, name := range []string{"ben", "nobody", ""} {
		ana.refused(earshot.CodeForbidden, "PATCH", path, `{"owner":"`+name+`"}`)
		ben.refused(earshot.CodeNotFound, "PATCH", path, `{"owner":"`+name+`"}`)
	}
	if p := boss.refused(earshot.CodeInvalid, "PATCH", path, `{"owner":"nobody","title":"x"}`); p.Field != "owner" {
		t.Errorf("%+v", p)
	}
	if r := read[roomReply](t, boss.wants(http.StatusOK, "PATCH", path, `{"owner":"BEN"}`)); r.Owner != int64(ben.id) || r.Title != "The den" {
		t.Errorf("%+v", r)
	}
	ana.refused(earshot.CodeNotFound, "GET", path, "")
	ben.wants(http.StatusOK, "PATCH", path, `{"title":"mine"}`)
	if r := read[roomReply](t, boss.wants(http.StatusOK, "PATCH", path, `{"owner":""}`)); r.Owner != 0 {
		t.Errorf("%+v", r)
	}
	boss.wants(http.StatusOK, "PATCH", "/api/v1/users", `{"action":"deactivate","usernames":["ben"]}`)
	boss.refused(earshot.CodeInvalid, "PATCH", path, `{"owner":"ben"}`)
	if got := read[foundRoomsReply](t, boss.wants(http.StatusOK, "GET", "/api/v1/rooms/all?name=DEN", "")); len(got.Rooms) != 1 || got.Rooms[0].OwnerName != "" {
		t.Errorf("%+v", got)
	}
	if got := read[foundRoomsReply](t, boss.wants(http.StatusOK, "GET", "/api/v1/rooms/all?name=de", "")); len(got.Rooms) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestUnconfirmed finds those who signed up and never confirmed their address, and deletes them at once.
func TestUnconfirmed(t *testing.T) {
	h, mails := withMail(t, func(c *account.Config) { c.Mail.ConfirmSignUp = true })
	boss := h.user("boss", superuser)
	h.user("vouched", func(a *account.NewAccount) { a.Email = "v@example.org" })
	for _, name := range []string{"one", "two"} {
		w := h.call(http.MethodPost, "/api/v1/signup", fmt.Sprintf(`{"username":%q,"password":%q,"email":"%s@example.org"}`, name, goodPassword, name))
		if w.Code != http.StatusAccepted {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		mails.token(t)
	}
	page := read[usersReply](t, boss.wants(http.StatusOK, "GET", "/api/v1/users?unconfirmed=true", ""))
	if len(page.Users) != 2 || page.Users[0].Username != "one" || page.Users[0].EmailConfirmed || page.Users[0].LastLogin != nil {
		t.Errorf("%+v", page)
	}
	if others := read[usersReply](t, boss.wants(http.StatusOK, "GET", "/api/v1/users?unconfirmed=false&search=o", "")); len(others.Users) != 2 {
		t.Errorf("%+v", others)
	}
	boss.refused(earshot.CodeInvalid, "GET", "/api/v1/users?unconfirmed=yes", "")
	done := read[outcomesReply](t, boss.wants(http.StatusOK, "PATCH", "/api/v1/users", `{"action":"delete","usernames":["one","two"]}`))
	if done.Done != 2 {
		t.Errorf("%+v", done)
	}
	if page := read[usersReply](t, boss.wants(http.StatusOK, "GET", "/api/v1/users?unconfirmed=true", "")); len(page.Users) != 0 {
		t.Errorf("%+v", page)
	}
}
