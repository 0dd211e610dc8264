package hub_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/relay/local"
)

// succeed closes the house's hub and gives one that goes on with its state.
func (h *house) succeed() *house {
	h.t.Helper()
	if err := h.Close(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	state := h.AppendState(nil)
	next := h.successor()
	if err := next.Restore(h.t.Context(), state); err != nil {
		h.t.Fatal(err)
	}
	return next
}

// successor is a hub that goes on with the numbers, and knows nothing else yet.
func (h *house) successor() *house {
	h.t.Helper()
	relay := local.Continue(h.relay.Numbering())
	next := &house{t: h.t, store: h.store, relay: relay, Hub: hub.New(hub.Options{
		Relay: relay, Rooms: h.store, Members: h.store, Sanctions: h.store, Actions: h.store, Config: h.Config(),
	})}
	h.t.Cleanup(func() {
		if err := next.Close(context.Background()); err != nil {
			h.t.Errorf("close hub: %v", err)
		}
	})
	return next
}

func TestHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana"), h.user("ben", staff)
		room, attic := h.room(ana, "lobby", earshot.AccessPublic), h.room(ben, "attic", earshot.AccessStaff)
		a, b := h.connect(ana), h.connect(ben)
		b.join(room)
		b.join(attic)
		a.join(room)
		b.is(earshot.StatusDoNotDisturb)
		a.lines()
		a.Drop()
		time.Sleep(5 * time.Second) // the bubble's clock
		b.say(attic, "upstairs")
		first, err := b.Post(t.Context(), room, earshot.Draft{Text: []byte("one"), Nonce: "n1"})
		if err != nil {
			t.Fatal(err)
		}
		h.EndLogin(earshot.SecretHash{42})
		b.lines()

		next := h.succeed()
		if _, err := b.Post(t.Context(), room, earshot.Draft{Text: []byte("x"), Nonce: "late"}); earshot.CodeOf(err) != earshot.CodeStopping {
			t.Errorf("a post to the hub that was closed: %v", err)
		}
		if _, err := next.tryConnect(ben, earshot.SecretHash{42}); earshot.CodeOf(err) != earshot.CodeUnauthenticated {
			t.Errorf("a credential that had ended: %v", err)
		}
		if got := next.Stats(); got != (hub.Stats{Sessions: 2, Users: 2, Rooms: 2}) {
			t.Errorf("%+v", got)
		}
		// Both come back: to what they missed, in one order, with nobody told of anything.
		b2, rooms, err := b.resume(next, hub.Seen{Room: attic, Seq: 2}, hub.Seen{Room: room, Seq: 3})
		if err != nil || len(rooms) != 2 {
			t.Fatal(rooms, err)
		}
		again, err := b2.Post(t.Context(), room, earshot.Draft{Text: []byte("one"), Nonce: "n1"})
		if err != nil || again != first {
			t.Errorf("posted again: %+v, %v; want %+v", again, err, first)
		}
		b2.say(room, "two")
		b2.hears("back in 2 up to 2, 0 lost, 1 inside", "back in 1 up to 3, 0 lost, 2 inside", "1#4 ben: two")
		a2, _, _ := a.resume(next, hub.Seen{Room: room, Seq: 2})
		a2.hears("back in 1 up to 4, 0 lost, 2 inside", "1#3 ben: one", "1#4 ben: two")
		if j := a2.join(room); j.Occupants[1].Status != earshot.StatusDoNotDisturb || j.Occupants[0].Status != "" {
			t.Errorf("occupants %+v", j.Occupants)
		}
		a2.lines()
		// The grace time goes on from where it was, and ends.
		a2.Drop()
		time.Sleep(5 * time.Second)
		last := next.succeed()
		c := last.connect(last.user("cleo"))
		c.join(room)
		time.Sleep(4 * time.Second)
		c.hears("1#5 entered cleo, 3 inside")
		time.Sleep(2 * time.Second)
		c.hears("1#6 departed ana, 2 inside")
		time.Sleep(2 * time.Minute)
		c.hears("1#7 departed ben, 1 inside")
		if got := last.Stats(); got != (hub.Stats{Sessions: 1, Users: 1, Rooms: 1}) {
			t.Errorf("%+v", got)
		}
	})
}

// TestHandOverOfRoomsThatAreNoMore deletes a room between the two.
func TestHandOverOfRoomsThatAreNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, nil)
		b.say(room, "one")
		if err := h.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		state := h.AppendState(nil)
		if err := h.store.DeleteRoom(t.Context(), room); err != nil {
			t.Fatal(err)
		}
		next := h.successor()
		if err := next.Restore(t.Context(), state); err != nil {
			t.Fatal(err)
		}
		back, rooms, err := a.resume(next, hub.Seen{Room: room, Seq: 2})
		if len(rooms) != 0 || earshot.CodeOf(err) != earshot.CodeNotFound {
			t.Errorf("back in %v, %v", rooms, err)
		}
		back.hears()
	})
}

// TestHandOverFromOlderVersions takes up what a predecessor wrote that knew nothing of who has seen what (version 1), or of
// slow mode and kicks (version 2): numbers at the state's end.
func TestHandOverFromOlderVersions(t *testing.T) {
	for version := range byte(2) {
		handOverFrom(t, version+1)
	}
}

func handOverFrom(t *testing.T, version byte) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, nil)
		b.say(room, "one")
		if err := h.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		state := h.AppendState(nil)
		last := len(state) - 4 + int(version)
		if state[0] != 3 || !bytes.Equal(state[last:], make([]byte, len(state)-last)) {
			t.Fatalf("version %d, which ends with %v", state[0], state[last:])
		}
		state[0] = version
		next := h.successor()
		if err := next.Restore(t.Context(), state[:last]); err != nil {
			t.Fatal(err)
		}
		back, _, _ := a.resume(next, hub.Seen{Room: room, Seq: 2})
		back.hears("back in 1 up to 3, 0 lost, 2 inside", "1#3 ben: one")
	})
}

// TestDamagedStates restores states that were cut off and changed anywhere: an error, or a state that means something.
func TestDamagedStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, _, b := resumable(t, nil)
		b.say(room, "one")
		_, err := b.edit(room, 3, "two", "n")
		wantCode(t, err, "")
		wantCode(t, b.React(t.Context(), room, 3, []byte(smile), true), "")
		wantCode(t, b.See(room, 3), "")
		time.Sleep(time.Second)
		b.is(earshot.StatusAway)
		if err := h.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		state := h.AppendState(nil)
		try := func(damaged []byte) {
			next := h.successor()
			if err := next.Restore(t.Context(), damaged); err != nil && !errors.Is(err, hub.ErrState) {
				t.Errorf("%v", err)
			}
			if err := next.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
		for i := range state {
			if next := h.successor(); next.Restore(t.Context(), state[:i]) == nil {
				t.Errorf("%d of %d bytes are a whole state", i, len(state))
			}
			for _, flip := range []byte{1, 0x80, 0xff} {
				damaged := bytes.Clone(state)
				damaged[i] ^= flip
				try(damaged)
			}
		}
		try(append(bytes.Clone(state), 0))
	})
}
