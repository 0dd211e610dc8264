package ws

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/transport/websocket/websockettest"
	"github.com/earshot-chat/earshot/wire"
)

// pipe is a server with one connection over a pipe, in a bubble whose clock the test moves.
type pipe struct {
	t      *testing.T
	hub    *hub.Hub
	srv    *Server
	client net.Conn
}

func newPipe(t *testing.T, opts Options) *pipe {
	t.Helper()
	p := &pipe{t: t, hub: hub.New(hub.Options{Relay: local.New(), Config: hub.DefaultConfig()})}
	opts.Hub, opts.Goroutines = p.hub, true
	var err error
	if p.srv, err = New(opts); err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	p.client = far
	p.srv.serve(&conn{srv: p.srv}, near, nil, earshot.User{ID: 1, Username: "ana", IsActive: true}, earshot.SecretHash{1}, netip.Addr{})
	return p
}

func (p *pipe) end() {
	p.t.Helper()
	_ = p.client.Close()
	if err := p.hub.Close(p.t.Context()); err != nil {
		p.t.Error(err)
	}
	if err := p.srv.Close(p.t.Context()); err != nil {
		p.t.Error(err)
	}
}

// read gives the frames up to the close frame or the end, answering pings if it should.
func (p *pipe) read(pong bool) (frames []ws.Frame) {
	for {
		f, err := websockettest.ReadFrame(p.client)
		if err != nil {
			return frames
		}
		frames = append(frames, f)
		if f.Header.OpCode == ws.OpPing && pong {
			if err := ws.WriteFrame(p.client, ws.MaskFrame(ws.NewPongFrame(f.Payload))); err != nil {
				return frames
			}
		}
		if f.Header.OpCode == ws.OpClose {
			return frames
		}
	}
}

func wantClose(t *testing.T, frames []ws.Frame, want ws.StatusCode) {
	t.Helper()
	if len(frames) == 0 {
		t.Fatalf("no frames, want a close frame with %d", want)
	}
	last := frames[len(frames)-1]
	if code, reason := ws.ParseCloseFrameData(last.Payload); last.Header.OpCode != ws.OpClose || code != want {
		t.Errorf("the last frame is %+v %d %q, want close %d", last.Header, code, reason, want)
	}
}

func TestSilentClientIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe(t, Options{})
		defer p.end()
		begin := time.Now()
		frames := p.read(false)
		wantClose(t, frames, wire.CloseSilent)
		// A half-open connection is to be found within 30 s.
		if took := time.Since(begin); took < 2*DefaultPing || took > 30*time.Second {
			t.Errorf("found after %v", took)
		}
		if got := p.hub.Stats().Sessions; got != 0 {
			synctest.Wait()
			if got = p.hub.Stats().Sessions; got != 0 {
				t.Errorf("%d sessions left", got)
			}
		}
	})
}

// Pings of those who are due together must not hold up what is said meanwhile for as long as all of them take.
func TestPingsComeInPortions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients = 5 * pingsInARow
		p := newPipe(t, Options{})
		var mu sync.Mutex
		portions := make(map[time.Time]int)
		var pinged, ended sync.WaitGroup
		pinged.Add(clients)
		for i := range clients {
			near, far := net.Pipe()
			ended.Go(func() {
				defer func() { _ = far.Close() }()
				for {
					f, err := websockettest.ReadFrame(far)
					if err != nil {
						t.Error(err)
						pinged.Done()
						return
					}
					if f.Header.OpCode == ws.OpPing {
						break
					}
				}
				mu.Lock()
				portions[time.Now()]++
				mu.Unlock()
				pinged.Done()
				pinged.Wait() // who goes away is pinged no more
			})
			id := earshot.UserID(2 + i)
			p.srv.serve(&conn{srv: p.srv}, near, nil, earshot.User{ID: id, Username: "ana", IsActive: true}, earshot.SecretHash{1}, netip.Addr{})
		}
		ended.Go(func() { p.read(true) })
		pinged.Wait()
		var first, last time.Time
		for at, n := range portions {
			if n > pingsInARow {
				t.Errorf("%d pings in a row, want %d at most", n, pingsInARow)
			}
			if first.IsZero() || at.Before(first) {
				first = at
			}
			if at.After(last) {
				last = at
			}
		}
		if last.Sub(first) > sweepEvery/2 {
			t.Errorf("the pings took %v", last.Sub(first))
		}
		p.end()
		ended.Wait()
	})
}

func TestAnsweringClientStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe(t, Options{})
		var frames []ws.Frame
		var wg sync.WaitGroup
		wg.Go(func() { frames = p.read(true) })
		time.Sleep(time.Hour) // the bubble's clock
		if got := p.hub.Stats().Sessions; got != 1 {
			t.Errorf("%d sessions after an hour", got)
		}
		p.end()
		wg.Wait()
		// A ping of the protocol and one for the page, each 12 seconds.
		if n := len(frames); n < 2*290 || n > 2*305 {
			t.Errorf("%d frames in an hour", n)
		}
	})
}

func TestUnfinishedMessageIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe(t, Options{})
		defer p.end()
		var wg sync.WaitGroup
		var frames []ws.Frame
		begin := time.Now()
		wg.Go(func() { frames = p.read(true) })
		// One byte a second of a message of 60,000.
		header := []byte{0x81, 0xfe, 0xea, 0x60, 1, 2, 3, 4}
		_, err := p.client.Write(header)
		for err == nil && time.Since(begin) < time.Hour {
			time.Sleep(time.Second) // the bubble's clock
			_, err = p.client.Write([]byte{'x'})
			if p.hub.Stats().Sessions == 0 {
				break
			}
		}
		wg.Wait()
		wantClose(t, frames, wire.CloseSilent)
		if took := time.Since(begin); took > unfinishedTime+5*time.Second {
			t.Errorf("ended after %v", took)
		}
	})
}

func TestStalledReaderIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe(t, Options{})
		defer p.end()
		// Nothing is read from the pipe, not even hello; but the client keeps talking.
		begin := time.Now()
		var err error
		for err == nil && time.Since(begin) < time.Hour {
			_, err = p.client.Write(ws.MustCompileFrame(ws.MaskFrame(ws.NewPongFrame(nil))))
			time.Sleep(5 * time.Second) // the bubble's clock
		}
		if took := time.Since(begin); took > stallTime+lingerTime+15*time.Second {
			t.Errorf("ended after %v", took)
		}
	})
}

func TestBacklogIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe(t, Options{WriteBuffer: 10_000})
		defer p.end()
		c := p.srv.conns.All(nil)[0]
		frame := make([]byte, 1000)
		for range 100 {
			c.Write(frame)
		}
		s, ok := c.link.(*stream)
		if !ok {
			t.Fatalf("a link of type %T", c.link)
		}
		s.mu.Lock()
		if kept := len(s.pending.bytes) + s.flying; kept > 10_000+200 {
			t.Errorf("%d bytes kept", kept)
		}
		s.mu.Unlock()
		frames := p.read(true)
		wantClose(t, frames, wire.CloseSlow)
	})
}

func TestCloseDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe(t, Options{})
		defer p.client.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		if err := p.hub.Close(ctx); err != nil {
			t.Error(err)
		}
		// The client reads nothing and does not close.
		if err := p.srv.Close(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("took %v", took)
		}
		if _, err := io.ReadAll(p.client); err != nil {
			t.Errorf("the pipe is left open: %v", err)
		}
	})
}
