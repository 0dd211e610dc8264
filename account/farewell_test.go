package account

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

func logsOut(p *Provider) { p.LogOut = true }

// told is a newcomer of whom the provider says by which log-in there, and with which ID token.
func told(name, session, token string) OpenIDClaims {
	c := newcomer(name)
	c.Session, c.Token = session, token
	return c
}

// hintOf reads the address that somebody is sent to for logging out.
func hintOf(t *testing.T, out WayOut) (hint, state string) {
	t.Helper()
	u, err := url.Parse(out.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("hint"), u.Query().Get("state")
}

// TestLogOutThere logs people out, who came by the provider and otherwise, where the settings say so and where they do not.
func TestLogOutThere(t *testing.T) {
	t.Parallel()
	const token = "aaa.bbb.ccc"
	for _, c := range []struct {
		what   string
		change []func(*Provider)
		away   bool
		claims OpenIDClaims
		there  bool
		hint   string
	}{
		{"with a hint", []func(*Provider){create, logsOut}, false, told("ana", "s1", token), true, token},
		{"the settings say nothing", []func(*Provider){create}, false, told("ana", "s1", token), false, ""},
		{"the provider is away", []func(*Provider){create, logsOut}, true, told("ana", "s1", token), false, ""},
		{"too long a token", []func(*Provider){create, logsOut}, false, told("ana", "s1", strings.Repeat("x", maxHint+1)), true, ""},
		{"no token, odd session", []func(*Provider){create, logsOut}, false, told("ana", "a\x00\xff", ""), true, ""},
	} {
		h := newOpenHouse(t, c.change...)
		out, err := h.arrive(t, c.claims)
		refused(t, c.what, err, "")
		h.fake.away = c.away
		way, err := h.LogOutThere(t.Context(), out.Secret)
		refused(t, c.what, err, "")
		if got := way.URL != ""; got != c.there {
			t.Fatalf("%s: %q", c.what, way.URL)
		}
		if _, err := h.BySession(t.Context(), out.Secret); !isCode(err, earshot.CodeUnauthenticated) || len(h.cut()) != 1 {
			t.Errorf("%s: the session goes on: %v", c.what, err)
		}
		if c.away != (len(h.complaints) > 0) {
			t.Errorf("%s: the log was told %q", c.what, h.complaints)
		}
		if !c.there {
			continue
		}
		hint, state := hintOf(t, way)
		if hint != c.hint || !h.CameBack(way.Secret, state) {
			t.Errorf("%s: %q", c.what, way.URL)
		}
		other, _ := newSecret(openIDPrefix)
		for _, wrong := range [][2]string{{way.Secret, ""}, {way.Secret, state + "x"}, {other, state}, {"", state}, {"", ""}, {out.Secret, state}} {
			if h.CameBack(wrong[0], wrong[1]) {
				t.Errorf("%s: %q came back", c.what, wrong)
			}
		}
		again, err := h.LogOutThere(t.Context(), out.Secret)
		refused(t, "again", err, "")
		if again.URL != "" {
			t.Error("who is logged out is sent there again")
		}
	}

	h := newOpenHouse(t, create, logsOut)
	h.add(t, "ben")
	way, err := h.LogOutThere(t.Context(), h.logIn(t, "ben"))
	refused(t, "by a password", err, "")
	if way != (WayOut{}) {
		t.Errorf("by a password: %+v", way)
	}
}

// TestHintIsSealed looks at what the database has of an ID token, and what a change of the password leaves of it.
func TestHintIsSealed(t *testing.T) {
	t.Parallel()
	h := newOpenHouse(t, create, logsOut)
	const token = "the.id.token"
	out, err := h.arrive(t, told("ana", "s1", token))
	refused(t, "arrive", err, "")
	kept, err := h.store.DeleteBrowserSession(t.Context(), out.Login.Credential)
	refused(t, "origin", err, "")
	if len(kept.Hint) == 0 || bytes.Contains(kept.Hint, []byte("token")) || kept.Session != "s1" || kept.Subject != "sub-ana" {
		t.Errorf("kept: %+v", kept)
	}
	if text, err := unseal(out.Secret, kept.Hint); err != nil || string(text) != token {
		t.Errorf("%s, %v", text, err)
	}
	other, _ := newSecret(sessionPrefix)
	for _, broken := range [][]byte{kept.Hint[1:], kept.Hint[:10], append(bytes.Clone(kept.Hint), 0), nil} {
		if _, err := unseal(out.Secret, broken); err == nil {
			t.Errorf("%d bytes open", len(broken))
		}
	}
	if _, err := unseal(other, kept.Hint); err == nil {
		t.Error("another secret opens it")
	}

	out, err = h.arrive(t, told("ana", "s1", token))
	refused(t, "arrive", err, "")
	secret, _, err := h.ChangePassword(t.Context(), out.Login, Proof{}, newPassword, addr("192.0.2.1"))
	refused(t, "password", err, "")
	way, err := h.LogOutThere(t.Context(), secret)
	refused(t, "log out", err, "")
	if hint, _ := hintOf(t, way); way.URL == "" || hint != "" {
		t.Errorf("after a change of the password: %+v", way)
	}
}

// TestLogOutThereAfterSecondStep keeps by whom somebody came over the second step, and nothing of it readable meanwhile.
func TestLogOutThereAfterSecondStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newOpenHouse(t, logsOut)
		h.add(t, "ana")
		refused(t, "link", h.linkTo(t, "ana", newcomer("ana")), "")
		device, _ := h.enrol(t, "ana", "192.0.2.1")
		time.Sleep(time.Minute) // another code than the one that enrolled
		_, err := h.arrive(t, told("ana", "s1", "the.id.token"))
		second, ok := AsSecondFactor(err)
		if !ok {
			t.Fatal(err)
		}
		hash, _ := hashSecret(ticketPrefix, second.Ticket)
		ticket, err := h.store.Ticket(t.Context(), hash, loginTicket, now())
		refused(t, "ticket", err, "")
		for _, text := range []string{"token", "sub-ana", testIssuer} {
			if bytes.Contains(ticket.Data, []byte(text)) {
				t.Errorf("the database has %s", text)
			}
		}
		secret, _, err := h.SecondStep(t.Context(), second.Ticket, device.code(t), addr("192.0.2.1"))
		refused(t, "second step", err, "")
		way, err := h.LogOutThere(t.Context(), secret)
		refused(t, "log out", err, "")
		if hint, _ := hintOf(t, way); hint != "the.id.token" {
			t.Errorf("%+v", way)
		}
	})
}

// TestLogOutFrom has the provider end log-ins, and others try to.
func TestLogOutFrom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newOpenHouse(t, create)
		h.add(t, "carl")
		own := h.logIn(t, "carl")
		enter := func(c OpenIDClaims) string {
			t.Helper()
			out, err := h.arrive(t, c)
			refused(t, "arrive", err, "")
			return out.Secret
		}
		desk, phone, ben := enter(told("ana", "desk", "")), enter(told("ana", "phone", "")), enter(told("ben", "other", ""))
		at := time.Now()
		h.fake.outs = map[string]OpenIDLogOut{
			"desk": {Session: "desk", At: at}, "ana": {Subject: "sub-ana", At: at}, "wrong": {Subject: "sub-ben", Session: "phone", At: at},
			"early": {Subject: "sub-ben", At: at.Add(-time.Hour)}, "nobody": {Subject: "sub-nobody", At: at},
		}
		end := func(token string) int {
			t.Helper()
			n, err := h.LogOutFrom(t.Context(), "sso", token, addr("192.0.2.1"))
			refused(t, token, err, "")
			return n
		}
		in := func(secrets ...string) int {
			n := 0
			for _, s := range secrets {
				if _, err := h.BySession(t.Context(), s); err == nil {
					n++
				}
			}
			return n
		}
		for _, token := range []string{"wrong", "early", "nobody"} {
			if end(token) != 0 || in(own, desk, phone, ben) != 4 {
				t.Errorf("%s ended somebody's log-in", token)
			}
		}
		if end("desk") != 1 || in(desk) != 0 || in(own, phone, ben) != 3 || len(h.cut()) != 1 {
			t.Error("one of the provider's sessions")
		}
		if end("ana") != 1 || in(phone) != 0 || in(own, ben) != 2 || len(h.cut()) != 2 {
			t.Error("all of a person")
		}
		again := enter(told("ana", "desk", "")) // at once, while the clocks may differ by so much
		if end("ana")+end("desk") != 0 || in(again) != 1 {
			t.Error("a token that comes again ends what began after it")
		}
		time.Sleep(clockSkew + time.Second)
		h.fake.outs["late"] = OpenIDLogOut{Subject: "sub-ana", At: at}
		if later := enter(told("ana", "desk", "")); end("late") != 1 || in(again) != 0 || in(later) != 1 {
			t.Error("a token that comes late")
		}

		_, err := h.LogOutFrom(t.Context(), "other", "ana", addr("192.0.2.1"))
		refused(t, "another provider", err, earshot.CodeNotFound, "provider")
		codes := map[earshot.Code]int{}
		for range 2 * wrongLogOutsPerMinute {
			_, err := h.LogOutFrom(t.Context(), "sso", "made up", addr("203.0.113.7"))
			codes[earshot.CodeOf(err)]++
		}
		if codes[earshot.CodeInvalid] != wrongLogOutsPerMinute || codes[earshot.CodeRateLimited] != wrongLogOutsPerMinute {
			t.Errorf("answers: %v", codes)
		}
		if end("nobody") != 0 {
			t.Error("others are kept out by that")
		}
		h.fake.away = true
		_, err = h.LogOutFrom(t.Context(), "sso", "ana", addr("192.0.2.1"))
		refused(t, "away", err, earshot.CodeBusy, "unreachable")
	})
}
