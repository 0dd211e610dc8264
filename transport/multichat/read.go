package multichat

import (
	"errors"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/wipe"
)

// violation is an end of the connection by the rules of RFC 6455, section 7.4.1.
type violation struct {
	code   ws.StatusCode
	reason string
}

func (v *violation) Error() string { return v.reason }

// unfinishedTime is how long a message may take to come whole.
const unfinishedTime = 20 * time.Second

// reader cuts what comes in into messages. It reads from the connection without a buffer in between, which would keep
// what was said.
type reader struct {
	in  io.Reader
	max int
	// message is what came of a fragmented message since that time.
	message    []byte
	fragmented bool
	packed     bool
	since      time.Time
}

// read reads until the connection ends, and closes it if that is not in order.
func (c *conn) read(early []byte) {
	r := &reader{in: &ahead{early, c.net}, max: c.srv.frameBytes}
	defer r.release()
	for !c.over.Load() {
		deadline := time.Now().Add(2 * c.srv.ping)
		if by := r.since.Add(unfinishedTime); r.fragmented && by.Before(deadline) {
			deadline = by
		}
		// Of a frame that dawdles, too, no more than this is waited for.
		_ = c.net.SetReadDeadline(deadline)
		h, payload, err := r.frame()
		if err == nil {
			err = c.frame(r, h, payload)
		}
		v, violated := errors.AsType[*violation](err)
		switch {
		case violated:
			c.close(v.code, v.reason, c.session.End)
		case errors.Is(err, os.ErrDeadlineExceeded):
			c.Close(earshot.CloseSilent)
			return
		case err != nil:
			return
		}
	}
	c.drain()
}

// drain reads what still comes on a connection that is closing, until the other side has closed, too: a connection that is
// closed with bytes unread is reset, and what was written last may be lost with it.
func (c *conn) drain() {
	var buf [1024]byte
	for {
		n, err := c.net.Read(buf[:])
		clear(buf[:n])
		if err != nil {
			return
		}
	}
}

// frame reads one frame and takes its mask off. What the header declares is checked before memory is taken for it.
func (r *reader) frame() (h ws.Header, payload []byte, err error) {
	h, err = ws.ReadHeader(r.in)
	if errors.Is(err, ws.ErrHeaderLengthMSB) || errors.Is(err, ws.ErrHeaderLengthUnexpected) {
		return h, nil, &violation{ws.StatusProtocolError, "the frame's header is not valid"}
	}
	if err != nil {
		return h, nil, err
	}
	state := ws.StateServerSide
	if r.fragmented {
		state = state.Set(ws.StateFragmented)
	}
	if err := ws.CheckHeader(h, state); err != nil {
		return h, nil, &violation{ws.StatusProtocolError, err.Error()}
	}
	if !h.OpCode.IsControl() && h.Length > int64(r.max-len(r.message)) {
		return h, nil, &violation{ws.StatusMessageTooBig, "the message is longer than this server allows"}
	}
	payload = make([]byte, h.Length)
	if _, err = io.ReadFull(r.in, payload); err != nil {
		clear(payload)
		return h, nil, err
	}
	ws.Cipher(payload, h.Mask, 0)
	return h, payload, nil
}

// frame acts on one whole frame and clears it.
func (c *conn) frame(r *reader, h ws.Header, payload []byte) error {
	defer clear(payload)
	if c.over.Load() { // nothing is heard on a connection that is closing
		return nil
	}
	if !c.session.Frame() {
		c.Close(earshot.CloseAbuse)
		return nil
	}
	switch h.OpCode {
	case ws.OpPing:
		c.send(ws.MustCompileFrame(ws.NewPongFrame(payload)))
		return nil
	case ws.OpPong:
		return nil
	case ws.OpClose:
		return c.answerClose(payload)
	case ws.OpText, ws.OpBinary, ws.OpContinuation:
	}
	if h.OpCode != ws.OpContinuation {
		r.packed = h.OpCode == ws.OpBinary
	}
	if !h.Fin {
		r.hold(payload)
		return nil
	}
	if r.fragmented {
		r.hold(payload)
		payload = r.message
		defer r.release()
	}
	if r.packed {
		// The example's server dies of one; the protocol has no use for it.
		c.command(nil)
		return nil
	}
	// Section 8.1: text that is not UTF-8 ends the connection. Fragments may split a character, so the whole is checked.
	if !utf8.Valid(payload) {
		return &violation{ws.StatusInvalidFramePayloadData, "the text is not UTF-8"}
	}
	c.command(payload)
	return nil
}

// answerClose sends the client's close code back (section 5.5.1), or says what is wrong with it.
func (c *conn) answerClose(payload []byte) error {
	code, reason := ws.ParseCloseFrameData(payload)
	switch {
	case len(payload) == 0:
		code = ws.StatusNormalClosure
	case len(payload) == 1 || ws.CheckCloseFrameData(code, reason) != nil:
		return &violation{ws.StatusProtocolError, "the close frame is not valid"}
	}
	c.close(code, "", c.session.End) // goodbye
	return nil
}

// hold keeps a fragment, and clears the buffer that it outgrows.
func (r *reader) hold(payload []byte) {
	if !r.fragmented {
		r.fragmented, r.since = true, time.Now()
	}
	r.message = wipe.Append(r.message, payload, r.max)
}

// release lets a fragmented message go.
func (r *reader) release() {
	clear(r.message)
	r.message, r.fragmented = nil, false
}

// ahead reads what came together with the handshake, and clears it, before what comes now.
type ahead struct {
	early []byte
	rest  io.Reader
}

// Read implements io.Reader.
func (a *ahead) Read(b []byte) (int, error) {
	if len(a.early) == 0 {
		return a.rest.Read(b)
	}
	n := copy(b, a.early)
	clear(a.early[:n])
	a.early = a.early[n:]
	return n, nil
}
