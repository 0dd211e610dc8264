package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// always lets everything be done.
func always(earshot.User) error { return nil }

// userChangeIf wants nothing changed that the guard does not let, and groups changed with the rest, all or nothing.
func userChangeIf(t *testing.T, s Stores) {
	ana := addUser(t, s, "ana")
	first, err := s.Groups.CreateGroup(t.Context(), earshot.Group{Name: "first", Permissions: earshot.PermissionsOf(earshot.PermAddRoom)}, "first")
	ok(t, "group", err)
	second, err := s.Groups.CreateGroup(t.Context(), earshot.Group{Name: "second", Permissions: earshot.PermissionsOf(earshot.PermViewUser)}, "second")
	ok(t, "group", err)
	as := func() earshot.User {
		t.Helper()
		u, err := s.Users.User(t.Context(), ana)
		ok(t, "user", err)
		return u
	}
	whole := earshot.UserChange{
		Email: ptr("a@b"), IsStaff: ptr(true), Password: ptr(earshot.PasswordHash("new")), Grant: 1, Join: []earshot.GroupID{first, second},
	}
	ok(t, "log in", logIn(t.Context(), s, earshot.BrowserSession{Hash: hash("s"), User: ana, CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour)}))
	before := as()
	no := errors.New("no")
	_, err = s.Edit.ChangeUserIf(t.Context(), ana, whole, func(now earshot.User) error {
		want(t, "the guard is given", now, before)
		return no
	})
	if !errors.Is(err, no) {
		t.Errorf("the guard's error became %v", err)
	}
	want(t, "refused", as(), before)
	_, err = s.Sessions.BrowserSession(t.Context(), hash("s"))
	ok(t, "the log-in", err)
	changes, err := s.Edit.AccountChanges(t.Context(), 9)
	ok(t, "changes", err)
	want(t, "noted", len(changes), 0)

	withNone := whole
	withNone.Join = []earshot.GroupID{first, 1 << 40}
	_, err = s.Edit.ChangeUserIf(t.Context(), ana, withNone, always)
	refused(t, "no such group", err, earshot.CodeNotFound)
	want(t, "with a group that is not there", as(), before)

	for range 2 { // what is so already stays so
		after, err := s.Edit.ChangeUserIf(t.Context(), ana, whole, always)
		ok(t, "change", err)
		want(t, "changed", after, as())
		want(t, "email, staff", after.Email+" "+string(after.Password), "a@b new")
		want(t, "inherited", after.Inherited, earshot.PermissionsOf(earshot.PermAddRoom, earshot.PermViewUser))
	}
	for range 2 {
		after, err := s.Edit.ChangeUser(t.Context(), ana, earshot.UserChange{Leave: []earshot.GroupID{first, 1 << 40}})
		ok(t, "leave", err)
		want(t, "inherited after", after.Inherited, earshot.PermissionsOf(earshot.PermViewUser))
	}
	_, err = s.Edit.ChangeUserIf(t.Context(), 1<<40, whole, always)
	refused(t, "nobody", err, earshot.CodeNotFound)
}

// userDeleteIf wants the last active superuser kept, whoever asks for what.
func userDeleteIf(t *testing.T, s Stores) {
	ana, boss, other := addUser(t, s, "ana"), addUser(t, s, "boss"), addUser(t, s, "other")
	no := errors.New("no")
	if err := s.Edit.DeleteUserIf(t.Context(), ana, func(earshot.User) error { return no }); !errors.Is(err, no) {
		t.Errorf("the guard's error became %v", err)
	}
	_, err := s.Users.User(t.Context(), ana)
	ok(t, "still there", err)
	change(t, s, boss, earshot.UserChange{IsSuperuser: ptr(true)})
	change(t, s, other, earshot.UserChange{IsSuperuser: ptr(true), IsActive: ptr(false)})
	last := func(what string, err error) {
		t.Helper()
		refused(t, what, err, earshot.CodeConflict, "is_superuser")
	}
	for what, c := range map[string]earshot.UserChange{"demoted": {IsSuperuser: ptr(false)}, "deactivated": {IsActive: ptr(false)}} {
		_, err := s.Edit.ChangeUserIf(t.Context(), boss, c, always)
		last("the last one "+what, err)
	}
	last("the last one deleted", s.Edit.DeleteUserIf(t.Context(), boss, always))
	u, err := s.Users.User(t.Context(), boss)
	ok(t, "boss", err)
	want(t, "boss", [2]bool{u.IsActive, u.IsSuperuser}, [2]bool{true, true})
	_, err = s.Edit.ChangeUserIf(t.Context(), boss, earshot.UserChange{Email: ptr("b@c"), IsSuperuser: ptr(true)}, always)
	ok(t, "another change of the last one", err)

	change(t, s, other, earshot.UserChange{IsActive: ptr(true)})
	_, err = s.Edit.ChangeUserIf(t.Context(), boss, earshot.UserChange{IsSuperuser: ptr(false)}, always)
	ok(t, "one of two", err)
	for _, id := range []earshot.UserID{ana, boss} {
		ok(t, "delete", s.Edit.DeleteUserIf(t.Context(), id, always))
		refused(t, "delete again", s.Edit.DeleteUserIf(t.Context(), id, always), earshot.CodeNotFound)
	}
	last("the last one of all", s.Edit.DeleteUserIf(t.Context(), other, always))
}

// raceOfSuperusers has superusers take it from each other: one is left.
func raceOfSuperusers(t *testing.T, s Stores) {
	const n = 8
	ids := make([]earshot.UserID, n)
	for i := range ids {
		ids[i] = addUser(t, s, string(rune('a'+i)))
		change(t, s, ids[i], earshot.UserChange{IsSuperuser: ptr(true)})
	}
	var group sync.WaitGroup
	errs := make([]error, n)
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			switch i % 3 {
			case 0:
				_, errs[i] = s.Edit.ChangeUserIf(t.Context(), ids[i], earshot.UserChange{IsSuperuser: ptr(false)}, always)
			case 1:
				_, errs[i] = s.Edit.ChangeUserIf(t.Context(), ids[i], earshot.UserChange{IsActive: ptr(false)}, always)
			default:
				errs[i] = s.Edit.DeleteUserIf(t.Context(), ids[i], always)
			}
		})
	}
	close(start)
	group.Wait()
	kept := 0
	for _, err := range errs {
		if err != nil {
			refused(t, "the last", err, earshot.CodeConflict, "is_superuser")
			kept++
		}
	}
	want(t, "refused", kept, 1)
	left, err := s.Users.Users(t.Context(), earshot.UserQuery{IsActive: ptr(true), IsSuperuser: ptr(true)})
	ok(t, "superusers", err)
	want(t, "left", len(left), 1)
}

// findRooms wants the rooms that fit.
func findRooms(t *testing.T, s Stores) {
	ana := addUser(t, s, "ana")
	for i, name := range []string{"Alpha", "beta", "a_b", "Gamma", "delta"} {
		room := newRoom(name, []earshot.UserID{0, ana}[i%2])
		room.Access = []earshot.Access{earshot.AccessPublic, earshot.AccessPrivate, earshot.AccessStaff}[i%3]
		room.Title = []string{"", "", "ГОВОРИМ", "", "x"}[i]
		if room.ID = addRoom(t, s, room); i == 4 {
			room.Title = "Über alles"
			ok(t, "update", s.Rooms.UpdateRoom(t.Context(), room))
		}
	}
	for what, c := range map[string]struct {
		query earshot.RoomQuery
		found []string
	}{
		"all":        {earshot.RoomQuery{}, []string{"a_b", "Alpha", "beta", "delta", "Gamma"}},
		"a part":     {earshot.RoomQuery{Search: "lt"}, []string{"delta"}},
		"underscore": {earshot.RoomQuery{Search: "_"}, []string{"a_b"}},
		"title":      {earshot.RoomQuery{Search: names.Key("Говорим")}, []string{"a_b"}},
		"new title":  {earshot.RoomQuery{Search: names.Key("über")}, []string{"delta"}},
		"percent":    {earshot.RoomQuery{Search: "%"}, nil},
		"quotes":     {earshot.RoomQuery{Search: "' OR ''='"}, nil},
		"zero byte":  {earshot.RoomQuery{Search: "a\x00"}, nil},
		"private":    {earshot.RoomQuery{Access: earshot.AccessPrivate}, []string{"beta", "delta"}},
		"no access":  {earshot.RoomQuery{Access: "'"}, nil},
		"ana's":      {earshot.RoomQuery{Owner: ana}, []string{"beta", "Gamma"}},
		"nobody's":   {earshot.RoomQuery{Owner: 1 << 40}, nil},
		"all of it":  {earshot.RoomQuery{Owner: ana, Access: earshot.AccessPrivate, Search: "a", Limit: 5}, []string{"beta"}},
		"a page":     {earshot.RoomQuery{After: "alpha", Limit: 2}, []string{"beta", "delta"}},
		"after all":  {earshot.RoomQuery{After: "\U0010ffff"}, nil},
	} {
		got, err := s.Rooms.FindRooms(t.Context(), c.query)
		ok(t, what, err)
		var found []string
		for _, r := range got {
			found = append(found, r.Name)
			want(t, "the name of who owns "+r.Name, r.OwnerName, map[earshot.UserID]string{0: "", ana: "ana"}[r.Owner])
		}
		wantAll(t, what, found, c.found)
	}
}
