// Package ws is the WebSocket transport (RFC 6455, and RFC 8441 over HTTP/2): it turns the frames of package wire into calls of the hub and the
// hub's events into frames.
//
// The life of a connection: Server.Accept checks the handshake and takes the connection over from net/http. From then on
// a link (link.go) moves its bytes; conn.receive (read.go) cuts them into frames and messages; conn.command (conn.go)
// carries a message out; and the hub writes events through conn.Write. The sweeper (sweep.go) pings and ends what is dead.
package ws

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/pack"
	"github.com/earshot-chat/earshot/transport/talk"
	"github.com/earshot-chat/earshot/wire"
)

// Options is what a Server is made of.
type Options struct {
	Hub *hub.Hub
	// Version is told to clients in hello.
	Version string
	// FrameBytes is the longest message a client may send; 0 is DefaultFrameBytes.
	FrameBytes int
	// Ping is how often a silent client is pinged; one that is silent for twice as long is gone. 0 is DefaultPing.
	Ping time.Duration
	// WriteBuffer is how many bytes may wait for a slow client before its connection is closed; 0 is DefaultWriteBuffer.
	WriteBuffer int
	// Log may be nil.
	Log *slog.Logger
	// Goroutines has every connection served by goroutines, also where there is something better.
	Goroutines bool
}

// What Options left at zero means.
const (
	DefaultFrameBytes  = 64 << 10
	DefaultPing        = 12 * time.Second
	DefaultWriteBuffer = 1 << 20
)

// handshakeTimeout bounds writing the answer to the handshake.
const handshakeTimeout = 10 * time.Second

// Server accepts WebSocket connections for a hub. New makes one.
type Server struct {
	hub         *hub.Hub
	version     string
	frameBytes  int
	ping        time.Duration
	writeBuffer int
	log         *slog.Logger
	begin       time.Time
	inflater    *inflater
	packer      *pack.Packer
	answers     sync.Pool // of *[answerSize]byte: what answers to posts are made in
	big         sync.Pool // of *[bigRead]byte: what much is read with
	headers     sync.Pool // of *headerReader
	pollers     *pollers  // nil where every connection has goroutines

	// links are the goroutines that serve connections, sweeping the one that sweeps.
	links    sync.WaitGroup
	sweeping sync.WaitGroup
	stop     context.CancelFunc

	mu    sync.Mutex
	conns map[*conn]struct{}
	empty chan struct{} // closed when closing and the last connection is gone
	close sync.Once
	done  bool
}

// New makes a server and starts its goroutines; Close ends them.
func New(opts Options) (*Server, error) {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		hub: opts.Hub, version: opts.Version, log: log, begin: time.Now(),
		frameBytes:  orDefault(opts.FrameBytes, DefaultFrameBytes),
		ping:        orDefault(opts.Ping, DefaultPing),
		writeBuffer: orDefault(opts.WriteBuffer, DefaultWriteBuffer),
		packer:      pack.New(),
		inflater:    newInflater(),
		conns:       make(map[*conn]struct{}),
		empty:       make(chan struct{}),
	}
	if !opts.Goroutines {
		var err error
		if s.pollers, err = newPollers(s.links.Go); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	s.sweeping.Go(func() { s.sweep(ctx) })
	return s, nil
}

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// clock is the seconds since the server began, from 1: what connections keep times in.
func (s *Server) clock() int64 { return int64(time.Since(s.begin)/time.Second) + 1 }

// Limits is what the server holds a client to.
func (s *Server) Limits() wire.Limits { return talk.Limits(s.hub.Config(), s.frameBytes) }

// Accept makes a session of an authenticated user out of a handshake request and takes the connection over; of a request
// over HTTP/2 it takes over the stream, and returns when that is at its end. The caller has checked the Origin. An error
// means that the request was refused and nothing has been written: CodeMalformed. Failures after the handshake close the
// connection with a code that says why.
func (s *Server) Accept(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error {
	if r.ProtoMajor == 2 {
		return s.acceptTunnel(w, r, user, credential)
	}
	return s.acceptUpgrade(w, r, user, credential)
}

// acceptUpgrade is Accept for a connection of HTTP/1.1 (RFC 6455).
func (s *Server) acceptUpgrade(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error {
	if err := checkHandshake(r); err != nil {
		return err
	}
	extension := offer()
	upgrader := ws.HTTPUpgrader{
		Timeout:   handshakeTimeout,
		Protocol:  func(p string) bool { return p == wire.Subprotocol },
		Negotiate: extension.Negotiate,
	}
	nc, rw, _, err := upgrader.Upgrade(r, w)
	if err != nil {
		s.log.DebugContext(r.Context(), "a handshake failed", "error", err)
		if nc != nil {
			_ = nc.Close()
		}
		return nil
	}
	_ = nc.SetDeadline(time.Time{})
	// What came with the handshake stands in a buffer of net/http's, which is used again for another connection: there it
	// is cleared.
	ahead, _ := rw.Peek(rw.Reader.Buffered())
	early := bytes.Clone(ahead)
	clear(ahead)
	_, compressed := extension.Accepted()
	s.serve(&conn{srv: s, deflate: compressed}, nc, early, user, credential, earshot.AddressOf(r.RemoteAddr))
	return nil
}

// serve gives the connection its link, connects the session, and starts reading.
func (s *Server) serve(
	c *conn, nc net.Conn, early []byte, user earshot.User, credential earshot.SecretHash, from netip.Addr,
) {
	start := s.connect(c, nc)
	if !s.greet(c, user, credential, from) {
		early = nil
	}
	start(early)
}

// greet connects the session and says hello, or closes the connection with the reason why not.
func (s *Server) greet(c *conn, user earshot.User, credential earshot.SecretHash, from netip.Addr) bool {
	c.heard.Store(s.clock())
	if !s.remember(c) {
		c.Close(earshot.CloseStopping)
		return false
	}
	_, err := s.hub.Connect(user, credential, func(session *hub.Session) hub.Conn {
		c.session = session
		session.CameFrom(from)
		return c
	})
	if err != nil {
		c.session = nil
		c.Close(refusal(err))
		return false
	}
	greeting := talk.Greeting{Version: s.version, FrameBytes: s.frameBytes, Ping: s.ping}
	c.Answer(greeting.Hello(s.hub, c.session))
	return true
}

// connect gives the connection its link.
func (s *Server) connect(c *conn, nc net.Conn) (start func(early []byte)) {
	if s.pollers != nil {
		var l link
		if l, start = s.pollers.adopt(c, nc, s.writeBuffer); l != nil {
			c.link = l
			return start
		}
	}
	l := newStream(c, nc, s.writeBuffer)
	c.link = l
	return l.start
}

// refusal is the reason to close for an error of Hub.Connect.
func refusal(err error) earshot.CloseReason {
	switch earshot.CodeOf(err) {
	case earshot.CodeUnauthenticated:
		return earshot.CloseRevoked
	case earshot.CodeBanned:
		return earshot.CloseBanned
	case earshot.CodeStopping:
		return earshot.CloseStopping
	default:
		return earshot.CloseBusy
	}
}

// spread is over how long the clients of a stopping server should spread their return.
func (s *Server) spread() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return talk.Spread(len(s.conns))
}

// checkHandshake looks at what a client that is not a browser gets wrong (RFC 6455, section 4.2.1), while there is still
// an HTTP answer to say it in.
func checkHandshake(r *http.Request) error {
	switch {
	case r.Method != http.MethodGet || !hasToken(r.Header, "Upgrade", "websocket") || !hasToken(r.Header, "Connection", "upgrade"):
		return earshot.Errorf(earshot.CodeMalformed, "This address speaks WebSocket: ask with Upgrade: websocket.")
	case len(r.Header.Get("Sec-Websocket-Key")) != 24:
		return earshot.Errorf(earshot.CodeMalformed, "Sec-WebSocket-Key must be 16 bytes in base64.")
	}
	return checkWords(r)
}

// checkWords looks at what every handshake says.
func checkWords(r *http.Request) error {
	switch {
	case r.Header.Get("Sec-Websocket-Version") != "13":
		return earshot.Errorf(earshot.CodeMalformed, "Sec-WebSocket-Version must be 13.")
	case !hasToken(r.Header, "Sec-Websocket-Protocol", wire.Subprotocol):
		return earshot.Errorf(earshot.CodeMalformed, "Sec-WebSocket-Protocol must offer %s.", wire.Subprotocol)
	}
	return nil
}

// hasToken looks for a token in a header's comma-separated lists, without regard to case (RFC 9110, section 5.6.1).
func hasToken(h http.Header, name, token string) bool {
	for _, line := range h.Values(name) {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

func (s *Server) remember(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	return !s.done
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.done && len(s.conns) == 0 {
		s.close.Do(func() { close(s.empty) })
	}
}

// Close tells all clients that the server stops, waits until they are gone or ctx ends, whichever is first, and ends the
// server's goroutines. Connections that are left then are cut.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.done = true
	if len(s.conns) == 0 {
		s.close.Do(func() { close(s.empty) })
	}
	s.mu.Unlock()
	for _, c := range s.all(nil) {
		c.Close(earshot.CloseStopping)
	}
	var late error
	select {
	case <-s.empty:
	case <-ctx.Done():
		late = ctx.Err()
		for _, c := range s.all(nil) {
			c.link.abort()
		}
		<-s.empty
	}
	s.stop()
	s.sweeping.Wait()
	var err error
	if s.pollers != nil {
		err = s.pollers.close()
	}
	s.links.Wait()
	return errors.Join(late, err)
}

// all gives the connections there are, in into if it is long enough.
func (s *Server) all(into []*conn) []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := slices.Grow(into[:0], len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}
