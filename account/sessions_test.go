package account

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

func TestDeviceName(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"": "",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                 "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36":                        "Chrome on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0":          "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15":                  "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0 Mobile Safari/604.1":        "Chrome on iPhone",
		"Mozilla/5.0 (Linux; Android 15; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36": "Samsung Internet on Android",
		"curl/8.14.1":                           "curl",
		"<script>alert(1)</script>\x00\xff":     "",
		strings.Repeat("x", 1<<20) + "Firefox/": "", // what is far behind is not looked at
	} {
		if got := DeviceName(agent); got != want {
			t.Errorf("%.60q: %q, not %q", agent, got, want)
		}
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		h.add(t, "bob")
		in := func(name, from, agent string) (string, Login) {
			t.Helper()
			ctx := WithClient(t.Context(), Client{Address: addr(from), UserAgent: agent})
			secret, login, err := h.LogIn(ctx, name, goodPassword, addr(from))
			refused(t, "log in", err, "")
			return secret, login
		}
		first, one := in("ana", "::ffff:192.0.2.1", "Firefox/1 (Windows)")
		time.Sleep(time.Minute)
		_, two := in("ana", "2001:db8::1", "curl/1")
		_, bob := in("bob", "192.0.2.3", "")
		list := func(by Login) []SessionInfo {
			t.Helper()
			all, err := h.Sessions(t.Context(), by)
			refused(t, "list", err, "")
			return all
		}
		all := list(one)
		if len(all) != 2 || all[0].Device != "curl" || all[0].Address != "2001:db8::1" || all[0].Current ||
			all[1].Device != "Firefox on Windows" || all[1].Address != "192.0.2.1" || !all[1].Current || !all[1].UsedAt.Equal(all[1].CreatedAt) {
			t.Fatalf("%+v", all)
		}
		if id := all[1].ID; strings.Contains(first, id) || strings.Contains(fmt.Sprintf("%x", one.Credential), id) || len(id) != 24 {
			t.Errorf("the id %q tells of the secret", id)
		}
		if id := list(bob)[0].ID; earshot.CodeOf(h.EndSession(t.Context(), one.User.ID, id)) != earshot.CodeNotFound {
			t.Error("somebody else's log-in could be ended")
		}
		for _, id := range []string{"", "nonsense", first, strings.Repeat("A", 1<<16)} {
			refused(t, "end "+id[:min(len(id), 10)], h.EndSession(t.Context(), one.User.ID, id), earshot.CodeNotFound)
		}
		refused(t, "end", h.EndSession(t.Context(), one.User.ID, all[0].ID), "")
		refused(t, "end again", h.EndSession(t.Context(), one.User.ID, all[0].ID), earshot.CodeNotFound)
		if cut := h.cut(); len(cut) != 1 || cut[0] != two.Credential {
			t.Errorf("cut: %v", cut)
		}
		third, _ := in("ana", "192.0.2.4", "")
		if n, err := h.EndOtherSessions(t.Context(), one); n != 1 || err != nil {
			t.Errorf("ended %d: %v", n, err)
		}
		_, err := h.BySession(t.Context(), third)
		refused(t, "one of the others", err, earshot.CodeUnauthenticated)
		_, err = h.BySession(t.Context(), first)
		refused(t, "one's own", err, "")
		if len(list(bob)) != 1 {
			t.Error("somebody else's log-in has ended")
		}
	})
}

// TestLastUse wants the last use to be kept, though not with each request, and together where there are many.
func TestLastUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		secret := h.logIn(t, "ana")
		hash, _ := hashSecret(sessionPrefix, secret)
		kept := func() (time.Time, string) {
			t.Helper()
			b, err := h.store.BrowserSession(t.Context(), hash)
			refused(t, "get", err, "")
			return b.UsedAt, b.Address
		}
		begun, _ := kept()
		use := func(from string) {
			t.Helper()
			_, err := h.BySession(WithClient(t.Context(), Client{Address: addr(from)}), secret)
			refused(t, "use", err, "")
		}
		time.Sleep(useEvery - time.Second)
		use("192.0.2.7")
		refused(t, "write", h.WriteUses(t.Context()), "")
		if at, _ := kept(); !at.Equal(begun) {
			t.Errorf("a use within %v was written", useEvery)
		}
		time.Sleep(time.Second)
		use("192.0.2.8")
		if at, _ := kept(); !at.Equal(begun) {
			t.Error("a use was written at once")
		}
		_, err := h.SweepExpired(t.Context())
		refused(t, "sweep", err, "")
		if at, from := kept(); !at.Equal(begun.Add(useEvery)) || from != "192.0.2.8" {
			t.Errorf("used at %v from %s", at, from)
		}
		for i := range usesAtOnce - 1 {
			if due := h.sessionUses.note(earshot.SecretHash{1, byte(i), byte(i >> 8)}, begun, Client{}); due != nil {
				t.Fatalf("%d are written", len(due))
			}
		}
		if due := h.sessionUses.note(earshot.SecretHash{2}, begun, Client{}); len(due) != usesAtOnce {
			t.Errorf("%d are written together, not %d", len(due), usesAtOnce)
		}
	})
}
