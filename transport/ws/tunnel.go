package ws

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gobwas/httphead"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// protocolHeader is where Go's servers put the pseudo-header that says what a CONNECT is for (RFC 8441, section 4).
const protocolHeader = ":protocol"

// acceptTunnel is Accept for a stream of HTTP/2 (RFC 8441). It returns when the connection is over, because the end of the
// handler is the end of the stream.
func (s *Server) acceptTunnel(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error {
	l, t, err := s.openTunnel(w, r)
	if l == nil {
		return err
	}
	defer t.end()
	s.greet(l.conn, user, credential)
	l.readLoop(nil)
	return nil
}

// openTunnel answers the handshake and gives a link over the stream; none if that failed, and no error if something was
// written already.
func (s *Server) openTunnel(w http.ResponseWriter, r *http.Request) (*stream, *tunnel, error) {
	if err := checkConnect(r); err != nil {
		return nil, nil, err
	}
	extension, err := negotiate(r.Header)
	if err != nil {
		return nil, nil, err
	}
	t := &tunnel{w: w, body: r.Body, control: http.NewResponseController(w)}
	if err := t.open(extension); err != nil {
		s.log.DebugContext(r.Context(), "a handshake failed", "error", err)
		return nil, nil, nil
	}
	c := &conn{srv: s, deflate: extension != ""}
	l := newStream(c, t, s.writeBuffer)
	c.link = l
	return l, t, nil
}

// checkConnect is checkHandshake for RFC 8441, section 5: there is no key, and nothing to upgrade.
func checkConnect(r *http.Request) error {
	switch {
	case r.Method != http.MethodConnect:
		return earshot.Errorf(earshot.CodeMalformed, "This address speaks WebSocket: over HTTP/2, ask with CONNECT and :protocol websocket.")
	case r.Header.Get(protocolHeader) != "websocket":
		return earshot.Errorf(earshot.CodeMalformed, "This address speaks WebSocket: :protocol must be websocket.")
	}
	return checkWords(r)
}

// negotiate gives the extension that is agreed on, as it stands in the answer's header; "" for none.
func negotiate(h http.Header) (agreed string, err error) {
	extension := offer()
	for _, line := range h.Values("Sec-Websocket-Extensions") {
		options, ok := httphead.ParseOptions([]byte(line), nil)
		if !ok {
			return "", earshot.Errorf(earshot.CodeMalformed, "Sec-WebSocket-Extensions cannot be read.")
		}
		for _, option := range options {
			accepted, err := extension.Negotiate(option)
			if err != nil {
				return "", earshot.Errorf(earshot.CodeMalformed, "Sec-WebSocket-Extensions asks for a compression that there is not.")
			}
			if accepted.Size() > 0 {
				var line strings.Builder
				_, _ = httphead.WriteOptions(&line, []httphead.Option{accepted}) // a Builder takes all
				agreed = line.String()
			}
		}
	}
	return agreed, nil
}

// tunnel is a stream of HTTP/2 as what a link with goroutines reads and writes. Flow control is the stream's own: a write
// waits until the other side has room for it, and nobody else waits with it.
type tunnel struct {
	w       http.ResponseWriter
	control *http.ResponseController
	body    io.Reader

	// writes is held by a write, and guards closed: that there is to be no other one.
	writes sync.Mutex
	closed bool
	// mu is for whoever ends the tunnel from outside, and guards over: that the handler is about to return, after which
	// nothing here may be used.
	mu   sync.Mutex
	over bool
}

// open answers the handshake.
func (t *tunnel) open(extension string) error {
	// The deadlines are those of a request.
	if err := t.control.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	if err := t.control.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	// What every page is sent with says nothing here, and both sides would remember it (RFC 7541, section 2.3.2).
	h := t.w.Header()
	clear(h)
	h["Sec-Websocket-Protocol"] = []string{wire.Subprotocol}
	if extension != "" {
		h["Sec-Websocket-Extensions"] = []string{extension}
	}
	t.w.WriteHeader(http.StatusOK)
	return t.control.Flush()
}

// end waits for a write that is on its way; readLoop has closed the tunnel, so that is not long.
func (t *tunnel) end() {
	t.writes.Lock()
	t.closed = true
	t.writes.Unlock()
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
}

// Read reads what came in. io.EOF is the end of the other side's half: what FIN is to TCP (RFC 8441, section 5).
func (t *tunnel) Read(b []byte) (int, error) { return t.body.Read(b) }

// Write returns when the other side's window has taken all of it, or the stream is over.
func (t *tunnel) Write(b []byte) (int, error) {
	t.writes.Lock()
	defer t.writes.Unlock()
	if t.closed {
		return 0, net.ErrClosed
	}
	n, err := t.w.Write(b)
	if err != nil {
		return n, err
	}
	return n, t.control.Flush()
}

// CloseWrite has the stream end when all that was written has gone. Only a handler that returns ends a stream, so it ends
// both halves: the reader is told that there is no more.
func (t *tunnel) CloseWrite() error {
	t.writes.Lock()
	t.closed = true
	t.writes.Unlock()
	return t.SetReadDeadline(past())
}

// Close ends the stream: by resetting it if a write waits for the other side.
func (t *tunnel) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return nil
	}
	if t.writes.TryLock() {
		t.closed = true
		t.writes.Unlock()
	} else if err := t.control.SetWriteDeadline(past()); err != nil {
		return err
	}
	return t.control.SetReadDeadline(past())
}

// SetReadDeadline has Read fail from then on; never once the tunnel is over.
func (t *tunnel) SetReadDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return nil
	}
	return t.control.SetReadDeadline(at)
}

// past is a time before now, but not the zero time.
func past() time.Time { return time.Unix(1, 0) }
