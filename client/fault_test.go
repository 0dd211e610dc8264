package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/ws"
)

// TestCutsDuringPosts cuts the connections of one who speaks and one who listens again and again: each message comes
// once, in order, and nothing is missed.
func TestCutsDuringPosts(t *testing.T) {
	h := newHouse(t, lasting)
	anaToken, benToken := h.user("ana"), h.user("ben")
	room := h.room(anaToken, "lobby")
	var anaNet, benNet network
	anaOpts, benOpts := h.options(anaToken), h.options(benToken)
	anaOpts.Dial, benOpts.Dial = anaNet.dial, benNet.dial
	ana, ben := h.dial(anaOpts), h.dial(benOpts)
	ana.join(room)
	ben.join(room)
	const messages = 150
	var posting, listening sync.WaitGroup
	posting.Go(func() {
		for i := range messages {
			p, err := ana.Post(ana.ctx(), room, fmt.Sprint(i))
			if err != nil || p.Heard != 1 {
				t.Errorf("message %d: %+v, %v", i, p, err)
				return
			}
			switch i % 20 {
			case 5:
				anaNet.cut()
			case 10:
				benNet.cut()
			case 15:
				anaNet.cut()
				benNet.cut()
			}
		}
	})
	listening.Go(func() { // what is one's own comes back as well
		for range ana.Events() {
		}
	})
	want := 0
	var seq uint64
	returns := 0
	for want < messages {
		switch ev := mustNext(ben).(type) {
		case Message:
			if ev.Text != fmt.Sprint(want) || ev.Seq <= seq {
				t.Fatalf("heard %q as number %d after %d, want %d", ev.Text, ev.Seq, seq, want)
			}
			want, seq = want+1, ev.Seq
		case Gap:
			t.Fatalf("%+v", ev)
		case Removed:
			t.Fatalf("%+v", ev)
		case Returned:
			returns++
		}
	}
	if returns == 0 || anaNet.count() < 8 {
		t.Errorf("%d returns, %d connections", returns, anaNet.count())
	}
	posting.Wait()
	_ = ana.Close()
	listening.Wait()
}

// TestFlaky gives every connection but few bytes to live, so that it breaks in the middle of anything: a handshake, a
// frame, a resume. Three people talk in two rooms, and each hears each message once, in the room's one order.
func TestFlaky(t *testing.T) {
	h := newHouse(t, func(cfg *hub.Config, opts *ws.Options) { fast(cfg, opts); lasting(cfg, opts) })
	const messages = 60
	people := []string{"ana", "ben", "cy"}
	tokens := make([]string, len(people))
	for i, name := range people {
		tokens[i] = h.user(name)
	}
	rooms := []earshot.RoomID{h.room(tokens[0], "lobby"), h.room(tokens[0], "kitchen")}
	var clients []*heard
	var networks []*network
	for i := range people {
		n := &network{}
		opts := h.options(tokens[i])
		opts.Dial, opts.KeepTrying = n.dial, true
		c := h.dial(opts)
		for _, room := range rooms {
			c.join(room)
		}
		clients, networks = append(clients, c), append(networks, n)
	}
	for _, n := range networks {
		n.mu.Lock()
		n.life = func() int64 { return 300 + rand.Int64N(8000) }
		n.mu.Unlock()
		n.cut()
	}
	heardBy := make([]map[earshot.RoomID][]string, len(people))
	var wg sync.WaitGroup
	for i, c := range clients {
		for _, room := range rooms {
			wg.Go(func() {
				for n := range messages {
					if _, err := c.Post(c.ctx(), room, fmt.Sprint(people[i], n)); err != nil {
						t.Errorf("%s: message %d: %v", people[i], n, err)
					}
				}
			})
		}
		wg.Go(func() { heardBy[i] = collect(c, len(rooms)*len(people)*messages) })
	}
	wg.Wait()
	for _, room := range rooms {
		for i := range people {
			if !slices.Equal(heardBy[i][room], heardBy[0][room]) {
				t.Errorf("%s heard another order in room %d than %s:\n%q\n%q", people[i], room, people[0], heardBy[i][room], heardBy[0][room])
			}
		}
		next := map[string]int{}
		for _, text := range heardBy[0][room] {
			name := strings.TrimRight(text, "0123456789")
			if text != fmt.Sprint(name, next[name]) {
				t.Errorf("room %d: %q, want number %d", room, text, next[name])
			}
			next[name]++
		}
	}
	for i, n := range networks {
		t.Logf("%s: %d connections", people[i], n.count())
	}
}

// collect takes so many messages, by room.
func collect(c *heard, count int) map[earshot.RoomID][]string {
	found := map[earshot.RoomID][]string{}
	late := time.After(2 * patience)
	for got := 0; got < count; {
		select {
		case ev := <-c.Events():
			switch ev := ev.(type) {
			case Message:
				found[ev.Room] = append(found[ev.Room], ev.Text)
				got++
			case Gap, Removed:
				c.t.Errorf("%s: %+v", c.Hello().User.Name, ev)
			}
		case <-late:
			c.t.Errorf("%s heard %d messages of %d", c.Hello().User.Name, got, count)
			return found
		}
	}
	return found
}

// mustNext takes one event.
func mustNext(c *heard) Event {
	c.t.Helper()
	return nextThat(c, func(Event) bool { return true })
}

// TestRestart stops the server and starts another at the same address, while a message is under way.
func TestRestart(t *testing.T) {
	h := newHouse(t, nil)
	anaToken, benToken := h.user("ana"), h.user("ben")
	room := h.room(anaToken, "lobby")
	ana, ben := h.dial(h.options(anaToken)), h.dial(h.options(benToken))
	ana.join(room)
	ben.join(room)
	if err := ana.Status(ana.ctx(), earshot.StatusAway); err != nil {
		t.Fatal(err)
	}
	first := ben.post(room, "before")
	if got := nextThat(ana, func(m Message) bool { return m.Author.Name == "ben" }); got.Nonce != first.Nonce {
		t.Errorf("heard %+v", got)
	}
	epoch := ana.Hello().Epoch
	h.stop()
	if got := next[Disconnected](ana); got.Err == nil {
		t.Errorf("disconnected %+v", got)
	}
	posted := make(chan Posted, 1)
	go func() {
		p, err := ben.Post(ben.ctx(), room, "meanwhile")
		if err != nil {
			t.Errorf("a post over a restart: %v", err)
		}
		posted <- p
	}()
	h.start()
	next[Connected](ana)
	if got := next[Gap](ana); got != (Gap{Room: room, Reason: GapRestart}) {
		t.Errorf("gap %+v", got)
	}
	if got := next[Joined](ana); got.Room != room {
		t.Errorf("joined %+v", got)
	}
	if ana.Hello().Epoch == epoch {
		t.Error("the epoch is the one before")
	}
	p := <-posted
	if p.Seq == 0 {
		t.Errorf("posted %+v", p)
	}
	// The status goes along with the session that follows.
	h.settled("both are back, and ana is away", func() bool {
		page, err := ben.Occupants(ben.ctx(), room, "")
		if err != nil {
			t.Fatal(err)
		}
		return page.Count == 2 && page.Occupants[0].Status == earshot.StatusAway
	})
}

// TestRevoked ends the log-in: the client does not come back, and says why to all who wait.
func TestRevoked(t *testing.T) {
	h := newHouse(t, nil)
	token := h.user("ana")
	room := h.room(token, "lobby")
	ana := h.dial(h.options(token))
	ana.join(room)
	if err := h.accounts.RevokeToken(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	<-ana.Done()
	if err := ana.Err(); earshot.CodeOf(err) != earshot.CodeUnauthenticated {
		t.Errorf("ended with %v", err)
	}
	if _, err := ana.Post(ana.ctx(), room, "x"); earshot.CodeOf(err) != earshot.CodeUnauthenticated {
		t.Errorf("a post after the end: %v", err)
	}
	for range ana.Events() {
	}
	_, err := Dial(t.Context(), h.options(token))
	if earshot.CodeOf(err) != earshot.CodeUnauthenticated {
		t.Errorf("dial with a dead token: %v", err)
	}
}

// TestSlowConsumer takes no event while much is said: the server cuts the client off, and all comes in the end, or it is
// told how much is missing.
func TestSlowConsumer(t *testing.T) {
	h := newHouse(t, func(cfg *hub.Config, opts *ws.Options) { fast(cfg, opts); lasting(cfg, opts) })
	anaToken, benToken := h.user("ana"), h.user("ben")
	room := h.room(anaToken, "lobby")
	opts := h.options(benToken)
	opts.Buffer = 16
	var benNet network
	benNet.smallBuffers = true
	opts.Dial = benNet.dial
	ana, ben := h.dial(h.options(anaToken)), h.dial(opts)
	ana.join(room)
	ben.join(room)
	go func() {
		for range ana.Events() {
		}
	}()
	text := strings.Repeat("blah blah ", 800)
	const messages = 1000
	var last Posted
	for range messages {
		last = ana.post(room, text)
	}
	var seen uint64
	var told, missing uint64
	for seen < last.Seq {
		switch ev := mustNext(ben).(type) {
		case Joined:
			seen = ev.Seq
		case Entered:
			seen = ev.Seq
		case Message:
			if ev.Seq != seen+1 {
				t.Fatalf("number %d after %d", ev.Seq, seen)
			}
			seen = ev.Seq
			told++
		case Gap:
			if ev.From != seen+1 || ev.Count != ev.To-ev.From+1 {
				t.Fatalf("%+v after %d", ev, seen)
			}
			seen = ev.To
			missing += ev.Count
		}
	}
	if told+missing < messages {
		t.Errorf("%d told and %d missing of %d", told, missing, messages)
	}
	if benNet.count() < 2 {
		t.Error("the server never cut the slow client off")
	}
	t.Logf("%d told, %d missing, %d connections", told, missing, benNet.count())
}

// TestStalled stops a connection in both directions without a word; the client finds out by the silence, and comes back.
func TestStalled(t *testing.T) {
	h := newHouse(t, quickPing)
	anaToken, benToken := h.user("ana"), h.user("ben")
	room := h.room(anaToken, "lobby")
	var anaNet network
	opts := h.options(anaToken)
	opts.Dial = anaNet.dial
	ana, ben := h.dial(opts), h.dial(h.options(benToken))
	ana.join(room)
	ben.join(room)
	anaNet.halt()
	p := ben.post(room, "are you there?")
	if got := next[Disconnected](ana); !errors.Is(got.Err, ErrSilent) {
		t.Errorf("disconnected: %v", got.Err)
	}
	next[Returned](ana)
	if got := next[Message](ana); got.Nonce != p.Nonce {
		t.Errorf("heard %+v", got)
	}
}

// TestGivenUp ends the context of calls that cannot be carried out.
func TestGivenUp(t *testing.T) {
	h := newHouse(t, nil)
	token := h.user("ana")
	room := h.room(token, "lobby")
	opts := h.options(token)
	opts.Outbox = 2
	ana := h.dial(opts)
	ana.join(room)
	h.stop()
	defer h.start()
	next[Disconnected](ana)
	given, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := ana.Post(given, room, "x"); !errors.Is(err, context.Canceled) {
				t.Errorf("posted: %v", err)
			}
		})
	}
	h.settled("the outbox is full", func() bool { return errors.Is(ana.Typing(ana.ctx(), room), ErrOutboxFull) })
	giveUp()
	wg.Wait()
	if err := ana.Typing(ana.ctx(), room); !errors.Is(err, ErrNotConnected) {
		t.Errorf("typing: %v", err)
	}
	late, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := ana.Post(late, room, "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("posted: %v", err)
	}
	if err := ana.Leave(ana.ctx(), room); err != nil {
		t.Errorf("leave: %v", err)
	}
	if _, err := ana.Post(ana.ctx(), room, "x"); earshot.CodeOf(err) != earshot.CodeNotInRoom {
		t.Errorf("a post after leaving: %v", err)
	}
	if err := ana.Close(); err != nil {
		t.Error(err)
	}
	if _, err := ana.Join(t.Context(), room); !errors.Is(err, ErrClosed) {
		t.Errorf("a join after the end: %v", err)
	}
}
