package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// loggedChange is something that is done, with entries for the log.
type loggedChange struct {
	// do does it.
	do func(log ...earshot.Action) error
	// state tells what it is about, so that it is another when it was done.
	state func() string
	// again does what changes nothing any more, nil where that cannot be; refused what is not possible.
	again, refused func(log ...earshot.Action) error
}

// unwritable is an entry that no log can take.
func unwritable() earshot.Action {
	e := entry("unwritable")
	e.Details = map[string]string{"reason": "\xff"}
	return e
}

// changesLogged wants each change and its entry, or neither of them.
func changesLogged(t *testing.T, s Stores) {
	count := func() int { return len(subjects(t, s, earshot.ActionQuery{})) }
	for what, c := range loggedChanges(t, s) {
		before, entries := c.state(), count()
		if err := c.do(entry(what), unwritable()); err == nil {
			t.Errorf("%s: done without its entry", what)
		}
		want(t, what+": the state, where the entry could not be written", c.state(), before)
		want(t, what+": entries, where one could not be written", count(), entries)

		if err := c.refused(entry(what)); err == nil {
			t.Errorf("%s: what is not possible was done", what)
		}
		want(t, what+": entries of what was not done", count(), entries)

		ok(t, what, c.do(entry(what)))
		if c.state() == before {
			t.Errorf("%s: nothing was done: %s", what, before)
		}
		wantAll(t, what+": the entry", subjects(t, s, earshot.ActionQuery{Limit: 1}), []string{what})
		want(t, what+": entries", count(), entries+1)
		if c.again != nil {
			ok(t, what+" again", c.again(entry(what)))
			want(t, what+": entries where nothing was to be done", count(), entries+1)
		}
		ok(t, "trim", s.Actions.TrimActions(t.Context(), time.Time{}, 0))
	}
}

// loggedChanges is every change that takes entries, each about something of its own.
func loggedChanges(t *testing.T, s Stores) map[string]loggedChange {
	t.Helper()
	all := make(map[string]loggedChange)
	for _, some := range []map[string]loggedChange{userChanges(t, s), groupChanges(t, s), credentialChanges(t, s), factorChanges(t, s), roomChanges(t, s), orderChanges(t, s)} {
		for what, c := range some {
			all[what] = c
		}
	}
	return all
}

// nobody is the number of no user, group or room.
const nobody = 1 << 40

func userChanges(t *testing.T, s Stores) map[string]loggedChange {
	t.Helper()
	ctx := t.Context()
	state := func(name string) func() string {
		return func() string {
			u, err := s.Users.UserByName(ctx, names.Key(name))
			return fmt.Sprint(u.ID != 0, u.IsStaff, u.Email, err)
		}
	}
	mail, staff := "a@example.org", true
	changed, guarded, gone, guardedGone := addUser(t, s, "changed"), addUser(t, s, "guarded"), addUser(t, s, "gone"), addUser(t, s, "guarded.gone")
	yes := func(earshot.User) error { return nil }
	no := func(earshot.User) error { return earshot.Errorf(earshot.CodeForbidden, "No.") }
	return map[string]loggedChange{
		"create users": {
			do: func(log ...earshot.Action) error {
				_, err := s.Users.CreateUsers(ctx, []earshot.NewUser{newUser("created")}, log...)
				return err
			},
			state: state("created"),
			refused: func(log ...earshot.Action) error {
				user := newUser("other")
				user.Groups = []earshot.GroupID{nobody}
				_, err := s.Users.CreateUsers(ctx, []earshot.NewUser{user}, log...)
				return err
			},
		},
		"change user": {
			do: func(log ...earshot.Action) error {
				_, err := s.Edit.ChangeUser(ctx, changed, earshot.UserChange{Email: &mail}, log...)
				return err
			},
			state: state("changed"),
			refused: func(log ...earshot.Action) error {
				_, err := s.Edit.ChangeUser(ctx, nobody, earshot.UserChange{Email: &mail}, log...)
				return err
			},
		},
		"change user if": {
			do: func(log ...earshot.Action) error {
				_, err := s.Edit.ChangeUserIf(ctx, guarded, earshot.UserChange{IsStaff: &staff}, yes, log...)
				return err
			},
			state: state("guarded"),
			refused: func(log ...earshot.Action) error {
				_, err := s.Edit.ChangeUserIf(ctx, guarded, earshot.UserChange{IsStaff: &staff}, no, log...)
				return err
			},
		},
		"delete user": {
			do:      func(log ...earshot.Action) error { return s.Edit.DeleteUser(ctx, gone, log...) },
			state:   state("gone"),
			refused: func(log ...earshot.Action) error { return s.Edit.DeleteUser(ctx, nobody, log...) },
		},
		"delete user if": {
			do:      func(log ...earshot.Action) error { return s.Edit.DeleteUserIf(ctx, guardedGone, yes, log...) },
			state:   state("guarded.gone"),
			refused: func(log ...earshot.Action) error { return s.Edit.DeleteUserIf(ctx, guardedGone, no, log...) },
		},
		"import": {
			do: func(log ...earshot.Action) error {
				return s.Import.Import(ctx, earshot.Plan{Rooms: []earshot.PlannedRoom{{Room: newRoom("imported", 0), Key: "imported"}}}, log...)
			},
			state: func() string { return fmt.Sprint(s.Rooms.FindRooms(ctx, earshot.RoomQuery{Key: "imported"})) },
			refused: func(log ...earshot.Action) error {
				gone := earshot.PlannedRoom{Room: newRoom("x", 0), Key: "x"}
				gone.Own = nobody
				return s.Import.Import(ctx, earshot.Plan{Rooms: []earshot.PlannedRoom{gone}}, log...)
			},
		},
	}
}

func groupChanges(t *testing.T, s Stores) map[string]loggedChange {
	t.Helper()
	ctx := t.Context()
	add := func(name string) earshot.GroupID {
		t.Helper()
		id, err := s.Groups.CreateGroup(ctx, earshot.Group{Name: name}, earshot.NameKey(name))
		ok(t, "group", err)
		return id
	}
	changed, gone, joined, left := add("changed"), add("gone"), add("joined"), add("left")
	user := addUser(t, s, "member")
	ok(t, "in", s.Groups.SetGroupMember(ctx, left, user, true))
	groups := func() string { return fmt.Sprint(s.Groups.Groups(ctx)) }
	of := func() string { return fmt.Sprint(s.Groups.GroupsOf(ctx, user)) }
	set := func(group earshot.GroupID, member bool) func(...earshot.Action) error {
		return func(log ...earshot.Action) error { return s.Groups.SetGroupMember(ctx, group, user, member, log...) }
	}
	return map[string]loggedChange{
		"create group": {
			do: func(log ...earshot.Action) error {
				_, err := s.Groups.CreateGroup(ctx, earshot.Group{Name: "made"}, "made", log...)
				return err
			},
			state: groups,
			refused: func(log ...earshot.Action) error {
				_, err := s.Groups.CreateGroup(ctx, earshot.Group{Name: "Left"}, "left", log...)
				return err
			},
		},
		"change group": {
			do: func(log ...earshot.Action) error {
				return s.Groups.ChangeGroup(ctx, changed, earshot.GroupChange{Name: "Renamed", Key: "renamed", Grant: earshot.PermissionsOf(earshot.PermAddRoom)}, log...)
			},
			state: groups,
			refused: func(log ...earshot.Action) error {
				return s.Groups.ChangeGroup(ctx, changed, earshot.GroupChange{Name: "Joined", Key: "joined"}, log...)
			},
		},
		"delete group": {
			do:      func(log ...earshot.Action) error { return s.Groups.DeleteGroup(ctx, gone, log...) },
			state:   groups,
			refused: func(log ...earshot.Action) error { return s.Groups.DeleteGroup(ctx, nobody, log...) },
		},
		"into a group":   {do: set(joined, true), state: of, again: set(joined, true), refused: set(nobody, true)},
		"out of a group": {do: set(left, false), state: of, again: set(left, false), refused: set(nobody, false)},
	}
}

func credentialChanges(t *testing.T, s Stores) map[string]loggedChange {
	t.Helper()
	ctx := t.Context()
	user := addUser(t, s, "holder")
	token := func(name string, of earshot.UserID) []earshot.Token {
		return []earshot.Token{{Hash: hash(name), User: of, CreatedAt: noon()}}
	}
	invitation := func(name string) earshot.Invitation {
		return earshot.Invitation{Hash: hash(name), ExpiresAt: noon(), UsesLeft: 1}
	}
	ok(t, "token", s.Tokens.CreateTokens(ctx, token("revoked", user)))
	ok(t, "invitation", s.Invitations.CreateInvitation(ctx, invitation("withdrawn"), nil))
	tokens := func() string { return fmt.Sprint(s.Tokens.Tokens(ctx, user)) }
	invitations := func() string { return fmt.Sprint(s.Invitations.Invitations(ctx, 0)) }
	revoke := func(log ...earshot.Action) error { return s.Tokens.DeleteToken(ctx, hash("revoked"), log...) }
	return map[string]loggedChange{
		"create tokens": {
			do:      func(log ...earshot.Action) error { return s.Tokens.CreateTokens(ctx, token("made", user), log...) },
			state:   tokens,
			refused: func(log ...earshot.Action) error { return s.Tokens.CreateTokens(ctx, token("other", nobody), log...) },
		},
		"delete token": {
			do: revoke, state: tokens, again: revoke,
			refused: func(log ...earshot.Action) error { return s.Tokens.CreateTokens(ctx, token("revoked", user), log...) },
		},
		"create invitation": {
			do: func(log ...earshot.Action) error {
				return s.Invitations.CreateInvitation(ctx, invitation("made"), nil, log...)
			},
			state: invitations,
			refused: func(log ...earshot.Action) error {
				return s.Invitations.CreateInvitation(ctx, invitation("other"), []earshot.GroupID{nobody}, log...)
			},
		},
		"delete invitation": {
			do: func(log ...earshot.Action) error {
				return s.Invitations.DeleteInvitation(ctx, hash("withdrawn"), log...)
			},
			state:   invitations,
			refused: func(log ...earshot.Action) error { return s.Invitations.DeleteInvitation(ctx, hash("none"), log...) },
		},
	}
}

// factorChanges is what people do about their own log-ins.
func factorChanges(t *testing.T, s Stores) map[string]loggedChange {
	t.Helper()
	ctx := t.Context()
	begun, confirmed, user := addUser(t, s, "begins"), addUser(t, s, "confirmed"), addUser(t, s, "has keys")
	totp := func(of earshot.UserID) earshot.TOTP {
		return earshot.TOTP{User: of, Secret: []byte("secret"), CreatedAt: noon()}
	}
	key := func(id string, of earshot.UserID) earshot.Passkey {
		return earshot.Passkey{User: of, CredentialID: []byte(id), Credential: []byte("c"), Name: id, CreatedAt: noon()}
	}
	for _, of := range []earshot.UserID{begun, confirmed} {
		ok(t, "begin", s.TOTP.BeginTOTP(ctx, totp(of)))
	}
	ok(t, "confirm", s.TOTP.ConfirmTOTP(ctx, totp(confirmed), nil))
	removed, err := s.Passkeys.CreatePasskey(ctx, key("removed", user), 9)
	ok(t, "passkey", err)
	has := func(of earshot.UserID) func() string {
		return func() string {
			return fmt.Sprint(s.TOTP.TOTP(ctx, of)) + fmt.Sprint(s.Passkeys.Passkeys(ctx, of))
		}
	}
	create := func(id string, of earshot.UserID, log []earshot.Action) error {
		_, err := s.Passkeys.CreatePasskey(ctx, key(id, of), 9, log...)
		return err
	}
	unknown := func(log ...earshot.Action) error { return s.Passkeys.DeletePasskey(ctx, nobody, removed, log...) }
	remove := func(log ...earshot.Action) error { return s.TOTP.DeleteTOTP(ctx, confirmed, log...) }
	set := func(checked earshot.PasswordHash, log []earshot.Action) error {
		_, err := s.Own.SetPassword(ctx, earshot.PasswordChange{User: user, Checked: checked, Fresh: "fresh"}, log...)
		return err
	}
	return map[string]loggedChange{
		"confirm totp": {
			do:      func(log ...earshot.Action) error { return s.TOTP.ConfirmTOTP(ctx, totp(begun), nil, log...) },
			state:   has(begun),
			refused: func(log ...earshot.Action) error { return s.TOTP.ConfirmTOTP(ctx, totp(nobody), nil, log...) },
		},
		"delete totp": {do: remove, state: has(confirmed), again: remove, refused: unknown},
		"create passkey": {
			do:      func(log ...earshot.Action) error { return create("made", user, log) },
			state:   has(user),
			refused: func(log ...earshot.Action) error { return create("other", nobody, log) },
		},
		"delete passkey": {
			do:    func(log ...earshot.Action) error { return s.Passkeys.DeletePasskey(ctx, user, removed, log...) },
			state: has(user), refused: unknown,
		},
		"set password": {
			do: func(log ...earshot.Action) error { return set(newUser("").Password, log) },
			state: func() string {
				u, err := s.Users.User(ctx, user)
				return fmt.Sprint(string(u.Password), err) // as it is: a hash does not print itself
			},
			refused: func(log ...earshot.Action) error { return set("another", log) },
		},
	}
}

func roomChanges(t *testing.T, s Stores) map[string]loggedChange {
	t.Helper()
	ctx := t.Context()
	user := addUser(t, s, "guest")
	changed, gone := addRoom(t, s, newRoom("changed", 0)), addRoom(t, s, newRoom("gone", 0))
	entered, left := addRoom(t, s, newRoom("entered", 0)), addRoom(t, s, newRoom("left", 0))
	ok(t, "in", s.Members.AddMember(ctx, left, user))
	rooms := func() string { return fmt.Sprint(s.Rooms.Rooms(ctx)) }
	update := func(id earshot.RoomID) func(...earshot.Action) error {
		return func(log ...earshot.Action) error {
			room := newRoom("changed", user)
			room.ID = id
			return s.Rooms.UpdateRoom(ctx, room, log...)
		}
	}
	member := func(room earshot.RoomID) func() string {
		return func() string { return fmt.Sprint(s.Members.IsMember(ctx, room, user)) }
	}
	enter := func(room earshot.RoomID) func(...earshot.Action) error {
		return func(log ...earshot.Action) error { return s.Members.AddMember(ctx, room, user, log...) }
	}
	leave := func(log ...earshot.Action) error { return s.Members.RemoveMember(ctx, left, user, log...) }
	return map[string]loggedChange{
		"create room": {
			do: func(log ...earshot.Action) error {
				_, err := s.Rooms.CreateRoom(ctx, newRoom("made", 0), "made", 0, log...)
				return err
			},
			state: rooms,
			refused: func(log ...earshot.Action) error {
				_, err := s.Rooms.CreateRoom(ctx, newRoom("Changed", 0), "changed", 0, log...)
				return err
			},
		},
		"update room": {do: update(changed), state: rooms, refused: update(nobody)},
		"delete room": {
			do:      func(log ...earshot.Action) error { return s.Rooms.DeleteRoom(ctx, gone, log...) },
			state:   rooms,
			refused: func(log ...earshot.Action) error { return s.Rooms.DeleteRoom(ctx, nobody, log...) },
		},
		"add member":    {do: enter(entered), state: member(entered), again: enter(entered), refused: enter(nobody)},
		"remove member": {do: leave, state: member(left), again: leave, refused: enter(nobody)},
	}
}

// orderChanges are those that take one entry, which must be there: of several the last counts.
func orderChanges(t *testing.T, s Stores) map[string]loggedChange {
	t.Helper()
	ctx := t.Context()
	user := earshot.UserRef{ID: addUser(t, s, "loud")}
	room, other := addRoom(t, s, newRoom("quiet", 0)), addRoom(t, s, newRoom("still", 0))
	last := func(log []earshot.Action) earshot.Action { return log[len(log)-1] }
	put := func(room earshot.RoomID) func(...earshot.Action) error {
		return func(log ...earshot.Action) error {
			return s.Sanctions.PutSanction(ctx, earshot.Sanction{Kind: earshot.SanctionBan, Room: room, User: user, At: noon(), Until: earshot.Forever()}, last(log))
		}
	}
	ban := func(user earshot.UserRef, addresses string) func(...earshot.Action) error {
		return func(log ...earshot.Action) error {
			_, err := s.Bans.PutBan(ctx, earshot.Ban{User: user, Range: addresses, At: noon(), Until: earshot.Forever()}, last(log))
			return err
		}
	}
	ok(t, "put", put(other)(entry("x")))
	lifted, err := s.Bans.PutBan(ctx, earshot.Ban{Range: "192.0.2.0/24", At: noon(), Until: earshot.Forever()}, entry("x"))
	ok(t, "ban", err)
	ok(t, "trim", s.Actions.TrimActions(ctx, time.Time{}, 0))
	sanctions := func() string {
		return fmt.Sprint(s.Sanctions.FindSanctions(ctx, earshot.SanctionQuery{Kind: earshot.SanctionBan}))
	}
	bans := func() string { return fmt.Sprint(s.Bans.Bans(ctx, earshot.BanQuery{})) }
	lift := func(log ...earshot.Action) error {
		return s.Sanctions.LiftSanction(ctx, earshot.SanctionBan, other, user.ID, last(log))
	}
	liftBan := func(id int64) func(...earshot.Action) error {
		return func(log ...earshot.Action) error { _, err := s.Bans.LiftBan(ctx, id, last(log)); return err }
	}
	return map[string]loggedChange{
		"put sanction":  {do: put(room), state: sanctions, refused: put(nobody)},
		"lift sanction": {do: lift, state: sanctions, again: lift, refused: put(nobody)},
		"put ban":       {do: ban(user, ""), state: bans, refused: ban(earshot.UserRef{ID: nobody}, "")},
		"lift ban":      {do: liftBan(lifted.ID), state: bans, refused: liftBan(nobody)},
	}
}

// roomNotes wants a server that runs to be told of changes of rooms.
func roomNotes(t *testing.T, s Stores) {
	ctx := t.Context()
	user := addUser(t, s, "ana")
	room := newRoom("one", 0)
	room.ID = addRoom(t, s, room)
	noted := func() (all []earshot.RoomNote) {
		t.Helper()
		notes, err := s.RoomNotes.RoomNotes(ctx, 100)
		ok(t, "notes", err)
		ok(t, "forget", s.RoomNotes.ForgetRoomNotes(ctx, notes))
		for _, n := range notes {
			all = append(all, earshot.RoomNote{Room: n.Room, User: n.User})
		}
		return all
	}
	wantAll(t, "one that is made", noted(), nil)
	ok(t, "update", s.Rooms.UpdateRoom(ctx, room))
	ok(t, "ban", s.Sanctions.PutSanction(ctx, earshot.Sanction{Kind: earshot.SanctionBan, Room: room.ID, User: earshot.UserRef{ID: user}, At: noon(), Until: noon()}, entry("x")))
	some, err := s.RoomNotes.RoomNotes(ctx, 1)
	ok(t, "notes", err)
	want(t, "at most", len(some), 1)
	of := earshot.RoomNote{Room: room.ID, User: user}
	wantAll(t, "both", noted(), []earshot.RoomNote{{Room: room.ID}, of})
	for range 2 { // the second finds nothing to lift
		ok(t, "lift", s.Sanctions.LiftSanction(ctx, earshot.SanctionBan, room.ID, user, entry("x")))
	}
	wantAll(t, "lifted", noted(), []earshot.RoomNote{of})
	ok(t, "let in", s.Members.AddMember(ctx, room.ID, user))
	wantAll(t, "let in", noted(), nil) // who may enter is asked when they come
	for range 2 {                      // the second is no member
		ok(t, "take out", s.Members.RemoveMember(ctx, room.ID, user))
	}
	wantAll(t, "taken out", noted(), []earshot.RoomNote{of})
	ok(t, "delete", s.Rooms.DeleteRoom(ctx, room.ID))
	wantAll(t, "deleted", noted(), []earshot.RoomNote{{Room: room.ID}})
	many := make([]earshot.RoomNote, 120)
	for i := range many {
		many[i].ID = int64(1000 + i)
	}
	ok(t, "forget what is not there", s.RoomNotes.ForgetRoomNotes(ctx, many))
	wantAll(t, "none", noted(), nil)
}
