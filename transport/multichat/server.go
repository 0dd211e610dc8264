// Package multichat speaks the protocol of Django Channels' example "multichat", so that its page and the programs that
// were written for it work with Earshot: one WebSocket, and on it the commands join, leave and send.
//
//	{"command":"join","room":1}                       {"join":"1","title":"Lobby"}
//	{"command":"send","room":1,"message":"hello"}     {"msg_type":0,"room":1,"username":"ana","message":"hello"}
//	{"command":"leave","room":1}                      {"leave":"1"}
//
// It is a door for guests: what they have no words for (acknowledgements, resuming, typing) they do without, and who is
// inside, who may enter and how much anybody may say is the hub's to decide, as for everybody.
//
// Connections are served by two goroutines each.
package multichat

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/tunnel"
)

// Options is what a Server is made of. All numbers are needed.
type Options struct {
	Hub *hub.Hub
	// FrameBytes is the longest message a client may send.
	FrameBytes int
	// Ping is how often a client is pinged; one that is silent for twice as long is gone.
	Ping time.Duration
	// WriteBuffer is how many bytes may wait for a slow client before its connection is closed.
	WriteBuffer int
	// Notices has clients told who enters and leaves.
	Notices bool
	// Log may be nil.
	Log *slog.Logger
}

// handshakeTimeout bounds writing the answer to the handshake.
const handshakeTimeout = 10 * time.Second

// Server accepts clients for a hub. New makes one.
type Server struct {
	hub         *hub.Hub
	frameBytes  int
	ping        time.Duration
	writeBuffer int
	notices     bool
	log         *slog.Logger

	// work are the goroutines of the connections.
	work sync.WaitGroup

	mu    sync.Mutex
	conns map[*conn]struct{}
	empty chan struct{} // closed when done and the last connection is gone
	close sync.Once
	done  bool
}

// New makes a server. It has no goroutines before there are connections; Close ends those.
func New(opts Options) *Server {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		hub: opts.Hub, frameBytes: opts.FrameBytes, ping: opts.Ping, writeBuffer: opts.WriteBuffer, notices: opts.Notices,
		log: log, conns: make(map[*conn]struct{}), empty: make(chan struct{}),
	}
}

// Accept makes a session of an authenticated user out of a handshake request and takes the connection over; of a request
// over HTTP/2 it takes over the stream, and returns when that is at its end. The caller has checked the Origin. An error means that the request was refused and nothing has been written: CodeMalformed.
// Failures after the handshake close the connection with a code that says why.
func (s *Server) Accept(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error {
	if r.ProtoMajor == 2 {
		return s.acceptTunnel(w, r, user, credential)
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return earshot.Errorf(earshot.CodeMalformed, "This address speaks WebSocket: ask with Upgrade: websocket.")
	}
	// The rest of what RFC 6455, section 4.2.1, asks of the request the upgrader checks, and answers itself. The example has
	// no subprotocol and its server compresses nothing.
	upgrader := ws.HTTPUpgrader{Timeout: handshakeTimeout}
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
	buffered, _ := rw.Peek(rw.Reader.Buffered())
	early := bytes.Clone(buffered)
	clear(buffered)
	s.serve(nc, early, user, credential, earshot.AddressOf(r.RemoteAddr))
	return nil
}

// acceptTunnel is Accept for a stream of HTTP/2 (RFC 8441): a browser that is offered those asks in no other way.
func (s *Server) acceptTunnel(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error {
	if err := tunnel.Check(r); err != nil {
		return err
	}
	if r.Header.Get("Sec-Websocket-Version") != "13" {
		return earshot.Errorf(earshot.CodeMalformed, "Sec-WebSocket-Version must be 13.")
	}
	t, err := tunnel.Open(w, r, nil)
	if err != nil {
		s.log.DebugContext(r.Context(), "a handshake failed", "error", err)
		return nil
	}
	defer t.End()
	<-s.serve(t, nil, user, credential, earshot.AddressOf(r.RemoteAddr))
	return nil
}

// serve has the user speak over the connection, of which early was read already. What it gives is closed at the end.
func (s *Server) serve(over road, early []byte, user earshot.User, credential earshot.SecretHash, from netip.Addr) (ended <-chan struct{}) {
	c := &conn{
		srv: s, net: over, out: newOutbox(s.writeBuffer), self: noticeEnd(user.Username),
		gone: make(chan struct{}), ended: make(chan struct{}),
	}
	s.connect(c, user, credential, from)
	c.serve(early)
	return c.ended
}

// connect gives the connection its session, or closes it.
func (s *Server) connect(c *conn, user earshot.User, credential earshot.SecretHash, from netip.Addr) {
	if !s.remember(c) {
		c.Close(earshot.CloseStopping)
		return
	}
	_, err := s.hub.Connect(user, credential, func(session *hub.Session) hub.Conn {
		c.session = session
		session.CameFrom(from)
		return c
	})
	if err == nil {
		return
	}
	c.session = nil
	switch earshot.CodeOf(err) {
	case earshot.CodeUnauthenticated:
		c.Close(earshot.CloseRevoked)
	case earshot.CodeBanned:
		c.Close(earshot.CloseBanned)
	case earshot.CodeStopping:
		c.Close(earshot.CloseStopping)
	default:
		c.Close(earshot.CloseBusy)
	}
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

// all gives the connections there are.
func (s *Server) all() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
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
	for _, c := range s.all() {
		c.Close(earshot.CloseStopping)
	}
	var late error
	select {
	case <-s.empty:
	case <-ctx.Done():
		late = ctx.Err()
		for _, c := range s.all() {
			_ = c.net.Close()
		}
		<-s.empty
	}
	s.work.Wait()
	return late
}
