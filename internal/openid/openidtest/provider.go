// Package openidtest is a provider of OpenID Connect for tests, which can be told to lie in every way that a provider, or
// somebody between it and the server, could.
package openidtest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// What the server is known by.
const (
	ClientID = "earshot"
	Secret   = "the client's secret"
	keyID    = "key-1"
)

// Claims are those of an ID token, or of anything else that is JSON.
type Claims map[string]any

// Provider is one that runs until the test ends. What it can be told is told before the step that is concerned.
type Provider struct {
	t      *testing.T
	server *httptest.Server
	key    *rsa.PrivateKey

	mu sync.Mutex
	// person is who is logged in at the provider, and info what its userinfo says.
	person, info Claims
	// metadata is put over the description.
	metadata Claims
	// lie changes the claims of the next ID tokens, and sign makes their text.
	lie  func(Claims)
	sign func(Claims) string
	// instead answers a path in the place of the provider.
	instead map[string]http.HandlerFunc
	// padding goes before every answer.
	padding int
	// codes are those that were given out.
	codes map[string]grant
	// asked counts the requests by path.
	asked map[string]int
}

type grant struct {
	nonce, challenge, redirect string
	person                     Claims
}

// New starts a provider. Nobody is logged in at it.
func New(t *testing.T) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{t: t, key: key, instead: map[string]http.HandlerFunc{}, codes: map[string]grant{}, asked: map[string]int{}, metadata: Claims{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.describe)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userinfo)
	mux.HandleFunc("GET /end", p.end)
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked[r.URL.Path]++
		handler, padding := p.instead[r.URL.Path], p.padding
		p.mu.Unlock()
		if padding > 0 {
			_ = r.ParseForm() // net/http reads no body once the answer has begun
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(bytes.Repeat([]byte(" "), padding))
		}
		if handler != nil {
			handler(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.server.Close)
	return p
}

// URL is the issuer.
func (p *Provider) URL() string { return p.server.URL }

func (p *Provider) with(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// LogIn has somebody be logged in at the provider.
func (p *Provider) LogIn(person Claims) { p.with(func() { p.person = person }) }

// Inform has userinfo say this.
func (p *Provider) Inform(info Claims) { p.with(func() { p.info = info }) }

// Describe puts this over the provider's description.
func (p *Provider) Describe(metadata Claims) { p.with(func() { maps.Copy(p.metadata, metadata) }) }

// Lie changes the claims of every ID token from here on; nil is for the truth.
func (p *Provider) Lie(lie func(Claims)) { p.with(func() { p.lie = lie }) }

// SignWith makes the text of every ID token from here on; nil is for the provider's own key.
func (p *Provider) SignWith(sign func(Claims) string) { p.with(func() { p.sign = sign }) }

// Instead answers a path in the place of the provider; nil is for the provider itself.
func (p *Provider) Instead(path string, handler http.HandlerFunc) {
	p.with(func() { p.instead[path] = handler })
}

// Pad puts so many spaces, which mean nothing in JSON, before every answer.
func (p *Provider) Pad(n int) { p.with(func() { p.padding = n }) }

// Asked is how often a path was asked for.
func (p *Provider) Asked(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

// PublicKey is the provider's, as bytes that an attacker has, too.
func (p *Provider) PublicKey() []byte { return p.key.N.Bytes() }

// Visit is a browser that goes to an address that the server sent it to, where whoever is logged in agrees. It gives the
// address to which the provider sends it back.
func (p *Provider) Visit(address string) *url.URL {
	p.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	w, err := client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := w.Body.Close(); err != nil {
		p.t.Error(err)
	}
	to, err := w.Location()
	if err != nil {
		p.t.Fatalf("the provider answered with %d: %v", w.StatusCode, err)
	}
	return to
}

func (p *Provider) describe(w http.ResponseWriter, _ *http.Request) {
	about := Claims{
		"issuer": p.URL(), "authorization_endpoint": p.URL() + "/authorize", "token_endpoint": p.URL() + "/token",
		"jwks_uri": p.URL() + "/keys", "userinfo_endpoint": p.URL() + "/userinfo",
		"end_session_endpoint":                  p.URL() + "/end?of=this",
		"id_token_signing_alg_values_supported": []string{"RS256"}, "authorization_response_iss_parameter_supported": true,
	}
	p.with(func() { maps.Copy(about, p.metadata) })
	Answer(w, about)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	Answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.key.PublicKey, KeyID: keyID, Algorithm: string(jose.RS256), Use: "sig"}}})
}

// authorize agrees for whoever is logged in, or says that nobody does.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" ||
		len(q.Get("code_challenge")) != 43 || len(q.Get("nonce")) < 22 || len(q.Get("state")) < 22 {
		http.Error(w, "not a request of this client", http.StatusBadRequest)
		return
	}
	answer := url.Values{"state": {q.Get("state")}, "iss": {p.URL()}}
	p.with(func() {
		if p.person == nil {
			answer.Set("error", "access_denied")
			return
		}
		code := rand.Text()
		p.codes[code] = grant{q.Get("nonce"), q.Get("code_challenge"), q.Get("redirect_uri"), maps.Clone(p.person)}
		answer.Set("code", code)
	})
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound) //nolint:gosec // G710: a test's own address
}

// token gives an ID token for a code, once.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	wantID, wantSecret := url.QueryEscape(ClientID), url.QueryEscape(Secret)
	challenge := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	p.mu.Lock()
	g, known := p.codes[r.FormValue("code")]
	delete(p.codes, r.FormValue("code"))
	lie, sign := p.lie, p.sign
	p.mu.Unlock()
	if !ok || id != wantID || secret != wantSecret || !known || g.redirect != r.FormValue("redirect_uri") ||
		g.challenge != base64.RawURLEncoding.EncodeToString(challenge[:]) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant","error_description":"hush: the reason"}`))
		return
	}
	claims := Claims{
		"iss": p.URL(), "aud": ClientID, "nonce": g.nonce,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	}
	maps.Copy(claims, g.person)
	if lie != nil {
		lie(claims)
	}
	if sign == nil {
		sign = p.Sign
	}
	Answer(w, Claims{"access_token": "access", "token_type": "Bearer", "id_token": sign(claims)})
}

// end logs whoever is logged in out, and sends the browser back. A hint must be one of its ID tokens, to the client.
func (p *Provider) end(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("post_logout_redirect_uri"))
	if err != nil || back.Host == "" || q.Get("client_id") != ClientID || q.Get("of") != "this" || len(q.Get("state")) < 22 {
		http.Error(w, "not a request of this client", http.StatusBadRequest)
		return
	}
	if hint := q.Get("id_token_hint"); hint != "" {
		token, err := jose.ParseSigned(hint, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			http.Error(w, "the hint is no ID token", http.StatusBadRequest)
			return
		}
		if _, err := token.Verify(&p.key.PublicKey); err != nil {
			http.Error(w, "the hint is not of this provider", http.StatusBadRequest)
			return
		}
	}
	p.with(func() { p.person = nil })
	back.RawQuery = url.Values{"state": {q.Get("state")}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound) //nolint:gosec // G710: a test's own address
}

// LogOutToken makes a logout token of now, changed by lie, which may be nil.
func (p *Provider) LogOutToken(subject, session string, lie func(Claims)) string {
	claims := Claims{
		"iss": p.URL(), "aud": ClientID, "iat": time.Now().Unix(), "exp": time.Now().Add(2 * time.Minute).Unix(), "jti": rand.Text(),
		"events": Claims{"http://schemas.openid.net/event/backchannel-logout": Claims{}},
	}
	for claim, value := range map[string]string{"sub": subject, "sid": session} {
		if value != "" {
			claims[claim] = value
		}
	}
	if lie != nil {
		lie(claims)
	}
	return p.Sign(claims)
}

// Sign makes an ID token with the provider's own key.
func (p *Provider) Sign(claims Claims) string { return p.SignAs(jose.RS256, p.key, keyID, claims) }

// SignAs makes an ID token with whatever key.
func (p *Provider) SignAs(algorithm jose.SignatureAlgorithm, key any, id string, claims Claims) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: id}}, nil)
	if err != nil {
		p.t.Error(err)
		return ""
	}
	text, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
		return ""
	}
	signed, err := signer.Sign(text)
	if err != nil {
		p.t.Error(err)
		return ""
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		p.t.Error(err)
	}
	return token
}

// Unsigned makes an ID token of the algorithm none.
func Unsigned(claims Claims) string {
	text, _ := json.Marshal(claims) //nolint:errchkjson // of a test's own making
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(text) + "."
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	var info Claims
	p.with(func() { info = p.info })
	if r.Header.Get("Authorization") != "Bearer access" || info == nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	Answer(w, info)
}

// Answer answers with JSON.
func Answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(http.ErrAbortHandler)
	}
}
