package openid

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/internal/openid/openidtest"
)

const loggedOut = "https://chat.example.org/oidc/sso/logout"

func comesBack(o *Options) { o.LoggedOut = loggedOut }

// TestLogOutURL sends somebody to the provider to log out, with the ID token of the log-in, and back.
func TestLogOutURL(t *testing.T) {
	t.Parallel()
	at := openidtest.New(t)
	at.LogIn(ana())
	p := provider(t, at, comesBack)
	c, err := run(t, p, at)
	if err != nil || c.Token == "" {
		t.Fatal(err)
	}
	for _, hint := range []string{c.Token, ""} {
		state := strings.Repeat("s", 43)
		to, err := p.LogOutURL(t.Context(), hint, state)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(to)
		if err != nil || u.Query().Get("of") != "this" || u.Query().Has("id_token_hint") != (hint != "") {
			t.Errorf("%s, %v", to, err)
		}
		back := at.Visit(to)
		if back.Query().Get("state") != state || !strings.HasPrefix(back.String(), loggedOut+"?") {
			t.Errorf("it sends people to %s", back)
		}
	}
}

// TestNoLogOutURL has providers that log nobody out, or say that they do somewhere where no browser is to be sent.
func TestNoLogOutURL(t *testing.T) {
	t.Parallel()
	for what, end := range map[string]any{
		"none": nil, "nothing": "", "a script": "javascript:alert(1)", "a path": "/end", "a file": "file:///etc/passwd",
		"with a password": "https://a:b@id.example.org/end", "broken": "https://%zz/", "data": "data:text/html,x",
	} {
		at := openidtest.New(t)
		at.LogIn(ana())
		at.Describe(openidtest.Claims{"end_session_endpoint": end})
		p := provider(t, at, comesBack)
		if to, err := p.LogOutURL(t.Context(), "", "state"); to != "" || err != nil {
			t.Errorf("%s: %s, %v", what, to, err)
		}
		if _, err := run(t, p, at); err != nil {
			t.Errorf("%s: nobody logs in any more: %v", what, err)
		}
	}
	if u := endSessionURL("http://id.example.org/end", true); u != nil {
		t.Error("one of https sends people to http")
	}
	at := openidtest.New(t)
	at.Instead("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	if _, err := provider(t, at).LogOutURL(t.Context(), "", "state"); !errors.Is(err, account.ErrProviderAway) {
		t.Errorf("away: %v", err)
	}
}

// falseLogOuts are logout tokens that are not to be believed.
func falseLogOuts(t *testing.T, at *openidtest.Provider) map[string]string {
	t.Helper()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	event := func(name string, value any) func(openidtest.Claims) {
		return set("events", openidtest.Claims{name: value})
	}
	all := map[string]string{
		"nothing": "", "no token": "a.b.c", "too long": strings.Repeat("a", maxLogOutToken+1), "many parts": strings.Repeat("a.", 5000),
		"names nobody": at.LogOutToken("", "", nil),
	}
	claims := openidtest.Claims{}
	for what, lie := range map[string]func(openidtest.Claims){
		"another issuer": set("iss", "https://evil.example.org"), "no issuer": set("iss", nil), "another audience": set("aud", "another"),
		"no audience": set("aud", nil), "no time": set("iat", nil), "an old one": set("iat", time.Now().Add(-10*time.Minute).Unix()),
		"one of tomorrow": set("iat", time.Now().Add(24*time.Hour).Unix()), "over": set("exp", time.Now().Add(-2*time.Minute).Unix()),
		"with a nonce": set("nonce", "x"), "with an empty nonce": set("nonce", ""), "no events": set("events", nil),
		"a list of events": set("events", []string{logOutEvent}), "another event": event("http://example.org/", openidtest.Claims{}),
		"an event that is a text": event(logOutEvent, "yes"), "no jti": set("jti", nil), "a jti of another type": set("jti", 7),
		"a subject of another type": set("sub", 17), "an empty subject": set("sub", ""), "a long subject": set("sub", strings.Repeat("x", 256)),
		"a subject with a zero": set("sub", "a\x00b"), "a session of another type": set("sid", []string{"a"}), "a long session": set("sid", strings.Repeat("x", 256)),
	} {
		all[what] = at.LogOutToken("17", "s1", lie)
	}
	at.LogOutToken("17", "s1", func(c openidtest.Claims) { claims = c })
	all["alg none"] = openidtest.Unsigned(claims)
	all["another key"] = at.SignAs(jose.RS256, other, "key-1", claims)
	all["HMAC with the public key"] = at.SignAs(jose.HS256, at.PublicKey(), "key-1", claims)
	idToken := openidtest.Claims{"iss": at.URL(), "aud": openidtest.ClientID, "sub": "17", "sid": "s1", "nonce": "n", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	all["an ID token"] = at.Sign(idToken)
	return all
}

// TestLoggedOut reads logout tokens that are true, and as many that are not.
func TestLoggedOut(t *testing.T) {
	t.Parallel()
	at := openidtest.New(t)
	p := provider(t, at)
	for what, token := range falseLogOuts(t, at) {
		got, err := p.LoggedOut(t.Context(), token)
		if !errors.Is(err, account.ErrProviderRefused) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("%s: the log would be told %s", what, err)
		}
	}
	for what, c := range map[string]struct {
		subject, session string
		lie              func(openidtest.Claims)
	}{
		"both": {"17", "s1", nil}, "a person": {"17", "", nil}, "a session": {"", "s1", nil},
		"without an end, as before the standard": {"17", "s1", set("exp", nil)},
		"a clock that goes wrong":                {"17", "s1", set("iat", time.Now().Add(30*time.Second).Unix())},
		"to several":                             {"17", "s1", set("aud", []string{"another", openidtest.ClientID})},
	} {
		got, err := p.LoggedOut(t.Context(), at.LogOutToken(c.subject, c.session, c.lie))
		if err != nil || got.ID == "" || got.Subject != c.subject || got.Session != c.session || time.Since(got.At).Abs() > time.Minute {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	if at.Asked("/keys") > 4 {
		t.Errorf("its keys were asked for %d times", at.Asked("/keys"))
	}
}
