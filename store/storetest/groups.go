package storetest

import (
	"testing"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

func addGroup(t *testing.T, s Stores, name string, permissions ...earshot.Permission) earshot.GroupID {
	t.Helper()
	id, err := s.Groups.CreateGroup(t.Context(), earshot.Group{Name: name, Permissions: earshot.PermissionsOf(permissions...)}, names.Key(name))
	ok(t, "group", err)
	return id
}

func groups(t *testing.T, s Stores) {
	helpers := addGroup(t, s, "Helpers", earshot.PermAddRoom, earshot.PermViewUser)
	admins := addGroup(t, s, "admins and others")
	_, err := s.Groups.CreateGroup(t.Context(), earshot.Group{Name: "HELPERS"}, names.Key("HELPERS"))
	refused(t, "taken", err, earshot.CodeConflict, "group")
	got, err := s.Groups.GroupByName(t.Context(), "helpers")
	ok(t, "by name", err)
	want(t, "by name", got, earshot.Group{ID: helpers, Name: "Helpers", Permissions: earshot.PermissionsOf(earshot.PermAddRoom, earshot.PermViewUser)})
	ok(t, "change", s.Groups.ChangeGroup(t.Context(), helpers, earshot.GroupChange{
		Grant: earshot.PermissionsOf(earshot.PermManageBots, earshot.PermAddUser), Revoke: earshot.PermissionsOf(earshot.PermAddRoom, earshot.PermAddUser),
	}))
	all, err := s.Groups.Groups(t.Context())
	ok(t, "all", err)
	wantAll(t, "all", all, []earshot.Group{
		{ID: admins, Name: "admins and others"},
		{ID: helpers, Name: "Helpers", Permissions: earshot.PermissionsOf(earshot.PermManageBots, earshot.PermViewUser)},
	})
	ok(t, "delete", s.Groups.DeleteGroup(t.Context(), admins))
	refused(t, "delete again", s.Groups.DeleteGroup(t.Context(), admins), earshot.CodeNotFound)
	refused(t, "change none", s.Groups.ChangeGroup(t.Context(), admins, earshot.GroupChange{Grant: 1}), earshot.CodeNotFound)
	_, err = s.Groups.GroupByName(t.Context(), names.Key("admins and others"))
	refused(t, "by name", err, earshot.CodeNotFound)
}

func groupMembers(t *testing.T, s Stores) {
	ana, bob := addUser(t, s, "ana"), addUser(t, s, "bob")
	one, two := addGroup(t, s, "one", earshot.PermAddRoom), addGroup(t, s, "two", earshot.PermAddRoom, earshot.PermAddUser)
	for range 2 {
		ok(t, "add", s.Groups.SetGroupMember(t.Context(), one, ana, true))
		ok(t, "add", s.Groups.SetGroupMember(t.Context(), two, ana, true))
		ok(t, "add", s.Groups.SetGroupMember(t.Context(), two, bob, true))
	}
	of, err := s.Groups.GroupsOf(t.Context(), ana)
	ok(t, "of", err)
	want(t, "groups of ana", len(of), 2)
	inherits := func(user earshot.UserID, permissions ...earshot.Permission) {
		t.Helper()
		u, err := s.Users.User(t.Context(), user)
		ok(t, "user", err)
		want(t, "own", u.Permissions, 0)
		want(t, "inherited", u.Inherited, earshot.PermissionsOf(permissions...))
	}
	inherits(ana, earshot.PermAddRoom, earshot.PermAddUser)
	for range 2 {
		ok(t, "remove", s.Groups.SetGroupMember(t.Context(), two, ana, false))
	}
	inherits(ana, earshot.PermAddRoom)
	inherits(bob, earshot.PermAddRoom, earshot.PermAddUser)
	ok(t, "delete the group", s.Groups.DeleteGroup(t.Context(), two))
	inherits(bob)
	ok(t, "delete the user", s.Edit.DeleteUser(t.Context(), ana))
	for what, err := range map[string]error{
		"no user":        s.Groups.SetGroupMember(t.Context(), one, ana, true),
		"no group":       s.Groups.SetGroupMember(t.Context(), two, bob, true),
		"out of no user": s.Groups.SetGroupMember(t.Context(), one, 1<<40, false),
	} {
		refused(t, what, err, earshot.CodeNotFound)
	}
	of, err = s.Groups.GroupsOf(t.Context(), bob)
	ok(t, "of", err)
	want(t, "groups of bob", len(of), 0)
}

// permissions keeps each of them, and reads each back as itself.
func permissions(t *testing.T, s Stores) {
	user := addUser(t, s, "ana")
	for _, p := range earshot.Permissions() {
		u := change(t, s, user, earshot.UserChange{Grant: earshot.PermissionsOf(p), Revoke: ^earshot.PermissionsOf(p)})
		wantAll(t, string(p), u.Permissions.List(), []earshot.Permission{p})
	}
}
