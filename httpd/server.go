// Package httpd is what a browser or a script reaches over HTTP: the pages, the REST API, and the door to the socket.
// It decides nothing about rooms and accounts: it turns requests into calls of the packages hub and account, and their
// errors into answers. docs/protocol.md is the contract of what it answers.
package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/internal/proxies"
	"github.com/earshot-chat/earshot/wire"
)

// Door lets a WebSocket in, as the transports that speak it have it.
type Door interface {
	// Accept takes the connection over for the user; over HTTP/2 it takes the stream and returns when that is at its end.
	// Origin and log-in have been checked. An error means that nothing was written.
	Accept(w http.ResponseWriter, r *http.Request, user earshot.User, credential earshot.SecretHash) error
}

// Socket is the door to the live connection, as package ws has it.
type Socket interface {
	Door
	// Limits is what clients are held to.
	Limits() wire.Limits
}

// Options is what a Server is made of. All of the first part is needed.
type Options struct {
	Accounts *account.Service
	Hub      *hub.Hub
	Socket   Socket
	// Stream may be nil: there is none then.
	Stream Stream
	// Multichat is the door for clients of Django Channels' example; nil for none.
	Multichat Door
	// Ping tells whether the store answers.
	Ping func(context.Context) error
	// Pages are the built pages: index.html, and assets whose names change with their content in assets/. Without an
	// index.html the server says how to build it.
	Pages fs.FS
	// Name is what the server is called, and Version what it is, for people.
	Name, Version string
	// SignUp and CreateRooms are the policies, as the page shows them; account and hub enforce them.
	SignUp      account.SignUpPolicy
	CreateRooms hub.CreatePolicy
	// Origins may open the socket. They are compared to the byte.
	Origins []string
	// BaseURL is where people reach the server, without a slash at the end: invitations are links to it.
	BaseURL string
	// AskedURL has invitations begin with the address that was asked for instead, where a trusted proxy tells it.
	AskedURL bool
	// Trust knows the proxies that are believed about clients; nil for nobody.
	Trust *proxies.Trust
	// Secure has cookies sent over TLS only, although TLS may end before this server.
	Secure bool
	// TLS has the server speak it; nil for plain HTTP. It must know its certificates.
	TLS *tls.Config
	// H2C has the server speak HTTP/2 without TLS, too, to whoever begins with it (RFC 9113, section 3.3).
	H2C bool
	// HSTS is for how long a browser that was here over TLS is to refuse to come without; 0 says nothing of it.
	HSTS time.Duration
	// HTTP2Sockets offers browsers the socket over the connection of the page (RFC 8441), where that is HTTP/2.
	HTTP2Sockets bool
	// Settings are shown to those who look after the server.
	Settings []Setting
	Log      *slog.Logger

	// Times bounds how long a connection may take; zero fields take the defaults.
	Times Times
}

// Times bounds how long a connection may take over one request. A socket is not bound by them: their deadlines are lifted
// when it is taken over.
type Times struct {
	// Header is for the handshake of TLS, and then for the request's header: 10 seconds each. It is what cuts a client that
	// sends them byte by byte.
	Header time.Duration
	// Request is for header and body together: 30 seconds.
	Request time.Duration
	// Answer is for reading the body, working and writing the answer: 60 seconds.
	Answer time.Duration
	// Idle is between two requests: 2 minutes.
	Idle time.Duration
	// Work is for the work of one API call: 20 seconds. It is within Answer, so that the failure can be told.
	Work time.Duration
	// Rest is for the rest of a body that a call did not want: 5 seconds.
	Rest time.Duration
}

// maxHeaderBytes bounds a request's line and header fields together. Go adds 4 KiB of slack.
const maxHeaderBytes = 32 << 10

// Server answers HTTP.
type Server struct {
	opts    Options
	log     *slog.Logger
	origins map[string]bool
	pages   *pages
	budgets *budgets
	// pictures are the budgets for users' pictures.
	pictures *budgets
	started  time.Time
	handler  http.Handler
	server   *http.Server
	quiet    *quiet // serves HTTP/2 where the socket is not to go over it; nil elsewhere
}

// New makes a Server. It reads and compresses the pages once, here.
func New(opts Options) (*Server, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Trust == nil {
		opts.Trust = proxies.NewTrust(nil, opts.Log)
	}
	opts.Times = opts.Times.orDefaults()
	pages, err := loadPages(opts.Pages)
	if err != nil {
		return nil, err
	}
	budgets, err := newBudgets(callsPerSecond, callsBurst)
	if err != nil {
		return nil, err
	}
	pictures, err := newBudgets(picturesPerSecond, picturesBurst)
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts: opts, log: opts.Log, pages: pages, budgets: budgets, pictures: pictures, origins: make(map[string]bool), started: time.Now(),
	}
	for _, origin := range opts.Origins {
		s.origins[origin] = true
	}
	if s.handler, err = s.routes(); err != nil {
		return nil, err
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(opts.H2C)
	s.server = &http.Server{
		Protocols:         &protocols,
		Handler:           s.handler,
		ReadHeaderTimeout: opts.Times.Header,
		ReadTimeout:       opts.Times.Request,
		WriteTimeout:      opts.Times.Answer,
		IdleTimeout:       opts.Times.Idle,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(demoting{opts.Log.Handler()}, slog.LevelWarn),
		TLSConfig:         opts.TLS.Clone(),
	}
	if opts.TLS != nil || opts.H2C {
		s.makeHTTP2()
	}
	return s, nil
}

func (t Times) orDefaults() Times {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&t.Header, 10*time.Second)
	set(&t.Request, 30*time.Second)
	set(&t.Answer, 60*time.Second)
	set(&t.Idle, 2*time.Minute)
	set(&t.Work, 20*time.Second)
	set(&t.Rest, 5*time.Second)
	return t
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Serve answers what comes to ln until Shutdown, which it reports by nil. TLS is put on top of ln if it is in the options;
// who speaks plain HTTP then is told so.
func (s *Server) Serve(ln net.Listener) error {
	if s.quiet != nil {
		var beside sync.WaitGroup
		beside.Go(func() { _ = s.quiet.server.Serve(s.quiet) }) // it says that it was closed
		defer beside.Wait()
		defer func() { _ = s.quiet.Close() }()
	}
	var err error
	if s.opts.TLS != nil {
		err = s.server.ServeTLS(ln, "", "")
	} else {
		err = s.server.Serve(ln)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown stops listening and waits for the requests that are being answered; when ctx ends first, it cuts them, which
// is no error: a client that dawdles must not make a stop a failure. Connections that the socket took over are the
// socket's to end.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	if err == nil || ctx.Err() == nil {
		return err
	}
	s.log.WarnContext(ctx, "requests were cut at the stop")
	return s.server.Close()
}
