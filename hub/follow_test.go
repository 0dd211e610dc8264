package hub_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

// What the command line does to rooms holds for live sessions at the next Follow, and what this process did itself is told once.
func TestFollowRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben, cai := h.user("ana"), h.user("ben"), h.user("cai")
		id := h.room(ana, "Hall", earshot.AccessPublic)
		o := hub.Operator{Rooms: h.store, Members: h.store, Sanctions: h.store}
		hall, err := o.Room(t.Context(), "ＨＡＬＬ")
		wantCode(t, err, "")
		if hall.OwnerName != "ana" {
			t.Errorf("the hall is %q's", hall.OwnerName)
		}
		room := hall.Room
		a, b := h.connect(ana), h.connect(ben)
		a.join(id)
		b.join(id)
		follow := func() {
			t.Helper()
			wantCode(t, h.Follow(t.Context()), "")
		}
		synctest.Wait()
		b.lines()

		_, err = o.Sanction(t.Context(), room, earshot.SanctionBan, ben, time.Now().Add(time.Hour), "why")
		wantCode(t, err, "")
		wantCode(t, b.post(id, "yet"), "")
		b.lines()
		follow()
		b.hears("removed from 1: banned")
		_, err = b.tryJoin(id)
		wantCode(t, err, earshot.CodeBanned)
		if bans, err := o.Sanctioned(t.Context(), room, earshot.SanctionBan); err != nil || len(bans) != 1 || bans[0].User.Name != "ben" {
			t.Errorf("%+v, %v", bans, err)
		}
		lifted, err := o.Lift(t.Context(), room, earshot.SanctionBan, ben)
		wantCode(t, err, "")
		if lifted.Reason != "why" {
			t.Errorf("%+v", lifted)
		}
		follow()
		b.join(id)
		_, err = o.Lift(t.Context(), room, earshot.SanctionBan, ben)
		wantCode(t, err, earshot.CodeNotFound)

		// A mute by another process, and one by this, which is told of once.
		b.lines()
		muted := earshot.Sanction{Kind: earshot.SanctionMute, Room: id, User: ben.Ref(), At: time.Now(), Until: time.Now().Add(time.Minute), Reason: "loud"}
		if err := h.store.PutSanction(t.Context(), muted, earshot.Entry(t.Context(), earshot.VerbMute, "ben")); err != nil {
			t.Fatal(err)
		}
		follow()
		b.hears("muted in 1: true loud")
		wantCode(t, b.post(id, "muted"), earshot.CodeMuted)
		h.sanction(ana, id, earshot.SanctionMute, ben, time.Hour)
		b.hears("muted in 1: true why")
		a.lines()
		follow()
		b.hears()
		a.hears()

		// Nothing is left to be told, and a room that nobody is in is left alone.
		empty, err := o.CreateRoom(t.Context(), earshot.Room{Name: "den", Title: "den", Access: earshot.AccessPublic})
		wantCode(t, err, "")
		_, err = o.Sanction(t.Context(), empty, earshot.SanctionBan, cai, earshot.Forever(), "")
		wantCode(t, err, "")
		follow()
		if notes, err := h.store.RoomNotes(t.Context(), 10); err != nil || len(notes) != 0 {
			t.Errorf("%+v, %v", notes, err)
		}
		_, err = h.connect(cai).tryJoin(empty.ID)
		wantCode(t, err, earshot.CodeBanned)
	})
}

// Another owner has the rights of one at once, and the one before has them no more.
func TestRoomIsGiven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben, boss := h.user("ana"), h.user("ben"), h.user("boss", superuser)
		gone := h.user("gone", func(u *earshot.User) { u.IsActive = false })
		id := h.room(ana, "den", earshot.AccessPrivate)
		a := h.connect(ana)
		a.join(id)
		synctest.Wait()
		a.lines()
		give := func(by, to earshot.User) error {
			_, err := h.ChangeRoom(t.Context(), by, id, hub.RoomChange{Owner: &to})
			return err
		}
		for what, err := range map[string]error{"by the owner": give(ana, ben), "by somebody who keeps order": give(h.user("warden", moderator), ben)} {
			if earshot.CodeOf(err) != earshot.CodeForbidden {
				t.Errorf("given away %s: %v", what, err)
			}
		}
		wantCode(t, give(ben, ben), earshot.CodeNotFound)
		wantCode(t, give(boss, gone), earshot.CodeInvalid)
		h.sanction(boss, id, earshot.SanctionBan, ben, 0)
		wantCode(t, give(boss, ben), earshot.CodeInvalid)
		wantCode(t, h.Lift(t.Context(), boss, id, earshot.SanctionBan, ben), "")

		wantCode(t, give(boss, ben), "")
		a.hears("removed from 1: forbidden")
		b := h.connect(ben)
		b.join(id)
		title := "Ben's"
		_, err := h.ChangeRoom(t.Context(), ben, id, hub.RoomChange{Title: &title})
		wantCode(t, err, "")
		_, err = h.ChangeRoom(t.Context(), ana, id, hub.RoomChange{Title: &title})
		wantCode(t, err, earshot.CodeNotFound)

		// By the command line: back to ana, then to nobody.
		o := hub.Operator{Rooms: h.store, Members: h.store, Sanctions: h.store}
		for _, owner := range []earshot.User{ana, {}} {
			found, err := o.Room(t.Context(), "den")
			wantCode(t, err, "")
			room, err := o.Change(t.Context(), found.Room, hub.RoomChange{Owner: &owner})
			wantCode(t, err, "")
			if room.Owner != owner.ID {
				t.Errorf("%+v", room)
			}
			wantCode(t, h.Follow(t.Context()), "")
		}
		if lines := b.lines(); len(lines) == 0 || lines[len(lines)-1] != "removed from 1: forbidden" {
			t.Errorf("heard %q", lines)
		}
		_, err = a.tryJoin(id)
		wantCode(t, err, earshot.CodeNotFound)
		staffed := h.room(boss, "office", earshot.AccessStaff)
		_, err = h.ChangeRoom(t.Context(), boss, staffed, hub.RoomChange{Owner: &ana})
		wantCode(t, err, earshot.CodeInvalid)
	})
}

// Who is taken out of a private room from the command line leaves it at the next Follow, and nobody else does; and a room that is
// deleted there is closed, once.
func TestFollowMembersAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben, cai := h.user("ana"), h.user("ben"), h.user("cai")
		id := h.room(ana, "den", earshot.AccessPrivate)
		o := hub.Operator{Rooms: h.store, Members: h.store, Sanctions: h.store}
		found, err := o.Room(t.Context(), "den")
		wantCode(t, err, "")
		den := found.Room
		for _, user := range []earshot.User{ben, cai, cai} {
			wantCode(t, o.AddMember(t.Context(), den, user), "")
		}
		a, b, c := h.connect(ana), h.connect(ben), h.connect(cai)
		for _, who := range []*client{a, b, c} {
			who.join(id)
		}
		synctest.Wait()
		for _, who := range []*client{a, b, c} {
			who.lines()
		}
		wantCode(t, o.RemoveMember(t.Context(), den, ana), earshot.CodeConflict)
		wantCode(t, o.RemoveMember(t.Context(), den, ben), "")
		wantCode(t, h.Follow(t.Context()), "")
		b.hears("removed from 1: forbidden")
		_, err = b.tryJoin(id)
		wantCode(t, err, earshot.CodeNotFound)
		wantCode(t, c.post(id, "here"), "")

		slow, lock, topic := 30, earshot.LockPosts, "Quiet"
		den, err = o.Change(t.Context(), den, hub.RoomChange{Slow: &slow, Lock: &lock, Topic: &topic})
		wantCode(t, err, "")
		wantCode(t, h.Follow(t.Context()), "")
		wantCode(t, c.post(id, "locked"), earshot.CodeLocked)
		long := earshot.MaxSlow + 1
		_, err = o.Change(t.Context(), den, hub.RoomChange{Slow: &long})
		wantCode(t, err, earshot.CodeInvalid)

		c.lines()
		wantCode(t, o.Delete(t.Context(), den), "")
		wantCode(t, o.Delete(t.Context(), den), earshot.CodeNotFound)
		for range 2 {
			wantCode(t, h.Follow(t.Context()), "")
		}
		synctest.Wait()
		if lines := c.lines(); len(lines) != 1 || !strings.HasSuffix(lines[0], " closed") {
			t.Errorf("heard %q", lines)
		}
		wantCode(t, c.post(id, "gone"), earshot.CodeNotInRoom)
	})
}
