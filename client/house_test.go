package client

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/httpd"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/internal/leaktest"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/store/sqlstore"
	"github.com/earshot-chat/earshot/transport/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// patience bounds every wait, so that a test that fails does so in words and not by hanging.
const patience = 2 * time.Minute

// goodPassword is one that nobody would guess.
const goodPassword = "correct horse battery staple"

// tester is what a house needs of a test.
type tester interface {
	Helper()
	Context() context.Context
	TempDir() string
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// house is a whole server at an address that stays the same over restarts.
type house struct {
	t      tester
	store  *sqlstore.Store
	change func(*hub.Config, *ws.Options)
	// address is what clients know; a later server listens elsewhere, because others may have taken the port meanwhile.
	address string
	// at is where the server listens, and empty while there is none.
	mu       sync.Mutex
	at       string
	accounts *account.Service
	hub      *hub.Hub
	stop     func()
}

func newHouse(t tester, change func(*hub.Config, *ws.Options)) *house {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, store: store, change: change}
	h.start()
	h.address = h.at
	t.Cleanup(func() {
		h.stop()
		if err := store.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return h
}

// start serves on the house's address, on the store that there is.
func (h *house) start() {
	h.t.Helper()
	relay, rooms, socketOpts := local.New(), hub.DefaultConfig(), ws.Options{Version: "test"}
	if h.change != nil {
		h.change(&rooms, &socketOpts)
	}
	h.hub = hub.New(hub.Options{Relay: relay, Rooms: h.store, Members: h.store, Sanctions: h.store, Actions: h.store, Config: rooms})
	h.accounts = account.New(account.Stores{
		Users: h.store, Passwords: h.store, Edit: h.store, Own: h.store, Secrets: h.store, Profiles: h.store, Groups: h.store, Sessions: h.store, Tokens: h.store, Invitations: h.store,
		TOTP: h.store, Recovery: h.store, Passkeys: h.store, Identities: h.store, Origins: h.store, Tickets: h.store, Factors: h.store, Bans: h.store, Actions: h.store,
	},
		account.DefaultConfig(), h.hub.EndLogin)
	socketOpts.Hub = h.hub
	socket, err := ws.New(socketOpts)
	if err != nil {
		h.t.Fatal(err)
	}
	site, err := httpd.New(httpd.Options{
		Ping: h.store.Ping, Name: "Test", Version: "test", Origins: []string{"http://earshot.test"},
		BaseURL: "http://earshot.test", Accounts: h.accounts, Hub: h.hub, Socket: socket,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	h.listens(ln.Addr().String())
	served := make(chan error, 1)
	go func() { served <- site.Serve(narrow{ln}) }()
	h.stop = func() {
		h.listens("")
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := h.hub.Close(ctx); err != nil {
			h.t.Errorf("close hub: %v", err)
		}
		if err := socket.Close(ctx); err != nil {
			h.t.Errorf("close sockets: %v", err)
		}
		if err := site.Shutdown(ctx); err != nil {
			h.t.Errorf("shut down: %v", err)
		}
		if err := <-served; err != nil {
			h.t.Errorf("serve: %v", err)
		}
	}
}

// narrow is a listener whose connections hold little of what is sent and not read, whatever the system would let them grow to.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	conn, err := n.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetWriteBuffer(64 << 10)
}

// listens notes where the server listens.
func (h *house) listens(at string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = at
}

// reach is a dialer that finds the server wherever it listens by now. While there is none, nobody answers.
func (h *house) reach(ctx context.Context, network, address string) (net.Conn, error) {
	h.mu.Lock()
	at := h.at
	h.mu.Unlock()
	switch {
	case address != h.address: // not the house
		at = address
	case at == "":
		at = "127.0.0.1:1"
	}
	return (&net.Dialer{}).DialContext(ctx, network, at)
}

// user makes a user and gives the token.
func (h *house) user(name string) (token string) {
	h.t.Helper()
	a := account.NewAccount{Username: name, Password: goodPassword, HasPassword: true}
	if _, err := h.accounts.CreateUsers(h.t.Context(), []account.NewAccount{a}); err != nil {
		h.t.Fatal(err)
	}
	tokens, err := h.accounts.CreateTokens(h.t.Context(), []string{name})
	if err != nil {
		h.t.Fatal(err)
	}
	return tokens[0]
}

func (h *house) userOf(token string) earshot.User {
	h.t.Helper()
	login, err := h.accounts.ByToken(h.t.Context(), token)
	if err != nil {
		h.t.Fatal(err)
	}
	return login.User
}

func (h *house) room(token, name string) earshot.RoomID {
	h.t.Helper()
	r, err := h.hub.CreateRoom(h.t.Context(), h.userOf(token), earshot.Room{Name: name, Title: name, Access: earshot.AccessPublic})
	if err != nil {
		h.t.Fatal(err)
	}
	return r.ID
}

// hurried waits a moment where a client would wait for seconds, so that others get their turn.
func hurried(verdict, int, func() float64, time.Duration, time.Duration) time.Duration {
	return 5 * time.Millisecond
}

// options are those of a client in a hurry.
func (h *house) options(token string) Options {
	return Options{URL: "http://" + h.address, Token: token, Dial: h.reach, hurry: hurried}
}

func (h *house) dial(opts Options) *heard {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	c, err := Dial(ctx, opts)
	if err != nil {
		h.t.Fatalf("dial: %v", err)
	}
	h.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			h.t.Errorf("close: %v", err)
		}
	})
	return &heard{Client: c, t: h.t}
}

// heard is a client whose events a test takes one by one.
type heard struct {
	*Client
	t tester
}

func (c *heard) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	c.t.Cleanup(cancel)
	return ctx
}

func (c *heard) join(room earshot.RoomID) Joined {
	c.t.Helper()
	j, err := c.Join(c.ctx(), room)
	if err != nil {
		c.t.Fatalf("join: %v", err)
	}
	return j
}

func (c *heard) post(room earshot.RoomID, text string) Posted {
	c.t.Helper()
	p, err := c.Post(c.ctx(), room, text)
	if err != nil {
		c.t.Fatalf("post: %v", err)
	}
	return p
}

// next takes events until one is of the type.
func next[T Event](c *heard) T {
	c.t.Helper()
	return nextThat(c, func(T) bool { return true })
}

// nextThat takes events until one is of the type and as wanted.
func nextThat[T Event](c *heard, want func(T) bool) T {
	c.t.Helper()
	late := time.After(patience)
	for {
		select {
		case ev, ok := <-c.Events():
			if !ok {
				c.t.Fatalf("the events ended while waiting for a %T: %v", *new(T), c.Err())
			}
			if found, ok := ev.(T); ok && want(found) {
				return found
			}
		case <-late:
			c.t.Fatalf("no %T came", *new(T))
		}
	}
}

// settled waits until a condition of the hub's holds.
func (h *house) settled(what string, holds func() bool) {
	h.t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			h.t.Fatalf("it never came to be that %s", what)
		}
		<-tick.C
	}
}

// fast lets a user say as much as he likes.
func fast(cfg *hub.Config, _ *ws.Options) {
	cfg.PostsPerSecond, cfg.PostsBurst, cfg.FramesPerSecond, cfg.FramesBurst = 1e6, 1_000_000, 1e6, 1_000_000
}

// lasting keeps sessions, what was said, and the places of those who are away for longer than any test lasts.
func lasting(cfg *hub.Config, _ *ws.Options) { cfg.ResumeWindow, cfg.Grace = time.Hour, time.Hour }

// quickPing makes the server say something every second.
func quickPing(_ *hub.Config, opts *ws.Options) { opts.Ping = time.Second }

// network is a dialer whose connections can be cut and stalled.
type network struct {
	// smallBuffers makes the connections hold little.
	smallBuffers bool
	// life is how many bytes a connection lives for, both ways together; nil for ever.
	life func() int64

	mu    sync.Mutex
	conns map[*netConn]struct{}
	made  int
}

// netConn is one connection of a network.
type netConn struct {
	net.Conn
	net *network
	// stalled is closed when nothing comes through any more, closed when it was closed.
	stalled, closed chan struct{}
	stall, shut     sync.Once
	// rest is how many bytes it still lives for; mortal tells that this counts.
	rest   atomic.Int64
	mortal bool
}

func (n *network) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if n.smallBuffers {
		if err := conn.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil {
			return nil, err
		}
	}
	c := &netConn{Conn: conn, net: n, stalled: make(chan struct{}), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.mortal = n.life != nil; c.mortal {
		c.rest.Store(n.life())
	}
	if n.conns == nil {
		n.conns = make(map[*netConn]struct{})
	}
	n.conns[c] = struct{}{}
	n.made++
	return c, nil
}

// each does something with every connection there is.
func (n *network) each(do func(*netConn)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		do(c)
	}
}

// cut breaks every connection, without a word to the other side but a reset.
func (n *network) cut() {
	n.each(func(c *netConn) {
		_ = c.Conn.(*net.TCPConn).SetLinger(0)
		_ = c.Conn.Close()
	})
}

// halt lets nothing through on the connections that there are, either way, without ending them.
func (n *network) halt() {
	n.each(func(c *netConn) { c.stall.Do(func() { close(c.stalled) }) })
}

// count tells how many connections were made.
func (n *network) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.made
}

// Read holds back what comes once the connection is stalled.
func (c *netConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.mortal && c.rest.Add(-int64(n)) < 0 {
		_ = c.Conn.Close()
		return 0, net.ErrClosed
	}
	select {
	case <-c.stalled:
		<-c.closed
		return 0, net.ErrClosed
	default:
		return n, err
	}
}

// Write swallows what is sent once the connection is stalled.
func (c *netConn) Write(p []byte) (int, error) {
	if rest := c.rest.Add(-int64(len(p))); c.mortal && rest < 0 {
		n, _ := c.Conn.Write(p[:max(0, int64(len(p))+rest)]) // the last of it is cut in two
		_ = c.Conn.Close()
		return n, net.ErrClosed
	}
	select {
	case <-c.stalled:
		return len(p), nil
	default:
		return c.Conn.Write(p)
	}
}

// Close ends the connection.
func (c *netConn) Close() error {
	c.shut.Do(func() { close(c.closed) })
	c.net.mu.Lock()
	delete(c.net.conns, c)
	c.net.mu.Unlock()
	return c.Conn.Close()
}
