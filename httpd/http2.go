package httpd

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/earshot-chat/earshot/internal/xconnect"
)

// What one HTTP/2 connection may hold of the server. A page has one socket and a handful of calls on the way; what a
// socket may hold beyond this is its own bound (ws.Options.WriteBuffer), and how many of them a user may have the hub's.
const (
	// streams is how many requests may be on their way at once: the least that RFC 9113, section 6.5.2, recommends. Four times
	// as many may wait for a handler before a connection that opens and resets streams is cut (CVE-2023-44487).
	streams = 100
	// streamWindow is how much of a request's body may come in ahead of whoever reads it: the longest frame of a socket by
	// default. Calls of the API are shorter.
	streamWindow = 64 << 10
	// connWindow is streamWindow for all streams of a connection together.
	connWindow = 256 << 10
	// readFrame is the longest frame that is taken, which is also the least that may be (section 4.2). The buffer for it stays
	// with the connection: net/http's own choice is a megabyte.
	readFrame = 16 << 10
	// headerTable is how much of earlier headers each side may remember of the other's (RFC 7541, section 4.2): all
	// that a page's requests have in common, and little to keep for ten thousand connections.
	headerTable = 4 << 10
	// writeTime is for how long the other side may take nothing at all, on any stream.
	writeTime = 30 * time.Second
)

// makeHTTP2 has the server speak HTTP/2 where TLS negotiates it.
func (s *Server) makeHTTP2() {
	s.server.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams:          streams,
		MaxReceiveBufferPerStream:     streamWindow,
		MaxReceiveBufferPerConnection: connWindow,
		MaxReadFrameSize:              readFrame,
		MaxDecoderHeaderTableSize:     headerTable,
		MaxEncoderHeaderTableSize:     headerTable,
		WriteByteTimeout:              writeTime,
	}
	if s.opts.HTTP2Sockets || !xconnect.Enabled() {
		return
	}
	s.quiet = newQuiet(s.server)
	s.server.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){"h2": s.quiet.take}
}

// quiet serves HTTP/2 without offering extended CONNECT. net/http offers it on all connections of a process or on none,
// and a browser that was offered it does not ask for a socket in the old way any more: so the offer is taken out of the
// first frame that it writes. That is done between net/http and TLS, for which a second server is given the connections
// as if they were plain ones (docs/adr/0008-sockets-over-http2.md).
type quiet struct {
	server *http.Server
	conns  chan net.Conn
	// over is closed when no more connections are taken.
	over chan struct{}
	end  sync.Once
}

// newQuiet makes one that is as the server in all else, and ends with it.
func newQuiet(of *http.Server) *quiet {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	q := &quiet{conns: make(chan net.Conn), over: make(chan struct{}), server: &http.Server{
		Handler: toldOfTLS(of.Handler), ConnContext: keepTLS, Protocols: &protocols, HTTP2: of.HTTP2,
		ReadHeaderTimeout: of.ReadHeaderTimeout, ReadTimeout: of.ReadTimeout, WriteTimeout: of.WriteTimeout,
		IdleTimeout: of.IdleTimeout, MaxHeaderBytes: of.MaxHeaderBytes, ErrorLog: of.ErrorLog,
	}}
	// It waits for its connections; those that it should not wait for are cut by the server that has them, too.
	of.RegisterOnShutdown(func() { _ = q.server.Shutdown(context.Background()) })
	return q
}

// take serves a connection to its end.
func (q *quiet) take(_ *http.Server, conn *tls.Conn, _ http.Handler) {
	c := &withoutOffer{Conn: conn, state: conn.ConnectionState(), closed: make(chan struct{})}
	select {
	case q.conns <- c:
		<-c.closed
	case <-q.over:
	}
}

// Accept implements net.Listener.
func (q *quiet) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.over:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (q *quiet) Close() error {
	q.end.Do(func() { close(q.over) })
	return nil
}

// Addr implements net.Listener. Nobody listens.
func (q *quiet) Addr() net.Addr { return &net.TCPAddr{} }

// stateKey is under what the state of TLS stands in a connection's context.
type stateKey struct{}

// keepTLS keeps that state, which net/http does not look for in what it takes for a plain connection.
func keepTLS(ctx context.Context, conn net.Conn) context.Context {
	if c, ok := conn.(*withoutOffer); ok {
		return context.WithValue(ctx, stateKey{}, &c.state)
	}
	return ctx
}

// toldOfTLS gives the state to the requests.
func toldOfTLS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.TLS, _ = r.Context().Value(stateKey{}).(*tls.ConnectionState)
		next.ServeHTTP(w, r)
	})
}

// withoutOffer is a connection over which extended CONNECT is not offered. It has no method ConnectionState: net/http
// would not look for HTTP/2 in it then.
type withoutOffer struct {
	net.Conn
	state  tls.ConnectionState
	begun  bool // only one goroutine at a time writes frames
	closed chan struct{}
	end    sync.Once
}

// Write implements net.Conn.
func (c *withoutOffer) Write(b []byte) (int, error) {
	if c.begun {
		return c.Conn.Write(b)
	}
	c.begun = true
	if _, err := c.Conn.Write(takeOffer(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close implements net.Conn.
func (c *withoutOffer) Close() error {
	err := c.Conn.Close()
	c.end.Do(func() { close(c.closed) })
	return err
}

// The beginning of frames and settings (RFC 9113, sections 4.1 and 6.5.1), and the setting that is the offer (RFC 8441,
// section 3).
const (
	frameHeader   = 9
	settingsFrame = 4
	settingSize   = 6
	offerSetting  = 8
)

// takeOffer gives frames of which the first, if it is one of settings, does not offer extended CONNECT. net/http buffers that
// frame, which is much shorter than its buffer: so it comes whole.
func takeOffer(frames []byte) []byte {
	if len(frames) < frameHeader || frames[3] != settingsFrame {
		return frames
	}
	size := int(frames[0])<<16 | int(frames[1])<<8 | int(frames[2])
	if len(frames) < frameHeader+size {
		return frames
	}
	for at := frameHeader; at+settingSize <= frameHeader+size; at += settingSize {
		if binary.BigEndian.Uint16(frames[at:]) == offerSetting {
			out := slices.Delete(slices.Clone(frames), at, at+settingSize)
			out[0] = 0                                                    // the frame is shorter than net/http's buffer of 4 KiB
			binary.BigEndian.PutUint16(out[1:], uint16(size-settingSize)) //nolint:gosec // see above
			return out
		}
	}
	return frames
}
