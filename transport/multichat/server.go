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
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/websocket"
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
	// linger is for tests on machines that may be slow: 0 is lingerTime.
	linger time.Duration
}

// Server accepts clients for a hub. New makes one.
type Server struct {
	hub         *hub.Hub
	frameBytes  int
	ping        time.Duration
	writeBuffer int
	linger      time.Duration
	notices     bool
	log         *slog.Logger

	// work are the goroutines of the connections.
	work  sync.WaitGroup
	conns *websocket.Connected[*conn]
}

// New makes a server. It has no goroutines before there are connections; Close ends those.
func New(opts Options) *Server {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		hub: opts.Hub, frameBytes: opts.FrameBytes, ping: opts.Ping, writeBuffer: opts.WriteBuffer, notices: opts.Notices,
		linger: cmp.Or(opts.linger, lingerTime), log: log, conns: websocket.NewConnected[*conn](),
	}
}

// Accept makes a session of an authenticated user out of a handshake request and takes the connection over; of a request
// over HTTP/2 it takes over the stream, and returns when that is at its end. The caller has checked the Origin. An error
// means that the request was refused and nothing has been written: CodeMalformed. Failures after the handshake close the
// connection with a code that says why.
func (s *Server) Accept(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error {
	if r.ProtoMajor == 2 {
		return s.acceptTunnel(w, r, user, credential)
	}
	if err := websocket.CheckUpgrade(r); err != nil {
		return err
	}
	// The example has no subprotocol and its server compresses nothing.
	nc, early, err := websocket.TakeOver(w, r, ws.HTTPUpgrader{})
	if err != nil {
		s.log.DebugContext(r.Context(), "a handshake failed", "error", err)
		return nil
	}
	s.serve(nc, early, user, credential, earshot.AddressOf(r.RemoteAddr))
	return nil
}

// acceptTunnel is Accept for a stream of HTTP/2 (RFC 8441): a browser that is offered those asks in no other way.
func (s *Server) acceptTunnel(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error {
	if err := websocket.CheckTunnel(r); err != nil {
		return err
	}
	t, err := websocket.OpenTunnel(w, r, nil)
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
	case !open:
		c.Close(earshot.CloseStopping)
	}
}

// Close tells all clients that the server stops, waits until they are gone or ctx ends, whichever is first, and ends the
// server's goroutines. Connections that are left then are cut.
func (s *Server) Close(ctx context.Context) error {
	err := s.conns.Close(ctx)
	s.work.Wait()
	return err
}
