package multichat_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/hub/hubtest"
	"github.com/earshot-chat/earshot/internal/leaktest"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/store/sqlstore"
	"github.com/earshot-chat/earshot/transport/multichat"
	"github.com/earshot-chat/earshot/transport/ws"
	"github.com/earshot-chat/earshot/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// patience bounds every wait for the server, so that a test that fails does so in words and not by hanging.
const patience = hubtest.Patience

// house is a real server with both doors: /chat/stream/ and /ws. Who connects is told by the query: ?user=NAME.
type house struct {
	*hubtest.House
	t     *testing.T
	store *sqlstore.Store
	hub   *hub.Hub
	relay earshot.Relay
	http  *httptest.Server
	users map[string]earshot.User
}

// options have no time that could run out while a test takes its own.
func options() multichat.Options {
	opts := multichat.Options{FrameBytes: 64 << 10, Ping: time.Hour, WriteBuffer: 1 << 20, Notices: true}
	return multichat.LingeringForTest(opts, patience)
}

func newHouse(t *testing.T, opts multichat.Options, change func(*hub.Config)) *house {
	t.Helper()
	relay := local.New()
	base := hubtest.New(t, relay, change)
	h := &house{House: base, t: t, store: base.Store, hub: base.Hub, relay: relay, users: make(map[string]earshot.User)}
	opts.Hub = h.hub
	guests := multichat.New(opts)
	socket, err := ws.New(ws.Options{Hub: h.hub, Version: "test", Ping: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	h.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		accept := guests.Accept
		if r.URL.Path == "/ws" {
			accept = socket.Accept
		}
		user := h.users[r.URL.Query().Get("user")]
		if err := accept(w, r, user, earshot.SecretHash{byte(user.ID)}); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		for _, closed := range []func(context.Context) error{h.hub.Close, guests.Close, socket.Close} {
			if err := closed(ctx); err != nil {
				t.Errorf("close: %v", err)
			}
		}
		h.http.Close()
	})
	return h
}

// addUsers makes users; ana is staff.
func (h *house) addUsers(userNames ...string) {
	h.t.Helper()
	for _, name := range userNames {
		h.users[name] = h.User(name, func(u *earshot.User) { u.IsStaff = name == "ana" })
	}
}

// addRoom makes a room that ana owns.
func (h *house) addRoom(name string, access earshot.Access) earshot.RoomID {
	h.t.Helper()
	r, err := h.hub.CreateRoom(h.t.Context(), h.users["ana"], earshot.Room{Name: name, Title: "The " + name, Access: access})
	if err != nil {
		h.t.Fatal(err)
	}
	return r.ID
}

func (h *house) url(path, user string) string {
	return "ws" + strings.TrimPrefix(h.http.URL, "http") + path + "?user=" + user
}

// client is a foreign WebSocket client.
type client struct {
	t    *testing.T
	conn *websocket.Conn
}

// dial connects to /chat/stream/.
func (h *house) dial(user string) *client { return h.dialTo("/chat/stream/", user) }

func (h *house) dialTo(path, user string, subprotocols ...string) *client {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, h.url(path, user), &websocket.DialOptions{ //nolint:bodyclose // Dial's documentation: never needed
		HTTPClient: h.http.Client(), Subprotocols: subprotocols,
	})
	if err != nil {
		h.t.Fatalf("dial: %v", err)
	}
	conn.SetReadLimit(1 << 20)
	h.t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t: h.t, conn: conn}
}

// page connects as Earshot's own page does, and enters the room.
func (h *house) page(user string, room earshot.RoomID) *client {
	h.t.Helper()
	c := h.dialTo("/ws", user, wire.Subprotocol)
	c.reads(`"type":"hello"`)
	c.send(`{"type":"join","ref":1,"room":%d}`, room)
	c.reads(`"type":"joined"`)
	return c
}

func (c *client) send(format string, args ...any) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, format, args...)); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// read gives the next frame.
func (c *client) read() string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	kind, data, err := c.conn.Read(ctx)
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	if kind != websocket.MessageText {
		c.t.Fatalf("a frame of kind %v", kind)
	}
	return string(data)
}

// wants expects exactly this frame.
func (c *client) wants(format string, args ...any) {
	c.t.Helper()
	if got, want := c.read(), fmt.Sprintf(format, args...); got != want {
		c.t.Fatalf("read %.200s\nwant %.200s", got, want)
	}
}

// reads skips to a frame with all the parts in it.
func (c *client) reads(parts ...string) {
	c.t.Helper()
	for {
		got, missing := c.read(), false
		for _, part := range parts {
			missing = missing || !strings.Contains(got, part)
		}
		if !missing {
			return
		}
	}
}

// closes expects the connection to be closed with the code, whatever is read before, and gives that.
func (c *client) closes(code websocket.StatusCode) (before []string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	for {
		_, data, err := c.conn.Read(ctx)
		if err == nil {
			before = append(before, string(data))
			continue
		}
		if got := websocket.CloseStatus(err); got != code {
			c.t.Fatalf("closed with %v (%v), want %v", got, err, code)
		}
		return before
	}
}

// joins enters a room, naming it in this way.
func (c *client) joins(room string) {
	c.t.Helper()
	c.send(`{"command":"join","room":%s}`, room)
	c.reads(`{"join":`)
}
