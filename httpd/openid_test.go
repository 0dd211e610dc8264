package httpd

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/internal/logtest"
	"github.com/earshot-chat/earshot/internal/openid"
	"github.com/earshot-chat/earshot/internal/openid/openidtest"
)

// joint is a house, and a provider by which people log in to it.
type joint struct {
	*house
	at  *openidtest.Provider
	log *logtest.Records
}

func withProvider(t *testing.T, change func(*Options, *account.Provider)) *joint {
	t.Helper()
	j := &joint{at: openidtest.New(t), log: &logtest.Records{}}
	j.house = newHouse(t, func(o *Options, c *account.Config, _ *hub.Config) {
		o.Log = slog.New(slog.NewTextHandler(j.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		inner := openid.New(openid.Options{
			Issuer: j.at.URL(), ClientID: openidtest.ClientID, Secret: openidtest.Secret, Redirect: ownOrigin + "/oidc/sso/callback", LoggedOut: ownOrigin + "/oidc/sso/logout",
			Scopes: []string{"profile"}, GroupsClaim: "groups", Timeout: patience,
		})
		t.Cleanup(inner.Close)
		p := account.Provider{ID: "sso", Label: "Example", OpenID: inner, Create: true}
		if change != nil {
			change(o, &p)
		}
		c.Providers = []account.Provider{p}
	})
	j.user("root", superuserWithPassword)
	return j
}

// traveller is a browser with its cookies.
type traveller struct {
	*joint
	cookies map[string]string
}

func (j *joint) traveller() *traveller { return &traveller{j, map[string]string{}} }

func (v *traveller) header() string {
	var parts []string
	for name, value := range v.cookies {
		parts = append(parts, name+"="+value)
	}
	return strings.Join(parts, "; ")
}

// keep takes the cookies of an answer.
func (v *traveller) keep(w *httptest.ResponseRecorder) *httptest.ResponseRecorder {
	result := w.Result()
	defer func() { _ = result.Body.Close() }()
	for _, c := range result.Cookies() {
		if c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		} else {
			v.cookies[c.Name] = c.Value
		}
	}
	return w
}

func (v *traveller) post(path string, body any) *httptest.ResponseRecorder {
	v.t.Helper()
	return v.keep(v.house.post(path, v.header(), body))
}

// begin presses the button, and gives where the browser is sent to.
func (v *traveller) begin(next string) string {
	v.t.Helper()
	return read[wayOutReply](v.t, v.post("/login/oidc", fields{"provider": "sso", "next": next})).URL
}

// comeBack opens an address that the provider sent the browser to, and gives the page that it is sent on to.
func (v *traveller) comeBack(path string) (page string, about url.Values) {
	v.t.Helper()
	w := v.keep(v.get(path))
	page, fragment, _ := strings.Cut(w.Header().Get("Location"), "#")
	about, err := url.ParseQuery(fragment)
	if err != nil || w.Code != http.StatusSeeOther || w.Header().Get("Cache-Control") != "no-store" || !strings.HasPrefix(page, "/") {
		v.t.Fatalf("%d %s %v", w.Code, w.Header(), err)
	}
	return page, about
}

func (v *traveller) get(path string) *httptest.ResponseRecorder {
	v.t.Helper()
	r := httptest.NewRequestWithContext(v.t.Context(), http.MethodGet, path, http.NoBody)
	r.Header.Set("Cookie", v.header())
	r.Header.Set("Sec-Fetch-Site", "cross-site") // the provider's page sends it
	w := httptest.NewRecorder()
	v.ServeHTTP(w, r)
	return w
}

// logIn goes all the way.
func (v *traveller) logIn(next string) (page string, about url.Values) {
	v.t.Helper()
	return v.comeBack(v.at.Visit(v.begin(next)).RequestURI())
}

// me is who the traveller is; empty for nobody.
func (v *traveller) me() string {
	v.t.Helper()
	w := v.call(http.MethodGet, "/api/v1/me", "", "Cookie", v.header())
	if w.Code != http.StatusOK {
		return ""
	}
	return read[meReply](v.t, w).Username
}

func person(name string) openidtest.Claims {
	return openidtest.Claims{"sub": "sub-" + name, "preferred_username": name, "name": name, "email": name + "@example.org", "email_verified": true, "groups": []string{}}
}

func TestOpenIDLogIn(t *testing.T) {
	j := withProvider(t, nil)
	if got := read[serverReply](t, j.call(http.MethodGet, "/api/v1/server", "")).Providers; len(got) != 1 || got[0] != (providerReply{"sso", "Example"}) {
		t.Errorf("%+v", got)
	}
	j.at.LogIn(person("ana"))
	v := j.traveller()
	v.cookies[cookieName] = "es_planted"
	page, about := v.logIn("/rooms/den?x=1")
	if page != "/rooms/den?x=1" || len(about) > 0 || v.me() != "ana" {
		t.Errorf("%s %v %s", page, about, v.me())
	}
	first := v.cookies[cookieName]
	if _, left := v.cookies["earshot_oidc"]; left || first == "es_planted" {
		t.Error("cookies of before are left")
	}
	v.logIn("/")
	if v.me() != "ana" || v.cookies[cookieName] == first {
		t.Error("the session of before goes on")
	}
	if w := j.call(http.MethodGet, "/api/v1/me", "", "Cookie", cookieName+"="+first); w.Code != http.StatusUnauthorized {
		t.Error("it was not ended")
	}
	for _, secret := range []string{openidtest.Secret, "code=", "state=", first} {
		if strings.Contains(j.log.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
}

// TestOpenIDCookies holds the cookie that a log-in is bound to.
func TestOpenIDCookies(t *testing.T) {
	for _, secure := range []bool{false, true} {
		j := withProvider(t, func(o *Options, _ *account.Provider) { o.Secure = secure })
		w := j.post("/login/oidc", "", fields{"provider": "sso"})
		result := w.Result()
		defer func() { _ = result.Body.Close() }()
		want := map[bool]string{false: "earshot_oidc", true: "__Host-earshot_oidc"}[secure]
		c := result.Cookies()[0]
		if c.Name != want || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != secure || c.Path != "/" || c.Domain != "" ||
			c.MaxAge != 600 {
			t.Errorf("%+v", c)
		}
	}
}

// TestOpenIDNext sends nobody to another site.
func TestOpenIDNext(t *testing.T) {
	j := withProvider(t, nil)
	j.at.LogIn(person("ana"))
	for next, want := range map[string]string{
		"/rooms/a%20b": "/rooms/a%20b", "/settings": "/settings",
		"//evil.example.org": "/", "https://evil.example.org": "/", "/\\evil.example.org": "/", "/login": "/", "javascript:alert(1)": "/",
		"/rooms/\r\nSet-Cookie: a=b": "/", "": "/", "/rooms/../../x": "/", strings.Repeat("/rooms/x", 5000): "/",
	} {
		if page, _ := j.traveller().logIn(next); page != want {
			t.Errorf("%.40q: %.100s", next, page)
		}
	}
}

// TestOpenIDAttacks comes back in ways that nobody began.
func TestOpenIDAttacks(t *testing.T) {
	j := withProvider(t, nil)
	j.at.LogIn(person("eve"))
	begun := func() (*traveller, *url.URL) {
		v := j.traveller()
		return v, j.at.Visit(v.begin("/rooms/den"))
	}
	change := func(u *url.URL, name, value string) string {
		q := u.Query()
		q.Set(name, value)
		return u.Path + "?" + q.Encode()
	}
	over := func(what string, v *traveller, path string) {
		t.Helper()
		page, about := v.comeBack(path)
		if about.Get("oidc") != "over" || !strings.HasPrefix(page, "/login?next=") || v.me() != "" {
			t.Errorf("%s: %s %v %q", what, page, about, v.me())
		}
	}
	// Somebody's own answer in the browser of another: a log-in as the attacker.
	_, answer := begun()
	over("in a browser that began nothing", j.traveller(), answer.RequestURI())
	other, theirs := begun()
	over("in one that began another", other, answer.RequestURI())
	page, about := other.comeBack(theirs.RequestURI())
	if page != "/rooms/den" || len(about) > 0 || other.me() != "eve" {
		t.Errorf("what the other began has ended: %s %v", page, about)
	}
	v, answer := begun()
	over("another state", v, change(answer, "state", strings.Repeat("x", 43)))
	over("no state", v, answer.Path)
	cookies := v.header()
	if page, _ := v.comeBack(answer.RequestURI()); page != "/rooms/den" {
		t.Error(page)
	}
	replay := j.traveller()
	name, value, _ := strings.Cut(strings.Split(cookies, "; ")[0], "=")
	replay.cookies[name] = value
	over("again, with the cookie", replay, answer.RequestURI())
	v, answer = begun()
	over("at another provider's address", v, strings.Replace(answer.RequestURI(), "/sso/", "/other/", 1))

	for what, path := range map[string]func(*url.URL) string{
		"another code":   func(u *url.URL) string { return change(u, "code", "x") },
		"another issuer": func(u *url.URL) string { return change(u, "iss", "https://evil.example.org") },
		"a strange error": func(u *url.URL) string {
			return change(u, "error", "<script>alert(1)</script>"+strings.Repeat("x", 5000))
		},
	} {
		v, answer := begun()
		page, about := v.comeBack(path(answer))
		if about.Get("oidc") != "refused" || page != "/login?next=%2Frooms%2Fden" || v.me() != "" {
			t.Errorf("%s: %s %v", what, page, about)
		}
	}
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example.org"}, {"Origin", "null"},
	} {
		w := j.call(http.MethodPost, "/api/v1/login/oidc", `{"provider":"sso"}`, headers...)
		if p := problemOf(t, w); p.Code != string(earshot.CodeForbidden) || len(w.Result().Cookies()) > 0 {
			t.Errorf("another site begins: %+v", p)
		}
	}
	if strings.Contains(j.log.String(), "script") {
		t.Error("the log has what was sent")
	}
}

// TestOpenIDRefusals sends people to a page that tells them why.
func TestOpenIDRefusals(t *testing.T) {
	j := withProvider(t, func(_ *Options, p *account.Provider) { p.Create = false })
	refusal := func(want string) {
		t.Helper()
		v := j.traveller()
		page, about := v.logIn("/rooms/den")
		if about.Get("oidc") != want || page != "/login?next=%2Frooms%2Fden" || v.me() != "" || len(v.cookies) > 0 {
			t.Errorf("%s: %s %v", want, page, about)
		}
	}
	refusal("cancelled")
	j.at.LogIn(person("ana"))
	refusal("unknown")
	j.at.Lie(func(c openidtest.Claims) { c["nonce"] = "another" })
	refusal("refused")
	j.at.Lie(nil)
	j.at.Instead("/token", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	refusal("unreachable")
	j.at.Instead("/token", nil)
	if p := problemOf(t, j.post("/login/oidc", "", fields{"provider": "other"})); p.Code != "not_found" {
		t.Errorf("%+v", p)
	}
	w := j.call(http.MethodPost, "/api/v1/login/oidc", `{"provider":"sso"}`, "Origin", "http://earshot.test:81", "Sec-Fetch-Site", "same-origin")
	if p := problemOf(t, w); p.Field != "origin" || !strings.Contains(p.Detail, ownOrigin) {
		t.Errorf("%+v", p)
	}
	if _, err := j.accounts.Ban(t.Context(), nil, clientAddr(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)), account.NewBan{Range: "198.51.100.0/24"}); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/oidc/sso/callback?state=x", http.NoBody)
	r.RemoteAddr = "198.51.100.7:1000"
	banned := httptest.NewRecorder()
	j.ServeHTTP(banned, r)
	if to := banned.Header().Get("Location"); to != "/login?next=%2F#oidc=banned" {
		t.Errorf("%s", to)
	}
	away := withProvider(t, nil)
	away.at.Instead("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	if p := problemOf(t, away.post("/login/oidc", "", fields{"provider": "sso"})); p.Code != "busy" || p.Field != "unreachable" {
		t.Errorf("%+v", p)
	}
}

// TestOpenIDSecondFactor asks for the second factor as a log-in by password does.
func TestOpenIDSecondFactor(t *testing.T) {
	j := withProvider(t, nil)
	j.at.LogIn(person("ana"))
	v := j.traveller()
	v.logIn("/")
	key := read[totpReply](t, v.post("/me/security/totp", fields{}))
	code, err := totp.GenerateCode(key.Secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	codes := read[recoveryReply](t, v.post("/me/security/totp/confirm", fields{"code": code})).RecoveryCodes

	v = j.traveller()
	page, about := v.logIn("/rooms/den")
	if page != "/login?next=%2Frooms%2Fden" || about.Get("oidc") != "second" || about.Get("factors") != "totp,recovery" || v.me() != "" {
		t.Fatalf("%s %v", page, about)
	}
	if w := v.post("/login/second", fields{"ticket": about.Get("ticket"), "code": codes[0]}); w.Code != http.StatusOK || v.me() != "ana" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestLinkedAccounts links, lists and unlinks.
func TestLinkedAccounts(t *testing.T) {
	j := withProvider(t, func(_ *Options, p *account.Provider) { p.Create = false })
	j.user("ana", password(goodPassword))
	j.user("bob", password(goodPassword))
	j.at.LogIn(person("x"))
	link := func(v *traveller, proof string) *httptest.ResponseRecorder {
		return v.post("/me/identities", fields{"provider": "sso", "password": proof})
	}
	ana := j.traveller()
	ana.post("/login", fields{"username": "ana", "password": goodPassword})
	if p := problemOf(t, link(ana, "wrong horse")); p.Field != "password" {
		t.Errorf("%+v", p)
	}
	page, about := ana.comeBack(j.at.Visit(read[wayOutReply](t, link(ana, goodPassword)).URL).RequestURI())
	if page != "/settings/security" || about.Get("oidc") != "linked" {
		t.Fatalf("%s %v", page, about)
	}
	list := read[identitiesReply](t, j.call(http.MethodGet, "/api/v1/me/identities", "", "Cookie", ana.header())).Identities
	if len(list) != 1 || list[0].Label != "Example" || list[0].Name != "x@example.org" || list[0].Issuer != j.at.URL() || !list[0].UsedAt.IsZero() {
		t.Fatalf("%+v", list)
	}
	bob := j.traveller()
	bob.post("/login", fields{"username": "bob", "password": goodPassword})
	page, about = bob.comeBack(j.at.Visit(read[wayOutReply](t, link(bob, goodPassword)).URL).RequestURI())
	if page != "/settings/security" || about.Get("oidc") != "taken" || bob.me() != "bob" {
		t.Errorf("%s %v", page, about)
	}
	// A link that somebody began comes back in a browser in which another is logged in.
	answer := j.at.Visit(read[wayOutReply](t, link(bob, goodPassword)).URL)
	bob.cookies[cookieName] = ana.cookies[cookieName]
	if _, about := bob.comeBack(answer.RequestURI()); about.Get("oidc") != "over" {
		t.Errorf("%v", about)
	}
	v := j.traveller()
	if v.logIn("/"); v.me() != "ana" {
		t.Errorf("%q", v.me())
	}
	remove := func(id string) *httptest.ResponseRecorder {
		return ana.post("/me/identities/"+id+"/remove", fields{"password": goodPassword})
	}
	for _, id := range []string{"99", "x", "-1"} {
		if p := problemOf(t, remove(id)); p.Code != "not_found" {
			t.Errorf("%s: %+v", id, p)
		}
	}
	if w := remove("1"); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if _, about := j.traveller().logIn("/"); about.Get("oidc") != "unknown" {
		t.Errorf("%v", about)
	}
}
