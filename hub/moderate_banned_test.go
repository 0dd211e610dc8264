package hub_test

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

// Who is banned from the server loses every session at once, and a handshake that was let through before is refused; when
// the ban is over or lifted, the next is not.
func TestBanFromServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		room := h.room(ana, "hall", earshot.AccessPublic)
		a, b, tab := h.connect(ana), h.connect(ben), h.connect(ben)
		a.join(room)
		b.join(room)
		before := ben
		ben.BannedUntil = time.Now().Add(time.Minute)
		wantCode(t, h.UserChanged(t.Context(), ben), "")
		a.say(room, "gone")
		if b.reason() != earshot.CloseBanned || tab.reason() != earshot.CloseBanned {
			t.Errorf("closed with %v and %v", b.reason(), tab.reason())
		}
		for _, line := range b.lines() {
			if strings.Contains(line, "gone") {
				t.Error("one who is banned hears")
			}
		}
		_, err := h.tryConnect(before, earshot.SecretHash{7})
		wantCode(t, err, earshot.CodeBanned)
		_, err = h.tryConnect(ben, earshot.SecretHash{7})
		wantCode(t, err, earshot.CodeBanned)
		time.Sleep(time.Minute)
		_, err = h.tryConnect(before, earshot.SecretHash{7})
		wantCode(t, err, "")
		wantCode(t, h.UserChanged(t.Context(), func() earshot.User { u := ben; u.BannedUntil = earshot.Forever(); return u }()), "")
		_, err = h.tryConnect(before, earshot.SecretHash{8})
		wantCode(t, err, earshot.CodeBanned)
		wantCode(t, h.UserChanged(t.Context(), before), "") // lifted
		_, err = h.tryConnect(ben, earshot.SecretHash{8})   // by a handshake that saw the ban
		wantCode(t, err, "")
	})
}

// Addresses that are banned lose their sessions at once, and no others do.
func TestBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana := h.user("ana")
		from := func(addr string) (*client, error) {
			c := &client{wire: &wire{}, t: t}
			_, err := h.Connect(ana, earshot.SecretHash{1}, func(s *hub.Session) hub.Conn {
				c.Session = s
				if addr != "" {
					s.CameFrom(netip.MustParseAddr(addr))
				}
				return c.wire
			})
			return c, err
		}
		inside := []string{"192.0.2.1", "::ffff:192.0.2.200", "2001:db8:1:2:3:4:5:6"}
		outside := []string{"192.0.3.1", "2001:db8:1:3::1", "::1", ""}
		var cut, kept []*client
		for _, addr := range inside {
			c, err := from(addr)
			wantCode(t, err, "")
			cut = append(cut, c)
		}
		for _, addr := range outside {
			c, err := from(addr)
			wantCode(t, err, "")
			kept = append(kept, c)
		}
		h.Bar(earshot.NewRanges([]earshot.Ban{
			{Range: "192.0.2.0/24", Until: earshot.Forever()}, {Range: "2001:db8:1:2::/64", Until: time.Now().Add(time.Minute)},
		}))
		for i, c := range cut {
			if c.reason() != earshot.CloseBanned {
				t.Errorf("%s: %v", inside[i], c.reason())
			}
			_, err := from(inside[i])
			wantCode(t, err, earshot.CodeBanned)
		}
		for i, c := range kept {
			if c.reason() != 0 {
				t.Errorf("%q: %v", outside[i], c.reason())
			}
		}
		time.Sleep(time.Minute)
		_, err := from(inside[2])
		wantCode(t, err, "")
		h.Bar(earshot.NewRanges(nil))
		_, err = from(inside[0])
		wantCode(t, err, "")
	})
}

// A ban while joins are under way, and a kick while a session comes back: in whatever order they fall, nobody is inside
// afterwards who may not be.
func TestOrderRaces(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			h, room, a, b := resumable(t, nil)
			ben := b.User()
			b.Drop()
			a = h.connect(a.User())
			a.join(room)
			var group sync.WaitGroup
			tabs := make([]*client, 8)
			for i := range tabs {
				tabs[i] = h.connect(ben)
				group.Go(func() { _, _ = tabs[i].tryJoin(room) })
			}
			var back *client
			group.Go(func() { back, _, _ = b.resume(h, hub.Seen{Room: room, Seq: 2}) })
			group.Go(func() { _, _ = h.Kick(t.Context(), a.User(), room, ben, time.Minute, "") })
			group.Go(func() {
				_, _ = h.Sanction(t.Context(), a.User(), room, earshot.SanctionBan, ben, earshot.Forever(), "")
			})
			group.Wait()
			synctest.Wait()
			for _, c := range slices.Concat(tabs, []*client{back}) {
				c.lines()
			}
			a.say(room, "secret")
			for _, c := range slices.Concat(tabs, []*client{back}) {
				if strings.Contains(strings.Join(c.lines(), "\n"), "secret") {
					t.Fatal("one who is banned hears")
				}
			}
			if got := a.join(room); got.Count != 1 {
				t.Errorf("%d inside", got.Count)
			}
		})
	}
}

// What is done to rooms and in them is written down, and nothing that was said.
func TestActionsOfTheHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben")
		ctx := earshot.Doing(t.Context(), earshot.Doer{User: ana.Ref(), Road: earshot.RoadToken})
		room, err := h.CreateRoom(ctx, ana, earshot.Room{Name: "hall", Title: "Hall", Access: earshot.AccessPrivate})
		wantCode(t, err, "")
		title, slow := "The secret hall", 5
		_, err = h.ChangeRoom(ctx, ana, room.ID, hub.RoomChange{Title: &title, Slow: &slow})
		wantCode(t, err, "")
		wantCode(t, h.AddMember(ctx, ana, room.ID, ben), "")
		_, err = h.Kick(ctx, ana, room.ID, ben, time.Minute, "noise")
		wantCode(t, err, "")
		_, err = h.Sanction(ctx, ana, room.ID, earshot.SanctionMute, ben, earshot.Forever(), "")
		wantCode(t, err, "")
		wantCode(t, h.Lift(ctx, ana, room.ID, earshot.SanctionMute, ben), "")
		wantCode(t, h.RemoveMember(ctx, ana, room.ID, ben), "")
		wantCode(t, h.DeleteRoom(ctx, ana, room.ID), "")
		entries, err := h.store.Actions(t.Context(), earshot.ActionQuery{})
		wantCode(t, err, "")
		var got []string
		for _, e := range entries {
			if e.Actor != ana.Ref() || e.Road != earshot.RoadToken {
				t.Errorf("%+v", e)
			}
			got = append(got, strings.TrimSpace(string(e.Verb)+" "+e.Subject+" "+e.Room+" "+e.Details["reason"]+e.Details["slow_seconds"]))
			if strings.Contains(e.Details["title"], "secret") {
				t.Errorf("%+v", e)
			}
		}
		want := "delete_room hall|remove_member ben hall|unmute ben hall|mute ben hall|kick ben hall noise|add_member ben hall|change_room hall  5|create_room hall"
		if strings.Join(got, "|") != want {
			t.Errorf("%q", got)
		}
	})
}
