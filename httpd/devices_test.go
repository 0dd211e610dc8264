package httpd

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// offer makes a link, and gives it with its token.
func (b *browser) offer() (deviceLinkReply, string) {
	b.t.Helper()
	w := b.post("/me/device-link", b.cookie, fields{"password": goodPassword})
	if w.Code != http.StatusCreated {
		b.t.Fatalf("%d %s", w.Code, w.Body)
	}
	link := read[deviceLinkReply](b.t, w)
	token, ours := strings.CutPrefix(link.URL, ownOrigin+"/device#token=")
	if !ours || !strings.HasPrefix(link.QR, "data:image/svg+xml;base64,") || link.State != account.DeviceOpen {
		b.t.Fatalf("%+v", link)
	}
	return link, token
}

func TestDeviceLinkByREST(t *testing.T) {
	h := newHouse(t, nil)
	h.user("ana", password(goodPassword))
	ana := h.browser("ana")
	if p := problemOf(t, h.post("/me/device-link", ana.cookie, fields{"password": "wrong"})); p.Code != "invalid" || p.Field != "password" {
		t.Errorf("%+v", p)
	}
	if code := ana.code(http.MethodGet, "/api/v1/me/device-link", ""); code != earshot.CodeNotFound {
		t.Errorf("before there is one: %q", code)
	}
	link, token := ana.offer()
	look := read[deviceOfferReply](t, h.post("/login/device/look", "", fields{"token": token}))
	if look.Username != "ana" || look.ExpiresAt.IsZero() {
		t.Errorf("%+v", look)
	}
	// The page of the link is a page as any other: opening it, or a program that looks at it, changes nothing and sets nothing.
	if w := h.call(http.MethodGet, "/device", ""); w.Code != http.StatusOK || sessionCookie(w) != nil {
		t.Errorf("%d", w.Code)
	}
	cross := []string{"Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site"}
	body := fmt.Sprintf(`{"token":%q}`, token)
	for _, path := range []string{"/api/v1/login/device", "/api/v1/login/device/look"} {
		if w := h.call(http.MethodPost, path, body, cross...); w.Code != http.StatusForbidden {
			t.Errorf("%s from another site: %d", path, w.Code)
		}
		if w := h.call(http.MethodGet, path, ""); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: %d", path, w.Code)
		}
	}
	_, newer := ana.offer()
	if p := problemOf(t, h.post("/login/device", "", fields{"token": token})); p.Code != string(earshot.CodeForbidden) || p.Field != "token" {
		t.Errorf("a link that another took the place of: %+v", p)
	}
	if code := ana.code(http.MethodDelete, "/api/v1/me/device-link", ""); code != "" {
		t.Errorf("withdraw: %q", code)
	}
	if p := problemOf(t, h.post("/login/device", "", fields{"token": newer})); p.Code != string(earshot.CodeForbidden) || p.Field != "token" {
		t.Errorf("a link that was taken back: %+v", p)
	}
	if link.ID == "" || strings.Contains(token, link.ID) {
		t.Errorf("%+v", link)
	}
}

// TestLogInByDeviceLink has a browser in which somebody else is logged in ask: he is told whose the link is, and his own
// log-in ends with the new one, as with any log-in.
func TestLogInByDeviceLink(t *testing.T) {
	h := newHouse(t, nil)
	h.user("ana", password(goodPassword))
	h.user("ben", password(goodPassword))
	ana, ben := h.browser("ana"), h.browser("ben")
	link, token := ana.offer()
	cross := []string{"Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site"}
	body := fmt.Sprintf(`{"token":%q}`, token)
	w := h.call(http.MethodPost, "/api/v1/login/device", body, "Cookie", ben.cookie, "User-Agent", "Firefox/1 (Android)")
	asked := read[deviceAskReply](t, w)
	seen := read[deviceLinkReply](t, h.call(http.MethodGet, "/api/v1/me/device-link", "", "Cookie", ana.cookie))
	if seen.State != account.DeviceAsked || seen.Device != "Firefox on Android" || seen.Address == "" || seen.Number != asked.Number || seen.URL != "" {
		t.Errorf("%+v", seen)
	}
	finish := func(headers ...string) *httptest.ResponseRecorder {
		t.Helper()
		return h.call(http.MethodPost, "/api/v1/login/device/finish", fmt.Sprintf(`{"ticket":%q}`, asked.Ticket), headers...)
	}
	if w := finish("Cookie", ben.cookie); w.Code != http.StatusAccepted || sessionCookie(w) != nil || w.Body.Len() != 0 {
		t.Errorf("before an answer: %d %s", w.Code, w.Body)
	}
	answer := fmt.Sprintf(`{"id":%q,"allow":true}`, link.ID)
	if p := problemOf(t, h.call(http.MethodPost, "/api/v1/me/device-link/answer", fmt.Sprintf(`{"id":%q}`, link.ID), "Cookie", ana.cookie)); p.Field != "allow" {
		t.Errorf("no answer: %+v", p)
	}
	if code := ben.code(http.MethodPost, "/api/v1/me/device-link/answer", answer); code != earshot.CodeNotFound {
		t.Errorf("who asks lets himself in: %q", code)
	}
	if w := h.call(http.MethodPost, "/api/v1/me/device-link/answer", answer, append(cross, "Cookie", ana.cookie)...); w.Code != http.StatusForbidden {
		t.Errorf("an answer from another site: %d", w.Code)
	}
	if code := ana.code(http.MethodPost, "/api/v1/me/device-link/answer", answer); code != "" {
		t.Fatalf("answer: %q", code)
	}
	if w := finish(cross...); w.Code != http.StatusForbidden || sessionCookie(w) != nil {
		t.Errorf("finished from another site: %d", w.Code)
	}
	w = finish("Cookie", ben.cookie)
	c := sessionCookie(w)
	if w.Code != http.StatusOK || c == nil || read[meReply](t, w).Username != "ana" || strings.Contains(ben.cookie, c.Value) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if code := ben.code(http.MethodGet, "/api/v1/me", ""); code != earshot.CodeUnauthenticated {
		t.Errorf("the log-in before: %q", code)
	}
	for _, again := range []*httptest.ResponseRecorder{finish(), h.call(http.MethodPost, "/api/v1/login/device", body)} {
		if p := problemOf(t, again); again.Code < 400 || (p.Field != "ticket" && p.Field != "token") {
			t.Errorf("once more: %+v", p)
		}
	}
	listed := h.call(http.MethodGet, "/api/v1/me/sessions", "", "Cookie", cookieName+"="+c.Value)
	for _, s := range read[sessionsReply](t, listed).Sessions {
		if s.Current != (s.Way == earshot.WayLink) {
			t.Errorf("%+v", s)
		}
	}
}

// TestProofByPasskey shows a passkey in the place of a password, and whatever else is none.
func TestProofByPasskey(t *testing.T) {
	h := withPasskeys(t)
	h.user("ana", password(goodPassword))
	h.user("eve", password(goodPassword))
	ana, eve := h.browser("ana"), h.browser("eve")
	if code := ana.code(http.MethodPost, "/api/v1/me/passkeys/proof", ""); code != earshot.CodeNotFound {
		t.Errorf("without a passkey: %q", code)
	}
	hers, theirs := h.device(), h.device()
	hers.register(ana)
	theirs.register(eve)
	ask := func(b *browser) (string, string) { return h.begin("/me/passkeys/proof", b.cookie, nil) }
	shown := func(ticket string, response any) *httptest.ResponseRecorder {
		return h.post("/me/device-link", ana.cookie, fields{"ticket": ticket, "response": response})
	}
	ticket, options := ask(ana)
	if !strings.Contains(options, `"userVerification":"required"`) {
		t.Errorf("anybody at the browser could tap: %s", options)
	}
	proof := hers.answer(options)
	if w := shown(ticket, proof); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	wrong := func(what string, w *httptest.ResponseRecorder) {
		t.Helper()
		if p := problemOf(t, w); p.Code != string(earshot.CodeInvalid) || p.Field != "response" {
			t.Errorf("%s: %+v", what, p)
		}
	}
	wrong("the same again", shown(ticket, proof))
	ticket, options = ask(eve)
	wrong("somebody else's", shown(ticket, theirs.answer(options)))
	ticket, options = ask(ana)
	posing := *theirs
	posing.auth.Options.UserHandle = hers.auth.Options.UserHandle
	wrong("somebody else's key", shown(ticket, posing.answer(strings.ReplaceAll(options, "allowCredentials", "others"))))
	ticket, options = ask(ana)
	unverified := *hers
	unverified.auth.Options.UserNotVerified = true
	assertion, err := virtualwebauthn.ParseAssertionOptions(options)
	if err != nil {
		t.Fatal(err)
	}
	wrong("a key without whoever holds it", shown(ticket, raw(virtualwebauthn.CreateAssertionResponse(unverified.rp, unverified.auth, unverified.key, *assertion))))
	ticket, options = h.begin("/login/passkey/options", "", fields{})
	wrong("what is for a log-in", shown(ticket, hers.answer(options)))
	ticket, options = ask(ana)
	if p := problemOf(t, h.post("/login/passkey", "", fields{"ticket": ticket, "response": hers.answer(options)})); p.Field != "ticket" {
		t.Errorf("a proof as a log-in: %+v", p)
	}
	for _, bad := range []any{nil, "x", 1, []int{}, fields{}} {
		ticket, _ = ask(ana)
		wrong(fmt.Sprintf("%v", bad), shown(ticket, bad))
	}
}
