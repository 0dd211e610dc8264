package ws_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	gobwas "github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/websocket/websockettest"
	"github.com/earshot-chat/earshot/transport/ws"
)

// secureLinks are the kinds of link under TLS, for tests of its records: those are not of one link with HTTP/2.
func secureLinks(t *testing.T, run func(t *testing.T, opts setup)) {
	t.Helper()
	links(t, func(t *testing.T, opts setup) {
		if opts.secure && !opts.http2 {
			run(t, opts)
		}
	})
}

// dam keeps what TLS writes until it is let out.
type dam struct {
	net.Conn
	kept   bytes.Buffer
	closed bool
}

func (d *dam) Write(b []byte) (int, error) {
	if !d.closed {
		return d.Conn.Write(b)
	}
	return d.kept.Write(b)
}

// let sends what was kept, in pieces of so many bytes.
func (d *dam) let(piece int) error {
	for d.kept.Len() > 0 {
		if _, err := d.Conn.Write(d.kept.Next(piece)); err != nil {
			return err
		}
	}
	return nil
}

// dialDammed is dialRaw over TLS whose records can be kept back and sent together or in pieces.
func (h *house) dialDammed(user string) (*raw, *dam) {
	h.t.Helper()
	transport, ok := h.http.Client().Transport.(*http.Transport)
	if !ok {
		h.t.Fatal("no transport")
	}
	var d net.Dialer
	nc, err := d.DialContext(h.t.Context(), "tcp", h.http.Listener.Addr().String())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = nc.Close() })
	gate := &dam{Conn: nc}
	cfg := transport.TLSClientConfig.Clone()
	cfg.ServerName = "127.0.0.1"
	r := &raw{websockettest.New(h.t, tls.Client(gate, cfg), patience)}
	r.write(fmt.Appendf(nil, "GET /ws?user=%s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: earshot.v1\r\n\r\n", user))
	var head []byte
	for one := make([]byte, 1); !bytes.HasSuffix(head, []byte("\r\n\r\n")); head = append(head, one[0]) {
		if _, err := io.ReadFull(r.Conn, one); err != nil {
			h.t.Fatalf("after %q: %v", head, err)
		}
	}
	r.answers(`"type":"hello"`)
	return r, gate
}

// TestRecordsInOneGo has many records come in one segment, behind a command that is waited for, and again a byte at a time:
// what TLS has read ahead is not forgotten, and what it has of a record neither.
func TestRecordsInOneGo(t *testing.T) {
	secureLinks(t, func(t *testing.T, opts setup) {
		h := newHouse(t, opts, nil)
		h.addUsers("ana")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		r, gate := h.dialDammed("ana")
		for _, piece := range []int{1 << 20, 1} {
			gate.closed = true
			r.write(compile(gobwas.OpText, true, fmt.Sprintf(`{"type":"join","ref":1,"room":%d}`, room)))
			for range 5 {
				r.write(compile(gobwas.OpText, true, probe))
			}
			r.write(compile(gobwas.OpText, true, fmt.Sprintf(`{"type":"leave","ref":2,"room":%d}`, room)))
			gate.closed = false
			if err := gate.let(piece); err != nil {
				t.Fatal(err)
			}
			r.awaits(`"type":"joined"`)
			for range 5 {
				r.awaits(probeAnswer)
			}
			r.awaits(`"type":"left"`)
		}
	})
}

// awaits reads until an answer, and lets events pass.
func (r *raw) awaits(want string) {
	r.T.Helper()
	for {
		got := r.text()
		if strings.Contains(got, want) {
			return
		}
		if !strings.Contains(got, `"entered"`) && !strings.Contains(got, `"departed"`) {
			r.T.Fatalf("read %s, want %s", got, want)
		}
	}
}

// TestMuchInOneGo sends more than is read before others have their turn.
func TestMuchInOneGo(t *testing.T) {
	secureLinks(t, func(t *testing.T, opts setup) {
		h := newHouse(t, opts, nil)
		h.addUsers("ana")
		r, gate := h.dialDammed("ana")
		gate.closed = true
		long := probe[:len(probe)-1] + strings.Repeat(" ", 60_000-len(probe)) + "}"
		for range 10 {
			r.write(compile(gobwas.OpText, true, long))
		}
		gate.closed = false
		sent := make(chan error, 1)
		go func() { sent <- gate.let(1 << 20) }()
		for range 10 {
			r.answers(probeAnswer)
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
	})
}

// TestSlowReaderUnderTLSIsToldWhy has a client read nothing until its bound is reached, and then everything: the row of
// records is whole up to the close frame with its code, however full the backlog was.
func TestSlowReaderUnderTLSIsToldWhy(t *testing.T) {
	links(t, func(t *testing.T, opts setup) {
		if !opts.secure {
			return
		}
		opts.Options = ws.LingeringForTest(opts.Options, patience)
		opts.WriteBuffer = 64 << 10
		if !opts.Goroutines {
			opts.WriteBuffer = 1 // what does not go of one write is over it, and so is the close frame
		}
		h := newHouse(t, opts, func(c *hub.Config) { c.PostsPerSecond, c.PostsBurst, c.Grace = 1e6, 1e6, 0 })
		h.addUsers("ana", "slow")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		slow := h.dialRaw("slow")
		slow.write(compile(gobwas.OpText, true, fmt.Sprintf(`{"type":"join","ref":1,"room":%d}`, room)))
		slow.answers(`"type":"joined"`)
		slow.answers(`"type":"entered"`) // before that there would be nothing to tell of its going
		ana := h.dial("ana")
		ana.reads("hello")
		ana.send(`{"type":"join","ref":1,"room":%d}`, room)
		text := strings.Repeat("x", 8000)
		for i := 0; ; i++ {
			if i > 5000 {
				t.Fatal("40 MB wait for one that reads nothing")
			}
			ana.send(`{"type":"post","ref":%d,"room":%d,"nonce":"n%d","text":"%s"}`, i+2, room, i, text)
			gone := false
			for posted, heard := false, false; !posted || !heard; {
				got := ana.read()
				posted = posted || strings.Contains(got, `"type":"posted"`)
				heard = heard || strings.Contains(got, fmt.Sprintf(`"nonce":"n%d","text"`, i))
				gone = gone || strings.Contains(got, `"type":"departed"`)
			}
			if gone {
				break
			}
		}
		for {
			f, err := websockettest.ReadFrame(slow.Conn)
			if err != nil {
				t.Fatalf("it is not told why: %v", err)
			}
			if f.Header.OpCode == gobwas.OpClose {
				if code, _ := gobwas.ParseCloseFrameData(f.Payload); code != 4000 {
					t.Errorf("closed with %d", code)
				}
				return
			}
		}
	})
}
