package httpd

import (
	"net/http"
	"testing"

	"github.com/coder/websocket"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// browser is somebody who calls with the cookie of a log-in.
type browser struct {
	*house
	cookie string
}

// browser logs in.
func (h *house) browser(name string) *browser {
	h.t.Helper()
	w := h.call(http.MethodPost, "/api/v1/login", login(name, goodPassword), "User-Agent", "Firefox/1 (Linux)")
	c := sessionCookie(w)
	if c == nil {
		h.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return &browser{h, cookieName + "=" + c.Value}
}

// wants calls and gives the code of the problem, empty if there is none.
func (b *browser) code(method, path, body string) earshot.Code {
	b.t.Helper()
	w := b.call(method, path, body, "Cookie", b.cookie)
	if w.Code < http.StatusBadRequest {
		return ""
	}
	return earshot.Code(problemOf(b.t, w).Code)
}

func TestListAndEndSessions(t *testing.T) {
	h := newHouse(t, nil)
	h.user("ana", password(goodPassword))
	h.user("eve", password(goodPassword))
	one, two, eve := h.browser("ana"), h.browser("ana"), h.browser("eve")
	list := read[sessionsReply](t, h.call(http.MethodGet, "/api/v1/me/sessions", "", "Cookie", one.cookie)).Sessions
	if len(list) != 2 || list[0].Current == list[1].Current || list[0].Device != "Firefox on Linux" || list[0].Address == "" {
		t.Fatalf("%+v", list)
	}
	other := list[0]
	if other.Current {
		other = list[1]
	}
	conn, status := knock(t, listenAndServe(t, h.Server), []string{wire.Subprotocol}, http.Header{"Cookie": {two.cookie}, "Origin": {ownOrigin}})
	if status != http.StatusSwitchingProtocols {
		t.Fatal(status)
	}
	if _, _, err := conn.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := eve.code(http.MethodDelete, "/api/v1/me/sessions/"+other.ID, ""); code != earshot.CodeNotFound {
		t.Errorf("somebody else's log-in: %q", code)
	}
	if code := one.code(http.MethodDelete, "/api/v1/me/sessions/"+other.ID, ""); code != "" {
		t.Fatalf("end: %q", code)
	}
	if err := lastOf(t, conn); websocket.CloseStatus(err) != 4500 {
		t.Errorf("the socket ended with %v", err)
	}
	if code := two.code(http.MethodGet, "/api/v1/me", ""); code != earshot.CodeUnauthenticated {
		t.Errorf("what was ended: %q", code)
	}
	third := h.browser("ana")
	if got := read[endedReply](t, h.call(http.MethodDelete, "/api/v1/me/sessions", "", "Cookie", one.cookie)); got.Ended != 1 {
		t.Errorf("ended %d", got.Ended)
	}
	if code := third.code(http.MethodGet, "/api/v1/me", ""); code != earshot.CodeUnauthenticated {
		t.Errorf("one of the others: %q", code)
	}
	for _, b := range []*browser{one, eve} {
		if code := b.code(http.MethodGet, "/api/v1/me", ""); code != "" {
			t.Errorf("who should stay: %q", code)
		}
	}
	w := h.call(http.MethodDelete, "/api/v1/me/sessions", "", "Cookie", one.cookie, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.test")
	if p := problemOf(t, w); p.Code != string(earshot.CodeForbidden) {
		t.Errorf("from another site: %+v", p)
	}
}
