package httpd

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/coder/websocket"

	"github.com/earshot-chat/earshot"
)

const passwordPath = "/api/v1/me/password"

// TestFirstPassword has somebody whom a provider let in set a password: the browser goes on, and all others are out at once.
func TestFirstPassword(t *testing.T) {
	j := withProvider(t, nil)
	j.at.LogIn(person("ana"))
	v, other := j.traveller(), j.traveller()
	v.logIn("/")
	other.logIn("/")
	addr := listenAndServe(t, j.Server)
	own, phone := &visitor{j.house, v.header()}, &visitor{j.house, other.header()}
	ownSocket, phoneSocket := own.listen(addr), phone.listen(addr)

	body := passwords("", newPassword)
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.test"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "null"},
		{"Content-Type", "text/plain"},
		{"Content-Type", "application/x-www-form-urlencoded"},
	} {
		if w := j.call(http.MethodPost, passwordPath, body, append(headers, "Cookie", own.cookie)...); w.Code < 400 {
			t.Errorf("%v: %d", headers, w.Code)
		}
	}
	if w := j.call(http.MethodPost, passwordPath, body); w.Code != http.StatusUnauthorized {
		t.Errorf("nobody: %d", w.Code)
	}
	own.expect("invalid new_password", http.MethodPost, passwordPath, passwords("", "1234"))
	own.expect("malformed", http.MethodPost, passwordPath, `{"new_password":"`+newPassword+`","username":"root"}`)
	if read[securityReply](t, j.call(http.MethodGet, "/api/v1/me/security", "", "Cookie", own.cookie)).HasPassword {
		t.Fatal("what was refused was done")
	}
	stolen := own.cookie
	own.expect("", http.MethodPost, passwordPath, body)
	if own.cookie == stolen {
		t.Error("the secret is the same as before")
	}
	if me := read[meReply](t, j.call(http.MethodGet, "/api/v1/me", "", "Cookie", own.cookie)); !me.HasPassword || me.Username != "ana" {
		t.Errorf("%+v", me)
	}
	if err := lastOf(t, phoneSocket); websocket.CloseStatus(err) != 4500 {
		t.Errorf("the phone's socket ended with %v", err)
	}
	phone.expect(string(earshot.CodeUnauthenticated), http.MethodGet, "/api/v1/me", "")
	if err := ping(t, ownSocket); err != nil {
		t.Errorf("the own socket does not go on: %v", err)
	}
	own.expect("invalid password", http.MethodPost, passwordPath, passwords("", "another good one"))
	j.browse("ana", newPassword)
	// Now the provider can be left.
	all := read[identitiesReply](t, j.call(http.MethodGet, "/api/v1/me/identities", "", "Cookie", own.cookie)).Identities
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	own.expect("", http.MethodPost, fmt.Sprintf("/api/v1/me/identities/%d/remove", all[0].ID), fmt.Sprintf(`{"password":%q}`, newPassword))
}
