package ws_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/gobwas/httphead"
	gobwas "github.com/gobwas/ws"
	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/hub/hubtest"
	"github.com/earshot-chat/earshot/internal/leaktest"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/store/sqlstore"
	"github.com/earshot-chat/earshot/transport/ws"
	"github.com/earshot-chat/earshot/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// patience bounds every wait for the server, so that a test that fails does so in words and not by hanging.
const patience = hubtest.Patience

// house is a real server: store, hub, transport, HTTP. Who connects is told by the query: /ws?user=NAME.
type house struct {
	*hubtest.House
	t     *testing.T
	store *sqlstore.Store
	hub   *hub.Hub
	ws    *ws.Server
	http  *httptest.Server
	users map[string]earshot.User
	// tunnels connects over HTTP/2; nil in a house that does not speak it.
	tunnels http.RoundTripper
	// dialed counts its connections.
	dialed atomic.Int32
}

// setup is what a house is made of.
type setup struct {
	ws.Options
	// secure has it speak TLS, and http2 that with HTTP/2.
	secure, http2 bool
}

// links are the two kinds of link, each with and without TLS, and streams of HTTP/2; every conversation is held over all of
// them.
func links(t *testing.T, run func(t *testing.T, opts setup)) {
	t.Helper()
	for name, opts := range map[string]setup{
		"poller":         {},
		"goroutines":     {Options: ws.Options{Goroutines: true}},
		"poller TLS":     {secure: true},
		"goroutines TLS": {Options: ws.Options{Goroutines: true}, secure: true},
		"HTTP2":          {Options: ws.Options{Goroutines: true}, secure: true, http2: true},
	} {
		t.Run(name, func(t *testing.T) { run(t, opts) })
	}
}

func newHouse(t *testing.T, opts setup, change func(*hub.Config)) *house {
	t.Helper()
	return newHouseOn(t, local.New(), opts, change)
}

func newHouseOn(t *testing.T, relay earshot.Relay, opts setup, change func(*hub.Config)) *house {
	t.Helper()
	base := hubtest.New(t, relay, change)
	h := &house{House: base, t: t, store: base.Store, hub: base.Hub, users: make(map[string]earshot.User)}
	opts.Hub, opts.Version = h.hub, "test"
	if opts.Ping == 0 {
		opts.Ping = time.Hour // nobody is gone for reading nothing, however long a test takes
	}
	var err error
	if h.ws, err = ws.New(opts.Options); err != nil {
		t.Fatal(err)
	}
	h.http = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := h.users[r.URL.Query().Get("user")]
		if err := h.ws.Accept(w, r, user, earshot.SecretHash{byte(user.ID)}); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	switch {
	case opts.http2:
		h.serveHTTP2()
	case opts.secure:
		h.http.Listener = ws.TakeoverListener(h.http.Listener)
		h.http.StartTLS()
	default:
		h.http.Start()
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := h.hub.Close(ctx); err != nil {
			t.Errorf("close hub: %v", err)
		}
		if err := h.ws.Close(ctx); err != nil {
			t.Errorf("close ws: %v", err)
		}
		h.http.Close()
	})
	return h
}

func (h *house) addUsers(userNames ...string) {
	h.t.Helper()
	for _, name := range userNames {
		h.users[name] = h.User(name)
	}
}

func (h *house) addRoom(owner, name string, access earshot.Access) earshot.RoomID {
	h.t.Helper()
	return h.Room(h.users[owner], name, access)
}

func (h *house) url(user string) string {
	return "ws" + strings.TrimPrefix(h.http.URL, "http") + "/ws?user=" + user
}

// dialNet connects without a library that would keep to the rules. What was read together with the handshake may be in rest.
func (h *house) dialNet(ctx context.Context, user string, extensions ...httphead.Option) (nc net.Conn, rest *bufio.Reader, err error) {
	if h.tunnels != nil {
		return h.dialTunnel(ctx, user, extensions...)
	}
	d := gobwas.Dialer{Protocols: []string{wire.Subprotocol}, Extensions: extensions}
	if transport, ok := h.http.Client().Transport.(*http.Transport); ok {
		d.TLSConfig = transport.TLSClientConfig
	}
	nc, rest, _, err = d.Dial(ctx, h.url(user))
	return nc, rest, err
}

// client is an HTTP client that a foreign WebSocket client dials with.
func (h *house) client() *http.Client {
	if h.tunnels != nil {
		return &http.Client{Transport: translated{h}}
	}
	return h.http.Client()
}

// tcpOf is the TCP connection under a client's.
func tcpOf(nc net.Conn) (*net.TCPConn, bool) {
	if cover, ok := nc.(*tls.Conn); ok {
		nc = cover.NetConn()
	}
	tcp, ok := nc.(*net.TCPConn)
	return tcp, ok
}

// client is a foreign WebSocket client.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

func (h *house) dial(user string) *client {
	h.t.Helper()
	conn, _, err := websocket.Dial(h.t.Context(), h.url(user), &websocket.DialOptions{ //nolint:bodyclose // Dial's documentation: never needed
		HTTPClient:   h.client(),
		Subprotocols: []string{wire.Subprotocol},
	})
	if err != nil {
		h.t.Fatalf("dial: %v", err)
	}
	conn.SetReadLimit(1 << 20)
	h.t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t: h.t, conn: conn}
}

// cut ends the connection without a word.
func (c *client) cut() { _ = c.conn.CloseNow() }

func (c *client) send(format string, args ...any) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, format, args...)); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// read gives the next frame that is no ping.
func (c *client) read() string {
	c.t.Helper()
	for {
		ctx, cancel := context.WithTimeout(c.t.Context(), patience)
		kind, data, err := c.conn.Read(ctx)
		cancel()
		if err != nil {
			c.t.Fatalf("read: %v", err)
		}
		if kind != websocket.MessageText {
			c.t.Fatalf("a frame of kind %v", kind)
		}
		if text := string(data); text != `{"type":"ping"}` {
			return text
		}
	}
}

// reads expects a frame that contains each of the parts.
func (c *client) reads(parts ...string) string {
	c.t.Helper()
	got := c.read()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			c.t.Fatalf("read %s\nwant %s in it", got, part)
		}
	}
	return got
}

// settles waits until all that the client sent is done, also the telling of its entrances: while somebody is at that, they
// tell of others, too, and of those who come and go before their turn is, nothing.
func (c *client) settles() {
	c.t.Helper()
	c.send(`{"type":"ping","ref":4711}`)
	c.reads(`"type":"ok"`, `"ref":4711`)
}

// closes expects the connection to be closed with the code, whatever is read before.
func (c *client) closes(code websocket.StatusCode) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	for {
		_, _, err := c.conn.Read(ctx)
		if err == nil {
			continue
		}
		if got := websocket.CloseStatus(err); got != code {
			c.t.Fatalf("closed with %v (%v), want %v", got, err, code)
		}
		return
	}
}

// goodbye closes the connection. The library waits for the answer for five seconds and no longer: TestFrames waits.
func (c *client) goodbye() {
	c.t.Helper()
	if err := c.conn.Close(websocket.StatusNormalClosure, "bye"); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		c.t.Errorf("close: %v", err)
	}
}

// slowRelay takes messages and has not delivered them yet, as a relay over a network may.
type slowRelay struct{ *local.Relay }

func (r slowRelay) Publish(ctx context.Context, ev *earshot.Event) (earshot.Receipt, error) {
	if ev.Kind == earshot.KindMessage {
		return earshot.Receipt{Seq: 7, Heard: 1}, nil
	}
	return r.Relay.Publish(ctx, ev)
}

// The answer to a post goes out with the message (link.hold), but not only if one comes.
func TestPostIsAnsweredWithoutItsMessage(t *testing.T) {
	links(t, func(t *testing.T, opts setup) {
		h := newHouseOn(t, slowRelay{local.New()}, opts, nil)
		h.addUsers("ana")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		ana := h.dial("ana")
		ana.reads(`"type":"hello"`)
		ana.send(`{"type":"join","ref":1,"room":%d}`, room)
		ana.reads(`"type":"joined"`)
		ana.reads(`"type":"entered"`)
		ana.send(`{"type":"post","ref":2,"room":%d,"nonce":"a1","text":"hello"}`, room)
		ana.reads(`"type":"posted"`, `"ref":2`, `"seq":7`)
	})
}

func TestConversation(t *testing.T) {
	links(t, func(t *testing.T, opts setup) {
		h := newHouse(t, opts, nil)
		h.addUsers("ana", "ben")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		ana, ben := h.dial("ana"), h.dial("ben")
		ana.reads(`"type":"hello"`, `"name":"ana"`, `"text_bytes":8192`, `"protocol":"earshot.v1"`)
		ben.reads(`"type":"hello"`)
		ana.send(`{"type":"join","ref":1,"room":%d}`, room)
		ana.reads(`"type":"joined"`, `"ref":1`, `"seq":0`, `"count":1`)
		ana.reads(`"type":"entered"`, `"seq":1`)
		ben.send(`{"type":"join","ref":1,"room":%d}`, room)
		ben.reads(`"type":"joined"`, `"count":2`)
		ben.reads(`"type":"entered"`)
		ana.reads(`"type":"entered"`, `"name":"ben"`, `"count":2`)
		ana.send(`{"type":"post","ref":2,"room":%d,"nonce":"a1","text":"<b>héllo</b> \"you\""}`, room)
		for range 2 {
			got := ana.read()
			if !strings.Contains(got, `"type":"posted"`) && !strings.Contains(got, `"type":"message"`) {
				t.Errorf("got %s", got)
			}
		}
		ben.reads(`"type":"message"`, `"nonce":"a1"`, `"text":"<b>héllo</b> \"you\""`, `"name":"ana"`)
		ben.send(`{"type":"typing","room":%d}`, room)
		ana.reads(`"type":"typing"`, `"name":"ben"`)
		ben.send(`{"type":"leave","ref":3,"room":%d}`, room)
		ben.reads(`"type":"typing"`)
		ben.reads(`"type":"left"`, `"ref":3`)
		ana.reads(`"type":"departed"`)
		ben.goodbye()
	})
}
