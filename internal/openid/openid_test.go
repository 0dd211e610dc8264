package openid

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/oauth2-proxy/mockoidc"
	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/internal/leaktest"
	"github.com/earshot-chat/earshot/internal/openid/openidtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

const redirect = "https://chat.example.org/oidc/sso/callback"

// secrets are those of one log-in.
func secrets() account.OpenIDSecrets {
	return account.OpenIDSecrets{State: strings.Repeat("s", 43), Nonce: strings.Repeat("n", 43), Verifier: strings.Repeat("v", 43)}
}

func provider(t *testing.T, at *openidtest.Provider, change ...func(*Options)) *Provider {
	t.Helper()
	opts := Options{
		Issuer: at.URL(), ClientID: openidtest.ClientID, Secret: openidtest.Secret, Redirect: redirect,
		Scopes: []string{"profile", "email"}, GroupsClaim: "groups", Timeout: time.Minute,
	}
	for _, c := range change {
		c(&opts)
	}
	p := New(opts)
	t.Cleanup(p.Close)
	return p
}

// ana is somebody of whom the provider says all.
func ana() openidtest.Claims {
	return openidtest.Claims{
		"sub": "17", "preferred_username": "ana", "name": "Ana A.", "email": "ana@example.org", "email_verified": true,
		"groups": []string{"staff", "chess"}, "amr": []string{"pwd", "mfa"},
	}
}

// run goes through the whole flow, and gives what is said of the person.
func run(t *testing.T, p *Provider, at *openidtest.Provider) (account.OpenIDClaims, error) {
	t.Helper()
	to, err := p.AuthURL(t.Context(), secrets())
	if err != nil {
		return account.OpenIDClaims{}, err
	}
	back := at.Visit(to).Query()
	if back.Get("state") != secrets().State {
		t.Errorf("the state is %q", back.Get("state"))
	}
	return p.Redeem(t.Context(), secrets(), back.Get("code"), back.Get("iss"))
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	at := openidtest.New(t)
	at.LogIn(ana())
	p := provider(t, at)
	for range 2 {
		c, err := run(t, p, at)
		if err != nil || c.Subject != "17" || c.Username != "ana" || c.Name != "Ana A." || c.Email != "ana@example.org" ||
			!c.EmailVerified || !c.ManyFactors || strings.Join(c.Groups, " ") != "staff chess" {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	if at.Asked("/.well-known/openid-configuration") != 1 || at.Asked("/keys") != 1 || at.Asked("/userinfo") != 0 {
		t.Error("the provider is asked for what is known")
	}
	to, err := p.AuthURL(t.Context(), secrets())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil || u.Query().Get("scope") != "openid profile email" || u.Query().Get("redirect_uri") != redirect ||
		strings.Contains(to, secrets().Verifier) || strings.Contains(to, openidtest.Secret) {
		t.Errorf("%s, %v", to, err)
	}
}

// TestForeignProvider speaks with a provider that somebody else has written.
func TestForeignProvider(t *testing.T) {
	t.Parallel()
	m, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	m.QueueUser(&mockoidc.MockUser{
		Subject: "17", Email: "ana@example.org", EmailVerified: true, PreferredUsername: "ana", Groups: []string{"staff"},
	})
	p := New(Options{
		Issuer: m.Issuer(), ClientID: m.ClientID, Secret: m.ClientSecret, Redirect: redirect,
		Scopes: []string{"profile", "email", "groups"}, GroupsClaim: "groups", Timeout: time.Minute,
	})
	t.Cleanup(p.Close)
	to, err := p.AuthURL(t.Context(), secrets())
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(client.CloseIdleConnections)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	w, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Body.Close()
	back, err := w.Location()
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Redeem(t.Context(), secrets(), back.Query().Get("code"), "")
	if err != nil || c.Subject != "17" || c.Username != "ana" || c.Email != "ana@example.org" || !c.EmailVerified || len(c.Groups) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

// lie is something that is not to be believed.
type lie struct {
	lie  func(openidtest.Claims)
	sign func(openidtest.Claims) string
}

// set lies about one claim; nil leaves it out.
func set(claim string, value any) func(openidtest.Claims) {
	return func(c openidtest.Claims) {
		if value == nil {
			delete(c, claim)
		} else {
			c[claim] = value
		}
	}
}

func lies(t *testing.T, at *openidtest.Provider) map[string]lie {
	t.Helper()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]lie{
		"another nonce":           {lie: set("nonce", strings.Repeat("m", 43))},
		"no nonce":                {lie: set("nonce", nil)},
		"a nonce of another type": {lie: set("nonce", 1)},
		"another issuer":          {lie: set("iss", "https://evil.example.org")},
		"no issuer":               {lie: set("iss", nil)},
		"another audience":        {lie: set("aud", "another")},
		"no audience":             {lie: set("aud", nil)},
		"many audiences":          {lie: set("aud", []string{openidtest.ClientID, "another"})},
		"another party":           {lie: set("azp", "another")},
		"a party of another type": {lie: set("azp", []string{openidtest.ClientID})},
		"over":                    {lie: set("exp", time.Now().Add(-time.Second).Unix())},
		"no end":                  {lie: set("exp", nil)},
		"not yet":                 {lie: set("nbf", time.Now().Add(time.Hour).Unix())},
		"no subject":              {lie: set("sub", nil)},
		"an empty subject":        {lie: set("sub", "")},
		"a subject in capitals": {lie: func(c openidtest.Claims) {
			c["SUB"] = c["sub"]
			delete(c, "sub")
		}},
		"a subject of a kind":   {lie: set("sub", 17)},
		"a long subject":        {lie: set("sub", strings.Repeat("x", 256))},
		"a subject with a zero": {lie: set("sub", "a\x00b")},
		"another access token":  {lie: set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")},
		"alg none":              {sign: openidtest.Unsigned},
		"a key of its own":      {sign: func(c openidtest.Claims) string { return at.SignAs(jose.RS256, other, "key-1", c) }},
		"a key nobody has":      {sign: func(c openidtest.Claims) string { return at.SignAs(jose.RS256, other, "key-2", c) }},
		"HMAC with the public key": {sign: func(c openidtest.Claims) string {
			return at.SignAs(jose.HS256, at.PublicKey(), "key-1", c)
		}},
		"HMAC with the secret": {sign: func(c openidtest.Claims) string {
			return at.SignAs(jose.HS256, []byte(openidtest.Secret+strings.Repeat(" ", 32)), "key-1", c)
		}},
		"a changed payload": {sign: func(c openidtest.Claims) string {
			parts := strings.Split(at.Sign(c), ".")
			c["sub"] = "1"
			parts[1] = strings.Split(at.Sign(c), ".")[1]
			return strings.Join(parts, ".")
		}},
		"no ID token":   {sign: func(openidtest.Claims) string { return "" }},
		"no token":      {sign: func(openidtest.Claims) string { return "a.b.c" }},
		"many parts":    {sign: func(openidtest.Claims) string { return strings.Repeat("a.", 1000) }},
		"an ID token":   {sign: func(openidtest.Claims) string { return `{"sub":"17"}` }},
		"two together":  {sign: func(c openidtest.Claims) string { return at.Sign(c) + at.Sign(c) }},
		"another claim": {lie: set("iss", []string{at.URL()})},
	}
}

// TestLies has the provider, or somebody who speaks in its name, say what is not to be believed.
func TestLies(t *testing.T) {
	t.Parallel()
	at := openidtest.New(t)
	p := provider(t, at)
	for name, c := range lies(t, at) {
		at.LogIn(ana())
		at.Lie(c.lie)
		at.SignWith(c.sign)
		got, err := run(t, p, at)
		if !errors.Is(err, account.ErrProviderRefused) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err != nil && (strings.Contains(err.Error(), openidtest.Secret) || len(err.Error()) > 500) {
			t.Errorf("%s: the log would be told %s", name, err)
		}
	}
	at.Lie(set("azp", openidtest.ClientID))
	at.SignWith(nil)
	if _, err := run(t, p, at); err != nil {
		t.Errorf("the truth: %v", err)
	}
}

// TestAnswers has the browser bring back what the provider did not send, or not for this log-in.
func TestAnswers(t *testing.T) {
	t.Parallel()
	at := openidtest.New(t)
	at.LogIn(ana())
	p := provider(t, at)
	to, err := p.AuthURL(t.Context(), secrets())
	if err != nil {
		t.Fatal(err)
	}
	code := func() string { return at.Visit(to).Query().Get("code") }
	others := secrets()
	others.Verifier = strings.Repeat("w", 43)
	for name, c := range map[string]struct {
		begun        account.OpenIDSecrets
		code, issuer string
	}{
		"no code":                            {secrets(), "", at.URL()},
		"no such code":                       {secrets(), "x", at.URL()},
		"a code with what is none":           {secrets(), "a\x00b&client_id=x\r\n", at.URL()},
		"an issuer that it is not":           {secrets(), code(), "https://evil.example.org"},
		"no issuer, though it says to":       {secrets(), code(), ""},
		"a code that was stolen by somebody": {others, code(), at.URL()},
	} {
		if got, err := p.Redeem(t.Context(), c.begun, c.code, c.issuer); !errors.Is(err, account.ErrProviderRefused) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	once := code()
	if _, err := p.Redeem(t.Context(), secrets(), once, at.URL()); err != nil {
		t.Error(err)
	}
	if _, err := p.Redeem(t.Context(), secrets(), once, at.URL()); !errors.Is(err, account.ErrProviderRefused) {
		t.Errorf("a code again: %v", err)
	}
}

// garbage are answers of somebody who is no provider. Each is tried at every address of one.
func garbage(stop <-chan struct{}) map[string]http.HandlerFunc {
	long := bytes.Repeat([]byte(" "), maxAnswer+1)
	return map[string]http.HandlerFunc{
		"nothing":   func(http.ResponseWriter, *http.Request) {},
		"a page":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>log in first</html>")) },
		"no object": func(w http.ResponseWriter, _ *http.Request) { openidtest.Answer(w, []int{1}) },
		"a fault":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"too much": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(append(long, `{"keys":[]}`...))
		},
		"too slow": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-stop:
			}
		},
		"the line cut": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		},
	}
}

func TestGarbage(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	defer close(stop)
	for _, path := range []string{"/.well-known/openid-configuration", "/token", "/keys", "/userinfo"} {
		at := openidtest.New(t)
		person := ana()
		delete(person, "email") // so that userinfo is asked
		at.LogIn(person)
		for name, answer := range garbage(stop) {
			p := provider(t, at, func(o *Options) {
				if name == "too slow" {
					o.Timeout = 100 * time.Millisecond
				}
			})
			at.Instead(path, answer)
			got, err := run(t, p, at)
			if !errors.Is(err, account.ErrProviderAway) && !errors.Is(err, account.ErrProviderRefused) {
				t.Errorf("%s: %s: %+v, %v", path, name, got, err)
			}
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("%s: %s: the log would be told %d bytes", path, name, len(err.Error()))
			}
		}
	}
}

// TestLongAnswers takes answers up to the bound, and none over it, though what they say is right.
func TestLongAnswers(t *testing.T) {
	t.Parallel()
	at := openidtest.New(t)
	at.LogIn(ana())
	to := provider(t, at)
	begun, err := to.AuthURL(t.Context(), secrets())
	if err != nil {
		t.Fatal(err)
	}
	code := at.Visit(begun).Query().Get("code")
	at.Pad(maxAnswer - 8<<10)
	if _, err := to.Redeem(t.Context(), secrets(), code, at.URL()); err != nil {
		t.Errorf("a long answer: %v", err)
	}
	at.Pad(maxAnswer)
	if _, err := provider(t, at).AuthURL(t.Context(), secrets()); !errors.Is(err, account.ErrProviderAway) || !strings.Contains(err.Error(), errTooLong.Error()) {
		t.Errorf("too long a description: %v", err)
	}
	at.Pad(0)
	code = at.Visit(begun).Query().Get("code")
	at.Pad(maxAnswer)
	if _, err := to.Redeem(t.Context(), secrets(), code, at.URL()); !errors.Is(err, account.ErrProviderAway) {
		t.Errorf("too long a token: %v", err)
	}
}

// TestElsewhere sends the server's requests elsewhere, where somebody waits for its secret and codes.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	thief, at := openidtest.New(t), openidtest.New(t)
	at.LogIn(ana())
	for _, path := range []string{"/.well-known/openid-configuration", "/keys", "/token"} {
		at.Instead(path, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL()+path, http.StatusTemporaryRedirect)
		})
		if got, err := run(t, provider(t, at), at); err == nil {
			t.Errorf("%s: %+v", path, got)
		}
		at.Instead(path, nil)
		if thief.Asked(path) > 0 {
			t.Errorf("%s: the redirect was followed", path)
		}
	}
}

// TestDescriptions has providers describe themselves as what they are not.
func TestDescriptions(t *testing.T) {
	t.Parallel()
	for name, metadata := range map[string]openidtest.Claims{
		"another issuer":    {"issuer": "https://evil.example.org"},
		"a slash more":      {"issuer": "/"},
		"a script":          {"authorization_endpoint": "javascript:alert(1)"},
		"no address":        {"token_endpoint": ""},
		"a file":            {"jwks_uri": "file:///etc/passwd"},
		"userinfo in place": {"userinfo_endpoint": "gopher://x/"},
		"numbers":           {"token_endpoint": 1},
	} {
		at := openidtest.New(t)
		if metadata["issuer"] == "/" {
			metadata["issuer"] = at.URL() + "/"
		}
		at.Describe(metadata)
		if to, err := provider(t, at).AuthURL(t.Context(), secrets()); !errors.Is(err, account.ErrProviderAway) {
			t.Errorf("%s: %s, %v", name, to, err)
		}
	}
	at := openidtest.New(t)
	at.LogIn(ana())
	// Whoever says that it signs by HMAC, or not at all, is held to RS256.
	at.Describe(openidtest.Claims{"id_token_signing_alg_values_supported": []string{"HS256", "none"}})
	p := provider(t, at)
	if _, err := run(t, p, at); err != nil {
		t.Error(err)
	}
	at.SignWith(func(c openidtest.Claims) string {
		return at.SignAs(jose.HS256, []byte(openidtest.Secret+strings.Repeat(" ", 32)), "key-1", c)
	})
	if _, err := run(t, p, at); !errors.Is(err, account.ErrProviderRefused) {
		t.Errorf("HMAC: %v", err)
	}
}

// TestAwayAndBack has a provider that is away at first: it is not asked by everybody who waits, and is found when it is back.
func TestAwayAndBack(t *testing.T) {
	t.Parallel()
	at := openidtest.New(t)
	at.LogIn(ana())
	const about = "/.well-known/openid-configuration"
	at.Instead(about, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	p := provider(t, at)
	failed := func(at time.Time) {
		p.finding.Lock()
		defer p.finding.Unlock()
		p.failedAt = at
	}
	for range 5 {
		if _, err := p.AuthURL(t.Context(), secrets()); !errors.Is(err, account.ErrProviderAway) {
			t.Fatal(err)
		}
		failed(time.Now().Add(time.Hour)) // however long all of this takes, it was just now
	}
	if n := at.Asked(about); n != 1 {
		t.Errorf("asked %d times", n)
	}
	at.Instead(about, nil)
	failed(time.Now().Add(-retryAfter))
	if _, err := run(t, p, at); err != nil {
		t.Error(err)
	}
}
