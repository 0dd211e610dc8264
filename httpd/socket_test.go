package httpd

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/wire"
)

// knock tries to open the socket and gives the status of the answer.
func knock(t *testing.T, addr string, subprotocols []string, headers http.Header) (*websocket.Conn, int) {
	t.Helper()
	return knockAt(t, "ws://"+addr+"/ws", subprotocols, headers)
}

func knockAt(t *testing.T, url string, subprotocols []string, headers http.Header) (*websocket.Conn, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, answer, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: headers, Subprotocols: subprotocols})
	if answer == nil {
		t.Fatal(err)
	}
	if conn != nil {
		t.Cleanup(func() { _ = conn.CloseNow() })
		return conn, answer.StatusCode
	}
	if p := problemOf(t, recorded(t, answer)); p.Status != answer.StatusCode {
		t.Errorf("%+v", p)
	}
	return nil, answer.StatusCode
}

func TestHandshake(t *testing.T) {
	h := newHouse(t, nil)
	ana := h.user("ana", nil)
	addr := listenAndServe(t, h.Server)
	v1 := []string{wire.Subprotocol}
	const switched = http.StatusSwitchingProtocols
	for name, c := range map[string]struct {
		origin    []string
		token     string
		protocols []string
		want      int
	}{
		"no browser":            {nil, ana.token, v1, switched},
		"own page":              {[]string{ownOrigin}, ana.token, v1, switched},
		"another site":          {[]string{"https://evil.test"}, ana.token, v1, http.StatusForbidden},
		"another port":          {[]string{ownOrigin + ":81"}, ana.token, v1, http.StatusForbidden},
		"another scheme":        {[]string{"https://earshot.test"}, ana.token, v1, http.StatusForbidden},
		"a longer host":         {[]string{ownOrigin + ".evil.test"}, ana.token, v1, http.StatusForbidden},
		"a slash":               {[]string{ownOrigin + "/"}, ana.token, v1, http.StatusForbidden},
		"capitals":              {[]string{"HTTP://EARSHOT.TEST"}, ana.token, v1, http.StatusForbidden},
		"sandboxed frame":       {[]string{"null"}, ana.token, v1, http.StatusForbidden},
		"empty":                 {[]string{""}, ana.token, v1, http.StatusForbidden},
		"two origins":           {[]string{ownOrigin, "https://evil.test"}, ana.token, v1, http.StatusForbidden},
		"the same host as sent": {[]string{"http://" + addr}, ana.token, v1, http.StatusForbidden},
		"nobody":                {nil, "", v1, http.StatusUnauthorized},
		"a bad token":           {nil, "nonsense", v1, http.StatusUnauthorized},
		"no subprotocol":        {nil, ana.token, nil, http.StatusBadRequest},
		"another subprotocol":   {nil, ana.token, []string{"earshot.v0"}, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			headers := http.Header{"Origin": c.origin}
			if c.token != "" {
				headers.Set("Authorization", "Bearer "+c.token)
			}
			conn, status := knock(t, addr, c.protocols, headers)
			if status != c.want {
				t.Fatalf("answered with %d, not %d", status, c.want)
			}
			if conn == nil {
				return
			}
			var hello wire.Hello
			if err := wsjson.Read(t.Context(), conn, &hello); err != nil || hello.Type != wire.FrameHello || hello.User.Name != "ana" {
				t.Errorf("hello is %+v: %v", hello, err)
			}
		})
	}
}

// TestMultichatDoor holds the door for guests to what holds for the socket, a browser's session included.
func TestMultichatDoor(t *testing.T) {
	h := newHouse(t, nil)
	h.user("ana", password(goodPassword))
	cookie := sessionCookie(h.call(http.MethodPost, "/api/v1/login", login("ana", goodPassword)))
	session := []string{cookieName + "=" + cookie.Value}
	addr := listenAndServe(t, h.Server)
	for name, c := range map[string]struct {
		headers http.Header
		want    int
	}{
		"own page":       {http.Header{"Cookie": session, "Origin": {ownOrigin}}, http.StatusSwitchingProtocols},
		"no browser":     {http.Header{"Cookie": session}, http.StatusSwitchingProtocols},
		"another site":   {http.Header{"Cookie": session, "Origin": {"https://evil.test"}}, http.StatusForbidden},
		"another port":   {http.Header{"Cookie": session, "Origin": {ownOrigin + ":81"}}, http.StatusForbidden},
		"sandboxed":      {http.Header{"Cookie": session, "Origin": {"null"}}, http.StatusForbidden},
		"nobody":         {http.Header{"Origin": {ownOrigin}}, http.StatusUnauthorized},
		"another cookie": {http.Header{"Cookie": {cookieName + "=nonsense"}}, http.StatusUnauthorized},
		"Django's":       {http.Header{"Cookie": {"sessionid=" + cookie.Value}}, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			conn, status := knockAt(t, "ws://"+addr+"/chat/stream/", nil, c.headers)
			if status != c.want {
				t.Fatalf("answered with %d, not %d", status, c.want)
			}
			if conn == nil {
				return
			}
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"command":"join","room":1}`)); err != nil {
				t.Fatal(err)
			}
			if _, text, err := conn.Read(t.Context()); err != nil || string(text) != `{"error":"ROOM_INVALID"}` {
				t.Errorf("read %s: %v", text, err)
			}
		})
	}
}

func TestHandshakeWithoutUpgrade(t *testing.T) {
	h := newHouse(t, nil)
	ana := h.user("ana", nil)
	if w := ana.call(http.MethodGet, "/ws", ""); w.Code < 400 || w.Code > 499 {
		t.Errorf("a plain GET: %d", w.Code)
	}
}

// TestLogOutEndsSocket opens the socket with a browser session and logs it out.
func TestLogOutEndsSocket(t *testing.T) {
	h := newHouse(t, nil)
	h.user("ana", password(goodPassword))
	cookie := sessionCookie(h.call(http.MethodPost, "/api/v1/login", login("ana", goodPassword)))
	header := cookieName + "=" + cookie.Value
	conn, status := knock(t, listenAndServe(t, h.Server), []string{wire.Subprotocol}, http.Header{"Cookie": {header}, "Origin": {ownOrigin}})
	if status != http.StatusSwitchingProtocols {
		t.Fatal(status)
	}
	if _, _, err := conn.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w := h.call(http.MethodPost, "/api/v1/logout", "", "Cookie", header); w.Code != http.StatusNoContent {
		t.Fatal(w.Code)
	}
	if err := lastOf(t, conn); websocket.CloseStatus(err) != 4500 {
		t.Errorf("the socket ended with %v", err)
	}
}

// TestNoHandshake asks for the socket without asking for a WebSocket, as a proxy does that takes those headers away: that is
// told before who is logged in.
func TestNoHandshake(t *testing.T) {
	h := newHouse(t, nil)
	for want, headers := range map[int][]string{
		http.StatusBadRequest:   {"Connection", "keep-alive"},
		http.StatusUnauthorized: {"Connection", "keep-alive, Upgrade", "Upgrade", "WebSocket"},
		http.StatusForbidden:    {"Connection", "keep-alive", "Origin", "https://evil.test"},
	} {
		if w := h.call(http.MethodGet, "/ws", "", headers...); w.Code != want {
			t.Errorf("%v: %d, not %d", headers, w.Code, want)
		}
	}
}

// taken is a socket that takes the connection over, tells so, and says something after a while.
type taken struct {
	over  chan struct{}
	after time.Duration
}

func (s taken) Limits() wire.Limits { return wire.Limits{} }

func (s taken) Accept(w http.ResponseWriter, _ *http.Request, _ earshot.User, _ earshot.SecretHash) error {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return err
	}
	close(s.over)
	go func() {
		defer func() { _ = conn.Close() }()
		<-time.After(s.after)
		_, _ = io.WriteString(conn, "still here")
	}()
	return nil
}

// within has requests last no longer than that.
func within(all time.Duration) Times {
	return Times{Header: all, Request: all, Answer: all, Idle: all}
}

// TestTimesDoNotBindSocket sees that a connection that was taken over lives on when the times for requests are over. On a machine
// that does not get so far within them, they are longer in the next try.
func TestTimesDoNotBindSocket(t *testing.T) {
	for all := 100 * time.Millisecond; all < patience; all *= 2 {
		socket := taken{over: make(chan struct{}), after: 3 * all}
		h := newHouse(t, func(o *Options, _ *account.Config, _ *hub.Config) { o.Socket, o.Times = socket, within(all) })
		ana := h.user("ana", nil)
		conn := dial(t, listenAndServe(t, h.Server))
		_, err := io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer "+ana.token+"\r\n\r\n")
		if err != nil {
			continue
		}
		said, err := io.ReadAll(conn)
		select {
		case <-socket.over:
			if string(said) != "still here" {
				t.Errorf("heard %q: %v", said, err)
			}
			return
		default:
		}
	}
	t.Error("no connection was ever taken over")
}
