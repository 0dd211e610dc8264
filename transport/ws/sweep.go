package ws

import (
	"context"
	"time"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

const (
	sweepEvery = time.Second
	// unfinishedTime is how long a message may take to come whole: a peer that sends a byte a second holds its buffer no
	// longer than this.
	unfinishedTime = 20 * time.Second
	// stallTime is how long a connection may leave what waits for it untouched.
	stallTime = 30 * time.Second
)

// sweep looks at all connections once a second. One goroutine for all is less than a timer for each, and a look at
// 18,000 takes some two milliseconds.
func (s *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	// The protocol's ping finds out whether the client is there; ours lets a page know that the server is (wire.Ping). Both
	// go in one write.
	ping := append(ws.MustCompileFrame(ws.NewPingFrame(nil)), frameOf(&wire.Ping{Type: wire.FramePing})...)
	var conns []*conn
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := s.clock()
		conns = s.all(conns)
		for _, c := range conns {
			s.look(c, now, ping)
		}
		clear(conns) // they are not kept from going by having been looked at
	}
}

// look ends the connection if it is dead, and pings it if it is due.
func (s *Server) look(c *conn, now int64, ping []byte) {
	every := int64(max(s.ping, time.Second) / time.Second)
	silent := now - c.heard.Load()
	since := c.since.Load()
	switch stalled := c.link.stalledSince(); {
	case c.closedAt.Load() != 0:
		if now-c.closedAt.Load() > int64(lingerTime/time.Second) {
			c.link.abort()
		}
	case silent > 2*every:
		c.Close(earshot.CloseSilent)
	case since != 0 && now-since > int64(unfinishedTime/time.Second):
		c.Close(earshot.CloseSilent)
	case !stalled.IsZero() && time.Since(stalled) > stallTime:
		c.Close(earshot.CloseSlow)
	case now-c.pinged >= every:
		c.pinged = now
		c.Write(ping)
	}
}
