package client

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

func TestLogIn(t *testing.T) {
	h := newHouse(t, nil)
	token := h.user("ana")
	room := h.room(token, "lobby")
	opts := h.options("")
	if _, err := LogIn(t.Context(), opts, "ana", "wrong"); earshot.CodeOf(err) != earshot.CodeUnauthenticated {
		t.Errorf("a wrong password: %v", err)
	}
	cookie, err := LogIn(t.Context(), opts, "ana", goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	opts.Cookie = cookie
	opts.URL = "ws://" + h.address + "/"
	ana := h.dial(opts)
	if got := ana.Hello().User.Name; got != "ana" {
		t.Errorf("logged in as %q", got)
	}
	ana.join(room)
	h.settled("somebody is in the room", func() bool {
		rooms, err := ana.Rooms(t.Context())
		if err != nil || len(rooms) != 1 || rooms[0].Name != "lobby" || rooms[0].ID != room || rooms[0].Access != earshot.AccessPublic {
			t.Fatalf("rooms %+v, %v", rooms, err)
		}
		return rooms[0].Occupants == 1
	})
}

func TestBadOptions(t *testing.T) {
	for _, url := range []string{"", "chat.example.org", "ftp://chat.example.org", "http://", "http://a b", ":", "http://u:secret@%zz"} {
		_, err := Dial(t.Context(), Options{URL: url})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", url, err)
		}
		if _, err := LogIn(t.Context(), Options{URL: url}, "ana", "secret"); err == nil {
			t.Errorf("%q was taken", url)
		}
	}
}

// TestBadSecrets sees that a secret that cannot be one is told at once, and is not repeated.
func TestBadSecrets(t *testing.T) {
	for _, opts := range []Options{{Token: "secret\n"}, {Token: "a secret"}, {Cookie: "secret\x00"}, {Token: "secr\u00e4t"}} {
		opts.URL, opts.KeepTrying = "http://127.0.0.1:1", true
		if _, err := Dial(t.Context(), opts); err == nil || strings.Contains(err.Error(), "secr") {
			t.Errorf("%v", err)
		}
	}
}

// TestAnswersOfOthers calls what is no Earshot.
func TestAnswersOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		kind   string
		body   string
		check  func(error) bool
	}{
		"no cookie": {200, "application/json", `{}`, isProtocolError},
		"endless":   {200, "application/json", strings.Repeat(" ", answerBytes+1), isProtocolError},
		"a proxy":   {502, "text/html", `<h1>Bad gateway`, func(err error) bool { return earshot.CodeOf(err) == earshot.CodeBusy }},
		"too often": {429, "application/problem+json", `{"code":"rate_limited","detail":"Slowly.","retry_ms":1500}`, func(err error) bool {
			e, ok := errors.AsType[*earshot.Error](err)
			return ok && e.Code == earshot.CodeRateLimited && e.RetryAfter == 1500*time.Millisecond && e.Message == "Slowly."
		}},
		"a field": {422, "application/problem+json; charset=utf-8", `{"code":"invalid","field":"username"}`, func(err error) bool {
			e, ok := errors.AsType[*earshot.Error](err)
			return ok && e.Field == "username"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			if _, err := LogIn(t.Context(), Options{URL: server.URL}, "ana", "secret"); !c.check(err) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestBadCalls asks for what needs no server to be refused.
func TestBadCalls(t *testing.T) {
	h := newHouse(t, nil)
	token := h.user("ana")
	room := h.room(token, "lobby")
	ana := h.dial(h.options(token))
	ana.join(room)
	post := func(room earshot.RoomID, text, nonce string) error {
		_, err := ana.PostNonce(ana.ctx(), room, text, nonce)
		return err
	}
	_, join := ana.Join(ana.ctx(), -1)
	_, occupants := ana.Occupants(ana.ctx(), room, "\xff")
	for name, c := range map[string]struct {
		err  error
		want earshot.Code
	}{
		"no text":          {post(room, "", "n"), earshot.CodeInvalid},
		"long":             {post(room, strings.Repeat("x", earshot.MaxText+1), "n"), earshot.CodeTooLarge},
		"no UTF-8":         {post(room, "\xff", "n"), earshot.CodeInvalid},
		"no nonce":         {post(room, "x", ""), earshot.CodeInvalid},
		"a bad nonce":      {post(room, "x", "a b"), earshot.CodeInvalid},
		"not in it":        {post(room+1, "x", "n"), earshot.CodeNotInRoom},
		"no room":          {post(0, "x", "n"), earshot.CodeInvalid},
		"join nothing":     {join, earshot.CodeInvalid},
		"a bad status":     {ana.Status(ana.ctx(), "gone"), earshot.CodeInvalid},
		"leave elsewhere":  {ana.Leave(ana.ctx(), room+1), earshot.CodeNotInRoom},
		"typing elsewhere": {ana.Typing(ana.ctx(), room+1), earshot.CodeNotInRoom},
		"a bad name":       {occupants, earshot.CodeInvalid},
	} {
		if earshot.CodeOf(c.err) != c.want {
			t.Errorf("%s: %v, want %s", name, c.err, c.want)
		}
	}
	// Two messages under one nonce are one.
	first, err := ana.PostNonce(ana.ctx(), room, "x", "n1")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ana.PostNonce(ana.ctx(), room, "x", "n1"); err != nil || again.Seq != first.Seq {
		t.Errorf("%+v and %+v, %v", first, again, err)
	}
}
