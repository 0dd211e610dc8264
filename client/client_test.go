package client

import (
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
)

func TestConversation(t *testing.T) {
	for name, compress := range map[string]bool{"plain": false, "compressed": true} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			anaToken, benToken := h.user("ana"), h.user("ben")
			room := h.room(anaToken, "lobby")
			opts := h.options(anaToken)
			opts.Compress = compress
			ana, ben := h.dial(opts), h.dial(h.options(benToken))
			if got := ana.Hello(); got.User.Name != "ana" || got.Limits.TextBytes != earshot.MaxText || got.Epoch == "" || got.Server != "test" {
				t.Errorf("hello %+v", got)
			}
			next[Connected](ana)
			if j := ana.join(room); j.Info.Name != "lobby" || j.Count != 1 || len(j.Occupants) != 1 {
				t.Errorf("joined %+v", j)
			}
			next[Joined](ana)
			if got := next[Entered](ana); got.Users[0].Name != "ana" || got.Seq != 1 {
				t.Errorf("entered %+v", got)
			}
			ben.join(room)
			next[Entered](ben) // himself: entrances are told soon after they are answered
			p := ben.post(room, "<b>héllo</b>")
			if p.Heard != 1 || p.Seq != 3 || p.At.IsZero() || p.Nonce == "" {
				t.Errorf("posted %+v", p)
			}
			if got := next[Message](ana); got.Text != "<b>héllo</b>" || got.Author.Name != "ben" || got.Nonce != p.Nonce || !got.At.Equal(p.At) {
				t.Errorf("message %+v", got)
			}
			long := strings.Repeat("äöü ", 1000)
			ben.post(room, long)
			if got := next[Message](ana); got.Text != long {
				t.Errorf("a long message came as %.40q…", got.Text)
			}
			ana.post(room, long)
			if got := nextThat(ben, func(m Message) bool { return m.Author.Name == "ana" }); got.Text != long {
				t.Errorf("a long message came as %.40q…", got.Text)
			}
			if err := ben.Typing(ben.ctx(), room); err != nil {
				t.Error(err)
			}
			if got := next[Typing](ana); got.Users[0].Name != "ben" {
				t.Errorf("typing %+v", got)
			}
			page, err := ana.Occupants(ana.ctx(), room, "")
			if err != nil || page.Count != 2 || page.More || page.Occupants[1].Name != "ben" {
				t.Errorf("occupants %+v, %v", page, err)
			}
			if err := ben.Leave(ben.ctx(), room); err != nil {
				t.Error(err)
			}
			if got := next[Departed](ana); got.Users[0].Name != "ben" || got.Count != 1 {
				t.Errorf("departed %+v", got)
			}
		})
	}
}

// BenchmarkPost posts one message after another into a room with a listener, each after the acknowledgement of the last.
func BenchmarkPost(b *testing.B) {
	h := newHouse(b, fast)
	anaToken, benToken := h.user("ana"), h.user("ben")
	room := h.room(anaToken, "lobby")
	ana, ben := h.dial(h.options(anaToken)), h.dial(h.options(benToken))
	for _, c := range []*heard{ana, ben} {
		c.join(room)
		go func() {
			for range c.Events() {
			}
		}()
	}
	for b.Loop() {
		if _, err := ana.Post(b.Context(), room, "Something that somebody might say in a room."); err != nil {
			b.Fatal(err)
		}
	}
}
