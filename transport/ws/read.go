package ws

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/wipe"
	"github.com/earshot-chat/earshot/transport/websocket"
)

// reader turns the bytes that come in into messages. Between two messages it holds no memory: only what is left of a
// frame that did not come whole, or of a message in several frames, is kept, and both are bounded.
type reader struct {
	// partial is the beginning of a frame.
	partial []byte
	// message is what came of a fragmented message, and fragmented tells that there is one.
	message    []byte
	fragmented bool
	// packed tells that the message which is coming in is compressed.
	packed bool
	// since is when partial or message began, in seconds of the server's clock; 0 if both are empty.
	since atomic.Int64
}

// violation is an end of the connection by the rules of RFC 6455, section 7.4.1.
type violation struct {
	code   ws.StatusCode
	reason string
}

func (v *violation) Error() string { return v.reason }

// receive takes bytes as they came. It changes them (masks are taken off in place), does not keep them, and clears them:
// what was said is not to lie about in a buffer that waits for the next read. If it returns a function, that is a command
// which may take its time: the link carries it out, where it holds up nobody else, and then calls receive with nothing,
// for what came behind it.
func (c *conn) receive(data []byte) (later func()) {
	c.heard.Store(c.srv.clock())
	defer clear(data)
	whole, own := data, len(c.partial) > 0
	if own {
		whole = c.partial
		if len(data) > 0 {
			whole = slices.Concat(c.partial, data)
			clear(c.partial)
		}
		c.partial = nil
	}
	rest := whole
	for later == nil && c.closedAt.Load() == 0 {
		header, payload, size, err := c.next(rest)
		if err == errPartial { //nolint:errorlint // our own value
			break
		}
		if !c.session.Frame() {
			c.Close(earshot.CloseAbuse)
			break
		}
		rest = rest[size:]
		if err == nil {
			later, err = c.frame(header, payload)
		}
		if v, ok := errors.AsType[*violation](err); ok {
			c.close(v.code, v.reason)
		}
	}
	clear(whole[:len(whole)-len(rest)])
	// What is ours is kept as it is, unless little is left of it: so a thousand commands in one segment, each of which is
	// waited for, are copied a few times and not a thousand.
	c.keep(rest, own && len(rest) > len(whole)/2)
	return later
}

// digest receives, and carries out what must be waited for right here.
func (c *conn) digest(data []byte) {
	for later := c.receive(data); later != nil; later = c.receive(nil) {
		later()
	}
}

// errPartial: the frame has not come whole yet.
var errPartial = errors.New("ws: partial frame")

// next finds the next frame in data and takes its mask off. What the header declares is checked before a byte of the
// payload is waited for.
func (c *conn) next(data []byte) (header ws.Header, payload []byte, size int, err error) {
	header, start, err := c.srv.header(data)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return header, nil, 0, errPartial
	case err != nil:
		return header, nil, len(data), &violation{ws.StatusProtocolError, "the frame's header is not valid"}
	}
	state := ws.StateServerSide
	if c.fragmented {
		state = state.Set(ws.StateFragmented)
	}
	check := header
	if c.deflate {
		// RFC 7692, section 6: the bit may stand on the first frame of a message. The others stay forbidden.
		if check, _, err = wsflate.UnsetBit(header); err != nil {
			return header, nil, len(data), &violation{ws.StatusProtocolError, "a bit is set that compression does not allow here"}
		}
	}
	if err := ws.CheckHeader(check, state); err != nil {
		return header, nil, len(data), &violation{ws.StatusProtocolError, err.Error()}
	}
	if header.OpCode == ws.OpBinary {
		return header, nil, len(data), &violation{ws.StatusUnsupportedData, "only text messages are understood"}
	}
	if !header.OpCode.IsControl() && header.Length > int64(c.srv.frameBytes-len(c.message)) {
		return header, nil, len(data), &violation{ws.StatusMessageTooBig, "the message is longer than this server allows"}
	}
	end := start + int(header.Length)
	if end > len(data) {
		return header, nil, 0, errPartial
	}
	payload = data[start:end]
	ws.Cipher(payload, header.Mask, 0)
	return header, payload, end, nil
}

// headerReader is what the header of a frame is read with.
type headerReader struct {
	bytes.Reader
	buf [ws.MaxHeaderSize]byte
}

// header reads the header at the beginning of data and tells how long it is. It allocates nothing: what ten thousand
// pongs left as garbage, 128 bytes each, cost a connection at rest up to 400 bytes between two collections.
func (s *Server) header(data []byte) (h ws.Header, size int, err error) {
	r, ok := s.headers.Get().(*headerReader)
	if !ok {
		r = new(headerReader)
	}
	r.Reset(data)
	h, err = ws.ReadHeaderBuffer(r, r.buf[:])
	size = len(data) - r.Len()
	r.Reset(nil) // what was said is not held by the pool
	s.headers.Put(r)
	return h, size, err
}

// frame acts on one whole frame.
func (c *conn) frame(h ws.Header, payload []byte) (later func(), err error) {
	switch h.OpCode {
	case ws.OpPing:
		c.Write(ws.MustCompileFrame(ws.NewPongFrame(payload)))
		return nil, nil
	case ws.OpPong:
		return nil, nil
	case ws.OpClose:
		c.answerClose(payload)
		return nil, nil
	case ws.OpText, ws.OpContinuation, ws.OpBinary: // next has refused the last
	}
	if h.OpCode == ws.OpText {
		c.packed = h.Rsv1()
	}
	if !h.Fin {
		c.fragmented = true
		c.hold(payload)
		return nil, nil
	}
	if c.fragmented {
		c.hold(payload)
		payload = c.message
		defer c.release()
	}
	if c.packed {
		if payload, err = c.srv.inflater.inflate(payload, c.srv.frameBytes); err != nil {
			return nil, err
		}
		defer clear(payload)
	}
	// Section 8.1: text that is not UTF-8 ends the connection. Fragments may split a character, so the whole is checked.
	if !utf8.Valid(payload) {
		return nil, &violation{ws.StatusInvalidFramePayloadData, "the text is not UTF-8"}
	}
	return c.command(payload), nil
}

// answerClose sends the client's close code back (section 5.5.1), or says what is wrong with it.
func (c *conn) answerClose(payload []byte) {
	if len(payload) == 0 {
		// Who says nothing may come back, as if the connection had been cut: browsers close so when a page goes.
		c.finish(ws.StatusNoStatusRcvd, websocket.CloseMessage(ws.StatusNormalClosure, ""))
		return
	}
	code, reason := ws.ParseCloseFrameData(payload)
	if err := ws.CheckCloseFrameData(code, reason); err != nil || len(payload) == 1 {
		c.close(ws.StatusProtocolError, "the close frame is not valid")
		return
	}
	c.close(code, "")
}

// hold keeps a fragment, in no more memory than it needs: few clients send any.
func (r *reader) hold(payload []byte) { r.message = wipe.Append(r.message, payload, 0) }

// release lets a fragmented message go.
func (r *reader) release() {
	clear(r.message)
	r.message, r.fragmented = nil, false
}

// keep keeps what was not read until more comes, itself or a copy, and notes since when something is unfinished.
func (c *conn) keep(rest []byte, itself bool) {
	switch {
	case c.closedAt.Load() != 0:
		clear(rest)
	case len(rest) == 0:
	case itself:
		c.partial = rest
	default:
		c.partial = bytes.Clone(rest)
		clear(rest)
	}
	switch unfinished := len(c.partial) > 0 || c.fragmented; {
	case !unfinished:
		c.since.Store(0)
	case c.since.Load() == 0:
		c.since.Store(c.srv.clock())
	}
}
