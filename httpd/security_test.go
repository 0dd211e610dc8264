package httpd

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/earshot-chat/earshot"
)

func TestSecondFactorByREST(t *testing.T) {
	h := newHouse(t, nil)
	h.user("ana", password(goodPassword))
	ana := h.browser("ana")
	post := func(path, body string) *httptest.ResponseRecorder {
		t.Helper()
		return h.call(http.MethodPost, "/api/v1"+path, body, "Cookie", ana.cookie)
	}
	key := read[totpReply](t, post("/me/security/totp", fmt.Sprintf(`{"password":%q}`, goodPassword)))
	picture, ours := strings.CutPrefix(key.QR, "data:image/svg+xml;base64,")
	svg, err := base64.StdEncoding.DecodeString(picture)
	if err != nil || !ours || !strings.HasPrefix(key.URI, "otpauth://totp/Earshot:ana?") {
		t.Fatalf("%+v: %v", key, err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(svg))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the picture: %v", err)
		}
	}
	code, err := totp.GenerateCode(key.Secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if p := problemOf(t, post("/me/security/totp/confirm", `{"code":"12"}`)); p.Code != "invalid" || p.Field != "code" {
		t.Errorf("%+v", p)
	}
	codes := read[recoveryReply](t, post("/me/security/totp/confirm", fmt.Sprintf(`{"code":%q}`, code))).RecoveryCodes
	w := h.call(http.MethodPost, "/api/v1/login", login("ana", goodPassword), "Cookie", ana.cookie)
	p := problemOf(t, w)
	if p.Status != http.StatusUnauthorized || p.Code != string(earshot.CodeSecondFactor) || p.SecondFactor == nil || sessionCookie(w) != nil ||
		len(p.SecondFactor.Factors) != 2 || time.Until(p.SecondFactor.ExpiresAt) <= 0 {
		t.Fatalf("%+v", p)
	}
	if code := ana.code(http.MethodGet, "/api/v1/me", ""); code != "" {
		t.Errorf("a log-in that is half done ended the one before: %s", code)
	}
	second := func(code string, headers ...string) *httptest.ResponseRecorder {
		t.Helper()
		return h.call(http.MethodPost, "/api/v1/login/second", fmt.Sprintf(`{"ticket":%q,"code":%q}`, p.SecondFactor.Ticket, code), headers...)
	}
	if p := problemOf(t, second("000000 ")); p.Code != string(earshot.CodeUnauthenticated) || p.Field != "code" {
		t.Errorf("a wrong code: %+v", p)
	}
	if p := problemOf(t, second(codes[0], "Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site")); p.Code != string(earshot.CodeForbidden) {
		t.Errorf("from another site: %+v", p)
	}
	// A cookie that somebody planted is not the one that is logged in (session fixation).
	w = second(codes[0], "Cookie", cookieName+"=es_planted")
	if c := sessionCookie(w); w.Code != http.StatusOK || c == nil || c.Value == "es_planted" || read[meReply](t, w).Username != "ana" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got := read[securityReply](t, h.call(http.MethodGet, "/api/v1/me/security", "", "Cookie", ana.cookie)); got != (securityReply{true, true, true, 0, 9}) {
		t.Errorf("%+v", got)
	}
	if p := problemOf(t, post("/me/security/totp/remove", `{"password":"wrong"}`)); p.Code != "invalid" || p.Field != "password" {
		t.Errorf("%+v", p)
	}
	again := read[recoveryReply](t, post("/me/security/recovery-codes", fmt.Sprintf(`{"password":%q}`, goodPassword))).RecoveryCodes
	if len(again) != 10 || again[0] == codes[0] {
		t.Error("the codes are no new ones")
	}
	if w := post("/me/security/totp/remove", fmt.Sprintf(`{"password":%q}`, goodPassword)); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	h.browser("ana")
}
