package ws

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/transport/websocket"
)

// oneRoom is a store with one public room.
type oneRoom struct{ earshot.RoomStore }

func (oneRoom) Room(_ context.Context, id earshot.RoomID) (earshot.Room, error) {
	return earshot.Room{ID: id, Name: "room", Title: "room", Access: earshot.AccessPublic}, nil
}

// BenchmarkPost is a post from its text to its acknowledgement, without a network.
func BenchmarkPost(b *testing.B) {
	cfg := hub.DefaultConfig()
	cfg.PostsPerSecond, cfg.PostsBurst = 1e9, 1e9
	h := hub.New(hub.Options{Relay: local.New(), Rooms: oneRoom{}, Config: cfg})
	defer func() { _ = h.Close(b.Context()) }()
	srv := &Server{hub: h, frameBytes: 1000, begin: time.Now(), log: slog.New(slog.DiscardHandler), conns: websocket.NewConnected[*conn]()}
	c := &conn{srv: srv, link: &sink{}}
	if _, err := h.Connect(earshot.User{ID: 1, IsActive: true}, earshot.SecretHash{}, func(s *hub.Session) hub.Conn {
		c.session = s
		return c
	}); err != nil {
		b.Fatal(err)
	}
	c.command([]byte(`{"type":"join","ref":1,"room":1}`))()
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		c.command(fmt.Appendf(buf[:0], `{"type":"post","ref":2,"room":1,"nonce":"n%d","text":"hello to all of you"}`, n))
	}
}
