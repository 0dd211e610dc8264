package hub_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

func moderator(u *earshot.User) {
	u.Permissions = earshot.PermissionsOf(earshot.PermModerateRoom)
}

func superuser(u *earshot.User) { u.IsSuperuser, u.IsStaff = true, true }

// until bans or mutes, for so long or, for 0, for good.
func (h *house) sanction(by earshot.User, room earshot.RoomID, kind earshot.SanctionKind, user earshot.User, d time.Duration) {
	h.t.Helper()
	end := earshot.Forever()
	if d > 0 {
		end = time.Now().Add(d)
	}
	if _, err := h.Sanction(h.t.Context(), by, room, kind, user, end, "why"); err != nil {
		h.t.Fatal(err)
	}
}

// post says something under a nonce of its own.
func (c *client) post(room earshot.RoomID, nonce string) error {
	_, err := c.Post(c.t.Context(), room, earshot.Draft{Text: []byte("x"), Nonce: nonce})
	return err
}

// Who is kicked is out at once in all sessions, for as long as was said, and then may come back.
func TestKick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		room := h.room(ana, "hall", earshot.AccessPublic)
		a, b, tab := h.connect(ana), h.connect(ben), h.connect(ben)
		a.join(room)
		b.join(room)
		tab.join(room)
		synctest.Wait()
		a.lines()
		b.lines()
		tab.lines()
		until, err := h.Kick(t.Context(), ana, room, ben, time.Minute, "enough")
		wantCode(t, err, "")
		if got := time.Until(until); got != time.Minute {
			t.Errorf("until in %v", got)
		}
		a.say(room, "gone")
		b.hears("removed from 1: kicked")
		tab.hears("removed from 1: kicked")
		a.hears("1#3 departed ben, 1 inside", "1#4 ana: gone")
		for range 2 { // also when the room was empty in between
			_, err = b.tryJoin(room)
			wantCode(t, err, earshot.CodeKicked)
			if wait := earshot.AsError(err).RetryAfter; wait <= 0 || wait > time.Minute {
				t.Errorf("wait %v", wait)
			}
			_ = a.Leave(room) // not there the second time
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		b.join(room)
		for _, d := range []time.Duration{0, -1, time.Second - 1, hub.MaxKick + 1} {
			_, err := h.Kick(t.Context(), ana, room, ben, d, "")
			wantCode(t, err, earshot.CodeInvalid)
		}
		_, err = h.Kick(t.Context(), ana, room, ben, time.Minute, strings.Repeat("x", earshot.MaxReason+1))
		wantCode(t, err, earshot.CodeInvalid)
		_, err = h.Kick(t.Context(), ana, room, ben, time.Minute, "a\x1b[2J")
		wantCode(t, err, earshot.CodeInvalid)
		_, err = h.Kick(t.Context(), ana, room, ben, time.Minute, "two\nlines")
		wantCode(t, err, "")
	})
}

// leaves wants no error.
func (c *client) leaves(room earshot.RoomID) {
	c.t.Helper()
	if err := c.Leave(room); err != nil {
		c.t.Error(err)
	}
}

// Who is banned from a room is out at once and stays out, over a restart, until the ban's end.
func TestBanFromRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		room, other := h.room(ana, "hall", earshot.AccessPublic), h.room(ana, "den", earshot.AccessPublic)
		a, b := h.connect(ana), h.connect(ben)
		a.join(room)
		b.join(room)
		b.join(other)
		synctest.Wait()
		b.lines()
		h.sanction(ana, room, earshot.SanctionBan, ben, time.Hour)
		b.hears("removed from 1: banned")
		_, err := b.tryJoin(room)
		wantCode(t, err, earshot.CodeBanned)
		if e := earshot.AsError(err); e.RetryAfter != time.Hour || !strings.Contains(e.Message, "why") {
			t.Errorf("%+v", e)
		}
		wantCode(t, b.post(other, "elsewhere"), "")

		next := h.successor() // knows what the store has
		late, err := next.tryConnect(ben, earshot.SecretHash{7})
		wantCode(t, err, "")
		_, err = late.tryJoin(room)
		wantCode(t, err, earshot.CodeBanned)
		time.Sleep(time.Hour)
		late.join(room)
		b.join(room)

		h.sanction(ana, room, earshot.SanctionBan, ben, 0)
		_, err = b.tryJoin(room)
		wantCode(t, err, earshot.CodeBanned)
		if e := earshot.AsError(err); e.RetryAfter != 0 || !strings.Contains(e.Message, "for good") {
			t.Errorf("%+v", e)
		}
		wantCode(t, h.Lift(t.Context(), ana, room, earshot.SanctionBan, ben), "")
		wantCode(t, h.Lift(t.Context(), ana, room, earshot.SanctionBan, ben), "")
		b.join(room)
	})
}

// Who is muted hears, and can say nothing in whatever form, but take back what was said.
func TestMute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		room := h.room(ana, "hall", earshot.AccessPublic)
		a, b := h.connect(ana), h.connect(ben)
		a.join(room)
		b.join(room)
		synctest.Wait()
		b.say(room, "before")
		b.lines()
		h.sanction(ana, room, earshot.SanctionMute, ben, time.Minute)
		b.hears("muted in 1: true why")
		_, edit := b.edit(room, 3, "y", "e")
		for what, err := range map[string]error{
			"post": b.post(room, "p"), "edit": edit, "react": b.React(t.Context(), room, 3, []byte(smile), true),
			"typing": b.Typing(t.Context(), room),
		} {
			if earshot.CodeOf(err) != earshot.CodeMuted || earshot.AsError(err).RetryAfter != time.Minute {
				t.Errorf("%s: %v", what, err)
			}
		}
		a.say(room, "hear me")
		wantCode(t, b.TakeBack(t.Context(), room, 3), "")
		b.hears("1#4 ana: hear me", "1#5 ben takes back 3")
		wantCode(t, b.See(room, 4), "")

		// After a reconnect, too, and it is told then.
		again := h.connect(ben)
		again.join(room)
		again.hears("muted in 1: true why")
		wantCode(t, again.post(room, "p"), earshot.CodeMuted)
		time.Sleep(time.Minute)
		wantCode(t, b.post(room, "p"), "")
		h.sanction(ana, room, earshot.SanctionMute, ben, 0)
		err := b.post(room, "q")
		wantCode(t, err, earshot.CodeMuted)
		if earshot.AsError(err).RetryAfter != 0 {
			t.Errorf("%+v", earshot.AsError(err))
		}
		b.lines()
		wantCode(t, h.Lift(t.Context(), ana, room, earshot.SanctionMute, ben), "")
		b.hears("muted in 1: false ")
		wantCode(t, b.post(room, "q"), "")
	})
}

// In slow mode everybody but those who keep order says one thing in so many seconds, in whatever session, also over a
// restart. A post that is sent again is no second one.
func TestSlowMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben, mod := h.user("ana"), h.user("ben"), h.user("mod", moderator)
		room := h.room(ana, "hall", earshot.AccessPublic)
		slow := 10
		listing, err := h.ChangeRoom(t.Context(), mod, room, hub.RoomChange{Slow: &slow})
		wantCode(t, err, "")
		if listing.Slow != slow {
			t.Errorf("%+v", listing)
		}
		a, b, tab, m := h.connect(ana), h.connect(ben), h.connect(ben), h.connect(mod)
		for _, c := range []*client{a, b, tab, m} {
			c.join(room)
		}
		wantCode(t, b.post(room, "1"), "")
		wantCode(t, b.post(room, "1"), "")
		time.Sleep(3 * time.Second)
		err = tab.post(room, "2")
		wantCode(t, err, earshot.CodeRateLimited)
		if e := earshot.AsError(err); e.RetryAfter != 7*time.Second || e.Field != "slow_seconds" {
			t.Errorf("%+v", e)
		}
		for _, c := range []*client{a, m} {
			wantCode(t, c.post(room, "a"), "")
			wantCode(t, c.post(room, "b"), "")
		}
		if err := h.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		next := h.successor()
		if err := next.Restore(t.Context(), h.AppendState(nil)); err != nil {
			t.Fatal(err)
		}
		late, err := next.tryConnect(ben, earshot.SecretHash{7})
		wantCode(t, err, "")
		late.join(room)
		wantCode(t, late.post(room, "2"), earshot.CodeRateLimited)
		time.Sleep(7 * time.Second)
		wantCode(t, late.post(room, "2"), "")
		none := 0
		_, err = next.ChangeRoom(t.Context(), mod, room, hub.RoomChange{Slow: &none})
		wantCode(t, err, "")
		wantCode(t, late.post(room, "3"), "")
		for _, bad := range []int{-1, earshot.MaxSlow + 1} {
			_, err = next.ChangeRoom(t.Context(), mod, room, hub.RoomChange{Slow: &bad})
			wantCode(t, err, earshot.CodeInvalid)
		}
	})
}

// A locked room is silent, or shut, for all but those who keep order; in one that is shut those who are inside stay and
// come back.
func TestLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, nil)
		ana, mod := a.User(), h.user("mod", moderator)
		lock := func(l earshot.Lock) {
			t.Helper()
			_, err := h.ChangeRoom(t.Context(), ana, room, hub.RoomChange{Lock: &l})
			wantCode(t, err, "")
		}
		lock(earshot.LockPosts)
		wantCode(t, b.post(room, "1"), earshot.CodeLocked)
		wantCode(t, b.Typing(t.Context(), room), earshot.CodeLocked)
		wantCode(t, a.post(room, "1"), "")
		m := h.connect(mod)
		m.join(room)
		wantCode(t, m.post(room, "1"), "")
		cai := h.user("cai")
		c := h.connect(cai)
		c.join(room)
		c.leaves(room)

		lock(earshot.LockEntry)
		wantCode(t, b.post(room, "1"), "")
		_, err := c.tryJoin(room)
		wantCode(t, err, earshot.CodeLocked)
		synctest.Wait()
		b.lines()
		b.Drop()
		back, rooms, err := b.resume(h, hub.Seen{Room: room, Seq: 100})
		if len(rooms) != 1 || err != nil {
			t.Errorf("back in %v, %v", rooms, err)
		}
		m.leaves(room)
		m.join(room)
		wantCode(t, back.post(room, "2"), "")
		lock(earshot.LockNone)
		c.join(room)
		bad := earshot.Lock("nonsense")
		_, err = h.ChangeRoom(t.Context(), ana, room, hub.RoomChange{Lock: &bad})
		wantCode(t, err, earshot.CodeInvalid)
	})
}

// Who may do what to whom.
func TestWhoKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		users := map[string]earshot.User{
			"owner": h.user("owner"), "mod": h.user("mod", moderator), "clerk": h.user("clerk", func(u *earshot.User) { u.IsStaff = true }),
			"helper": h.user("helper", staff), "boss": h.user("boss", superuser), "chief": h.user("chief", superuser), "user": h.user("user"),
			"other": h.user("other"),
		}
		room := h.room(users["owner"], "hall", earshot.AccessPublic)
		for _, c := range []struct {
			by, on string
			code   earshot.Code
		}{
			{"owner", "user", ""},
			{"mod", "user", ""},
			{"helper", "user", ""},
			{"boss", "user", ""},
			{"user", "other", earshot.CodeForbidden},
			{"clerk", "user", earshot.CodeForbidden},
			{"owner", "clerk", earshot.CodeForbidden},
			{"mod", "helper", earshot.CodeForbidden},
			{"mod", "boss", earshot.CodeForbidden},
			{"helper", "boss", earshot.CodeForbidden},
			{"boss", "helper", ""},
			{"boss", "chief", ""},
			{"mod", "owner", earshot.CodeConflict},
			{"boss", "owner", earshot.CodeConflict},
			{"mod", "mod", earshot.CodeConflict},
			{"boss", "boss", earshot.CodeConflict},
		} {
			by, on := users[c.by], users[c.on]
			_, kick := h.Kick(t.Context(), by, room, on, time.Second, "")
			_, ban := h.Sanction(t.Context(), by, room, earshot.SanctionBan, on, earshot.Forever(), "")
			lift := h.Lift(t.Context(), by, room, earshot.SanctionBan, on)
			_, mute := h.Sanction(t.Context(), by, room, earshot.SanctionMute, on, earshot.Forever(), "")
			for what, err := range map[string]error{"kick": kick, "ban": ban, "mute": mute, "lift": lift} {
				if earshot.CodeOf(err) != c.code {
					t.Errorf("%s of %s by %s: %v, not %q", what, c.on, c.by, err, c.code)
				}
			}
		}
		_, err := h.Sanctions(t.Context(), users["user"], room, earshot.SanctionMute, "", 10)
		wantCode(t, err, earshot.CodeForbidden)
		all, err := h.Sanctions(t.Context(), users["mod"], room, earshot.SanctionMute, "", 10)
		wantCode(t, err, "")
		if len(all) != 3 || all[0].User.Name != "chief" {
			t.Errorf("%+v", all)
		}
		den := h.room(users["owner"], "den", earshot.AccessPrivate) // which others do not know of
		_, err = h.Kick(t.Context(), users["user"], den, users["other"], time.Second, "")
		wantCode(t, err, earshot.CodeNotFound)
		slow := 1
		for by, code := range map[string]earshot.Code{"owner": "", "mod": "", "user": earshot.CodeForbidden, "clerk": earshot.CodeForbidden} {
			_, err := h.ChangeRoom(t.Context(), users[by], room, hub.RoomChange{Slow: &slow})
			wantCode(t, err, code)
		}
		topic := "x"
		_, err = h.ChangeRoom(t.Context(), users["mod"], room, hub.RoomChange{Slow: &slow, Topic: &topic})
		wantCode(t, err, earshot.CodeForbidden)
	})
}

// The right to keep order is had and lost by live sessions at once, and handed over.
func TestModeratorChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		room := h.room(ana, "hall", earshot.AccessPublic)
		lock := earshot.LockPosts
		_, err := h.ChangeRoom(t.Context(), ana, room, hub.RoomChange{Lock: &lock})
		wantCode(t, err, "")
		b := h.connect(ben)
		b.join(room)
		wantCode(t, b.post(room, "1"), earshot.CodeLocked)
		ben.Inherited = earshot.PermissionsOf(earshot.PermModerateRoom)
		wantCode(t, h.UserChanged(t.Context(), ben), "")
		wantCode(t, b.post(room, "1"), "")
		ben.Inherited = 0
		wantCode(t, h.UserChanged(t.Context(), ben), "")
		wantCode(t, b.post(room, "2"), earshot.CodeLocked)
		ben.Permissions = earshot.PermissionsOf(earshot.PermModerateRoom) // as a handshake saw it before
		late, err := h.tryConnect(ben, earshot.SecretHash{9})
		wantCode(t, err, "")
		late.join(room)
		wantCode(t, late.post(room, "3"), earshot.CodeLocked)
	})
}
