package ws

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/transport/websocket"
)

// LingeringForTest gives clients so long to read what was written before the end.
func LingeringForTest(opts Options, most time.Duration) Options {
	opts.linger = most
	return opts
}

// sink is a link to nowhere that carries everything out at once.
type sink struct{ finished bool }

func (*sink) room(context.Context) {}

func (s *sink) write([]byte) error      { return nil }
func (s *sink) hold([]byte) error       { return nil }
func (s *sink) finish([]byte)           { s.finished = true }
func (s *sink) abort()                  {}
func (s *sink) stalledSince() time.Time { return time.Time{} }

// fed makes a connection of a server without loops, over a link to nowhere; end ends both.
func fed(tb testing.TB, cfg hub.Config) (c *conn, end func()) {
	tb.Helper()
	h := hub.New(hub.Options{Relay: local.New(), Config: cfg})
	srv := &Server{
		hub: h, frameBytes: 1000, begin: time.Now(), log: slog.New(slog.DiscardHandler), conns: websocket.NewConnected[*conn](),
	}
	c = &conn{srv: srv, link: &sink{}}
	if _, err := h.Connect(earshot.User{ID: 1}, earshot.SecretHash{}, func(s *hub.Session) hub.Conn {
		c.session = s
		return c
	}); err != nil {
		tb.Fatal(err)
	}
	return c, func() {
		c.gone()
		if err := h.Close(tb.Context()); err != nil {
			tb.Error(err)
		}
	}
}

// FeedForTest gives the bytes to a connection, cut into pieces, and checks that no more than a frame is ever kept.
func FeedForTest(t *testing.T, data []byte, cut int) {
	t.Helper()
	c, end := fed(t, hub.DefaultConfig())
	defer end()
	srv := c.srv
	for len(data) > 0 {
		n := min(cut, len(data))
		c.digest(append([]byte(nil), data[:n]...))
		data = data[n:]
		if len(c.partial) > srv.frameBytes+14 || len(c.message) > srv.frameBytes {
			t.Fatalf("kept %d and %d bytes", len(c.partial), len(c.message))
		}
	}
}

// BenchmarkReceivePong is all that a client at rest sends: it must leave no garbage.
func BenchmarkReceivePong(b *testing.B) {
	cfg := hub.DefaultConfig()
	cfg.FramesPerSecond = 2e9
	c, end := fed(b, cfg)
	defer end()
	pong := ws.MustCompileFrame(ws.MaskFrameInPlaceWith(ws.NewPongFrame(nil), [4]byte{1, 2, 3, 4}))
	data := make([]byte, len(pong))
	b.ReportAllocs()
	for b.Loop() {
		copy(data, pong)
		c.digest(data)
	}
}
