//go:build unix

package privacy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"

	"github.com/earshot-chat/earshot/wire"
)

// client is somebody at the socket. It is made of frames, so that they can be cut, packed and left unfinished at will.
type client struct {
	t      *testing.T
	book   *book
	conn   net.Conn
	in     io.Reader
	packs  bool
	token  string // the bearer token
	resume string // what brings the session back

	deaf    sync.Mutex // held while nothing is read
	mu      sync.Mutex
	ref     int64
	seq     map[int64]uint64
	answers chan heard
	heard   int // messages
	over    chan struct{}
}

// heard is a frame from the server, as far as a test looks at it.
type heard struct {
	Type   wire.FrameType `json:"type"`
	Ref    int64          `json:"ref"`
	Room   int64          `json:"room"`
	Seq    uint64         `json:"seq"`
	Code   string         `json:"code"`
	Resume string         `json:"resume"`
	Rooms  []int64        `json:"rooms"`
	raw    []byte
}

// dial connects. What is in early is sent together with the handshake, before the server has answered it.
func dial(t *testing.T, b *book, url, token string, packs bool, early ...[]byte) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := &client{
		t: t, book: b, token: token, packs: packs, seq: map[int64]uint64{}, answers: make(chan heard, 1000),
		over: make(chan struct{}),
	}
	dialer := ws.Dialer{
		Protocols: []string{wire.Subprotocol},
		Header:    ws.HandshakeHeaderHTTP(http.Header{"Authorization": {"Bearer " + token}}),
	}
	if packs {
		dialer.Extensions = append(dialer.Extensions, wsflate.Parameters{
			ServerNoContextTakeover: true, ClientNoContextTakeover: true,
		}.Option())
	}
	if len(early) > 0 {
		dialer.WrapConn = func(conn net.Conn) net.Conn { return &hasty{Conn: conn, early: bytes.Join(early, nil)} }
	}
	conn, ahead, _, err := dialer.Dial(ctx, strings.Replace(url, "http", "ws", 1)+"/ws")
	if err != nil {
		t.Fatal(err)
	}
	c.conn, c.in = conn, bufio.NewReader(conn)
	if ahead != nil {
		c.in = io.MultiReader(ahead, conn)
	}
	go c.read()
	t.Cleanup(c.vanish)
	return c
}

// hasty sends something together with the first write.
type hasty struct {
	net.Conn
	early []byte
}

func (h *hasty) Write(p []byte) (int, error) {
	if h.early == nil {
		return h.Conn.Write(p)
	}
	_, err := h.Conn.Write(append(bytes.Clone(p), h.early...))
	h.early = nil
	return len(p), err
}

// vanish cuts the connection without a word, as a lost network does.
func (c *client) vanish() {
	_ = c.conn.Close()
	<-c.over
}

// hold has nothing read, or goes on reading.
func (c *client) hold(on bool) {
	if on {
		c.deaf.Lock()
	} else {
		c.deaf.Unlock()
	}
}

// read takes what the server sends until the connection ends.
func (c *client) read() {
	defer close(c.over)
	defer c.conn.Close() // the server waits for that
	for {
		c.deaf.Lock()
		c.deaf.Unlock() //nolint:staticcheck // only waits
		f, err := readFrame(c.in)
		if err != nil {
			return
		}
		switch f.Header.OpCode {
		case ws.OpPing:
			_ = ws.WriteFrame(c.conn, ws.MaskFrame(ws.NewPongFrame(f.Payload)))
			continue
		case ws.OpClose:
			_ = ws.WriteFrame(c.conn, ws.MaskFrame(ws.NewCloseFrame(f.Payload)))
			return
		case ws.OpText, ws.OpBinary, ws.OpContinuation, ws.OpPong:
		}
		packed := f.Payload
		compressed := f.Header.Rsv1()
		if compressed {
			if f, err = wsflate.DecompressFrame(f); err != nil {
				c.t.Errorf("unpacking: %v", err)
				return
			}
		}
		var h heard
		if err := json.Unmarshal(f.Payload, &h); err != nil {
			c.t.Errorf("reading %q: %v", f.Payload, err)
			return
		}
		h.raw = f.Payload
		c.take(h, packed, compressed)
	}
}

// readFrame reads a frame of at most a megabyte, more than the server ever sends.
func readFrame(r io.Reader) (ws.Frame, error) {
	header, err := ws.ReadHeader(r)
	if err != nil {
		return ws.Frame{}, err
	}
	if header.Length > 1<<20 {
		return ws.Frame{}, errors.New("a frame of more than a megabyte")
	}
	f := ws.Frame{Header: header, Payload: make([]byte, header.Length)}
	_, err = io.ReadFull(r, f.Payload)
	return f, err
}

func (c *client) take(h heard, packed []byte, compressed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.Seq != 0 && h.Type != wire.FramePosted {
		c.seq[h.Room] = h.Seq
	}
	if h.Type == wire.FrameClosed {
		delete(c.seq, h.Room)
	}
	if h.Type == wire.FrameMessage {
		c.heard++
		if compressed {
			_, text, _ := bytes.Cut(h.raw, []byte(`"text":"`))
			c.book.packed(string(text), packed)
		}
	}
	if h.Ref != 0 || h.Type == wire.FrameError || h.Type == wire.FrameHello {
		select {
		case c.answers <- h:
		default:
		}
	}
}

// hello waits for the server's first frame.
func (c *client) hello() *client {
	c.t.Helper()
	c.resume = c.await(func(h heard) bool { return h.Type == wire.FrameHello }).Resume
	return c
}

func (c *client) await(wanted func(heard) bool) heard {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	for {
		select {
		case h := <-c.answers:
			if wanted(h) {
				return h
			}
		case <-c.over:
			c.t.Fatal("the connection ended")
		case <-ctx.Done():
			c.t.Fatal("the answer did not come")
		}
	}
}

// ask sends a command and gives its answer. An answer must not hold anything of the command.
func (c *client) ask(cmd wire.Command) heard {
	c.t.Helper()
	c.ref++
	cmd.Ref = c.ref
	c.frames(wire.Append(nil, &cmd))
	h := c.await(func(h heard) bool { return h.Ref == cmd.Ref })
	if len(cmd.Text) > wordSize && bytes.Contains(h.raw, cmd.Text[:wordSize]) {
		c.t.Errorf("the answer %s repeats what was sent", h.raw)
	}
	return h
}

// must is ask where the answer must be of the type.
func (c *client) must(want wire.FrameType, cmd wire.Command) heard {
	c.t.Helper()
	h := c.ask(cmd)
	if h.Type != want {
		c.t.Fatalf("%s was answered with %s", cmd.Type, h.raw)
	}
	return h
}

func (c *client) post(room int64, nonce, text string) heard {
	c.t.Helper()
	return c.ask(wire.Command{Type: wire.CommandPost, Room: room, Nonce: nonce, Text: wire.Text(text)})
}

// frames sends a message in so many frames, all of it packed if the client packs. A server that has closed meanwhile does
// not matter here.
func (c *client) frames(payload []byte, parts ...int) {
	c.t.Helper()
	for _, f := range c.cut(payload, parts...) {
		if err := ws.WriteFrame(c.conn, f); err != nil && !errors.Is(err, net.ErrClosed) {
			c.t.Logf("writing: %v", err)
		}
	}
}

// cut gives the frames of a message; parts are the lengths of all but the last.
func (c *client) cut(payload []byte, parts ...int) []ws.Frame {
	whole := ws.NewTextFrame(payload)
	if c.packs {
		packed, err := wsflate.CompressFrame(whole)
		if err != nil {
			c.t.Fatal(err)
		}
		if _, text, ok := bytes.Cut(payload, []byte(`"text":"`)); ok {
			c.book.packed(string(text), packed.Payload)
		}
		whole = packed
	}
	var frames []ws.Frame
	rest := whole.Payload
	for i, n := range append(parts, len(rest)) {
		n = min(n, len(rest))
		f := ws.NewFrame(ws.OpContinuation, i == len(parts), rest[:n])
		if i == 0 {
			f.Header.OpCode, f.Header.Rsv = ws.OpText, whole.Header.Rsv
		}
		frames = append(frames, ws.MaskFrame(f))
		rest = rest[n:]
	}
	return frames
}

// comeBack resumes over a new connection, in the rooms where the client was.
func (c *client) comeBack(url string) *client {
	c.t.Helper()
	c.vanish() // from here on nobody else looks at it
	next := dial(c.t, c.book, url, c.token, c.packs)
	next.ref = c.ref
	seen := []wire.Seen{}
	for room, seq := range c.seq {
		seen = append(seen, wire.Seen{Room: room, Seq: seq})
		next.seq[room] = seq
	}
	next.hello()
	h := next.ask(wire.Command{Type: wire.CommandResume, Token: c.resume, Seen: seen})
	if h.Type != wire.FrameResumed || len(h.Rooms) != len(seen) {
		c.t.Fatalf("resuming in %v was answered with %s", seen, h.raw)
	}
	return next
}
