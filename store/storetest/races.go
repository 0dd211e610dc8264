package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// race runs n at once and wants one without error and the rest refused with code.
func race(t *testing.T, n int, code earshot.Code, run func(ctx context.Context, i int) error) {
	t.Helper()
	errs := make([]error, n)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			errs[i] = run(t.Context(), i)
		})
	}
	close(start)
	group.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			continue
		}
		refused(t, fmt.Sprint("number ", i), err, code)
	}
	want(t, "winners", won, 1)
}

func raceForAName(t *testing.T, s Stores) {
	race(t, 20, earshot.CodeConflict, func(ctx context.Context, i int) error {
		_, err := s.Users.CreateUsers(ctx, []earshot.NewUser{newUser([]string{"Ana", "ANA"}[i%2])})
		return err
	})
	n, err := s.Users.CountUsers(t.Context())
	ok(t, "count", err)
	want(t, "users", n, 1)
}

func raceForARoom(t *testing.T, s Stores) {
	race(t, 20, earshot.CodeConflict, func(ctx context.Context, i int) error {
		name := []string{"Lobby", "LOBBY"}[i%2]
		_, err := s.Rooms.CreateRoom(ctx, newRoom(name, 0), names.Key(name), 0)
		return err
	})
}

func raceToBeFirst(t *testing.T, s Stores) {
	race(t, 20, earshot.CodeConflict, func(ctx context.Context, i int) error {
		_, err := s.Users.CreateFirstUser(ctx, newUser(fmt.Sprint("admin", i)))
		return err
	})
	n, err := s.Users.CountUsers(t.Context())
	ok(t, "count", err)
	want(t, "users", n, 1)
}

func raceForAnInvitation(t *testing.T, s Stores) {
	ok(t, "invite", s.Invitations.CreateInvitation(t.Context(), earshot.Invitation{
		Hash: hash("i"), ExpiresAt: noon().Add(time.Hour), UsesLeft: 1,
	}, nil))
	race(t, 10, earshot.CodeForbidden, func(ctx context.Context, i int) error {
		_, err := s.Invitations.CreateInvitedUser(ctx, hash("i"), noon(), newUser(fmt.Sprint("guest", i)))
		return err
	})
	n, err := s.Users.CountUsers(t.Context())
	ok(t, "count", err)
	want(t, "users", n, 1)
	inv, err := s.Invitations.Invitation(t.Context(), hash("i"))
	ok(t, "invitation", err)
	want(t, "uses left", inv.UsesLeft, 0)
}

// A batch is seen whole or not at all, and reading goes on while it is written.
func readersDuringWrites(t *testing.T, s Stores) {
	const batches, size = 10, 300
	done := make(chan struct{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for {
				n, err := s.Users.CountUsers(t.Context())
				if err != nil || n%size != 0 {
					t.Errorf("a reader sees %d users, %v", n, err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for b := range batches {
		users := make([]earshot.NewUser, size)
		for i := range users {
			users[i] = newUser(fmt.Sprintf("user-%d-%d", b, i))
		}
		if _, err := s.Users.CreateUsers(t.Context(), users); err != nil {
			t.Errorf("batch %d: %v", b, err)
		}
	}
	close(done)
	group.Wait()
}

func cancelledContexts(t *testing.T, s Stores) {
	user, room := addUser(t, s, "ana"), addRoom(t, s, newRoom("room", 0))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	calls := accountCalls(ctx, s, user)
	maps.Copy(calls, roomCalls(ctx, s, user, room))
	maps.Copy(calls, callsOfOrder(ctx, s, user, room))
	for what, call := range calls {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want context.Canceled in the chain", what, err)
		}
	}
	ok(t, "ping afterwards", s.Life.Ping(t.Context()))
	_, err := s.Rooms.Room(t.Context(), room)
	ok(t, "the room is still there", err)
	u, err := s.Users.User(t.Context(), user)
	ok(t, "the user is still there", err)
	want(t, "and active", u.IsActive, true)
}

// callsOfOrder are those of keeping order.
func callsOfOrder(ctx context.Context, s Stores, user earshot.UserID, room earshot.RoomID) map[string]func() error {
	return map[string]func() error{
		"PutSanction": func() error {
			return s.Sanctions.PutSanction(ctx, earshot.Sanction{Kind: earshot.SanctionBan, Room: room, User: earshot.UserRef{ID: user}}, entry("x"))
		},
		"LiftSanction":    func() error { return s.Sanctions.LiftSanction(ctx, earshot.SanctionBan, room, user, entry("x")) },
		"Sanctions":       func() error { _, err := s.Sanctions.Sanctions(ctx, room, "", noon(), "", 0); return err },
		"PutBan":          func() error { _, err := s.Bans.PutBan(ctx, earshot.Ban{Range: "x"}, entry("x")); return err },
		"LiftBan":         func() error { _, err := s.Bans.LiftBan(ctx, 1, entry("x")); return err },
		"BanOf":           func() error { _, err := s.Bans.BanOf(ctx, user, ""); return err },
		"Bans":            func() error { _, err := s.Bans.Bans(ctx, earshot.BanQuery{At: noon(), Limit: 1}); return err },
		"RoomNotes":       func() error { _, err := s.RoomNotes.RoomNotes(ctx, 1); return err },
		"ForgetRoomNotes": func() error { return s.RoomNotes.ForgetRoomNotes(ctx, []earshot.RoomNote{{ID: 1}}) },
		"FindSanctions": func() error {
			_, err := s.Sanctions.FindSanctions(ctx, earshot.SanctionQuery{Kind: earshot.SanctionBan, At: noon()})
			return err
		},
		"ForgetSanctions": func() error { return s.Bans.ForgetSanctions(ctx, noon()) },
		"WriteActions":    func() error { return s.Actions.WriteActions(ctx, entry("x")) },
		"Actions":         func() error { _, err := s.Actions.Actions(ctx, earshot.ActionQuery{}); return err },
		"TrimActions":     func() error { return s.Actions.TrimActions(ctx, noon(), 1) },
	}
}

// A batch whose context ends while it is written is whole or not there, and the next write finds the store free.
func cancelledHalfway(t *testing.T, s Stores) {
	users := make([]earshot.NewUser, 3000)
	for i := range users {
		users[i] = newUser(fmt.Sprint("user", i))
	}
	for _, after := range []time.Duration{time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		_, err := s.Users.CreateUsers(ctx, users)
		cancel()
		n, countErr := s.Users.CountUsers(t.Context())
		ok(t, "count", countErr)
		switch {
		case err == nil:
			want(t, "users of a whole batch", n, len(users))
			return
		case !errors.Is(err, context.DeadlineExceeded):
			t.Errorf("after %v: got %v, want context.DeadlineExceeded in the chain", after, err)
		case n == len(users): // it ended while the whole was being committed, and nobody can know
			return
		}
		want(t, "users of a batch cut off", n, 0)
	}
	_, err := s.Users.CreateUsers(t.Context(), users)
	ok(t, "the batch once more", err)
}

// accountCalls is every call of the stores of accounts.
func accountCalls(ctx context.Context, s Stores, user earshot.UserID) map[string]func() error {
	calls := userCalls(ctx, s, user)
	maps.Copy(calls, map[string]func() error{
		"CreateBrowserSession": func() error {
			return logIn(ctx, s, earshot.BrowserSession{Hash: hash("s"), User: user})
		},
		"BrowserSession":               func() error { _, err := s.Sessions.BrowserSession(ctx, hash("s")); return err },
		"ExtendBrowserSession":         func() error { return s.Sessions.ExtendBrowserSession(ctx, hash("s"), noon()) },
		"DeleteBrowserSession":         func() error { _, err := s.Sessions.DeleteBrowserSession(ctx, hash("s")); return err },
		"DeleteExpiredBrowserSessions": func() error { _, err := s.Sessions.DeleteExpiredBrowserSessions(ctx, noon()); return err },
		"CreateTokens":                 func() error { return s.Tokens.CreateTokens(ctx, []earshot.Token{{Hash: hash("t"), User: user}}) },
		"Token":                        func() error { _, err := s.Tokens.Token(ctx, hash("t")); return err },
		"DeleteToken":                  func() error { return s.Tokens.DeleteToken(ctx, hash("t")) },
		"CreateInvitation":             func() error { return s.Invitations.CreateInvitation(ctx, earshot.Invitation{Hash: hash("i")}, nil) },
		"Invitation":                   func() error { _, err := s.Invitations.Invitation(ctx, hash("i")); return err },
		"CreateInvitedUser": func() error {
			_, err := s.Invitations.CreateInvitedUser(ctx, hash("i"), noon(), newUser("bob"))
			return err
		},
		"InvitationGroups":         func() error { _, err := s.Invitations.InvitationGroups(ctx, hash("i")); return err },
		"Invitations":              func() error { _, err := s.Invitations.Invitations(ctx, 0); return err },
		"DeleteInvitation":         func() error { return s.Invitations.DeleteInvitation(ctx, hash("i")) },
		"DeleteExpiredInvitations": func() error { _, err := s.Invitations.DeleteExpiredInvitations(ctx, noon()); return err },
		"SetPassword":              func() error { _, err := s.Own.SetPassword(ctx, earshot.PasswordChange{User: user}); return err },
		"UsersByEmail":             func() error { _, err := s.Own.UsersByEmail(ctx, "a@b", 1); return err },
		"ConfirmEmail":             func() error { return s.Own.ConfirmEmail(ctx, user, "a@b") },
		"DeleteSelf":               func() error { return s.Own.DeleteSelf(ctx, user, newUser("").Password) },
		"PersonalData":             func() error { _, err := s.Own.PersonalData(ctx, user); return err },
		"ServerSecret":             func() error { _, err := s.Secrets.ServerSecret(ctx, "x", []byte("x")); return err },
		"SetAvatar":                func() error { return s.Profiles.SetAvatar(ctx, user, earshot.Avatar{Picture: []byte("x")}) },
		"Avatar":                   func() error { _, err := s.Profiles.Avatar(ctx, "ana"); return err },
		"DeleteAvatar":             func() error { return s.Profiles.DeleteAvatar(ctx, user) },
		"Profiles":                 func() error { _, err := s.Profiles.Profiles(ctx, []earshot.UserID{user}); return err },
		"Namesakes":                func() error { _, err := s.Profiles.Namesakes(ctx, []earshot.NameKey{"a"}, []string{"a"}); return err },
	})
	return calls
}

// userCalls is every call about users and groups.
func userCalls(ctx context.Context, s Stores, user earshot.UserID) map[string]func() error {
	return map[string]func() error{
		"CreateUsers":     func() error { _, err := s.Users.CreateUsers(ctx, []earshot.NewUser{newUser("bob")}); return err },
		"CreateFirstUser": func() error { _, err := s.Users.CreateFirstUser(ctx, newUser("bob")); return err },
		"User":            func() error { _, err := s.Users.User(ctx, user); return err },
		"UserByName":      func() error { _, err := s.Users.UserByName(ctx, "ana"); return err },
		"Users":           func() error { _, err := s.Users.Users(ctx, earshot.UserQuery{}); return err },
		"ChangeUser":      func() error { _, err := s.Edit.ChangeUser(ctx, user, earshot.UserChange{}); return err },
		"DeleteUser":      func() error { return s.Edit.DeleteUser(ctx, user) },
		"AccountChanges":  func() error { _, err := s.Edit.AccountChanges(ctx, 1); return err },
		"ForgetAccountChanges": func() error {
			return s.Edit.ForgetAccountChanges(ctx, []earshot.AccountChange{{ID: 1}})
		},
		"CreateGroup":     func() error { _, err := s.Groups.CreateGroup(ctx, earshot.Group{Name: "g"}, "g"); return err },
		"GroupByName":     func() error { _, err := s.Groups.GroupByName(ctx, "g"); return err },
		"Groups":          func() error { _, err := s.Groups.Groups(ctx); return err },
		"GroupsOf":        func() error { _, err := s.Groups.GroupsOf(ctx, user); return err },
		"ChangeGroup":     func() error { return s.Groups.ChangeGroup(ctx, 1, earshot.GroupChange{Grant: 1}) },
		"DeleteGroup":     func() error { return s.Groups.DeleteGroup(ctx, 1) },
		"Imported":        func() error { _, err := s.Import.Imported(ctx); return err },
		"Import":          func() error { return s.Import.Import(ctx, earshot.Plan{}) },
		"SetGroupMember":  func() error { return s.Groups.SetGroupMember(ctx, 1, user, true) },
		"CountUsers":      func() error { _, err := s.Users.CountUsers(ctx); return err },
		"UsersBySkeleton": func() error { _, err := s.Users.UsersBySkeleton(ctx, "ana", 4); return err },
		"ReplacePassword": func() error { return s.Passwords.ReplacePassword(ctx, user, "a", "b") },
		"SamplePassword":  func() error { _, err := s.Passwords.SamplePassword(ctx, 1); return err },
	}
}

// roomCalls is every call about rooms.
func roomCalls(ctx context.Context, s Stores, user earshot.UserID, room earshot.RoomID) map[string]func() error {
	return map[string]func() error{
		"CreateRoom":   func() error { _, err := s.Rooms.CreateRoom(ctx, newRoom("r", 0), "r", 0); return err },
		"Room":         func() error { _, err := s.Rooms.Room(ctx, room); return err },
		"Rooms":        func() error { _, err := s.Rooms.Rooms(ctx); return err },
		"UpdateRoom":   func() error { return s.Rooms.UpdateRoom(ctx, earshot.Room{ID: room}) },
		"DeleteRoom":   func() error { return s.Rooms.DeleteRoom(ctx, room) },
		"AddMember":    func() error { return s.Members.AddMember(ctx, room, user) },
		"RemoveMember": func() error { return s.Members.RemoveMember(ctx, room, user) },
		"IsMember":     func() error { _, err := s.Members.IsMember(ctx, room, user); return err },
		"Members":      func() error { _, err := s.Members.Members(ctx, room); return err },
		"MemberRooms":  func() error { _, err := s.Members.MemberRooms(ctx, user); return err },
		"Ping":         func() error { return s.Life.Ping(ctx) },
	}
}
