package websocket

import (
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/earshot-chat/earshot"
)

// protocolHeader is where Go's servers put the pseudo-header that says what a CONNECT is for (RFC 8441, section 4).
const protocolHeader = ":protocol"

// CheckTunnel looks at what is other than in a handshake over HTTP/1.1 (RFC 8441, section 5): there is no key, and nothing to
// upgrade. Errors: CodeMalformed.
func CheckTunnel(r *http.Request) error {
	switch {
	case r.Method != http.MethodConnect:
		return earshot.Errorf(earshot.CodeMalformed, "This address speaks WebSocket: over HTTP/2, ask with CONNECT and :protocol websocket.")
	case r.Header.Get(protocolHeader) != "websocket":
		return earshot.Errorf(earshot.CodeMalformed, "This address speaks WebSocket: :protocol must be websocket.")
	}
	return CheckVersion(r)
}

// Tunnel is a stream of HTTP/2 as what goroutines read and write. Flow control is the stream's own: a write waits until the
// other side has room for it, and nobody else waits with it.
type Tunnel struct {
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

// OpenTunnel answers a handshake that CheckTunnel has found to be one, with these header fields and no other. An error means that the
// stream is over.
func OpenTunnel(w http.ResponseWriter, r *http.Request, fields map[string]string) (*Tunnel, error) {
	t := &Tunnel{w: w, body: r.Body, control: http.NewResponseController(w)}
	// The deadlines are those of a request.
	if err := t.control.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	if err := t.control.SetWriteDeadline(time.Time{}); err != nil {
		return nil, err
	}
	// What every page is sent with says nothing here, and both sides would remember it (RFC 7541, section 2.3.2).
	h := w.Header()
	clear(h)
	for name, value := range fields {
		h.Set(name, value)
	}
	w.WriteHeader(http.StatusOK)
	return t, t.control.Flush()
}

// End is to be called before the handler returns, when the tunnel was closed. It waits for a write that is on its way,
// which after Close is not long; after End nothing is written any more.
func (t *Tunnel) End() {
	t.writes.Lock()
	t.closed = true
	t.writes.Unlock()
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
}

// Read reads what came in. io.EOF is the end of the other side's half: what FIN is to TCP (RFC 8441, section 5).
func (t *Tunnel) Read(b []byte) (int, error) { return t.body.Read(b) }

// Write returns when the other side's window has taken all of it, or the stream is over.
func (t *Tunnel) Write(b []byte) (int, error) {
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
func (t *Tunnel) CloseWrite() error {
	t.writes.Lock()
	t.closed = true
	t.writes.Unlock()
	return t.SetReadDeadline(past())
}

// Close ends the stream: by resetting it if a write waits for the other side.
func (t *Tunnel) Close() error {
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
func (t *Tunnel) SetReadDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return nil
	}
	return t.control.SetReadDeadline(at)
}

// SetWriteDeadline has Write fail from then on, and the stream reset; never once the tunnel is over.
func (t *Tunnel) SetWriteDeadline(at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return nil
	}
	return t.control.SetWriteDeadline(at)
}

// past is a time before now, but not the zero time.
func past() time.Time { return time.Unix(1, 0) }
