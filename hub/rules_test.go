package hub_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/relay/local"
)

func TestWhoMayEnterAndKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		boss, ana, ben, cy := h.user("boss", staff), h.user("ana"), h.user("ben"), h.user("cy")
		gone := h.user("gone", func(u *earshot.User) { u.IsActive = false })
		public := h.room(ana, "public", earshot.AccessPublic)
		back := h.room(boss, "back", earshot.AccessStaff)
		nook := h.room(ana, "nook", earshot.AccessPrivate)
		if err := h.AddMember(t.Context(), ana, nook, ben); err != nil {
			t.Fatal(err)
		}
		tests := []struct {
			user   earshot.User
			enters []earshot.RoomID
			knows  []earshot.RoomID
		}{
			{boss, []earshot.RoomID{public, back}, []earshot.RoomID{public, back, nook}},
			{ana, []earshot.RoomID{public, nook}, []earshot.RoomID{public, nook}},
			{ben, []earshot.RoomID{public, nook}, []earshot.RoomID{public, nook}},
			{cy, []earshot.RoomID{public}, []earshot.RoomID{public}},
			{gone, nil, nil},
		}
		for _, tc := range tests {
			c := h.connect(tc.user)
			listed := make(map[earshot.RoomID]bool)
			rooms, err := h.Rooms(t.Context(), tc.user)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rooms {
				listed[r.ID] = true
			}
			for _, id := range []earshot.RoomID{public, back, nook} {
				_, err := c.tryJoin(id)
				if enters := contains(tc.enters, id); (err == nil) != enters || listed[id] != enters {
					t.Errorf("%s and room %d: join %v, listed %v", tc.user.Username, id, err, listed[id])
				}
				if err != nil {
					wantCode(t, err, earshot.CodeNotFound)
				}
				if _, err := h.Room(t.Context(), tc.user, id); (err == nil) != contains(tc.knows, id) {
					t.Errorf("%s and room %d: %v", tc.user.Username, id, err)
				}
			}
			c.End()
		}
	})
}

func contains(ids []earshot.RoomID, id earshot.RoomID) bool {
	for _, other := range ids {
		if other == id {
			return true
		}
	}
	return false
}

func TestWhoMayChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(c *hub.Config) { c.CreateRooms = hub.CreateStaff })
		boss, ana, ben := h.user("boss", staff), h.user("ana"), h.user("ben")
		_, err := h.CreateRoom(t.Context(), ana, earshot.Room{Name: "x", Title: "x", Access: earshot.AccessPublic})
		wantCode(t, err, earshot.CodeForbidden)
		room := h.room(boss, "lobby", earshot.AccessPublic)
		_, err = h.CreateRoom(t.Context(), boss, earshot.Room{Name: "LOBBY", Title: "x", Access: earshot.AccessPublic})
		wantCode(t, err, earshot.CodeConflict)
		for _, bad := range []earshot.Room{
			{Name: "", Title: "x", Access: earshot.AccessPublic},
			{Name: strings.Repeat("x", 10_000), Title: "x", Access: earshot.AccessPublic},
			{Name: "a b", Title: "x", Access: earshot.AccessPublic},
			{Name: "-a", Title: "x", Access: earshot.AccessPublic},
			{Name: "a\u202eb", Title: "x", Access: earshot.AccessPublic},
			{Name: "a", Title: "", Access: earshot.AccessPublic},
			{Name: "a", Title: "x\u202ey", Access: earshot.AccessPublic},
			{Name: "a", Title: "x\ny", Access: earshot.AccessPublic},
			{Name: "a", Title: "x", Topic: "\x00", Access: earshot.AccessPublic},
			{Name: "a", Title: "x", Topic: strings.Repeat("x", 501), Access: earshot.AccessPublic},
			{Name: "a", Title: "x", Access: "anyone"},
			{Name: "\xff", Title: "x", Access: earshot.AccessPublic},
		} {
			_, err := h.CreateRoom(t.Context(), boss, bad)
			wantCode(t, err, earshot.CodeInvalid)
		}
		title := "new"
		_, err = h.ChangeRoom(t.Context(), ben, room, hub.RoomChange{Title: &title})
		wantCode(t, err, earshot.CodeForbidden)
		wantCode(t, h.DeleteRoom(t.Context(), ben, room), earshot.CodeForbidden)
		wantCode(t, h.AddMember(t.Context(), ben, room, ben), earshot.CodeForbidden)
		wantCode(t, h.RemoveMember(t.Context(), ben, room, ana), earshot.CodeForbidden)
		wantCode(t, h.DeleteRoom(t.Context(), boss, 4711), earshot.CodeNotFound)
		b := h.connect(ben)
		b.join(room)
		if _, err = h.ChangeRoom(t.Context(), boss, room, hub.RoomChange{Title: &title}); err != nil {
			t.Error(err)
		}
		b.hears("1#1 entered ben, 1 inside", "1#2 is now new")
		if j := b.join(room); j.Room.Title != "new" {
			t.Errorf("title %q", j.Room.Title)
		}
	})
}

func TestClosingARoomTellsThoseInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		room := h.room(ana, "lobby", earshot.AccessPublic)
		a, b := h.connect(ana), h.connect(ben)
		a.join(room)
		b.join(room)
		a.say(room, "last words")
		if err := h.DeleteRoom(t.Context(), ana, room); err != nil {
			t.Fatal(err)
		}
		b.hears("1#2 entered ben, 2 inside", "1#3 ana: last words", "1#4 closed")
		_, err := b.Post(t.Context(), room, earshot.Draft{Text: []byte("x"), Nonce: "n"})
		wantCode(t, err, earshot.CodeNotInRoom)
		_, err = b.tryJoin(room)
		wantCode(t, err, earshot.CodeNotFound)
		if got := h.Stats(); got.Rooms != 0 || got.Sessions != 2 {
			t.Errorf("stats %+v", got)
		}
	})
}

func TestLosingTheRightPutsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		boss, ana, ben := h.user("boss", staff), h.user("ana"), h.user("ben")
		nook := h.room(ana, "nook", earshot.AccessPrivate)
		if err := h.AddMember(t.Context(), ana, nook, ben); err != nil {
			t.Fatal(err)
		}
		a, b := h.connect(ana), h.connect(ben)
		a.join(nook)
		b.join(nook)
		a.say(nook, "before")
		if err := h.RemoveMember(t.Context(), ana, nook, ben); err != nil {
			t.Fatal(err)
		}
		if got := a.say(nook, "after"); got.Heard != 0 {
			t.Errorf("heard by %d", got.Heard)
		}
		b.hears("1#2 entered ben, 2 inside", "1#3 ana: before", "removed from 1: forbidden")
		a.hears("1#1 entered ana, 1 inside", "1#2 entered ben, 2 inside", "1#3 ana: before",
			"1#4 departed ben, 1 inside", "1#5 ana: after")
		_, err := b.tryJoin(nook)
		wantCode(t, err, earshot.CodeNotFound)

		lobby := h.room(ana, "lobby", earshot.AccessPublic)
		s := h.connect(boss)
		s.join(lobby)
		b.join(lobby)
		access := earshot.AccessStaff
		_, err = h.ChangeRoom(t.Context(), ana, lobby, hub.RoomChange{Access: &access})
		wantCode(t, err, earshot.CodeForbidden) // the owner is no staff
		if _, err := h.ChangeRoom(t.Context(), boss, lobby, hub.RoomChange{Access: &access}); err != nil {
			t.Fatal(err)
		}
		s.say(lobby, "among ourselves")
		b.hears("2#2 entered ben, 2 inside", "removed from 2: forbidden")
		s.hears("2#1 entered boss, 1 inside", "2#2 entered ben, 2 inside", "2#3 departed ben, 1 inside",
			"2#4 is now lobby", "2#5 boss: among ourselves")
	})
}

func TestEndedLogInHearsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		room := h.room(ana, "lobby", earshot.AccessPublic)
		a := h.connect(ana)
		a.join(room)
		laptop, phone := earshot.SecretHash{1, 1}, earshot.SecretHash{1, 2}
		b1, err := h.tryConnect(ben, laptop)
		if err != nil {
			t.Fatal(err)
		}
		b2, err := h.tryConnect(ben, phone)
		if err != nil {
			t.Fatal(err)
		}
		b1.join(room)
		b2.join(room)
		a.say(room, "before")
		h.EndLogin(laptop)
		a.say(room, "after")
		b1.hears("1#2 entered ben, 2 inside", "1#3 ana: before")
		b2.hears("1#3 ana: before", "1#4 ana: after")
		if b1.reason() != earshot.CloseRevoked || b2.reason() != 0 {
			t.Errorf("closed with %v and %v", b1.reason(), b2.reason())
		}
		// A handshake that was let through before the log-out must not slip in after it.
		_, err = h.tryConnect(ben, laptop)
		wantCode(t, err, earshot.CodeUnauthenticated)
		_, err = b1.tryJoin(room)
		wantCode(t, err, earshot.CodeUnauthenticated)
		h.EndUser(ben.ID)
		a.say(room, "alone")
		b2.hears()
		if b2.reason() != earshot.CloseRevoked {
			t.Errorf("closed with %v", b2.reason())
		}
	})
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(c *hub.Config) {
			c.PostsPerSecond, c.PostsBurst, c.MaxRooms, c.SessionsPerUser, c.MaxText = 2, 3, 2, 2, 100
		})
		ana := h.user("ana")
		var rooms []earshot.RoomID
		for _, name := range []string{"a", "b", "c"} {
			rooms = append(rooms, h.room(ana, name, earshot.AccessPublic))
		}
		a, second := h.connect(ana), h.connect(ana)
		_, err := h.tryConnect(ana, earshot.SecretHash{})
		wantCode(t, err, earshot.CodeLimit)
		a.join(rooms[0])
		a.join(rooms[1])
		_, err = a.tryJoin(rooms[2])
		wantCode(t, err, earshot.CodeLimit)
		second.join(rooms[0])

		for _, bad := range []struct {
			draft earshot.Draft
			code  earshot.Code
		}{
			{earshot.Draft{Text: []byte(""), Nonce: "n"}, earshot.CodeInvalid},
			{earshot.Draft{Text: []byte(strings.Repeat("x", 101)), Nonce: "n"}, earshot.CodeTooLarge},
			{earshot.Draft{Text: []byte("\xff"), Nonce: "n"}, earshot.CodeInvalid},
			{earshot.Draft{Text: []byte("x"), Nonce: strings.Repeat("n", 65)}, earshot.CodeInvalid},
			{earshot.Draft{Text: []byte("x"), Nonce: "a b"}, earshot.CodeInvalid},
			{earshot.Draft{Text: []byte("x"), Nonce: "ä"}, earshot.CodeInvalid},
		} {
			_, err := a.Post(t.Context(), rooms[0], bad.draft)
			wantCode(t, err, bad.code)
		}
		draft := earshot.Draft{Text: []byte("x"), Nonce: "n"}
		// The rate is the user's: both sessions share it.
		a.say(rooms[0], "1")
		second.say(rooms[0], "2")
		a.say(rooms[1], "3")
		_, err = second.Post(t.Context(), rooms[0], draft)
		wantCode(t, err, earshot.CodeRateLimited)
		if wait := earshot.AsError(err).RetryAfter; wait <= 0 || wait > 500*time.Millisecond {
			t.Errorf("told to wait %v", wait)
		}
		time.Sleep(500 * time.Millisecond) // synctest's clock: the limit's own time passes
		a.say(rooms[0], "4")
		_, err = a.Post(t.Context(), rooms[0], draft)
		wantCode(t, err, earshot.CodeRateLimited)
	})
}

func TestJoinFloodIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana := h.user("ana")
		room := h.room(ana, "lobby", earshot.AccessPublic)
		a := h.connect(ana)
		refused := 0
		for range 5000 {
			if _, err := a.tryJoin(room); err != nil {
				wantCode(t, err, earshot.CodeRateLimited)
				refused++
				continue
			}
			if err := a.Leave(room); err != nil {
				t.Fatal(err)
			}
		}
		if refused < 3900 {
			t.Errorf("%d of 5000 joins at once refused", refused)
		}
	})
}

// meddler is a store in which something happens right after a membership was looked up.
type meddler struct {
	earshot.MemberStore
	then func()
}

func (m *meddler) IsMember(ctx context.Context, room earshot.RoomID, user earshot.UserID) (bool, error) {
	member, err := m.MemberStore.IsMember(ctx, room, user)
	if then := m.then; then != nil {
		m.then = nil
		then()
	}
	return member, err
}

// TestRightLostWhileJoining takes the right away between the look at the members and the entering.
func TestRightLostWhileJoining(t *testing.T) {
	h := newHouse(t, nil)
	ana, ben := h.user("ana"), h.user("ben")
	members := &meddler{MemberStore: h.store}
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := hub.New(hub.Options{Relay: local.New(), Rooms: h.store, Members: members, Config: hub.DefaultConfig()})
	h.Hub = second
	t.Cleanup(func() {
		if err := second.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	nook := h.room(ana, "nook", earshot.AccessPrivate)
	if err := second.AddMember(t.Context(), ana, nook, ben); err != nil {
		t.Fatal(err)
	}
	b := h.connect(ben)
	members.then = func() {
		if err := second.RemoveMember(context.Background(), ana, nook, ben); err != nil {
			t.Error(err)
		}
	}
	_, err := b.tryJoin(nook)
	wantCode(t, err, earshot.CodeNotFound)
}

// TestFloodIsCutOff has a client send far more than any of good faith: it is told so, and coming back does not help.
func TestFloodIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, func(c *hub.Config) { c.FramesPerSecond, c.FramesBurst = 10, 100 })
		ana, ben := h.user("ana"), h.user("ben")
		room := h.room(ana, "lobby", earshot.AccessPublic)
		a, second := h.connect(ana), h.connect(ana)
		a.join(room)
		// Posts have a bound of their own: what is posted within it does not count.
		for range 100 {
			if !a.Frame() {
				t.Fatal("cut off for posting")
			}
			a.say(room, "x")
		}
		taken := 0
		for range 1000 {
			if a.Frame() {
				taken++
			}
			if second.Frame() {
				taken++
			}
		}
		if taken != 100 {
			t.Errorf("%d frames taken from one user, want 100", taken)
		}
		a.End()
		second.End()
		_, err := h.tryConnect(ana, earshot.SecretHash{})
		wantCode(t, err, earshot.CodeRateLimited)
		if b := h.connect(ben); !b.Frame() {
			t.Error("somebody else is cut off")
		}
		time.Sleep(time.Second) // the bubble's clock
		back, err := h.tryConnect(ana, earshot.SecretHash{})
		if err != nil {
			t.Fatalf("a second later: %v", err)
		}
		back.End()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := h.Stats().Users; got != 1 {
			t.Errorf("%d users remembered, want ben", got)
		}
	})
}
