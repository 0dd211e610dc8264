// Package sse is the transport for where sockets are blocked: an event stream down (text/event-stream, as WHATWG's HTML,
// section 9.2, has it) and requests up. It says the frames of package wire, as the socket does, and a session can go on
// over either. For scripts there is a shorter way: GET with a room listens, POST with a room says a line.
//
// The life of a stream: Server.Listen reads what is asked for (ask.go), connects a session and stays in the handler,
// writing what gathers (writer.go), until the stream is over. The hub writes events through stream.Write (stream.go), which
// puts their ids in (id.go). Server.Tell takes requests of its client (tell.go) or a line to be said (line.go).
package sse

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/pack"
	"github.com/earshot-chat/earshot/transport/talk"
)

// Options is what a Server is made of. All but the log are needed.
type Options struct {
	Hub *hub.Hub
	// Version is told to clients in hello.
	Version string
	// FrameBytes is the longest body of a request, in bytes.
	FrameBytes int
	// Ping is how often at least something is sent.
	Ping time.Duration
	// WriteBuffer is how many bytes may wait for a slow client before its stream is ended.
	WriteBuffer int
	// Log may be nil.
	Log *slog.Logger
	// linger is for tests on machines that may be slow: 0 is lingerTime.
	linger time.Duration
}

// Server serves event streams for a hub. New makes one.
type Server struct {
	hub         *hub.Hub
	greeting    talk.Greeting
	writeBuffer int
	linger      time.Duration
	log         *slog.Logger
	packer      *pack.Packer

	// handlers are those that serve streams.
	handlers sync.WaitGroup

	mu       sync.Mutex
	done     bool
	streams  map[string]*stream // by their secrets
	speakers map[who]*speaker
	passed   passed
}

// who is somebody by the log-in that they came with.
type who struct {
	user       earshot.UserID
	credential earshot.SecretHash
}

// New makes a server; Close ends it.
func New(opts Options) *Server {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		hub: opts.Hub, log: log, packer: pack.New(), writeBuffer: opts.WriteBuffer, linger: cmp.Or(opts.linger, lingerTime),
		greeting: talk.Greeting{Version: opts.Version, FrameBytes: opts.FrameBytes, Ping: opts.Ping},
		streams:  make(map[string]*stream), speakers: make(map[who]*speaker),
	}
}

// Listen answers with a stream until that is over. Origin and log-in have been checked. An error means that nothing was
// written: CodeMalformed, CodeNotFound for a room that is not there or not to be seen, and those of hub.Connect.
func (s *Server) Listen(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error {
	asked, err := s.read(r, &user)
	if err != nil {
		return err
	}
	st := &stream{
		srv: s, who: who{user.ID, credential}, secret: rand.Text(), text: asked.text,
		turn: make(chan struct{}, 1), wake: make(chan struct{}, 1), over: make(chan struct{}),
	}
	st.out = newWriter(st, w, asked.packed)
	if _, err = s.hub.Connect(user, credential, func(session *hub.Session) hub.Conn {
		st.session = session
		session.CameFrom(earshot.AddressOf(r.RemoteAddr))
		return st
	}); err != nil {
		return err
	}
	if !s.remember(st) {
		st.session.End()
		return errStopping()
	}
	defer s.forget(st)
	defer st.gone()
	head(w.Header(), asked)
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close") // nothing would come behind it for a long time
	}
	w.WriteHeader(http.StatusOK)
	hello := s.greeting.Hello(s.hub, st.session)
	hello.Session = st.secret
	st.open(&hello)
	st.turn <- struct{}{} // what the address asks for comes before what requests do
	s.handlers.Go(func() {
		defer func() { <-st.turn }()
		st.begin(asked)
	})
	st.out.serve(r.Context())
	return nil
}

// head sets what keeps caches and proxies from holding the stream up. Nginx buffers unless it is told not to, and others
// compress what they carry, and wait for enough of it, unless no-transform forbids that (RFC 9111, section 5.2.2.6).
func head(h http.Header, asked asked) {
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	h.Add("Vary", "Accept, Accept-Encoding")
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	if asked.text {
		h.Set("Content-Type", "text/plain; charset=utf-8")
	}
	if asked.packed {
		h.Set("Content-Encoding", "gzip")
	}
}

func (s *Server) remember(st *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return false
	}
	s.handlers.Add(1)
	s.streams[st.secret] = st
	return true
}

func (s *Server) forget(st *stream) {
	s.mu.Lock()
	delete(s.streams, st.secret)
	s.mu.Unlock()
	s.handlers.Done()
}

// find gives the stream with the secret if it is one of the same user and log-in.
func (s *Server) find(secret string, by who) (*stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.streams[secret]
	if st == nil || st.who != by {
		return nil, errNoStream()
	}
	return st, nil
}

func errNoStream() error {
	return &earshot.Error{
		Code: earshot.CodeNotFound, Field: "session", Message: "There is no such stream, or it is over: open it anew.",
	}
}

// spread is over how long the clients of a stopping server should spread their return.
func (s *Server) spread() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return talk.Spread(len(s.streams))
}

// Close ends all streams, tells their clients why, and waits until they are gone; those that are not when ctx ends are cut.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.done = true
	streams := make([]*stream, 0, len(s.streams))
	for _, st := range s.streams {
		streams = append(streams, st)
	}
	speakers := make([]*speaker, 0, len(s.speakers))
	for _, sp := range s.speakers {
		speakers = append(speakers, sp)
	}
	s.mu.Unlock()
	for _, sp := range speakers {
		s.silence(sp)
	}
	for _, st := range streams {
		st.Close(earshot.CloseStopping)
	}
	gone := make(chan struct{})
	go func() {
		s.handlers.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
	}
	for _, st := range streams {
		st.out.abort()
	}
	<-gone
	return ctx.Err()
}

func errStopping() error { return earshot.Errorf(earshot.CodeStopping, "The server is stopping.") }

// accepts tells whether the header lists the value and does not forbid it by a weight of 0 (RFC 9110, section 12.4.2).
func accepts(lines []string, value string) bool {
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(part, ";")
			if !strings.EqualFold(strings.TrimSpace(name), value) {
				continue
			}
			weight, found := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(params, " ", "")), "q=")
			return !found || strings.Trim(weight, "0.") != ""
		}
	}
	return false
}

var _ interface {
	hub.Conn
	talk.Conn
} = (*stream)(nil)
