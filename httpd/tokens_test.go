package httpd

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/go-chi/chi/v5"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/wire"
)

// token makes one with the scopes, which are separated by commas, and gives the answer.
func (b *browser) token(scopes string) tokenReply {
	b.t.Helper()
	list := `"` + strings.ReplaceAll(scopes, ",", `","`) + `"`
	w := b.call(http.MethodPost, "/api/v1/me/tokens", fmt.Sprintf(`{"name":"a bot","scopes":[%s]}`, list), "Cookie", b.cookie)
	if w.Code != http.StatusCreated {
		b.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return read[tokenReply](b.t, w)
}

func TestTokens(t *testing.T) {
	h := newHouse(t, nil)
	h.user("ana", password(goodPassword))
	h.user("eve", password(goodPassword))
	ana, eve := h.browser("ana"), h.browser("eve")
	for _, c := range [][2]string{
		{`{"scopes":["chat"]}`, "name"},
		{`{"name":" ","scopes":["chat"]}`, "name"},
		{`{"name":"a\nb","scopes":["chat"]}`, "name"},
		{`{"name":"a\u0000b","scopes":["chat"]}`, "name"},
		{`{"name":"` + strings.Repeat("é", 101) + `","scopes":[]}`, "name"},
		{`{"name":"x"}`, "scopes"},
		{`{"name":"x","scopes":[]}`, "scopes"},
		{`{"name":"x","scopes":["chat","everything"]}`, "scopes"},
		{`{"name":"x","scopes":["chat"],"days":0}`, "days"},
		{`{"name":"x","scopes":["chat"],"days":367}`, "days"},
		{`{"name":"x","scopes":["chat"],"days":-1}`, "days"},
	} {
		body, field := c[0], c[1]
		p := problemOf(t, h.call(http.MethodPost, "/api/v1/me/tokens", body, "Cookie", ana.cookie))
		if p.Code != string(earshot.CodeInvalid) || p.Field != field {
			t.Errorf("%s: %+v", body, p)
		}
	}
	made := ana.token("chat,rooms,chat")
	if !strings.HasPrefix(made.Secret, "et_") || strings.Contains(made.Secret, made.ID) || len(made.Scopes) != 2 || !made.ExpiresAt.IsZero() {
		t.Fatalf("%+v", made)
	}
	bearer := "Bearer " + made.Secret
	if w := h.call(http.MethodGet, "/api/v1/me", "", "Authorization", bearer); read[meReply](t, w).Username != "ana" {
		t.Error("the token does not log in")
	}
	listed := h.call(http.MethodGet, "/api/v1/me/tokens", "", "Cookie", ana.cookie)
	list := read[tokensReply](t, listed).Tokens
	if len(list) != 2 || strings.Contains(listed.Body.String(), "secret") { // h.user has made one, too
		t.Fatalf("%+v", list)
	}
	for _, token := range list {
		if token.ID == made.ID && (token.UsedAt.IsZero() || token.Name != "a bot") {
			t.Errorf("%+v", token)
		}
	}
	conn, status := knock(t, listenAndServe(t, h.Server), []string{wire.Subprotocol}, http.Header{"Authorization": {bearer}})
	if status != http.StatusSwitchingProtocols {
		t.Fatal(status)
	}
	if _, _, err := conn.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := eve.code(http.MethodDelete, "/api/v1/me/tokens/"+made.ID, ""); code != earshot.CodeNotFound {
		t.Errorf("somebody else's: %q", code)
	}
	if code := ana.code(http.MethodDelete, "/api/v1/me/tokens/"+made.ID, ""); code != "" {
		t.Errorf("revoke: %q", code)
	}
	if err := lastOf(t, conn); websocket.CloseStatus(err) != 4500 {
		t.Errorf("the socket ended with %v", err)
	}
	if w := h.call(http.MethodGet, "/api/v1/me", "", "Authorization", bearer); w.Code != http.StatusUnauthorized {
		t.Errorf("a token that was revoked: %d", w.Code)
	}
}

// tokenScopes says for each call which of the scopes lets a token make it: none for a call that takes all of them, "any"
// for one that takes any, "anybody" for one that takes none, and "never" for one that no token may make.
func tokenScopes() map[string]string {
	return map[string]string{
		"GET /server": "anybody", "GET /openapi.yaml": "anybody", "POST /setup": "anybody", "POST /signup": "anybody", "POST /login": "anybody",
		"POST /login/second": "anybody", "POST /login/passkey": "anybody", "POST /login/passkey/options": "anybody", "POST /login/oidc": "anybody",
		"GET /me/identities": "never", "POST /me/identities": "never", "POST /me/identities/{id}/remove": "never",
		"POST /password/reset": "anybody", "POST /password/reset/confirm": "anybody", "POST /email/confirm": "anybody",
		"PATCH /me": "account", "DELETE /me": "never", "GET /me/export": "account", "POST /me/password": "never", "POST /me/email/confirm": "account",
		"PUT /me/avatar": "account", "DELETE /me/avatar": "account", "GET /profiles": "chat", "GET /users/{username}/avatar": "chat",
		"GET /invitations": "admin", "DELETE /invitations/{id}": "admin",
		"POST /logout": "any", "GET /me": "any",
		"GET /me/sessions": "account", "DELETE /me/sessions": "", "DELETE /me/sessions/{id}": "",
		"GET /me/tokens": "never", "POST /me/tokens": "never", "DELETE /me/tokens/{id}": "never",
		"GET /me/security": "never", "POST /me/security/totp": "never", "POST /me/security/totp/confirm": "never",
		"POST /me/security/totp/remove": "never", "POST /me/security/recovery-codes": "never",
		"POST /login/device/look": "anybody", "POST /login/device": "anybody", "POST /login/device/finish": "anybody",
		"POST /me/device-link": "never", "GET /me/device-link": "never", "DELETE /me/device-link": "never", "POST /me/device-link/answer": "never",
		"POST /me/passkeys/proof": "never",
		"GET /me/passkeys":        "never", "POST /me/passkeys": "never", "POST /me/passkeys/options": "never",
		"PATCH /me/passkeys/{id}": "never", "POST /me/passkeys/{id}/remove": "never",
		"GET /rooms": "chat rooms", "GET /rooms/{id}": "chat rooms", "GET /rooms/{id}/members": "chat rooms",
		"POST /rooms": "rooms", "PATCH /rooms/{id}": "rooms", "DELETE /rooms/{id}": "rooms",
		"PUT /rooms/{id}/members/{username}": "rooms", "DELETE /rooms/{id}/members/{username}": "rooms",
		"POST /rooms/{id}/kick": "rooms", "GET /rooms/{id}/bans": "rooms", "GET /rooms/{id}/mutes": "rooms",
		"PUT /rooms/{id}/bans/{username}": "rooms", "DELETE /rooms/{id}/bans/{username}": "rooms",
		"PUT /rooms/{id}/mutes/{username}": "rooms", "DELETE /rooms/{id}/mutes/{username}": "rooms",
		"GET /bans": "admin", "POST /bans": "admin", "DELETE /bans/{id}": "admin", "GET /log": "admin",
		"POST /invitations": "admin", "GET /settings": "admin", "GET /figures": "admin", "GET /rooms/all": "admin",
		"GET /rooms/all/bans":         "admin",
		"GET /settings/second-factor": "admin", "PUT /settings/second-factor": "admin",
	}
}

// TestScopesOfEveryRoute calls every route with tokens of each scope. A route that is not in the table is for a token with
// all of them, but for those of the administration.
func TestScopesOfEveryRoute(t *testing.T) {
	h := newHouse(t, nil)
	h.user("boss", func(a *account.NewAccount) { a.Superuser, a.Password, a.HasPassword = true, goodPassword, true })
	boss := h.browser("boss")
	table, seen := tokenScopes(), 0
	tokens := map[string]func() string{"all": func() string { return boss.token("chat,rooms,account,admin").Secret }}
	for _, scope := range earshot.Scopes() {
		tokens[string(scope)] = func() string { return boss.token(string(scope)).Secret }
	}
	secrets := map[string]string{}
	for name, fresh := range tokens {
		secrets[name] = fresh()
	}
	err := chi.Walk(h.handler.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		path, ours := strings.CutPrefix(route, "/api/v1")
		if !ours {
			return nil
		}
		want, listed := table[method+" "+path]
		if !listed && (strings.HasPrefix(path, "/users") || strings.HasPrefix(path, "/groups") || slices.Contains([]string{"/rooms/all", "/settings", "/figures"}, path)) {
			want = "admin"
		}
		if listed {
			seen++
		}
		if want == "anybody" {
			return nil
		}
		for name, secret := range secrets {
			may := name == "all" || want == "any" || strings.Contains(" "+want+" ", " "+name+" ")
			if want == "never" {
				may = false
			}
			fresh, err := newBudgets(callsPerSecond, callsBurst)
			if err != nil {
				return err
			}
			h.budgets.users = fresh.users // there are more calls than a user may make
			w := h.call(method, strings.NewReplacer("{id}", "999", "{username}", "nobody", "{group}", "nobody").Replace(route), "", "Authorization", "Bearer "+secret)
			refused := w.Code == http.StatusForbidden && problemOf(t, w).Field == "scope"
			if refused == may || w.Code == http.StatusUnauthorized {
				t.Errorf("%s %s with a token for %s: %d", method, path, name, w.Code)
			}
			if path == "/logout" {
				secrets[name] = tokens[name]()
			}
		}
		return nil
	})
	if err != nil || seen != len(table) {
		t.Errorf("%d of %d routes were seen: %v", seen, len(table), err)
	}
	for name, secret := range secrets {
		headers := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Authorization", "Bearer " + secret}
		for _, path := range []string{"/ws", "/chat/stream/", "/events"} {
			w := h.call(map[bool]string{true: http.MethodDelete, false: http.MethodGet}[path == "/events"], path, "", headers...)
			refused := w.Code == http.StatusForbidden && problemOf(t, w).Field == "scope"
			if may := name == "all" || name == "chat"; refused == may {
				t.Errorf("%s with a token for %s: %d", path, name, w.Code)
			}
		}
	}
}

// TestTokenMakesNoMore sees that a token of whatever scope does no more than its user may.
func TestTokenMakesNoMore(t *testing.T) {
	h := newHouse(t, nil)
	h.user("ana", password(goodPassword))
	secret := h.browser("ana").token("admin,rooms").Secret
	w := h.call(http.MethodPost, "/api/v1/invitations", `{}`, "Authorization", "Bearer "+secret)
	if p := problemOf(t, w); p.Code != string(earshot.CodeForbidden) || p.Field == "scope" {
		t.Errorf("%+v", p)
	}
}
