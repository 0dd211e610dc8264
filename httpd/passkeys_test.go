package httpd

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/go-json-experiment/json"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/internal/passkey"
)

// device is a virtual authenticator with one key.
type device struct {
	h    *house
	rp   virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func withPasskeys(t *testing.T) *house {
	t.Helper()
	return newHouse(t, func(_ *Options, c *account.Config, _ *hub.Config) {
		ceremonies, err := passkey.New(ownOrigin, "Test", []string{ownOrigin})
		if err != nil {
			t.Fatal(err)
		}
		c.WebAuthn = ceremonies
	})
}

func (h *house) device() *device {
	key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	// Of a key with a coordinate that begins with a zero, one in 128, the library leaves the zero out (RFC 9053, section 7.1.1,
	// wants all 32 bytes of each), and what it says is not valid.
	const whole = 77
	for len(key.Key.AttestationData()) != whole {
		key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return &device{
		h: h, rp: virtualwebauthn.RelyingParty{Name: "Test", ID: "earshot.test", Origin: ownOrigin},
		auth: virtualwebauthn.NewAuthenticator(), key: key,
	}
}

func (h *house) post(path, cookie string, body any) *httptest.ResponseRecorder {
	h.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.call(http.MethodPost, "/api/v1"+path, string(text), "Cookie", cookie)
}

type fields map[string]any

// begin asks for a ceremony.
func (h *house) begin(path, cookie string, body any) (ticket, options string) {
	h.t.Helper()
	var w *httptest.ResponseRecorder
	if body == nil {
		w = h.call(http.MethodPost, "/api/v1"+path, "", "Cookie", cookie)
	} else {
		w = h.post(path, cookie, body)
	}
	got := read[ceremonyReply](h.t, w)
	return got.Ticket, `{"publicKey":` + string(got.Options) + `}`
}

// register gives the log-in a passkey, and the device the user's handle.
func (d *device) register(b *browser) passkeyReply {
	d.h.t.Helper()
	ticket, options := d.h.begin("/me/passkeys/options", b.cookie, fields{"password": goodPassword})
	attestation, err := virtualwebauthn.ParseAttestationOptions(options)
	if err != nil {
		d.h.t.Fatal(err)
	}
	d.auth.Options.UserHandle = []byte(attestation.UserID)
	answer := virtualwebauthn.CreateAttestationResponse(d.rp, d.auth, d.key, *attestation)
	w := d.h.post("/me/passkeys", b.cookie, fields{"ticket": ticket, "name": "my phone", "response": raw(answer)})
	if w.Code != http.StatusCreated {
		d.h.t.Fatalf("%d %s", w.Code, w.Body)
	}
	d.auth.AddCredential(d.key)
	return read[passkeyReply](d.h.t, w)
}

// answer is what the device says to options.
func (d *device) answer(options string) any {
	d.h.t.Helper()
	assertion, err := virtualwebauthn.ParseAssertionOptions(options)
	if err != nil {
		d.h.t.Fatal(err)
	}
	d.key.Counter++
	return raw(virtualwebauthn.CreateAssertionResponse(d.rp, d.auth, d.key, *assertion))
}

func raw(text string) any {
	var v any
	_ = json.Unmarshal([]byte(text), &v)
	return v
}

func TestPasskeys(t *testing.T) {
	h := withPasskeys(t)
	h.user("ana", password(goodPassword))
	ana, phone := h.browser("ana"), h.device()
	made := phone.register(ana)
	if made.Name != "my phone" || len(made.RecoveryCodes) != 10 || !made.UsedAt.IsZero() {
		t.Fatalf("%+v", made)
	}
	// By itself.
	ticket, options := h.begin("/login/passkey/options", "", fields{})
	if strings.Contains(options, "allowCredentials") {
		t.Errorf("a stranger is told of passkeys: %s", options)
	}
	shown := fields{"ticket": ticket, "response": phone.answer(options)}
	w := h.post("/login/passkey", "", shown)
	if w.Code != http.StatusOK || read[meReply](t, w).Username != "ana" || sessionCookie(w) == nil {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if p := problemOf(t, h.post("/login/passkey", "", shown)); p.Code != string(earshot.CodeUnauthenticated) || p.Field != "ticket" {
		t.Errorf("the same again: %+v", p)
	}
	// As a second factor.
	first := problemOf(t, h.call(http.MethodPost, "/api/v1/login", login("ana", goodPassword)))
	if first.SecondFactor == nil || first.SecondFactor.Factors[0] != account.FactorPasskey {
		t.Fatalf("%+v", first)
	}
	begun := first.SecondFactor.Ticket
	ticket, options = h.begin("/login/passkey/options", "", fields{"login_ticket": begun})
	if !strings.Contains(options, "allowCredentials") {
		t.Errorf("the browser is not told which: %s", options)
	}
	w = h.post("/login/passkey", "", fields{"ticket": ticket, "login_ticket": begun, "response": phone.answer(options)})
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := h.post("/login/second", "", fields{"ticket": begun, "code": made.RecoveryCodes[0]}); w.Code != http.StatusUnauthorized {
		t.Errorf("the ticket of the first step again: %d", w.Code)
	}

	list := read[passkeysReply](t, h.call(http.MethodGet, "/api/v1/me/passkeys", "", "Cookie", ana.cookie)).Passkeys
	if len(list) != 1 || list[0].UsedAt.IsZero() || list[0].RecoveryCodes != nil {
		t.Fatalf("%+v", list)
	}
	at := fmt.Sprintf("/api/v1/me/passkeys/%d", made.ID)
	h.user("eve", password(goodPassword))
	eve := h.browser("eve")
	proof := fmt.Sprintf(`{"password":%q}`, goodPassword)
	for _, c := range []struct {
		by                 *browser
		method, path, body string
		code               earshot.Code
	}{
		{eve, http.MethodPatch, at, `{"name":"mine"}`, earshot.CodeNotFound},
		{eve, http.MethodPost, at + "/remove", proof, earshot.CodeNotFound},
		{ana, http.MethodPatch, at, `{"name":""}`, earshot.CodeInvalid},
		{ana, http.MethodPatch, "/api/v1/me/passkeys/x", `{"name":"x"}`, earshot.CodeNotFound},
		{ana, http.MethodPatch, at, `{"name":"another"}`, ""},
		{ana, http.MethodPost, at + "/remove", `{"password":"wrong"}`, earshot.CodeInvalid},
		{ana, http.MethodPost, at + "/remove", proof, ""},
		{ana, http.MethodPost, at + "/remove", proof, earshot.CodeNotFound},
	} {
		if code := c.by.code(c.method, c.path, c.body); code != c.code {
			t.Errorf("%s %s %s: %q", c.method, c.path, c.body, code)
		}
	}
	h.browser("ana") // there is no second factor any more
	ticket, options = h.begin("/login/passkey/options", "", fields{})
	if p := problemOf(t, h.post("/login/passkey", "", fields{"ticket": ticket, "response": phone.answer(options)})); p.Field != "response" {
		t.Errorf("a passkey that was removed: %+v", p)
	}
}

// TestPasskeyAttacks shows passkeys where they prove nothing.
func TestPasskeyAttacks(t *testing.T) {
	h := withPasskeys(t)
	h.user("ana", password(goodPassword))
	h.user("eve", password(goodPassword))
	ana, eve := h.browser("ana"), h.browser("eve")
	hers, theirs := h.device(), h.device()
	hers.register(ana)
	theirs.register(eve)
	refused := func(what, field string, body fields) {
		t.Helper()
		w := h.post("/login/passkey", "", body)
		if p := problemOf(t, w); p.Code != string(earshot.CodeUnauthenticated) || p.Field != field || sessionCookie(w) != nil {
			t.Errorf("%s: %+v", what, p)
		}
	}
	ask := func() (string, string) { return h.begin("/login/passkey/options", "", fields{}) }

	ticket, options := ask()
	other, _ := ask()
	refused("the answer to another question", "response", fields{"ticket": other, "response": hers.answer(options)})
	refused("no ticket", "ticket", fields{"response": hers.answer(options)})
	phished := *hers
	phished.rp.Origin = "https://earshot.test.evil.example"
	refused("an answer to another site", "response", fields{"ticket": ticket, "response": phished.answer(options)})
	ticket, options = ask()
	elsewhere := *hers
	elsewhere.rp.ID = "evil.example"
	refused("an answer for another name", "response", fields{"ticket": ticket, "response": elsewhere.answer(options)})
	ticket, options = ask()
	posing := *theirs
	posing.auth.Options.UserHandle = hers.auth.Options.UserHandle
	refused("one's own key as somebody else", "response", fields{"ticket": ticket, "response": posing.answer(options)})
	ticket, options = ask()
	nobody := *hers
	nobody.auth.Options.UserHandle = []byte("\xff\xff\xff\xff\xff\xff\xff\xff")
	refused("a user who is not there", "response", fields{"ticket": ticket, "response": nobody.answer(options)})
	ticket, options = ask()
	unverified := *hers
	unverified.auth.Options.UserNotVerified = true
	refused("a key without whoever holds it", "response", fields{"ticket": ticket, "response": unverified.answer(options)})
	for _, bad := range []any{nil, "x", 1, []int{}, fields{}} {
		ticket, _ = ask()
		refused(fmt.Sprintf("%v", bad), "response", fields{"ticket": ticket, "response": bad})
	}

	// The second factor of one user is none for another's first step.
	first := problemOf(t, h.call(http.MethodPost, "/api/v1/login", login("ana", goodPassword))).SecondFactor.Ticket
	own := problemOf(t, h.call(http.MethodPost, "/api/v1/login", login("eve", goodPassword))).SecondFactor.Ticket
	ticket, options = h.begin("/login/passkey/options", "", fields{"login_ticket": own})
	refused("another's first step", "ticket", fields{"ticket": ticket, "login_ticket": first, "response": theirs.answer(options)})
	ticket, options = ask()
	refused("a ticket of another kind", "ticket", fields{"ticket": ticket, "login_ticket": first, "response": theirs.answer(options)})

	// A ceremony that one begins is not another's to end.
	ticket, options = h.begin("/me/passkeys/options", ana.cookie, fields{"password": goodPassword})
	attestation, err := virtualwebauthn.ParseAttestationOptions(options)
	if err != nil {
		t.Fatal(err)
	}
	fresh := h.device()
	answer := raw(virtualwebauthn.CreateAttestationResponse(fresh.rp, fresh.auth, fresh.key, *attestation))
	if p := problemOf(t, h.post("/me/passkeys", eve.cookie, fields{"ticket": ticket, "name": "x", "response": answer})); p.Field != "ticket" {
		t.Errorf("%+v", p)
	}
	w := h.call(http.MethodPost, "/api/v1/login/passkey/options", `{}`, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.test")
	if w.Code != http.StatusForbidden {
		t.Errorf("from another site: %d", w.Code)
	}
}

// TestCopiedPasskey shows a copy of a key, which has counted less than the key itself.
func TestCopiedPasskey(t *testing.T) {
	h := withPasskeys(t)
	h.user("ana", password(goodPassword))
	hers := h.device()
	hers.register(h.browser("ana"))
	for _, c := range []struct {
		counter uint32
		status  int
	}{{50, http.StatusOK}, {49, http.StatusUnauthorized}, {51, http.StatusOK}} {
		hers.key.Counter = c.counter
		ticket, options := h.begin("/login/passkey/options", "", fields{})
		if w := h.post("/login/passkey", "", fields{"ticket": ticket, "response": hers.answer(options)}); w.Code != c.status {
			t.Errorf("counted to %d: %d %s", c.counter+1, w.Code, w.Body)
		}
	}
}

// TestLastPasskey keeps the last way in of who has no password.
func TestLastPasskey(t *testing.T) {
	h := withPasskeys(t)
	h.user("ana", password(goodPassword))
	ana, phone, key := h.browser("ana"), h.device(), h.device()
	first, second := phone.register(ana), key.register(ana)
	if _, err := h.accounts.ChangeUser(t.Context(), "ana", account.UserEdit{NoPassword: true}); err != nil {
		t.Fatal(err)
	}
	ticket, options := h.begin("/login/passkey/options", "", fields{})
	w := h.post("/login/passkey", "", fields{"ticket": ticket, "response": phone.answer(options)})
	cookie := sessionCookie(w).Name + "=" + sessionCookie(w).Value
	remove := func(id int64) *httptest.ResponseRecorder {
		ticket, options := h.begin("/me/passkeys/proof", cookie, nil)
		return h.post(fmt.Sprintf("/me/passkeys/%d/remove", id), cookie, fields{"ticket": ticket, "response": phone.answer(options)})
	}
	if w := remove(second.ID); w.Code != http.StatusNoContent {
		t.Fatalf("one of two: %d %s", w.Code, w.Body)
	}
	if p := problemOf(t, remove(first.ID)); p.Code != string(earshot.CodeConflict) || p.Field != "passkey" {
		t.Errorf("the last: %+v", p)
	}
	if p := problemOf(t, remove(second.ID)); p.Code != string(earshot.CodeNotFound) {
		t.Errorf("one that is gone: %+v", p)
	}
}

func TestWithoutPasskeys(t *testing.T) {
	h := newHouse(t, nil)
	h.user("ana", password(goodPassword))
	if got := read[serverReply](t, h.call(http.MethodGet, "/api/v1/server", "")).PasskeyDomain; got != "" {
		t.Errorf("domain %q", got)
	}
	if w := h.post("/login/passkey/options", "", fields{}); w.Code != http.StatusForbidden {
		t.Errorf("%d", w.Code)
	}
	if code := h.browser("ana").code(http.MethodPost, "/api/v1/me/passkeys/options", "{}"); code != earshot.CodeForbidden {
		t.Errorf("%q", code)
	}
}
