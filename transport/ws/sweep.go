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
	// pingsInARow is how many connections are pinged in one go, and pingPause the wait before the next go. A ping is a write
	// of some five microseconds, and connections that came together are due together: a thousand in a row held up what was
	// said meanwhile by 5 ms on one core, and their thousand pongs by another 2. In portions nobody waits for over 0.1 ms.
	pingsInARow = 16
	pingPause   = time.Millisecond
)

// sweep looks at all connections once a second. One goroutine for all is less than a timer for each, and a look at
// 18,000 takes some two milliseconds, the pings not counted.
func (s *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	// The protocol's ping finds out whether the client is there; ours lets a page know that the server is (wire.Ping). Both
	// go in one write.
	ping := append(ws.MustCompileFrame(ws.NewPingFrame(nil)), frameOf(&wire.Ping{Type: wire.FramePing})...)
	var conns []*conn
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := s.clock()
		conns = s.conns.All(conns)
		pings := 0
		for _, c := range conns {
			if !s.look(c, now, ping) {
				continue
			}
			if pings++; pings%pingsInARow != 0 {
				continue
			}
			// All pauses together are at most half of the time to the next sweep.
			pause.Reset(min(pingPause, sweepEvery/2*pingsInARow/time.Duration(len(conns))))
			select {
			case <-ctx.Done():
				return
			case <-pause.C:
			}
		}
		clear(conns) // they are not kept from going by having been looked at
	}
}

// look ends the connection if it is dead, and pings it if it is due; it tells whether it was.
func (s *Server) look(c *conn, now int64, ping []byte) bool {
	every := int64(max(s.ping, time.Second) / time.Second)
	silent := now - c.heard.Load()
	since := c.since.Load()
	switch stalled := c.link.stalledSince(); {
	case c.closedAt.Load() != 0:
		if now-c.closedAt.Load() > int64(s.linger/time.Second) {
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
		return true
	}
	return false
}
