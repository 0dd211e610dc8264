package hub_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

func TestNonces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, room, a, b := resumable(t, func(c *hub.Config) { c.PostsPerSecond, c.PostsBurst = 1, 4 })
		other := h.room(b.User(), "attic", earshot.AccessPublic)
		b.join(other)
		b.lines()
		post := func(c *client, room earshot.RoomID, nonce, text string) hub.Posted {
			t.Helper()
			posted, err := c.Post(t.Context(), room, earshot.Draft{Text: []byte(text), Nonce: nonce})
			if err != nil {
				t.Fatal(err)
			}
			return posted
		}
		first := post(b, room, "n", "one")
		time.Sleep(time.Second)
		for _, text := range []string{"one", "another text"} {
			if got := post(b, room, "n", text); got != first {
				t.Errorf("again: %+v, want %+v", got, first)
			}
		}
		post(b, other, "n", "one") // another room
		b.hears("1#3 ben: one", "2#2 ben: one")
		back, _, _ := a.resume(h, hub.Seen{Room: room, Seq: 2})
		post(back, room, "n", "two") // another author
		b.hears("1#4 ana: two")
		// What was refused was not said, so the same nonce is free. With two more the budget is gone: four at once.
		post(b, room, "m1", "1")
		post(b, room, "m2", "2")
		post(b, room, "m3", "3")
		_, err := b.Post(t.Context(), room, earshot.Draft{Text: []byte("late"), Nonce: "m4"})
		wantCode(t, err, earshot.CodeRateLimited)
		time.Sleep(time.Second)
		post(b, room, "m4", "late")
		b.hears("1#5 ben: 1", "1#6 ben: 2", "1#7 ben: 3", "1#8 ben: late")
		// After the window a nonce is forgotten.
		time.Sleep(time.Minute)
		if got := post(b, room, "n", "anew"); got.Seq == first.Seq {
			t.Error("remembered for longer than the window")
		}
		// A nonce from the protocol is never empty; a transport without nonces says all it says.
		time.Sleep(time.Minute)
		post(b, room, "", "x")
		post(b, room, "", "x")
		if got := strings.Join(b.lines(), "|"); strings.Count(got, "ben: x") != 2 {
			t.Error(got)
		}
	})
}
