package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

func plannedUser(foreign int64, name string, groups ...int64) earshot.PlannedUser {
	return earshot.PlannedUser{
		Imported: earshot.Imported{Kind: earshot.ImportUser, Foreign: foreign, Print: hash("print", int(foreign)), Password: hash("password", int(foreign))},
		NewUser:  newUser(name), Groups: groups,
	}
}

func plannedGroup(foreign int64, name string, permissions ...earshot.Permission) earshot.PlannedGroup {
	return earshot.PlannedGroup{
		Imported: earshot.Imported{Kind: earshot.ImportGroup, Foreign: foreign, Print: hash("group")},
		Group:    earshot.Group{Name: name, Permissions: earshot.PermissionsOf(permissions...)}, Key: names.Key(name),
	}
}

func plannedRoom(foreign int64, name string) earshot.PlannedRoom {
	return earshot.PlannedRoom{
		Imported: earshot.Imported{Kind: earshot.ImportRoom, Foreign: foreign, Print: hash("room")}, Room: newRoom(name, 0), Key: names.Key(name),
	}
}

// imported gives what is kept of imports, by kind and number there.
func imported(t *testing.T, s Stores) map[string]earshot.Imported {
	t.Helper()
	all, err := s.Import.Imported(t.Context())
	ok(t, "imported", err)
	found := map[string]earshot.Imported{}
	for _, i := range all {
		found[fmt.Sprint(string(i.Kind), i.Foreign)] = i
	}
	return found
}

func imports(t *testing.T, s Stores) {
	plan := earshot.Plan{
		Groups: []earshot.PlannedGroup{plannedGroup(1, "one", earshot.PermAddRoom), plannedGroup(2, "two", earshot.PermAddUser)},
		Rooms:  []earshot.PlannedRoom{plannedRoom(7, "hall")},
	}
	for i := range int64(120) { // more than one statement takes
		plan.Users = append(plan.Users, plannedUser(i, fmt.Sprint("user", i), 1, 2))
	}
	plan.Users[3].Permissions = earshot.PermissionsOf(earshot.PermManageBots)
	ok(t, "import", s.Import.Import(t.Context(), plan))
	found := imported(t, s)
	want(t, "imported", len(found), 123)
	mark := found["user3"]
	want(t, "prints", mark.Print == hash("print", 3) && mark.Password == hash("password", 3), true)
	u, err := s.Users.User(t.Context(), earshot.UserID(mark.Own))
	ok(t, "user", err)
	want(t, "user", fmt.Sprintf("%s %v %v", u.Username, u.Permissions.List(), u.Inherited.List()), "user3 [manage_bots] [add_room add_user]")
	changes, err := s.Edit.AccountChanges(t.Context(), 10)
	ok(t, "changes", err)
	want(t, "nobody who is new is noted", len(changes), 0)
	ok(t, "log in", logIn(t.Context(), s, earshot.BrowserSession{Hash: hash("s"), User: u.ID, CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour)}))
	importAgain(t, s, u, found)
}

// importAgain brings a user, a group and a room up to date. A group that was not imported is left alone.
func importAgain(t *testing.T, s Stores, u earshot.User, found map[string]earshot.Imported) {
	t.Helper()
	own := addGroup(t, s, "own", earshot.PermViewUser)
	ok(t, "member", s.Groups.SetGroupMember(t.Context(), own, u.ID, true))
	again := plannedUser(3, "renamed", 2, 99)
	again.Own, again.Print, again.KeepPassword, again.NewUser.Password = int64(u.ID), hash("later"), true, "other"
	again.Email, again.IsActive, again.IsStaff, again.Permissions = "a@b", false, true, earshot.PermissionsOf(earshot.PermDeleteRoom)
	group, room := plannedGroup(2, "renamed", earshot.PermDeleteUser), plannedRoom(7, "renamed")
	group.Own, room.Own, room.Title, room.Access = found["group2"].Own, found["room7"].Own, "New", earshot.AccessStaff
	update := earshot.Plan{Groups: []earshot.PlannedGroup{group}, Users: []earshot.PlannedUser{again}, Rooms: []earshot.PlannedRoom{room}}
	ok(t, "import again", s.Import.Import(t.Context(), update))
	u, err := s.Users.User(t.Context(), u.ID)
	ok(t, "user", err)
	want(t, "user", fmt.Sprintf("%s %s %t %t %v %v", u.Username, u.Email, u.IsActive, u.IsStaff, u.Permissions.List(), u.Inherited.List()),
		"user3 a@b false true [delete_room] [delete_user view_user]")
	want(t, "password", string(u.Password), string(newUser("").Password))
	_, err = s.Sessions.BrowserSession(t.Context(), hash("s"))
	ok(t, "the log-in stays with the password", err)
	changes, err := s.Edit.AccountChanges(t.Context(), 10)
	ok(t, "changes", err)
	want(t, "who was put into a group and changed is noted", len(changes) == 2 && changes[0].User == u.ID && changes[1].User == u.ID, true)
	got, err := s.Rooms.Room(t.Context(), earshot.RoomID(room.Own))
	ok(t, "room", err)
	want(t, "room", got.Name+" "+got.Title+" "+string(got.Access), "hall New staff")
	want(t, "the mark is new", imported(t, s)["user3"].Print, hash("later"))

	update.Users[0].KeepPassword = false
	ok(t, "with the password", s.Import.Import(t.Context(), earshot.Plan{Users: update.Users}))
	_, err = s.Sessions.BrowserSession(t.Context(), hash("s"))
	refused(t, "the log-in after it", err, earshot.CodeNotFound)
}

func importAllOrNone(t *testing.T, s Stores) {
	addUser(t, s, "ana")
	addRoom(t, s, newRoom("hall", 0))
	addGroup(t, s, "group")
	gone := plannedUser(1, "gone")
	gone.Own = 1 << 40
	goneGroup, goneRoom := plannedGroup(1, "gone"), plannedRoom(1, "gone")
	goneGroup.Own, goneRoom.Own = 1<<40, 1<<40
	for what, plan := range map[string]earshot.Plan{
		"a name that is taken":   {Users: []earshot.PlannedUser{plannedUser(2, "ANA")}},
		"a user who is gone":     {Users: []earshot.PlannedUser{gone}},
		"a room's that is taken": {Rooms: []earshot.PlannedRoom{plannedRoom(1, "HALL")}},
		"a room that is gone":    {Rooms: []earshot.PlannedRoom{goneRoom}},
		"a group's name":         {Groups: []earshot.PlannedGroup{plannedGroup(1, "GROUP")}},
		"a group that is gone":   {Groups: []earshot.PlannedGroup{goneGroup}},
	} {
		plan.Groups = append([]earshot.PlannedGroup{plannedGroup(5, "fine")}, plan.Groups...)
		plan.Users = append(plan.Users, plannedUser(5, "fine"))
		plan.Rooms = append([]earshot.PlannedRoom{plannedRoom(5, "fine")}, plan.Rooms...)
		refused(t, what, s.Import.Import(t.Context(), plan), earshot.CodeConflict)
	}
	want(t, "imported", len(imported(t, s)), 0)
	n, err := s.Users.CountUsers(t.Context())
	ok(t, "count", err)
	want(t, "users", n, 1)
	ok(t, "what was refused can be imported", s.Import.Import(t.Context(), earshot.Plan{Users: []earshot.PlannedUser{plannedUser(5, "fine")}}))
}
