package httpd

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-chi/chi/v5"
	"github.com/pquerna/otp/totp"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/wire"
)

const requiredPath = "/api/v1/settings/second-factor"

// enrol gives the user of the log-in an authenticator.
func (b *browser) enrol() {
	b.t.Helper()
	key := read[totpReply](b.t, b.post("/me/security/totp", b.cookie, fields{"password": goodPassword}))
	code, err := totp.GenerateCode(key.Secret, time.Now())
	if err != nil {
		b.t.Fatal(err)
	}
	if w := b.post("/me/security/totp/confirm", b.cookie, fields{"code": code}); w.Code != http.StatusOK {
		b.t.Fatalf("%d %s", w.Code, w.Body)
	}
}

// require has the log-in set of whom a second factor is required.
func (b *browser) require(of earshot.Required) {
	b.t.Helper()
	if code := b.code(http.MethodPut, requiredPath, fmt.Sprintf(`{"required":%q}`, of)); code != "" {
		b.t.Fatalf("require of %s: %q", of, code)
	}
}

func TestWhoRequires(t *testing.T) {
	h := newHouse(t, nil)
	h.user("boss", superuserWithPassword)
	h.user("sam", func(a *account.NewAccount) { staff(a); password(goodPassword)(a) })
	boss, sam := h.browser("boss"), h.browser("sam")
	show := func() earshot.Required {
		return read[requiredReply](t, h.call(http.MethodGet, requiredPath, "", "Cookie", boss.cookie)).Required
	}
	if got := show(); got != earshot.RequiredOfNobody {
		t.Errorf("at first: %q", got)
	}
	for _, c := range []struct {
		by   *browser
		body string
		code earshot.Code
	}{
		{sam, `{"required":"nobody"}`, earshot.CodeForbidden},
		{boss, `{"required":"some"}`, earshot.CodeInvalid},
		{boss, `{"required":""}`, earshot.CodeInvalid},
		{boss, `{"required":1}`, earshot.CodeMalformed},
		{boss, `{"required":"staff"}`, earshot.CodeConflict}, // who has none would be kept out
		{boss, `{"required":"everybody"}`, earshot.CodeConflict},
	} {
		if code := c.by.code(http.MethodPut, requiredPath, c.body); code != c.code {
			t.Errorf("%s: %q", c.body, code)
		}
	}
	if w := h.call(http.MethodPut, requiredPath, `{"required":"nobody"}`, "Cookie", boss.cookie, "Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", w.Code)
	}
	if got := show(); got != earshot.RequiredOfNobody {
		t.Errorf("after what was refused: %q", got)
	}
	boss.enrol()
	boss.require(earshot.RequiredOfStaff)
	if got := show(); got != earshot.RequiredOfStaff {
		t.Errorf("%q", got)
	}
	// The last factor stays.
	if p := problemOf(t, h.post("/me/security/totp/remove", boss.cookie, fields{"password": goodPassword})); p.Code != string(earshot.CodeConflict) || p.Field != "second_factor" {
		t.Errorf("%+v", p)
	}
	boss.require(earshot.RequiredOfNobody)
	if w := h.post("/me/security/totp/remove", boss.cookie, fields{"password": goodPassword}); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestLackingOne turns the requirement on while people without a second factor are connected in every way there is.
func TestLackingOne(t *testing.T) {
	h := newHouse(t, nil)
	h.user("boss", superuserWithPassword)
	sam := h.user("sam", func(a *account.NewAccount) { staff(a); password(goodPassword)(a) })
	ana, bot := h.user("ana", password(goodPassword)), h.user("bot", staff)
	boss, sams, anas := h.browser("boss"), h.browser("sam"), h.browser("ana")
	boss.enrol()
	server := listenAndServe(t, h.Server)
	open := func(header http.Header) *websocket.Conn { return h.socketOf(server, header) }
	byCookie, byToken := open(http.Header{"Cookie": {sams.cookie}, "Origin": {ownOrigin}}), open(http.Header{"Authorization": {"Bearer " + sam.token}})
	boss.require(earshot.RequiredOfStaff)
	for what, conn := range map[string]*websocket.Conn{"cookie": byCookie, "token": byToken} {
		if err := lastOf(t, conn); websocket.CloseStatus(err) != 4500 {
			t.Errorf("the socket by a %s ended with %v", what, err)
		}
	}
	if code := sams.code(http.MethodGet, "/api/v1/me", ""); code != earshot.CodeUnauthenticated {
		t.Errorf("the log-in before: %q", code)
	}
	sam.refused(earshot.CodeEnrol, http.MethodGet, "/api/v1/rooms", "")
	// Of whom none is required, and bots, who have no password: nothing has changed.
	if code := anas.code(http.MethodGet, "/api/v1/rooms", ""); code != "" {
		t.Errorf("who is no staff: %q", code)
	}
	ana.wants(http.StatusOK, http.MethodGet, "/api/v1/rooms", "")
	bot.wants(http.StatusOK, http.MethodGet, "/api/v1/rooms", "")

	sams = h.browser("sam")
	me := read[meReply](t, h.call(http.MethodGet, "/api/v1/me", "", "Cookie", sams.cookie))
	if !me.MustEnrol {
		t.Errorf("%+v", me)
	}
	if s := read[serverReply](t, h.call(http.MethodGet, "/api/v1/server", "", "Cookie", sams.cookie)); s.Me == nil || !s.Me.MustEnrol {
		t.Errorf("%+v", s.Me)
	}
	sams.onlyEnrols()
	if _, status := knock(t, server, []string{wire.Subprotocol}, http.Header{"Cookie": {sams.cookie}, "Origin": {ownOrigin}}); status != http.StatusForbidden {
		t.Errorf("the socket: %d", status)
	}
	for _, path := range []string{"/events", "/chat/stream/", "/ws"} {
		w := h.call(http.MethodGet, path, "", "Cookie", sams.cookie, "Origin", ownOrigin, "Connection", "Upgrade", "Upgrade", "websocket")
		if p := problemOf(t, w); p.Code != string(earshot.CodeEnrol) || w.Code != http.StatusForbidden {
			t.Errorf("%s: %+v", path, p)
		}
	}
	sams.enrol()
	if code := sams.code(http.MethodGet, "/api/v1/rooms", ""); code != "" {
		t.Errorf("with a second factor: %q", code)
	}
	sam.wants(http.StatusOK, http.MethodGet, "/api/v1/rooms", "")
	open(http.Header{"Cookie": {sams.cookie}, "Origin": {ownOrigin}}).CloseNow() //nolint:errcheck // it was open
}

// TestComingToLackOne has somebody come to be of the staff, and somebody lose the factor: both are out at once.
func TestComingToLackOne(t *testing.T) {
	h := newHouse(t, nil)
	h.user("boss", superuserWithPassword)
	h.user("sam", func(a *account.NewAccount) { staff(a); password(goodPassword)(a) })
	h.user("ana", password(goodPassword))
	boss, sam, ana := h.browser("boss"), h.browser("sam"), h.browser("ana")
	boss.enrol()
	sam.enrol()
	boss.require(earshot.RequiredOfStaff)
	server := listenAndServe(t, h.Server)
	live := h.socketOf(server, http.Header{"Cookie": {ana.cookie}, "Origin": {ownOrigin}})
	if code := boss.code(http.MethodPatch, "/api/v1/users/ana", `{"is_staff":true}`); code != "" {
		t.Fatal(code)
	}
	if err := lastOf(t, live); websocket.CloseStatus(err) != 4500 {
		t.Errorf("who came to be of the staff: %v", err)
	}
	live = h.socketOf(server, http.Header{"Cookie": {sam.cookie}, "Origin": {ownOrigin}})
	if err := h.accounts.ResetSecondFactors(t.Context(), "sam"); err != nil {
		t.Fatal(err)
	}
	if err := h.accounts.Follow(t.Context(), h.hub.UserChanged); err != nil {
		t.Fatal(err)
	}
	if err := lastOf(t, live); websocket.CloseStatus(err) != 4500 {
		t.Errorf("who lost the factor: %v", err)
	}
}

// socketOf opens a socket, and hears its hello.
func (h *house) socketOf(server string, header http.Header) *websocket.Conn {
	h.t.Helper()
	conn, status := knock(h.t, server, []string{wire.Subprotocol}, header)
	if status != http.StatusSwitchingProtocols {
		h.t.Fatal(status)
	}
	if _, _, err := conn.Read(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return conn
}

// onlyEnrols calls every route, and wants all of them refused but those that lead to a second factor, or out.
func (b *browser) onlyEnrols() {
	b.t.Helper()
	open := []string{
		"GET /me", "GET /me/security", "POST /me/security/totp", "POST /me/security/totp/confirm",
		"GET /me/passkeys", "POST /me/passkeys", "POST /me/passkeys/options", "POST /logout",
	}
	scopes, left := tokenScopes(), len(open)
	err := chi.Walk(b.handler.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		path, ours := strings.CutPrefix(route, "/api/v1")
		call := method + " " + path
		if !ours || scopes[call] == "anybody" || call == "POST /logout" {
			return nil
		}
		fresh, err := newBudgets(callsPerSecond, callsBurst)
		if err != nil {
			return err
		}
		b.budgets.users = fresh.users // there are more calls than a user may make
		code := b.code(method, strings.NewReplacer("{id}", "999", "{username}", "nobody", "{group}", "nobody").Replace(route), "")
		for _, o := range open {
			if o == call {
				left--
				if code == earshot.CodeEnrol {
					b.t.Errorf("%s is refused", call)
				}
				return nil
			}
		}
		if code != earshot.CodeEnrol {
			b.t.Errorf("%s: %q", call, code)
		}
		return nil
	})
	if err != nil || left != 1 {
		b.t.Errorf("%d routes were not seen: %v", left-1, err)
	}
}
