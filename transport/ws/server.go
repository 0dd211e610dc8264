// Package ws is the WebSocket transport (RFC 6455, and RFC 8441 over HTTP/2): it turns the frames of package wire into calls of the hub and the
// hub's events into frames.
//
// The life of a connection: Server.Accept checks the handshake and takes the connection over from net/http. From then on
// a link (link.go) moves its bytes; conn.receive (read.go) cuts them into frames and messages; conn.command (conn.go)
// carries a message out; and the hub writes events through conn.Write. The sweeper (sweep.go) pings and ends what is dead.
package ws

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/pack"
	"github.com/earshot-chat/earshot/transport/talk"
	"github.com/earshot-chat/earshot/transport/websocket"
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
	// linger is for tests whose clients may be slow: 0 is lingerTime.
	linger time.Duration
}

// What Options left at zero means.
const (
	DefaultFrameBytes  = 64 << 10
	DefaultPing        = 12 * time.Second
	DefaultWriteBuffer = 1 << 20
)

// Server accepts WebSocket connections for a hub. New makes one.
type Server struct {
	hub         *hub.Hub
	version     string
	frameBytes  int
	ping        time.Duration
	writeBuffer int
	linger      time.Duration
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

	conns *websocket.Connected[*conn]
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
		linger:      orDefault(opts.linger, lingerTime),
		packer:      pack.New(),
		inflater:    newInflater(),
		conns:       websocket.NewConnected[*conn](),
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
	for _, check := range []func(*http.Request) error{websocket.CheckUpgrade, websocket.CheckVersion, checkSubprotocol} {
		if err := check(r); err != nil {
			return err
		}
	}
	extension := offer()
	nc, early, err := websocket.TakeOver(w, r, ws.HTTPUpgrader{
		Protocol:  func(p string) bool { return p == wire.Subprotocol },
		Negotiate: extension.Negotiate,
	})
	if err != nil {
		s.log.DebugContext(r.Context(), "a handshake failed", "error", err)
		return nil
	}
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
	_, err := s.hub.Connect(user, credential, func(session *hub.Session) hub.Conn {
		c.session = session
		session.CameFrom(from)
		return c
	})
	if err != nil {
		c.session = nil
	}
	// Only now, for whoever closes the server looks at the sessions of those that are in there.
	open := s.conns.Add(c)
	switch {
	case err != nil:
		c.Close(earshot.CloseFor(err))
		return false
	case !open:
		c.Close(earshot.CloseStopping)
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

// checkSubprotocol looks for ours among those that the handshake offers.
func checkSubprotocol(r *http.Request) error {
	if !websocket.HasToken(r.Header, "Sec-Websocket-Protocol", wire.Subprotocol) {
		return earshot.Errorf(earshot.CodeMalformed, "Sec-WebSocket-Protocol must offer %s.", wire.Subprotocol)
	}
	return nil
}

// Close tells all clients that the server stops, waits until they are gone or ctx ends, whichever is first, and ends the
// server's goroutines. Connections that are left then are cut.
func (s *Server) Close(ctx context.Context) error {
	late := s.conns.Close(ctx)
	s.stop()
	s.sweeping.Wait()
	var err error
	if s.pollers != nil {
		err = s.pollers.close()
	}
	s.links.Wait()
	return errors.Join(late, err)
}
