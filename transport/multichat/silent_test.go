package multichat

import (
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
)

// pipe is a server with one connection over a pipe, in a bubble whose clock the test moves.
type pipe struct {
	t      *testing.T
	hub    *hub.Hub
	srv    *Server
	client net.Conn
	drips  sync.WaitGroup
}

// drip writes first and then next, once a second, until the connection ends. Nobody else may write meanwhile: a pipe's
// writers wait for each other in a way that holds up the bubble's clock.
func (p *pipe) drip(first, next []byte) {
	p.drips.Go(func() {
		for b := first; ; b = next {
			if _, err := p.client.Write(b); err != nil {
				return
			}
			<-time.After(time.Second)
		}
	})
}

func newPipe(t *testing.T) *pipe {
	t.Helper()
	p := &pipe{t: t, hub: hub.New(hub.Options{Relay: local.New(), Config: hub.DefaultConfig()})}
	p.srv = New(Options{Hub: p.hub, FrameBytes: 1000, Ping: 12 * time.Second, WriteBuffer: 1000, Notices: true})
	near, far := net.Pipe()
	p.client = far
	p.srv.serve(near, nil, earshot.User{ID: 1, Username: "ana", IsActive: true}, earshot.SecretHash{1}, netip.Addr{})
	return p
}

// end expects that nothing is left of the connection, and ends the server.
func (p *pipe) end() {
	p.t.Helper()
	synctest.Wait()
	if got := p.hub.Stats(); got != (hub.Stats{}) {
		p.t.Errorf("left: %+v", got)
	}
	_ = p.client.Close()
	p.drips.Wait()
	if err := p.hub.Close(p.t.Context()); err != nil {
		p.t.Error(err)
	}
	if err := p.srv.Close(p.t.Context()); err != nil {
		p.t.Error(err)
	}
}

// closeCode reads to the close frame or the end (0), answering pings if it should.
func (p *pipe) closeCode(pong bool) ws.StatusCode {
	for {
		f, err := websockettest.ReadFrame(p.client)
		if err != nil {
			return 0
		}
		switch {
		case f.Header.OpCode == ws.OpPing && pong:
			if err := ws.WriteFrame(p.client, ws.MaskFrame(ws.NewPongFrame(f.Payload))); err != nil {
				return 0
			}
		case f.Header.OpCode == ws.OpClose:
			code, _ := ws.ParseCloseFrameData(f.Payload)
			return code
		}
	}
}

// A half-open connection is to be found within 30 s.
func TestSilentClientIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe(t)
		begin := time.Now()
		if code := p.closeCode(false); code != 4001 {
			t.Errorf("closed with %d", code)
		}
		if took := time.Since(begin); took != 24*time.Second {
			t.Errorf("found after %v", took)
		}
		p.end()
	})
}

func TestClientThatAnswersPingsStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe(t)
		time.AfterFunc(time.Hour, func() { _ = p.client.Close() })
		begin := time.Now()
		if code := p.closeCode(true); code != 0 || time.Since(begin) != time.Hour {
			t.Errorf("closed with %d after %v", code, time.Since(begin))
		}
		p.end()
	})
}

// A client that sends a byte a second, or a fragment a second, holds its buffer for no longer than a message may take.
func TestUnfinishedMessagesEnd(t *testing.T) {
	for name, drip := range map[string]struct{ first, next []byte }{
		"of a frame":   {[]byte{0x81, 0xfe}, []byte{1}},
		"of fragments": {compileMasked(ws.OpText), compileMasked(ws.OpContinuation)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipe(t)
				p.drip(drip.first, drip.next)
				begin := time.Now()
				if code := p.closeCode(false); code != 4001 || time.Since(begin) > 25*time.Second {
					t.Errorf("closed with %d after %v", code, time.Since(begin))
				}
				p.end()
			})
		})
	}
}

func compileMasked(op ws.OpCode) []byte {
	return ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(op, false, []byte("x"))))
}

// A client that takes nothing at all, not even the pings, is cut.
func TestStalledClientIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe(t)
		pong := ws.MustCompileFrame(ws.MaskFrame(ws.NewPongFrame(nil)))
		p.drip(pong, pong)
		begin := time.Now()
		for p.hub.Stats().Sessions > 0 {
			time.Sleep(time.Second)
		}
		if took := time.Since(begin); took > 45*time.Second {
			t.Errorf("cut after %v", took)
		}
		p.end()
	})
}

// What waits for a client is bounded, also while some of it is on its way, and what was kept is cleared.
func TestOutboxIsBounded(t *testing.T) {
	o := newOutbox(10)
	if o.put([]byte("12345")) != nil || o.put([]byte("6789")) != nil {
		t.Fatal("refused what fits")
	}
	if err := o.put([]byte("ab")); err != errSlow { //nolint:errorlint // our own value
		t.Fatalf("took too much: %v", err)
	}
	run, _ := o.take()
	if string(run) != "123456789" {
		t.Fatalf("gave %q", run)
	}
	if err := o.put([]byte("ab")); err != errSlow { //nolint:errorlint // our own value
		t.Fatalf("what is on its way does not count: %v", err)
	}
	o.last([]byte("the end"), time.Second)
	_ = o.put([]byte("x"))
	if run, by := o.take(); string(run) != "the end" || by.IsZero() {
		t.Fatalf("gave %q", run)
	}
	if run, _ := o.take(); run != nil {
		t.Fatalf("gave %q", run)
	}
}

func TestOutboxClearsWhatItOutgrows(t *testing.T) {
	o := newOutbox(1 << 20)
	_ = o.put([]byte("secret"))
	first := o.pending[:cap(o.pending)]
	_ = o.put(make([]byte, cap(first)))
	for _, b := range first {
		if b != 0 {
			t.Fatalf("left behind: %q", first)
		}
	}
}

// FuzzRead gives bytes to a connection: it reads them to the end, and keeps no more than a message.
func FuzzRead(f *testing.F) {
	f.Add(ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(`{"command":"join","room":1}`)))))
	f.Add([]byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		r := &reader{in: &ahead{append([]byte(nil), data...), eof{}}, max: 1000}
		for {
			h, payload, err := r.frame()
			if err != nil {
				return
			}
			if !h.OpCode.IsControl() {
				r.hold(payload)
			}
			if len(payload) > 1000 || cap(r.message) > 1000 {
				t.Fatalf("a payload of %d bytes, %d kept", len(payload), cap(r.message))
			}
			if h.Fin && !h.OpCode.IsControl() {
				r.release()
			}
		}
	})
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// FuzzDecode gives anything to the decoder: what it takes as a room's id is written back as it came.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"command":"send","room":"1","message":"x"}`))
	f.Add([]byte(`{"command":"join","room":9223372036854775807}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		cmd, err := decode(data)
		cmd.clear()
		if err == nil && (cmd.id <= 0 || cmd.text != (cmd.Room.Kind() == '"')) {
			t.Fatalf("%q became %+v", data, cmd)
		}
		if err != nil && earshot.CodeOf(err) == earshot.CodeInternal {
			t.Fatal(err)
		}
	})
}
