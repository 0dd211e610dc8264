package hub_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

func TestSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := pair(t, nil)
		for range 4 {
			a.say(room, "x")
		}
		a.lines()
		b.lines()
		see := func(c *client, seqs ...uint64) {
			t.Helper()
			for _, seq := range seqs {
				wantCode(t, c.See(room, seq), "")
			}
		}
		see(b, 3, 4)
		see(a, 5)
		a.hears() // it is gathered
		time.Sleep(500 * time.Millisecond)
		a.hears("1 seen map[1:5 2:4]")
		b.hears("1 seen map[1:5 2:4]")
		// It moves forward only.
		see(b, 2, 3, 4)
		time.Sleep(time.Second)
		a.hears()
		// However often it is said, it is told twice a second.
		for range 100 {
			see(b, 4, 5)
			see(a, 6)
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		a.hears("1 seen map[1:6 2:5]")
		// Another tab does not set it back, and one that has seen less tells nothing.
		tab := h.connect(b.User())
		tab.join(room)
		wantCode(t, tab.See(room, 5), earshot.CodeInvalid)
		// Whoever comes is told who has seen what; it is in no window.
		c := h.connect(h.user("cleo"))
		j := c.join(room)
		if j.Occupants[0].Seen != 6 || j.Occupants[1].Seen != 5 || j.Occupants[2].Seen != 0 {
			t.Errorf("%+v", j.Occupants)
		}
		a.Drop()
		back, _, _ := a.resume(h, hub.Seen{Room: room, Seq: 6})
		back.hears("back in 1 up to 7, 0 lost, 3 inside", "1#7 entered cleo, 3 inside")
		see(b, 7)
		next := h.succeed()
		b2, _, _ := b.resume(next, hub.Seen{Room: room, Seq: 7})
		if j := b2.join(room); j.Occupants[0].Seen != 6 || j.Occupants[1].Seen != 5 {
			t.Errorf("handed over: %+v", j.Occupants)
		}
		// Who departs is forgotten.
		if _, rooms, err := back.resume(next, hub.Seen{Room: room, Seq: 7}); err != nil || len(rooms) != 1 {
			t.Errorf("%v, %v", rooms, err)
		}
		b2.End()
		time.Sleep(time.Minute) // and so does the tab
		again := next.connect(b.User())
		if j := again.join(room); len(j.Occupants) != 2 || j.Occupants[0].Seen != 6 || j.Occupants[1].Seen != 0 {
			t.Errorf("%+v", j.Occupants)
		}
	})
}

// TestSeenAmongMany says it in a room that is too large for it, and in one that becomes so.
func TestSeenAmongMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, _ := pair(t, nil)
		a.say(room, "x")
		a.lines()
		var crowd []*client
		for i := range 18 {
			c := h.connect(h.user(fmt.Sprintf("u%d", i)))
			c.join(room)
			crowd = append(crowd, c)
		}
		wantCode(t, a.See(room, 3), "")
		time.Sleep(time.Second)
		if heard := a.lines(); len(heard) != 19 || heard[18] != "1 seen map[1:3]" {
			t.Errorf("among twenty: %q", heard)
		}
		wantCode(t, a.See(room, 4), "")
		last := h.connect(h.user("last"))
		for _, o := range last.join(room).Occupants {
			if o.Seen != 0 {
				t.Errorf("%+v", o)
			}
		}
		wantCode(t, a.See(room, 5), "")
		time.Sleep(time.Second)
		a.hears("1#22 entered last, 21 inside")
		last.End()
		crowd[0].End()
		wantCode(t, a.See(room, 6), "")
		time.Sleep(time.Second)
		a.hears("1#23 departed last, 20 inside", "1#24 departed u0, 19 inside", "1 seen map[1:6]")
	})
}

// TestSeenByThoseAway says it in a room to which one has not come back, and after the room is gone.
func TestSeenByThoseAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := pair(t, nil)
		wantCode(t, b.See(room, 2), "")
		b.End()
		wantCode(t, a.See(room, 2), "")
		time.Sleep(time.Second)
		a.hears("1#3 departed ben, 1 inside", "1 seen map[1:2]")
		wantCode(t, a.See(room, 3), "")
		a.End() // nobody is left when it is time to tell
		time.Sleep(time.Second)
		if got := h.Stats(); got != (hub.Stats{}) {
			t.Errorf("%+v", got)
		}
		wantCode(t, a.See(room, 3), earshot.CodeNotInRoom)
	})
}
