package hub_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

const smile = "\U0001F600"

func (c *client) edit(room earshot.RoomID, seq uint64, text, nonce string) (hub.Posted, error) {
	return c.Edit(c.t.Context(), room, seq, earshot.Draft{Text: []byte(text), Nonce: nonce})
}

// pair is ana and ben in a room, who have heard number 1 and 2, the entrances.
func pair(t *testing.T, change func(*hub.Config)) (h *house, room earshot.RoomID, a, b *client) {
	t.Helper()
	h = newHouse(t, change)
	ana, ben := h.user("ana"), h.user("ben")
	room = h.room(ana, "lobby", earshot.AccessPublic)
	a, b = h.connect(ana), h.connect(ben)
	a.join(room)
	b.join(room)
	a.lines()
	b.lines()
	return h, room, a, b
}

func TestAmend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := pair(t, nil)
		a.say(room, "helo")
		first, err := a.edit(room, 3, "hello", "n")
		if err != nil || first.Seq != 4 || first.Heard != 1 {
			t.Fatalf("%+v, %v", first, err)
		}
		if again, err := a.edit(room, 3, "hello", "n"); err != nil || again != first {
			t.Errorf("edited again: %+v, %v", again, err)
		}
		if err := b.React(t.Context(), room, 3, []byte(smile), true); err != nil {
			t.Error(err)
		}
		if err := b.React(t.Context(), room, 3, []byte(smile), false); err != nil {
			t.Error(err)
		}
		_, err = b.Post(t.Context(), room, earshot.Draft{Text: []byte("WHAT"), Nonce: "n", Reply: 3, Size: 2})
		wantCode(t, err, "")
		// Cleo was not there for the message, and is for its next text.
		c := h.connect(h.user("cleo"))
		c.join(room)
		_, err = a.edit(room, 3, "hello, all", "n2")
		wantCode(t, err, "")
		wantCode(t, a.TakeBack(t.Context(), room, 3), "")
		wantCode(t, a.TakeBack(t.Context(), room, 3), "") // told once
		_, err = a.edit(room, 3, "and yet", "n3")
		wantCode(t, err, earshot.CodeTooLate)
		// The nonce of an edit is none of a post, nor of an edit of another message.
		if posted, err := a.Post(t.Context(), room, earshot.Draft{Text: []byte("bye"), Nonce: "n"}); err != nil || posted.Seq != 11 {
			t.Errorf("%+v, %v", posted, err)
		}
		if posted, err := a.edit(room, 11, "bye!", "n"); err != nil || posted.Seq != 12 {
			t.Errorf("%+v, %v", posted, err)
		}
		inside := []string{
			"1#3 ana: helo", "1#4 ana edits 3: hello", "1#5 ben: " + smile + " at 3, true", "1#6 ben: " + smile + " at 3, false",
			"1#7 ben: WHAT (to 3) (size 2)",
		}
		all := []string{
			"1#8 entered cleo, 3 inside", "1#9 ana edits 3: hello, all", "1#10 ana takes back 3", "1#11 ana: bye", "1#12 ana edits 11: bye!",
		}
		a.hears(slices.Concat(inside, all)...)
		b.hears(slices.Concat(inside, all)...)
		c.hears(all...)
	})
}

// TestAmendWhatMayNot tries to change what is not there, not one's own, or from before one came.
func TestAmendWhatMayNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := pair(t, nil)
		a.say(room, "early")
		ctx := t.Context()
		late := h.connect(a.User())
		late.join(room)
		outside := h.connect(b.User())
		attic := h.room(a.User(), "attic", earshot.AccessPublic)
		a.join(attic) // has one event
		a.lines()
		cases := []struct {
			name string
			who  *client
			room earshot.RoomID
			seq  uint64
			code earshot.Code
			// reach is the code for what needs only to have been there.
			reach earshot.Code
		}{
			{"no number", a, room, 0, earshot.CodeInvalid, earshot.CodeInvalid},
			{"huge", a, room, 1 << 63, earshot.CodeInvalid, earshot.CodeInvalid},
			{"the next", a, room, 4, earshot.CodeInvalid, earshot.CodeInvalid},
			{"an entrance", a, room, 2, earshot.CodeInvalid, ""},
			{"from before this session", late, room, 3, earshot.CodeInvalid, earshot.CodeInvalid},
			{"from before the user", b, room, 1, earshot.CodeInvalid, earshot.CodeInvalid},
			{"another's", b, room, 3, earshot.CodeForbidden, ""},
			{"not in the room", outside, room, 3, earshot.CodeNotInRoom, earshot.CodeNotInRoom},
			{"another room", a, attic, 3, earshot.CodeInvalid, earshot.CodeInvalid},
			{"no room", a, 4711, 3, earshot.CodeNotInRoom, earshot.CodeNotInRoom},
		}
		for _, tc := range cases {
			_, err := tc.who.edit(tc.room, tc.seq, "x", tc.name[:2])
			wantCode(t, err, tc.code)
			wantCode(t, tc.who.TakeBack(ctx, tc.room, tc.seq), tc.code)
			if tc.reach == "" {
				continue
			}
			wantCode(t, tc.who.React(ctx, tc.room, tc.seq, []byte(smile), true), tc.reach)
			wantCode(t, tc.who.See(tc.room, tc.seq), tc.reach)
			if tc.seq != 0 {
				_, err = tc.who.Post(ctx, tc.room, earshot.Draft{Text: []byte("x"), Reply: tc.seq, Nonce: "r"})
				wantCode(t, err, tc.reach)
			}
		}
		for _, text := range []string{"", "\xff", strings.Repeat("x", earshot.MaxText+1)} {
			if _, err := a.edit(room, 3, text, "t"); err == nil {
				t.Errorf("edited to %.20q", text)
			}
		}
		_, err := a.edit(room, 3, "x", "a nonce with spaces")
		wantCode(t, err, earshot.CodeInvalid)
		for _, size := range []int{-3, 3, 127, 128, -1 << 40} {
			_, err := a.Post(ctx, room, earshot.Draft{Text: []byte("x"), Nonce: "s", Size: size})
			wantCode(t, err, earshot.CodeInvalid)
		}
		for _, emoji := range []string{"", "a", smile + smile, "<b>", strings.Repeat("\U0001F468\u200D", 10_000)} {
			wantCode(t, a.React(ctx, room, 3, []byte(emoji), true), earshot.CodeInvalid)
		}
		wantCode(t, b.Leave(room), "")
		wantCode(t, b.React(ctx, room, 3, []byte(smile), true), earshot.CodeNotInRoom)
		wantCode(t, b.See(room, 3), earshot.CodeNotInRoom)
		a.hears("1#4 departed ben, 1 inside")
	})
}

// TestAmendInTime changes a message for as long as the server remembers whose it was.
func TestAmendInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, room, a, _ := pair(t, nil)
		a.say(room, "one")
		time.Sleep(59 * time.Second) // the bubble's clock
		_, err := a.edit(room, 3, "two", "a")
		wantCode(t, err, "")
		time.Sleep(1001 * time.Millisecond)
		_, err = a.edit(room, 3, "three", "b")
		wantCode(t, err, earshot.CodeTooLate)
		wantCode(t, a.TakeBack(t.Context(), room, 3), earshot.CodeTooLate)
		// An edit that was made is known again also when it is too late for another.
		if posted, err := a.edit(room, 3, "two", "a"); err != nil || posted.Seq != 4 {
			t.Errorf("%+v, %v", posted, err)
		}
		a.hears("1#3 ana: one", "1#4 ana edits 3: two")
	})
	synctest.Test(t, func(t *testing.T) {
		_, room, a, _ := pair(t, func(c *hub.Config) { c.ResumeWindow = 0 })
		a.say(room, "one")
		_, err := a.edit(room, 3, "two", "a")
		wantCode(t, err, earshot.CodeTooLate)
	})
	synctest.Test(t, func(t *testing.T) {
		_, room, a, _ := pair(t, func(c *hub.Config) { c.RoomWindowBytes = 2000 })
		a.say(room, "one")
		for range 30 {
			a.say(room, strings.Repeat("x", 100))
		}
		wantCode(t, a.TakeBack(t.Context(), room, 3), earshot.CodeTooLate)
	})
}

// TestAmendingIsBounded edits and reacts on what one may post.
func TestAmendingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, room, a, _ := pair(t, func(c *hub.Config) { c.PostsPerSecond, c.PostsBurst = 1, 4 })
		a.say(room, "one")
		_, err := a.edit(room, 3, "two", "a")
		wantCode(t, err, "")
		wantCode(t, a.React(t.Context(), room, 3, []byte(smile), true), "")
		wantCode(t, a.TakeBack(t.Context(), room, 3), "")
		wantCode(t, a.React(t.Context(), room, 3, []byte(smile), false), earshot.CodeRateLimited)
		_, err = a.Post(t.Context(), room, earshot.Draft{Text: []byte("x"), Nonce: "x"})
		wantCode(t, err, earshot.CodeRateLimited)
	})
}

// TestResumeAfterAmending comes back to messages that were changed meanwhile: numbers without a hole, the last text once,
// and what was taken back not at all, neither from this server nor from its successor.
func TestResumeAfterAmending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, nil)
		cleo := h.connect(h.user("cleo"))
		cleo.join(room)
		b.say(room, "first secret")
		b.say(room, "second secret")
		_, err := b.edit(room, 4, "third secret", "a")
		wantCode(t, err, "")
		_, err = b.edit(room, 4, "in the end", "b")
		wantCode(t, err, "")
		_, err = b.edit(room, 5, "fourth secret", "c")
		wantCode(t, err, "")
		wantCode(t, b.TakeBack(t.Context(), room, 5), "")
		missed := []string{
			"1#3 entered cleo, 3 inside", "1#4 ben: ", "1#5 ben: ", "1#6 ben edits 4: ", "1#7 ben edits 4: in the end",
			"1#8 ben edits 5: ", "1#9 ben takes back 5",
		}
		cleo.lines()
		cleo.Drop()
		back, _, _ := a.resume(h, hub.Seen{Room: room, Seq: 2})
		back.hears(append([]string{"back in 1 up to 9, 0 lost, 3 inside"}, missed...)...)

		if err := h.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		state := h.AppendState(nil)
		if bytes.Contains(state, []byte("secret")) || !bytes.Contains(state, []byte("in the end")) {
			t.Errorf("handed over: %q", state)
		}
		next := h.successor()
		if err := next.Restore(t.Context(), state); err != nil {
			t.Fatal(err)
		}
		again, _, _ := back.resume(next, hub.Seen{Room: room, Seq: 2})
		again.hears(append([]string{"back in 1 up to 9, 0 lost, 3 inside"}, missed...)...)
		b2, _, _ := b.resume(next, hub.Seen{Room: room, Seq: 9})
		// The successor knows what was taken back, and what was not.
		_, err = b2.edit(room, 5, "again", "d")
		wantCode(t, err, earshot.CodeTooLate)
		_, err = b2.edit(room, 4, "finally", "e")
		wantCode(t, err, "")
		again.hears("1#10 ben edits 4: finally")
		third, _, _ := cleo.resume(next, hub.Seen{Room: room, Seq: 6})
		third.hears("back in 1 up to 10, 0 lost, 3 inside", "1#7 ben edits 4: ", "1#8 ben edits 5: ", "1#9 ben takes back 5", "1#10 ben edits 4: finally")
	})
}
