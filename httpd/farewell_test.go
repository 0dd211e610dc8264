package httpd

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/internal/openid"
	"github.com/earshot-chat/earshot/internal/openid/openidtest"
)

const ended = "/oidc/sso/logout"

// withFarewell is a provider at which people log out, too.
func withFarewell(t *testing.T) *joint {
	t.Helper()
	return withProvider(t, func(_ *Options, p *account.Provider) { p.LogOut = true })
}

func TestLogOutThere(t *testing.T) {
	j := withFarewell(t)
	j.at.LogIn(person("ana"))
	v := j.traveller()
	v.logIn("/")
	addr := listenAndServe(t, j.Server)
	socket := (&visitor{j.house, v.header()}).listen(addr)
	// A link or an image of another page logs nobody out.
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.test"}, {"Origin", "null"}} {
		if w := j.call(http.MethodPost, "/api/v1/logout", "", append(headers, "Cookie", v.header())...); w.Code != http.StatusForbidden {
			t.Errorf("%v: %d", headers, w.Code)
		}
	}
	if w := j.call(http.MethodGet, "/api/v1/logout", "", "Cookie", v.header()); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}

	before := v.cookies[cookieName]
	out := read[wayOutReply](t, v.keep(j.call(http.MethodPost, "/api/v1/logout", "", "Cookie", v.header())))
	if err := lastOf(t, socket); websocket.CloseStatus(err) != 4500 {
		t.Errorf("the socket ended with %v", err)
	}
	if _, have := v.cookies[cookieName]; have || v.me() != "" {
		t.Error("the cookie is left")
	}
	if w := j.call(http.MethodGet, "/api/v1/me", "", "Cookie", cookieName+"="+before); w.Code != http.StatusUnauthorized {
		t.Errorf("the log-in is left: %d", w.Code)
	}
	back := j.at.Visit(out.URL)
	if !strings.HasPrefix(back.String(), ownOrigin+ended+"?") {
		t.Fatal(back)
	}
	page, about := v.comeBack(back.RequestURI())
	if page != "/login" || about.Get("oidc") != "logged_out" || len(v.cookies) != 0 {
		t.Errorf("%s %v %v", page, about, v.cookies)
	}
	// It is no way to anything: again, for others, with what somebody makes up.
	for _, path := range []string{back.RequestURI(), ended, ended + "?state=x", ended + "?state=" + strings.Repeat("x", 5000), "/oidc/other/logout", ended + "?next=//evil.test"} {
		if page, about := j.traveller().comeBack(path); page != "/login" || len(about) != 0 {
			t.Errorf("%.40s: %s %v", path, page, about)
		}
	}
	if strings.Contains(j.log.String(), "id_token") || strings.Contains(j.log.String(), before) {
		t.Error("the log has a secret")
	}
}

// TestLogOutWithoutProvider logs out while the provider is away, and one who came otherwise.
func TestLogOutWithoutProvider(t *testing.T) {
	j := withFarewell(t)
	j.user("ben", password(goodPassword))
	ben := j.browse("ben", goodPassword)
	if w := j.call(http.MethodPost, "/api/v1/logout", "", "Cookie", ben.cookie); w.Code != http.StatusNoContent {
		t.Errorf("by a password: %d", w.Code)
	}
	for what, end := range map[string]any{"none": nil, "a script": "javascript:alert(1)"} {
		other := openidtest.New(t)
		other.Describe(openidtest.Claims{"end_session_endpoint": end})
		j := withProvider(t, func(_ *Options, p *account.Provider) {
			inner := openid.New(openid.Options{Issuer: other.URL(), ClientID: openidtest.ClientID, Secret: openidtest.Secret, Redirect: ownOrigin + "/oidc/sso/callback"})
			t.Cleanup(inner.Close)
			p.OpenID, p.LogOut = inner, true
		})
		j.at = other
		j.at.LogIn(person("ana"))
		v := j.traveller()
		v.logIn("/")
		if w := j.call(http.MethodPost, "/api/v1/logout", "", "Cookie", v.header()); w.Code != http.StatusNoContent || v.me() != "" {
			t.Errorf("%s: %d", what, w.Code)
		}
	}
}

// tell is the provider's server, which says who has logged out.
func (j *joint) tell(path, kind, body string, headers ...string) *httptest.ResponseRecorder {
	j.t.Helper()
	r := httptest.NewRequestWithContext(j.t.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	j.ServeHTTP(w, r)
	return w
}

const form = "application/x-www-form-urlencoded"

// TestEndedThere has the provider end a log-in, whose socket is cut at once, and others try to.
func TestEndedThere(t *testing.T) {
	j := withProvider(t, nil)
	ana := person("ana")
	ana["sid"] = "session-1"
	j.at.LogIn(ana)
	desk, phone := j.traveller(), j.traveller()
	desk.logIn("/")
	ana["sid"] = "session-2"
	phone.logIn("/")
	addr := listenAndServe(t, j.Server)
	socket := (&visitor{j.house, desk.header()}).listen(addr)
	as := func(token string) string { return url.Values{"logout_token": {token}}.Encode() }
	token := j.at.LogOutToken("", "session-1", nil)
	wrong := j.at.LogOutToken("", "session-1", func(c openidtest.Claims) { c["aud"] = "another" })
	for what, c := range map[string]struct {
		path, kind, body string
		status           int
	}{
		"not to be believed": {ended, form, as(wrong), 400}, "nothing": {ended, form, "", 400}, "JSON": {ended, "application/json", `{"logout_token":"` + token + `"}`, 400},
		"no type": {ended, "", as(token), 400}, "two": {ended, form, as(token) + "&" + as(token), 400}, "in the address": {ended + "?" + as(token), form, "", 400},
		"too long": {ended, form, "logout_token=" + strings.Repeat("a", 1<<20), 400}, "broken": {ended, form, "logout_token=%zz", 400},
		"a multipart": {ended, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"logout_token\"\r\n\r\n" + token + "\r\n--x--", 400},
		"another":     {"/oidc/other/logout", form, as(token), 404},
	} {
		w := j.tell(c.path, c.kind, c.body)
		if w.Code != c.status || (c.status == 400 && !strings.Contains(w.Body.String(), `"error":"invalid_request"`)) || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if desk.me() != "ana" || phone.me() != "ana" {
		t.Fatal("somebody was logged out by what is not to be believed")
	}
	// It is the token that counts, and not who brings it.
	w := j.tell(ended, form+"; charset=utf-8", as(token), "Origin", "https://evil.test", "Cookie", "earshot_session=x")
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || w.Body.Len() != 0 {
		t.Errorf("%d %s %s", w.Code, w.Header(), w.Body)
	}
	if err := lastOf(t, socket); websocket.CloseStatus(err) != 4500 {
		t.Errorf("the socket ended with %v", err)
	}
	if desk.me() != "" || phone.me() != "ana" {
		t.Errorf("%q %q", desk.me(), phone.me())
	}
	if w := j.tell(ended, form, as(j.at.LogOutToken("sub-ana", "", nil))); w.Code != http.StatusOK || phone.me() != "" {
		t.Errorf("all of a person: %d %q", w.Code, phone.me())
	}
}
