package client

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/ws"
)

// gate is a dialer that waits while it is shut.
type gate struct {
	network
	mu sync.Mutex
}

func (g *gate) dial(ctx context.Context, network, address string) (net.Conn, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.network.dial(ctx, network, address)
}

// TestSessionEnded stays away until the server has ended the session, or has one that keeps none: the room is joined anew
// and the gap tells how much was missed.
func TestSessionEnded(t *testing.T) {
	for name, window := range map[string]time.Duration{"short": time.Millisecond, "none": 0} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(cfg *hub.Config, _ *ws.Options) { cfg.ResumeWindow, cfg.Grace = window, 0 })
			anaToken, benToken := h.user("ana"), h.user("ben")
			room := h.room(anaToken, "lobby")
			var g gate
			opts := h.options(anaToken)
			opts.Dial = g.dial
			ana, ben := h.dial(opts), h.dial(h.options(benToken))
			if got := ana.Hello().Resume; got != window {
				t.Errorf("sessions are kept for %v", got)
			}
			ben.join(room)
			next[Entered](ben) // himself; entrances are told soon after they are answered
			ana.join(room)
			seen := nextThat(ana, func(ev Entered) bool { return ev.Users[0].Name == "ana" }).Seq
			g.mu.Lock()
			g.cut()
			next[Departed](ben)
			ben.post(room, "one")
			last := ben.post(room, "two")
			h.settled("ana's session is over", func() bool { return h.hub.Stats().Sessions == 1 })
			g.mu.Unlock()
			want := Gap{Room: room, From: seen + 1, To: last.Seq, Count: last.Seq - seen, Reason: GapSession}
			if got := next[Gap](ana); got != want {
				t.Errorf("gap %+v, want %+v", got, want)
			}
			if got := next[Joined](ana); got.Seq != last.Seq || got.Count != 2 {
				t.Errorf("joined %+v", got)
			}
			p := ben.post(room, "three")
			if got := next[Message](ana); got.Nonce != p.Nonce {
				t.Errorf("heard %+v", got)
			}
		})
	}
}

// TestCloseDeparts sees that Close ends the session at once, and not after the grace time.
func TestCloseDeparts(t *testing.T) {
	h := newHouse(t, func(cfg *hub.Config, _ *ws.Options) { cfg.Grace = time.Hour })
	anaToken, benToken := h.user("ana"), h.user("ben")
	room := h.room(anaToken, "lobby")
	ana, ben := h.dial(h.options(anaToken)), h.dial(h.options(benToken))
	ben.join(room)
	ana.join(room)
	nextThat(ben, func(ev Entered) bool { return ev.Users[0].Name == "ana" })
	if err := ana.Close(); err != nil {
		t.Error(err)
	}
	if got := next[Departed](ben); got.Users[0].Name != "ana" || got.Count != 1 {
		t.Errorf("departed %+v", got)
	}
}

// TestServerComesLater dials before there is a server.
func TestServerComesLater(t *testing.T) {
	h := newHouse(t, nil)
	token := h.user("ana")
	room := h.room(token, "lobby")
	h.stop()
	if c, err := Dial(t.Context(), h.options(token)); err == nil {
		_ = c.Close()
		t.Error("there is no server, and it connected")
	}
	opts := h.options(token)
	opts.KeepTrying = true
	tried := make(chan struct{}, 1)
	opts.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := h.reach(ctx, network, address)
		signal(tried)
		return conn, err
	}
	started := make(chan struct{})
	go func() {
		defer close(started)
		<-tried
		<-tried
		h.start()
	}()
	ana := h.dial(opts)
	<-started
	ana.join(room)
}

// TestRoomsGo deletes a room that one is in, and takes the right to another away while one is not connected.
func TestRoomsGo(t *testing.T) {
	h := newHouse(t, nil)
	anaToken, benToken := h.user("ana"), h.user("ben")
	lobby := h.room(anaToken, "lobby")
	nook, err := h.hub.CreateRoom(t.Context(), h.userOf(anaToken), earshot.Room{Name: "nook", Title: "nook", Access: earshot.AccessPrivate})
	if err != nil {
		t.Fatal(err)
	}
	ana, ben := h.userOf(anaToken), h.userOf(benToken)
	if err := h.hub.AddMember(t.Context(), ana, nook.ID, ben); err != nil {
		t.Fatal(err)
	}
	var g gate
	opts := h.options(benToken)
	opts.Dial = g.dial
	c := h.dial(opts)
	c.join(lobby)
	c.join(nook.ID)
	title := "den"
	if _, err := h.hub.ChangeRoom(t.Context(), ana, nook.ID, hub.RoomChange{Title: &title}); err != nil {
		t.Fatal(err)
	}
	if got := next[Changed](c); got.Room != nook.ID || got.Info.Title != "den" {
		t.Errorf("changed %+v", got)
	}
	if err := h.hub.DeleteRoom(t.Context(), ana, lobby); err != nil {
		t.Fatal(err)
	}
	if got := next[Closed](c); got.Room != lobby {
		t.Errorf("closed %+v", got)
	}
	g.mu.Lock()
	g.cut()
	if err := h.hub.RemoveMember(t.Context(), ana, nook.ID, ben); err != nil {
		t.Fatal(err)
	}
	g.mu.Unlock()
	if got := next[Removed](c); got.Room != nook.ID || got.Err == nil {
		t.Errorf("removed %+v", got)
	}
	if _, err := c.Post(c.ctx(), nook.ID, "x"); earshot.CodeOf(err) != earshot.CodeNotInRoom {
		t.Errorf("a post into a room one was put out of: %v", err)
	}
}
