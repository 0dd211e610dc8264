package client

import (
	"maps"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

const smile = "\U0001F600"

// asksAbout asks something about the event with that number.
func (b *bench) asksAbout(kind wire.CommandType, seq uint64, nonce string) *call {
	c := &call{kind: kind, room: 3, seq: seq, text: "said", nonce: nonce, emoji: "emoj", done: make(chan result, 1)}
	b.ask(b.clock, c)
	return c
}

// TestAboutInOrder posts, edits and takes back: one after the other, also when one has to wait.
func TestAboutInOrder(t *testing.T) {
	b := seated(t)
	p, e := b.posts(3, "n1"), b.asksAbout(wire.CommandEdit, 9, "n2")
	r, w := b.asksAbout(wire.CommandReact, 9, ""), b.asksAbout(wire.CommandTakeBack, 9, "")
	b.sends("3 post 3 n1")
	b.in(`{"type":"posted","ref":3,"room":3,"seq":11,"at":1,"nonce":"n1","heard":1}`)
	b.sends("4 edit 3 n2")
	b.in(`{"type":"error","ref":4,"code":"rate_limited","message":"wait","retry_ms":1000}`)
	b.sends()
	b.turn(2 * time.Second)
	b.sends("5 edit 3 n2")
	b.in(`{"type":"posted","ref":5,"room":3,"seq":12,"at":1,"nonce":"n2","heard":1}`)
	b.sends("6 react 3")
	b.in(`{"type":"ok","ref":6}`)
	b.sends("7 take_back 3")
	b.in(`{"type":"error","ref":7,"code":"too_late","message":"gone"}`)
	for _, c := range []*call{p, e, r} {
		b.answers(c, "ok")
	}
	b.answers(w, "too_late")
	s := b.asksAbout(wire.CommandSeen, 9, "")
	b.sends("8 seen 3")
	b.in(`{"type":"ok","ref":8}`)
	b.answers(s, "ok")
}

// TestAboutWhatIsLost loses the connection before the answers: the session goes on, is over, or the server is another.
func TestAboutWhatIsLost(t *testing.T) {
	for name, tc := range map[string]struct {
		epoch, resumed   string
		edit, takeBack   string
		sendsEdit, reply bool
	}{
		"resumed":   {"e1", `{"type":"resumed","ref":%d,"rooms":[3,4]}`, "", "", true, true},
		"over":      {"e1", `{"type":"error","ref":%d,"code":"not_found","message":"over"}`, "", "", true, false},
		"restarted": {"e2", "", "too_late", "too_late", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := seated(t)
			e, w := b.asksAbout(wire.CommandEdit, 9, "n1"), b.asksAbout(wire.CommandTakeBack, 9, "")
			p := &call{kind: wire.CommandPost, room: 3, text: "said", nonce: "n2", reply: 9, done: make(chan result, 1)}
			b.ask(b.clock, p)
			s := b.asksAbout(wire.CommandSeen, 9, "")
			b.sends("3 edit 3 n1", "4 seen 3")
			b.cut()
			b.answers(s, ErrNotConnected.Error())
			b.hello(tc.epoch)
			if tc.resumed != "" {
				b.sends("5 resume 3#10 4#10 t1")
				b.in(tc.resumed, 5)
			}
			if name == "resumed" {
				b.in(`{"type":"returned","room":3,"seq":10,"lost":0}`)
			} else {
				b.in(`{"type":"joined","ref":%d,"room":3,"seq":20}`, b.rooms[3].ref)
			}
			b.answers(e, tc.edit)
			b.answers(w, tc.takeBack)
			if (e.ref != 0) != tc.sendsEdit || (p.reply != 0) != tc.reply {
				t.Errorf("edit sent as %d, reply to %d", e.ref, p.reply)
			}
		})
	}
}

// TestAbout says all there is to say about a message, over a real server.
func TestAbout(t *testing.T) {
	h := newHouse(t, nil)
	anaToken, benToken := h.user("ana"), h.user("ben")
	room := h.room(anaToken, "lobby")
	ana, ben := h.dial(h.options(anaToken)), h.dial(h.options(benToken))
	ctx := t.Context()
	ana.join(room)
	ben.join(room)
	p := ana.post(room, "helo")
	next[Message](ben)
	e, err := ana.Edit(ctx, room, p.Seq, "hello")
	if err != nil {
		t.Fatal(err)
	}
	if got := next[Edited](ben); got.Of != p.Seq || got.Seq != e.Seq || got.Text != "hello" || got.Author.Name != "ana" || got.At.IsZero() {
		t.Errorf("%+v", got)
	}
	if err := ben.React(ctx, room, p.Seq, smile, true); err != nil {
		t.Fatal(err)
	}
	if got := next[Reaction](ana); got.Of != p.Seq || got.Emoji != smile || !got.On || got.Author.Name != "ben" {
		t.Errorf("%+v", got)
	}
	if _, err := ben.PostDraft(ctx, room, earshot.Draft{Text: []byte("HI"), Reply: p.Seq, Size: 2}); err != nil {
		t.Fatal(err)
	}
	if got := nextThat(ana, func(m Message) bool { return m.Author.Name == "ben" }); got.Reply != p.Seq || got.Size != 2 || got.Text != "HI" {
		t.Errorf("%+v", got)
	}
	if err := ben.See(ctx, room, p.Seq); err != nil {
		t.Fatal(err)
	}
	if got := next[Seen](ana); !maps.Equal(got.Seen, map[earshot.UserID]uint64{ben.Hello().User.ID: p.Seq}) {
		t.Errorf("%+v", got)
	}
	if j, err := ana.Join(ctx, room); err != nil || j.Occupants[1].Seen != p.Seq {
		t.Errorf("%+v, %v", j, err)
	}
	if err := ana.TakeBack(ctx, room, p.Seq); err != nil {
		t.Fatal(err)
	}
	if got := next[TakenBack](ben); got.Of != p.Seq || got.Author.Name != "ana" {
		t.Errorf("%+v", got)
	}
	_, err = ana.Edit(ctx, room, p.Seq, "again")
	codes := map[earshot.Code]error{earshot.CodeTooLate: err}
	codes[earshot.CodeForbidden] = ben.TakeBack(ctx, room, p.Seq)
	for want, err := range codes {
		if earshot.CodeOf(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	_, none := ana.Edit(ctx, room, 0, "x")
	_, empty := ana.Edit(ctx, room, p.Seq, "")
	for i, err := range []error{
		none, empty, ana.TakeBack(ctx, room, 0), ana.React(ctx, room, 0, smile, true), ana.React(ctx, room, p.Seq, "x", true),
		ana.See(ctx, room, 0), ana.See(ctx, room, 1<<63), ana.TakeBack(ctx, room, 1<<63),
	} {
		if earshot.CodeOf(err) != earshot.CodeInvalid {
			t.Errorf("%d: %v", i, err)
		}
	}
}
