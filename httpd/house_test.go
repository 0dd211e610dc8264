package httpd

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-chi/chi/v5"
	"github.com/go-json-experiment/json"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/store/sqlstore/sqlstoretest"
	"github.com/earshot-chat/earshot/transport/multichat"
	"github.com/earshot-chat/earshot/transport/sse"
	"github.com/earshot-chat/earshot/transport/ws"
	"github.com/earshot-chat/earshot/wire"
)

// house is a whole server on a database of its own.
type house struct {
	*Server
	t        *testing.T
	accounts *account.Service
	hub      *hub.Hub
}

// template is of the databases.
var template sqlstoretest.Template

const ownOrigin = "http://earshot.test"

// unhurried are times that are not over before a test is, on whatever machine. Tests of one of them shorten that.
func unhurried() Times {
	return Times{Header: time.Hour, Request: time.Hour, Answer: time.Hour, Idle: time.Hour, Work: time.Hour, Rest: time.Hour}
}

func newHouse(t *testing.T, change func(*Options, *account.Config, *hub.Config)) *house {
	t.Helper()
	store := template.Open(t)
	opts := Options{
		Pages: builtPages(), Ping: store.Ping, Name: "Test", Version: "1.2.3", Origins: []string{ownOrigin}, BaseURL: ownOrigin, Times: unhurried(),
	}
	accounts, rooms := account.DefaultConfig(), hub.DefaultConfig()
	accounts.SignUp = account.SignUpInvite
	if change != nil {
		change(&opts, &accounts, &rooms)
	}
	relay := local.New()
	h := &house{t: t, hub: hub.New(hub.Options{Relay: relay, Rooms: store, Members: store, Sanctions: store, Notes: store, Actions: store, Config: rooms})}
	h.accounts = account.New(account.Stores{
		Users: store, Passwords: store, Edit: store, Own: store, Secrets: store, Profiles: store, Groups: store, Sessions: store, Tokens: store, Invitations: store,
		TOTP: store, Recovery: store, Passkeys: store, Identities: store, Origins: store, Tickets: store, Factors: store, Bans: store, Actions: store,
	}, accounts, h.hub.EndLogin)
	if err := h.accounts.Bar(t.Context(), h.hub.Bar); err != nil {
		t.Fatal(err)
	}
	socket, err := ws.New(ws.Options{Hub: h.hub, Version: opts.Version, Ping: time.Hour}) // whoever is silent meanwhile is not gone
	if err != nil {
		t.Fatal(err)
	}
	guests := multichat.New(multichat.Options{Hub: h.hub, FrameBytes: 1000, Ping: time.Hour, WriteBuffer: 1000})
	opts.Multichat = guests
	opts.Accounts, opts.Hub, opts.SignUp, opts.CreateRooms = h.accounts, h.hub, accounts.SignUp, rooms.CreateRooms
	if opts.Socket == nil {
		opts.Socket = socket
	}
	stream := sse.New(sse.Options{Hub: h.hub, Version: opts.Version, FrameBytes: 64 << 10, Ping: time.Hour, WriteBuffer: 1 << 20})
	opts.Stream = stream
	if h.Server, err = New(opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := t.Context() // ended by now: connections that a test left open are cut
		_ = h.hub.Close(ctx)
		_ = socket.Close(ctx)
		_ = stream.Close(ctx)
		_ = guests.Close(ctx)
		for _, err := range []error{relay.Close(), store.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	return h
}

// someone is a user of the test, who calls with a token.
type someone struct {
	*house
	name, token string
	id          earshot.UserID
	// cookie is that of a log-in in a browser; empty for whoever calls with the token.
	cookie string
}

// user makes a user without a password.
func (h *house) user(name string, change func(*account.NewAccount)) *someone {
	h.t.Helper()
	a := account.NewAccount{Username: name}
	if change != nil {
		change(&a)
	}
	ids, err := h.accounts.CreateUsers(h.t.Context(), []account.NewAccount{a})
	if err != nil {
		h.t.Fatal(err)
	}
	tokens, err := h.accounts.CreateTokens(h.t.Context(), []string{name})
	if err != nil {
		h.t.Fatal(err)
	}
	return &someone{house: h, name: name, token: tokens[0], id: ids[0]}
}

func staff(a *account.NewAccount) { a.Staff = true }

func superuser(a *account.NewAccount) { a.Superuser = true }

func superuserWithPassword(a *account.NewAccount) {
	superuser(a)
	password(goodPassword)(a)
}

func password(p string) func(*account.NewAccount) {
	return func(a *account.NewAccount) { a.Password, a.HasPassword = p, true }
}

// call sends a JSON body, or none if it is empty, with further headers in pairs. Call and answer must be as docs/openapi.yaml
// describes them.
func (h *house) call(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequestWithContext(h.t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if d, err := described(); err != nil {
		h.t.Error(err)
	} else if err := d.hold(h.handler.(chi.Routes), r, body, w); err != nil {
		h.t.Error(err)
	}
	return w
}

func (s *someone) call(method, path, body string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.house.call(method, path, body, s.credential()...)
}

func (s *someone) credential() []string {
	if s.cookie != "" {
		return []string{"Cookie", s.cookie}
	}
	return []string{"Authorization", "Bearer " + s.token}
}

// forCall is the same person as whoever makes the call: some calls of one's own account must come from a browser.
func (s *someone) forCall(path string) *someone {
	if path != "/api/v1/me" && !strings.HasPrefix(path, "/api/v1/me/") {
		return s
	}
	return &someone{house: s.house, name: s.name, id: s.id, cookie: s.browser(s.name).cookie}
}

// wants calls and gives the answer, which must have the status.
func (s *someone) wants(status int, method, path, body string) *httptest.ResponseRecorder {
	s.t.Helper()
	w := s.call(method, path, body)
	if w.Code != status {
		s.t.Fatalf("%s: %s %s: %d, not %d: %s", s.name, method, path, w.Code, status, w.Body)
	}
	return w
}

// refused calls and wants the code.
func (s *someone) refused(code earshot.Code, method, path, body string) problem {
	s.t.Helper()
	p := problemOf(s.t, s.call(method, path, body))
	if p.Code != string(code) {
		s.t.Errorf("%s: %s %s: %s, not %s: %s", s.name, method, path, p.Code, code, p.Detail)
	}
	return p
}

func read[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("content-type is %q", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("cache-control is %q", got)
	}
	return v
}

// sessionCookie gives the cookie that an answer sets, or nil.
func sessionCookie(w *httptest.ResponseRecorder) *http.Cookie {
	result := w.Result()
	defer func() { _ = result.Body.Close() }()
	for _, c := range result.Cookies() {
		if c.Name == cookieName || c.Name == hostCookieName {
			return c
		}
	}
	return nil
}

// hear reads what comes on a socket up to a frame of the type.
func hear(t *testing.T, conn *websocket.Conn, kind wire.FrameType) error {
	t.Helper()
	for {
		var frame struct {
			Type wire.FrameType `json:"type"`
		}
		_, text, err := conn.Read(t.Context())
		if err == nil {
			err = json.Unmarshal(text, &frame)
		}
		if err != nil || frame.Type == kind {
			return err
		}
	}
}

// ping has a socket answer.
func ping(t *testing.T, conn *websocket.Conn) error {
	t.Helper()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"ping","ref":1}`)); err != nil {
		return err
	}
	return hear(t, conn, wire.FrameOK)
}

// lastOf reads what comes on a socket until it ends, and gives what it ended with.
func lastOf(t *testing.T, conn *websocket.Conn) error {
	t.Helper()
	for {
		if _, _, err := conn.Read(t.Context()); err != nil {
			return err
		}
	}
}
