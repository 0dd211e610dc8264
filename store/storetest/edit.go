package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

func ptr[T any](v T) *T { return &v }

// change changes a user and gives the new state.
func change(t *testing.T, s Stores, id earshot.UserID, c earshot.UserChange) earshot.User {
	t.Helper()
	u, err := s.Edit.ChangeUser(t.Context(), id, c)
	ok(t, "change", err)
	return u
}

func userChange(t *testing.T, s Stores) {
	id, other := addUser(t, s, "ana"), addUser(t, s, "bob")
	before, err := s.Users.User(t.Context(), other)
	ok(t, "user", err)
	login := kept(noon().Add(time.Minute))
	ok(t, "log in", logIn(t.Context(), s, earshot.BrowserSession{Hash: hash("s"), User: id, CreatedAt: login, ExpiresAt: login.Add(time.Hour)}))
	expect, err := s.Users.User(t.Context(), id)
	ok(t, "user", err)
	want(t, "nothing", change(t, s, id, earshot.UserChange{}), expect)

	for what, c := range map[string]struct {
		change earshot.UserChange
		set    func()
	}{
		"email":        {earshot.UserChange{Email: ptr("a@b")}, func() { expect.Email = "a@b" }},
		"confirmed":    {earshot.UserChange{EmailConfirmed: ptr(true)}, func() { expect.EmailConfirmed = true }},
		"display name": {earshot.UserChange{DisplayName: ptr("Ana")}, func() { expect.DisplayName = "Ana" }},
		"active":       {earshot.UserChange{IsActive: ptr(false)}, func() { expect.IsActive = false }},
		"staff":        {earshot.UserChange{IsStaff: ptr(true)}, func() { expect.IsStaff = true }},
		"superuser":    {earshot.UserChange{IsSuperuser: ptr(true)}, func() { expect.IsSuperuser = true }},
		"grant": {earshot.UserChange{Grant: earshot.PermissionsOf(earshot.PermAddRoom, earshot.PermAddUser)}, func() {
			expect.Permissions = earshot.PermissionsOf(earshot.PermAddRoom, earshot.PermAddUser)
		}},
	} {
		c.set()
		want(t, what, change(t, s, id, c.change), expect)
	}
	// What is granted and revoked at once is revoked; doing it again changes nothing.
	expect.Permissions = earshot.PermissionsOf(earshot.PermAddRoom)
	for range 2 {
		want(t, "revoke", change(t, s, id, earshot.UserChange{
			Grant: earshot.PermissionsOf(earshot.PermAddRoom, earshot.PermAddUser), Revoke: earshot.PermissionsOf(earshot.PermAddUser, earshot.PermViewRoom),
		}), expect)
	}
	got, err := s.Users.User(t.Context(), id)
	ok(t, "user", err)
	want(t, "as kept", got, expect)
	_, err = s.Sessions.BrowserSession(t.Context(), hash("s"))
	ok(t, "the log-in is still there", err)

	// Only a change of the password ends the log-ins.
	expect.Password = "other"
	want(t, "password", change(t, s, id, earshot.UserChange{Password: ptr(earshot.PasswordHash("other"))}), expect)
	_, err = s.Sessions.BrowserSession(t.Context(), hash("s"))
	refused(t, "the log-in after a change of password", err, earshot.CodeNotFound)

	untouched, err := s.Users.User(t.Context(), other)
	ok(t, "user", err)
	want(t, "the other is untouched", untouched, before)
	for _, c := range []earshot.UserChange{{}, {IsActive: ptr(true)}, {Grant: 1}, {Password: ptr(earshot.PasswordHash("x"))}} {
		_, err := s.Edit.ChangeUser(t.Context(), 1<<40, c)
		refused(t, "change of nobody", err, earshot.CodeNotFound)
	}
}

func userDelete(t *testing.T, s Stores) {
	ana := addUser(t, s, "ana")
	room := addRoom(t, s, newRoom("hers", ana))
	ok(t, "member", s.Members.AddMember(t.Context(), room, ana))
	ok(t, "log in", logIn(t.Context(), s, earshot.BrowserSession{Hash: hash("s"), User: ana, CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour)}))
	ok(t, "token", s.Tokens.CreateTokens(t.Context(), []earshot.Token{{Hash: hash("t"), User: ana, CreatedAt: noon()}}))
	ok(t, "invitation", s.Invitations.CreateInvitation(t.Context(), earshot.Invitation{Hash: hash("i"), CreatedBy: ana, ExpiresAt: noon(), UsesLeft: 1}, nil))
	change(t, s, ana, earshot.UserChange{Grant: 1})
	ok(t, "delete", s.Edit.DeleteUser(t.Context(), ana))
	refused(t, "delete again", s.Edit.DeleteUser(t.Context(), ana), earshot.CodeNotFound)
	_, err := s.Users.User(t.Context(), ana)
	refused(t, "user", err, earshot.CodeNotFound)
	_, err = s.Sessions.BrowserSession(t.Context(), hash("s"))
	refused(t, "log-in", err, earshot.CodeNotFound)
	_, err = s.Tokens.Token(t.Context(), hash("t"))
	refused(t, "token", err, earshot.CodeNotFound)
	_, err = s.Invitations.Invitation(t.Context(), hash("i"))
	refused(t, "invitation", err, earshot.CodeNotFound)
	left, err := s.Rooms.Room(t.Context(), room)
	ok(t, "room", err)
	want(t, "owner", left.Owner, 0)
	if again := addUser(t, s, "ana"); again == ana {
		t.Error("the number of a deleted user became another's")
	}
}

// userPages goes through some thousand users by pages, as a list of 100,000 is gone through.
// usersUnconfirmed wants those who signed up with an address and never came back.
func usersUnconfirmed(t *testing.T, s Stores) {
	made := []earshot.NewUser{newUser("plain"), newUser("pending"), newUser("confirmed"), newUser("moved"), newUser("waiting")}
	for i := range made[1:] {
		made[i+1].Email = "a@example.org"
	}
	made[2].EmailConfirmed, made[3].LastLogin = true, noon() // moved has another address by now, and confirmed the first
	_, err := s.Users.CreateUsers(t.Context(), made)
	ok(t, "users", err)
	for want, is := range map[string]bool{"pending waiting": true, "confirmed moved plain": false} {
		found, err := s.Users.Users(t.Context(), earshot.UserQuery{Unconfirmed: &is})
		ok(t, "users", err)
		var got []string
		for i := range found {
			got = append(got, found[i].Username)
		}
		wantAll(t, fmt.Sprint("unconfirmed: ", is), got, strings.Fields(want))
	}
}

func userPages(t *testing.T, s Stores) {
	const n, page = 3000, 700
	users := make([]earshot.NewUser, n)
	for i := range users {
		users[i] = newUser(fmt.Sprintf("user%d", i))
		users[i].IsActive = i%3 != 0
	}
	_, err := s.Users.CreateUsers(t.Context(), users)
	ok(t, "create", err)
	for _, active := range []*bool{nil, ptr(true), ptr(false)} {
		var all []earshot.NameKey
		for after := earshot.NameKey(""); ; {
			got, err := s.Users.Users(t.Context(), earshot.UserQuery{After: after, Limit: page, IsActive: active})
			ok(t, "page", err)
			for _, u := range got {
				all = append(all, names.Key(u.Username))
			}
			if len(got) < page {
				break
			}
			after = names.Key(got[len(got)-1].Username)
		}
		count := map[bool]int{true: n - n/3, false: n / 3}
		if expect := n; active == nil {
			want(t, "all", len(all), expect)
		} else {
			want(t, "those", len(all), count[*active])
		}
		if !slices.IsSorted(all) || len(slices.Compact(all)) != len(all) {
			t.Error("the pages are not in order, or have somebody twice")
		}
	}
}

func userSearch(t *testing.T, s Stores) {
	var users []earshot.NewUser
	for i, name := range []string{"Ana", "banana", "a%a", "a_a", `a\\a`, "Élan", "bob"} {
		u := newUser(name)
		u.IsStaff, u.IsSuperuser = i%2 == 0, i == 1
		users = append(users, u)
	}
	users[6].Email, users[4].DisplayName = "Bob@Anaheim.example", "ИВАН Øst"
	ids, err := s.Users.CreateUsers(t.Context(), users)
	ok(t, "create", err)
	change(t, s, ids[5], earshot.UserChange{DisplayName: ptr("Ångström Elaine")})
	group, err := s.Groups.CreateGroup(t.Context(), earshot.Group{Name: "g"}, "g")
	ok(t, "group", err)
	ok(t, "member", s.Groups.SetGroupMember(t.Context(), group, ids[1], true))
	for what, c := range map[string]struct {
		query earshot.UserQuery
		found []string
	}{
		"all":        {earshot.UserQuery{}, []string{"a%a", `a\\a`, "a_a", "Ana", "banana", "bob", "Élan"}},
		"a part":     {earshot.UserQuery{Search: "ana"}, []string{"Ana", "banana", "bob"}},
		"percent":    {earshot.UserQuery{Search: "%"}, []string{"a%a"}},
		"underscore": {earshot.UserQuery{Search: "_"}, []string{"a_a"}},
		"backslash":  {earshot.UserQuery{Search: `\\`}, []string{`a\\a`}},
		"not ASCII":  {earshot.UserQuery{Search: names.Key("ÉL")}, []string{"Élan"}},
		"shown":      {earshot.UserQuery{Search: names.Key("Иван ø")}, []string{`a\\a`}},
		"renamed":    {earshot.UserQuery{Search: names.Key("ÅNGS")}, []string{"Élan"}},
		"quotes":     {earshot.UserQuery{Search: "' OR ''='"}, nil},
		"staff":      {earshot.UserQuery{IsStaff: ptr(true), Search: "an"}, []string{"Ana", "bob"}},
		"not staff":  {earshot.UserQuery{IsStaff: ptr(false)}, []string{"a_a", "banana", "Élan"}},
		"superusers": {earshot.UserQuery{IsSuperuser: ptr(true)}, []string{"banana"}},
		"inactive":   {earshot.UserQuery{IsActive: ptr(false)}, nil},
		"of a group": {earshot.UserQuery{Group: group}, []string{"banana"}},
		"no group":   {earshot.UserQuery{Group: 1 << 40}, nil},
		"after":      {earshot.UserQuery{After: "ana", Limit: 2}, []string{"banana", "bob"}},
		"after all":  {earshot.UserQuery{After: "\U0010ffff"}, nil},
	} {
		got, err := s.Users.Users(t.Context(), c.query)
		ok(t, what, err)
		var found []string
		for _, u := range got {
			found = append(found, u.Username)
		}
		wantAll(t, what, found, c.found)
	}
}

// accountChanges wants every change noted, until it is forgotten, and nothing else.
func accountChanges(t *testing.T, s Stores) {
	ana, bob := addUser(t, s, "ana"), addUser(t, s, "bob")
	for i := range 2 {
		ok(t, "log in", logIn(t.Context(), s, earshot.BrowserSession{
			Hash: hash("s", i), User: ana, CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour),
		}))
	}
	ok(t, "hashed anew", s.Passwords.ReplacePassword(t.Context(), ana, newUser("").Password, "fresh"))
	noted := func() []earshot.AccountChange {
		t.Helper()
		all, err := s.Edit.AccountChanges(t.Context(), 100)
		ok(t, "changes", err)
		return all
	}
	want(t, "nothing that a server must act on", len(noted()), 0)
	change(t, s, ana, earshot.UserChange{Password: ptr(earshot.PasswordHash("new"))})
	var ended, changed int
	for _, c := range noted() {
		want(t, "user", c.User, ana)
		switch c.Credential {
		case hash("s", 0), hash("s", 1):
			ended++
		case earshot.SecretHash{}:
			changed++
		}
	}
	want(t, "log-ins that ended", ended, 2)
	want(t, "changes of the user", changed, 1)
	first := noted()
	change(t, s, bob, earshot.UserChange{IsActive: ptr(false)})
	ok(t, "forget", s.Edit.ForgetAccountChanges(t.Context(), first))
	ok(t, "forget again", s.Edit.ForgetAccountChanges(t.Context(), first))
	ok(t, "forget nothing", s.Edit.ForgetAccountChanges(t.Context(), nil))
	left := noted()
	if len(left) != 1 || left[0].User != bob {
		t.Fatalf("left: %+v", left)
	}
	ok(t, "delete", s.Edit.DeleteUser(t.Context(), ana))
	want(t, "two", len(noted()), 2)
	some, err := s.Edit.AccountChanges(t.Context(), 1)
	ok(t, "some", err)
	want(t, "some", len(some), 1)
	_, err = s.Edit.ChangeUser(t.Context(), 1<<40, earshot.UserChange{})
	refused(t, "of nobody", err, earshot.CodeNotFound)
	want(t, "nobody is noted", len(noted()), 2)
}
