package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/config"
	"github.com/earshot-chat/earshot/httpd"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/internal/certificate"
	"github.com/earshot-chat/earshot/internal/openid"
	"github.com/earshot-chat/earshot/internal/proxies"
	"github.com/earshot-chat/earshot/mail/smtpmail"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/store/sqlstore"
	"github.com/earshot-chat/earshot/transport/multichat"
	"github.com/earshot-chat/earshot/transport/sse"
	"github.com/earshot-chat/earshot/transport/ws"
	"github.com/earshot-chat/earshot/web"
)

const (
	// stopTime is how long a stop may take: within the 10 seconds that container runtimes wait before they kill.
	stopTime = 9 * time.Second
	// sweepEvery is how often expired log-ins are removed from the database, and the sockets that they opened ended.
	sweepEvery = 5 * time.Minute
)

type serveCmd struct {
	config.FileFlag
	config.Config `embed:""`
}

// Run serves until the context ends or a successor has taken over, and then stops cleanly.
func (c *serveCmd) Run(env *environment) error {
	log := newLog(env.stderr, &c.Log)
	if swapInUse() {
		log.Warn("swap is on: what is said here could be written to disk; turn it off, or encrypt it")
	}
	s, err := start(env, &c.Config, log)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- s.serve() }()
	if err := s.greet(env, c); err != nil && env.ctx.Err() == nil {
		return errors.Join(err, s.stop(stopTime))
	}
	if err := env.inherited.Ready(); err != nil {
		log.Warn("systemd was not told that the server is up", slog.Any("error", err))
	}
	next, err := s.untilOver(env, failed)
	switch {
	case err != nil:
		return errors.Join(err, s.stop(stopTime))
	case next != nil:
		log.Info("handing over", slog.Int("pid", next.PID()))
		return s.handOver(env, next)
	}
	log.Info("stopping")
	if err := errors.Join(s.stopAndKeep(env), <-failed); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}

// server is everything that runs while earshot serves.
type server struct {
	log      *slog.Logger
	store    *sqlstore.Store
	relay    *local.Relay
	hub      *hub.Hub
	accounts *account.Service
	socket   *ws.Server
	stream   *sse.Server
	// multichat is nil where it is off.
	multichat *multichat.Server
	// mail is nil where none is sent.
	mail *smtpmail.Sender
	// providers are those of OpenID Connect.
	providers []*openid.Provider
	http      *httpd.Server
	listener  net.Listener
	secure    secure
	trust     *proxies.Trust
	// wrap is put around what listens, at serving.
	wrap    func(net.Listener) net.Listener
	baseURL string

	endWork context.CancelFunc
	work    sync.WaitGroup

	// keep has stop take the state of the hub, for a successor.
	keep  bool
	state []byte
}

// start puts the house together. Nothing is served before it returns.
func start(env *environment, c *config.Config, log *slog.Logger) (s *server, err error) {
	ctx := env.ctx
	s = &server{log: log, endWork: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop(stopTime))
			s = nil
		}
	}()
	if err = s.trustProxies(c); err != nil {
		return s, err
	}
	if err = s.loadCertificate(ctx, c); err != nil {
		return s, err
	}
	// The port before the database: a second server on the same data must not touch that before it fails.
	if err = s.inheritOrListen(env, c); err != nil {
		return s, err
	}
	state, err := s.inherit(env, c)
	defer func() { clear(state) }()
	if err != nil {
		return s, err
	}
	if err = s.makeHub(ctx, c, state); err != nil {
		return s, err
	}
	s.socket, err = ws.New(ws.Options{
		Hub: s.hub, Version: version, FrameBytes: c.Limits.FrameBytes, Ping: c.PingInterval, WriteBuffer: c.WriteBuffer,
		Log: log,
	})
	if err != nil {
		return s, err
	}
	s.stream = sse.New(sse.Options{
		Hub: s.hub, Version: version, FrameBytes: c.Limits.FrameBytes, Ping: c.PingInterval, WriteBuffer: c.WriteBuffer,
		Log: log,
	})
	if c.Multichat != "off" {
		s.multichat = multichat.New(multichat.Options{
			Hub: s.hub, FrameBytes: c.Limits.FrameBytes, Ping: c.PingInterval, WriteBuffer: c.WriteBuffer,
			Notices: c.Multichat != "quiet", Log: log,
		})
	}
	policy := account.DefaultConfig()
	policy.Issuer = c.Name
	if err = s.makePasskeys(c, &policy); err != nil {
		return s, err
	}
	policy.SignUp = account.SignUpPolicy(c.SignUp)
	if policy.Mail, err = s.makeMail(c); err != nil {
		return s, err
	}
	if err = s.makeProviders(c, &policy); err != nil {
		return s, err
	}
	s.accounts = account.New(accountStores(s.store), policy, s.hub.EndLogin)
	if err = s.accounts.Bar(ctx, s.hub.Bar); err != nil {
		return s, err
	}
	if err = s.makeHTTP(c, policy.SignUp); err != nil {
		return s, err
	}
	s.refresh(ctx)
	s.sweep(ctx, c)
	return s, nil
}

// makeHub makes relay and hub, which go on from the predecessor's state if there is one.
func (s *server) makeHub(ctx context.Context, c *config.Config, state []byte) error {
	numbering, rest, err := readState(state)
	if err != nil {
		s.log.WarnContext(ctx, "the predecessor's state cannot be used: what was missed is lost", slog.Any("error", err))
	}
	s.relay = local.Continue(numbering)
	s.hub = hub.New(hub.Options{Relay: s.relay, Rooms: s.store, Members: s.store, Sanctions: s.store, Notes: s.store, Actions: s.store, Log: s.log, Config: hub.Config{
		MaxText: c.Limits.TextBytes, MaxRooms: c.Limits.Rooms, RoomsPerUser: c.Limits.RoomsPerUser, SessionsPerUser: c.Limits.SessionsPerUser,
		PostsPerSecond: c.Limits.PostsPerSecond, PostsBurst: c.Limits.PostsBurst,
		CreateRooms:  hub.CreatePolicy(c.CreateRooms),
		ResumeWindow: c.Resume.Window, Grace: c.Resume.Grace,
		RoomWindowBytes: c.Resume.RoomBytes, WindowBytes: int64(c.Resume.Bytes),
	}})
	if rest == nil {
		return nil
	}
	err = s.hub.Restore(ctx, rest)
	if errors.Is(err, hub.ErrState) {
		s.log.WarnContext(ctx, "a part of the predecessor's state cannot be used", slog.Any("error", err))
		return nil
	}
	return err
}

// makeHTTP makes the HTTP server for the address that is listened on.
func (s *server) makeHTTP(c *config.Config, signUp account.SignUpPolicy) error {
	pages, err := web.Files()
	if err != nil {
		return err
	}
	origins, err := c.AllowedOrigins(s.listener.Addr(), config.ThisHost())
	if err != nil {
		return err
	}
	s.baseURL = c.BaseURL(s.listener.Addr())
	hsts := c.TLS.HSTS
	if c.TLS.Dev {
		hsts = 0 // a browser that was told it would refuse the next certificate without a way around
	}
	if err := s.makeRedirect(c); err != nil {
		return err
	}
	var guests httpd.Door // no interface around a nil pointer
	if s.multichat != nil {
		guests = s.multichat
	}
	s.http, err = httpd.New(httpd.Options{
		Accounts: s.accounts, Hub: s.hub, Socket: s.socket, Stream: s.stream, Multichat: guests, Ping: s.store.Ping, Pages: pages,
		Name: c.Name, Version: version, SignUp: signUp, CreateRooms: hub.CreatePolicy(c.CreateRooms),
		Origins: origins, BaseURL: s.baseURL, AskedURL: c.PublicURL == "", Trust: s.trust,
		Secure: c.Secure(), TLS: s.secure.config, H2C: c.H2C, HSTS: hsts,
		HTTP2Sockets: c.TLS.HTTP2Sockets, Settings: settings(c), Log: s.log,
	})
	return err
}

// settings gives what may be seen of the settings.
func settings(c *config.Config) []httpd.Setting {
	shown := c.Shown()
	list := make([]httpd.Setting, len(shown))
	for i, s := range shown {
		list[i] = httpd.Setting(s)
	}
	return list
}

// listen takes the address, or says in a sentence why it cannot be had and which flag it is of.
func listen(ctx context.Context, address, flag string) (net.Listener, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the address %s is in use: another program, perhaps another Earshot, listens there. "+
			"Choose another one with %s", address, flag)
	case errors.Is(err, os.ErrPermission):
		return nil, fmt.Errorf("listening on %s is not permitted: ports under 1024 need a privilege. "+
			"Choose another one with %s", address, flag)
	default:
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
}

// sweep removes expired log-ins now and again, gives memory back after bursts, and looks at the certificate, until stop.
func (s *server) sweep(ctx context.Context, c *config.Config) {
	ctx, s.endWork = context.WithCancel(ctx)
	if s.secure.files != nil {
		s.work.Go(func() { every(ctx, certificateEvery, func() { s.complain(ctx, c.Host()) }) })
	}
	if s.secure.authority != nil {
		s.work.Go(func() { s.secure.authority.Watch(ctx) })
	}
	s.work.Go(func() { s.follow(ctx) })
	s.work.Go(func() { s.answerResets(ctx) })
	s.work.Go(func() { trim(ctx, s.hub) })
	s.work.Go(func() { alive(ctx, s.log, s.hub) })
	s.work.Go(func() {
		s.sweepLogIns(ctx)
		every(ctx, sweepEvery, func() { s.sweepLogIns(ctx) })
	})
	s.work.Go(func() {
		s.tidy(ctx, c.Actions)
		every(ctx, sweepEvery, func() { s.tidy(ctx, c.Actions) })
	})
}

// sweepLogIns removes those that have expired.
func (s *server) sweepLogIns(ctx context.Context) {
	if n, err := s.accounts.SweepExpired(ctx); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "removing expired log-ins failed", slog.Any("error", err))
	} else if n > 0 {
		s.log.InfoContext(ctx, "expired log-ins removed", slog.Int("count", n))
	}
}

// tidy lets go what the log of actions holds beyond its bounds, and bans that are over.
func (s *server) tidy(ctx context.Context, keep config.Actions) {
	if err := s.accounts.Tidy(ctx, keep.Days, keep.Entries); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "tidying up the log of actions failed", slog.Any("error", err))
	}
}

// stop ends everything in the order in which nothing that was acknowledged is lost: no new connections; the hub tells
// every client and lets out what it took; the connections end, or are cut when the time is over; the database is closed
// last. It works on a server that was put together only in part.
func (s *server) stop(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	s.endWork()
	var errs []error
	answered := make(chan error, 1)
	go func() { answered <- s.endHTTP(ctx) }()
	if s.hub != nil {
		errs = append(errs, s.hub.Close(ctx))
		if s.keep {
			s.state = s.hub.AppendState(appendNumbering(nil, s.relay.Numbering()))
		}
	}
	if s.socket != nil {
		errs = append(errs, s.socket.Close(ctx))
	}
	if s.stream != nil {
		errs = append(errs, s.stream.Close(ctx))
	}
	if s.multichat != nil {
		errs = append(errs, s.multichat.Close(ctx))
	}
	errs = append(errs, <-answered)
	s.work.Wait()
	if s.accounts != nil {
		errs = append(errs, s.accounts.WriteUses(ctx))
	}
	if s.mail != nil {
		errs = append(errs, s.mail.Close(ctx))
	}
	for _, p := range s.providers {
		p.Close()
	}
	if s.relay != nil {
		errs = append(errs, s.relay.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}

// endHTTP ends what listens.
func (s *server) endHTTP(ctx context.Context) error {
	var errs []error
	if s.http == nil { // nothing was served: the listeners are still ours
		for _, l := range s.listeners() {
			if l != nil {
				errs = append(errs, l.Close())
			}
		}
		return errors.Join(errs...)
	}
	if s.secure.redirect != nil {
		errs = append(errs, s.secure.redirect.Shutdown(ctx))
	}
	return errors.Join(append(errs, s.http.Shutdown(ctx))...)
}

// greet says where the server is, and on an empty database how its first user is made. The code is for whoever started
// the server: it goes to standard output and never to the log.
func (s *server) greet(env *environment, c *serveCmd) error {
	s.log.Info("listening", slog.String("address", s.listener.Addr().String()), slog.String("url", s.baseURL),
		slog.String("version", version))
	if s.secure.own != nil {
		if _, err := fmt.Fprintf(env.stdout, "\n  The server made a TLS certificate for trying. Its SHA-256 fingerprint is\n\n      %s\n\n",
			certificate.Fingerprint(s.secure.own)); err != nil {
			return err
		}
	}
	needed, err := s.accounts.SetupNeeded(env.ctx)
	if err != nil || !needed {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, `
  Nobody has an account on this server yet. To make the first one, the
  administrator's, open

      %s/setup

  and enter this code:

      %s

  Or, without a browser: earshot user create --admin NAME%s

`, s.baseURL, s.accounts.SetupCode(), c.elsewhere())
	return err
}

// elsewhere is what another command needs to find the same database.
func (c *serveCmd) elsewhere() string {
	switch {
	case c.DB != "": // not shown: the URL of a database may hold a password
		return " --db ..."
	case c.Data != "data":
		return " --data " + c.Data
	}
	return ""
}

// newLog makes the log. Nothing said in a room, no password and no token is ever given to it.
func newLog(to io.Writer, c *config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.SlogLevel()}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}
