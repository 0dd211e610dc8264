package sse_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/sse"
)

// TestRefusals sends everything that is wrong with a request. None of it harms the stream.
func TestRefusals(t *testing.T) {
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	_, _ = zip.Write(make([]byte, 10<<20))
	_ = zip.Close()
	versions(t, func(t *testing.T, h *house) {
		h.addUsers("ana", "ben")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		h.addRoom("ana", "den", earshot.AccessPrivate)
		ana := h.listen("ana", "?room=lobby")
		ana.reads("joined")
		ana.reads("entered")
		secret, ping := ana.hello.Session, `{"type":"ping","ref":1}`
		for name, c := range map[string]struct {
			method, user, query, body, want string
			headers                         []string
		}{
			"no session and no room":   {http.MethodPost, "ana", "", ping, "malformed", nil},
			"both":                     {http.MethodPost, "ana", "?room=lobby", ping, "malformed", []string{"Earshot-Session", secret}},
			"two rooms":                {http.MethodPost, "ana", "?room=lobby&room=den", "hi", "malformed", nil},
			"the wrong secret":         {http.MethodPost, "ana", "", ping, "not_found", []string{"Earshot-Session", "nonsense"}},
			"an empty secret":          {http.MethodPost, "ana", "", ping, "not_found", []string{"Earshot-Session", ""}},
			"a long secret":            {http.MethodPost, "ana", "", ping, "not_found", []string{"Earshot-Session", strings.Repeat("A", 10_000)}},
			"the resume token":         {http.MethodPost, "ana", "", ping, "not_found", []string{"Earshot-Session", ana.hello.Resume}},
			"somebody else's secret":   {http.MethodPost, "ben", "", ping, "not_found", []string{"Earshot-Session", secret}},
			"another log-in":           {http.MethodPost, "ana", "", ping, "not_found", []string{"Earshot-Session", secret, "X-Login", "2"}},
			"another's end":            {http.MethodDelete, "ben", "", "", "not_found", []string{"Earshot-Session", secret}},
			"an end of nothing":        {http.MethodDelete, "ana", "?room=lobby", "", "malformed", nil},
			"a body too large":         {http.MethodPost, "ana", "", strings.Repeat(" ", 65<<10), "too_large", []string{"Earshot-Session", secret}},
			"a bomb":                   {http.MethodPost, "ana", "", bomb.String(), "malformed", []string{"Earshot-Session", secret, "Content-Encoding", "gzip"}},
			"a bomb of a line":         {http.MethodPost, "ana", "?room=lobby", bomb.String(), "malformed", []string{"Content-Encoding", "GZIP"}},
			"a line too large":         {http.MethodPost, "ana", "?room=lobby", strings.Repeat("a", 9000), "too_large", nil},
			"a body of a line":         {http.MethodPost, "ana", "?room=lobby", strings.Repeat("a", 65<<10), "too_large", nil},
			"an empty line":            {http.MethodPost, "ana", "?room=lobby", "\r\n", "invalid", nil},
			"a line that is not UTF-8": {http.MethodPost, "ana", "?room=lobby", "\xff", "invalid", nil},
			"a line of JSON":           {http.MethodPost, "ana", "?room=lobby", `{"text":"hi"}`, "malformed", []string{"Content-Type", "application/json"}},
			"a nonce with a space":     {http.MethodPost, "ana", "?room=lobby", "hi", "invalid", []string{"Idempotency-Key", "a b"}},
			"a long nonce":             {http.MethodPost, "ana", "?room=lobby", "hi", "invalid", []string{"Idempotency-Key", strings.Repeat("a", 65)}},
			"no such room":             {http.MethodPost, "ana", "?room=cellar", "hi", "not_found", nil},
			"no such number":           {http.MethodPost, "ana", "?room=77", "hi", "not_found", nil},
			"a room of others":         {http.MethodPost, "ben", "?room=den", "hi", "not_found", nil},
			"listening to others":      {http.MethodGet, "ben", "?room=den", "", "not_found", nil},
			"listening to nothing":     {http.MethodGet, "ben", "?room=", "", "not_found", nil},
			"too many rooms":           {http.MethodGet, "ben", "?room=1" + strings.Repeat("&room=1", 100), "", "limit", nil},
			"a stream for a body":      {http.MethodGet, "ben", "", "hi", "malformed", nil},
			"text of no room":          {http.MethodGet, "ben", "", "", "malformed", []string{"Accept", "text/plain"}},
			"text of two":              {http.MethodGet, "ben", "?room=lobby&room=1", "", "malformed", []string{"Accept", "text/plain"}},
		} {
			if status, text := h.tell(c.method, c.user, c.query, c.body, c.headers...); status != http.StatusBadRequest || text != c.want {
				t.Errorf("%s: %d %.80s, want %s", name, status, text, c.want)
			}
		}
		malformedCommands(t, ana)
		ana.does("\n\n \r\n")
		ana.does(`{"type":"post","ref":2,"room":%d,"nonce":"a1","text":"all is well"}`, room)
		if f := ana.until("message"); f.Text != "all is well" {
			t.Errorf("%+v", f)
		}
		if status, _ := h.tell(http.MethodHead, "ana", "", ""); status == http.StatusOK {
			t.Error("HEAD opened a stream")
		}
	})
}

// malformedCommands are told of on the stream, as on the socket.
func malformedCommands(t *testing.T, ana *listener) {
	t.Helper()
	for body, want := range map[string]string{
		`{`:                                      "malformed",
		`[]`:                                     "malformed",
		"\xff":                                   "malformed",
		`{"type":"ping","ref":1,"ref":2}`:        "malformed",
		`{"type":"ping","ref":1,"more":2}`:       "malformed",
		`{"type":"ping"}`:                        "malformed",
		`{"type":"dance","ref":1}`:               "unknown_command",
		`{"type":"join","ref":1,"room":77}`:      "not_found",
		`{"type":"resume","ref":1,"token":"no"}`: "not_found",
	} {
		ana.does("%s", body)
		if f := ana.reads("error"); f.Code != want {
			t.Errorf("%s: %+v, want %s", body, f, want)
		}
	}
}

// TestManyRefused ends a client that sends nonsense without end.
func TestManyRefused(t *testing.T) {
	h := newHouse(t, false, sse.Options{}, nil)
	h.addUsers("ana")
	ana := h.listen("ana", "")
	ana.does("%s", strings.Repeat("{\n", 200))
	ana.ends(4501)
}

// TestFlood ends a client that sends more than the server takes.
func TestFlood(t *testing.T) {
	h := newHouse(t, false, sse.Options{}, func(cfg *hub.Config) { cfg.FramesPerSecond, cfg.FramesBurst = 0.001, 20 })
	h.addUsers("ana")
	ana := h.listen("ana", "")
	ana.does("%s", strings.Repeat(`{"type":"ping","ref":1}`+"\n", 21))
	ana.ends(4501)
	if status, text := h.tell(http.MethodGet, "ana", "", ""); status != http.StatusBadRequest || text != "rate_limited" {
		t.Errorf("again: %d %s", status, text)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	h := newHouse(t, false, sse.Options{}, func(cfg *hub.Config) { cfg.SessionsPerUser = 2 })
	h.addUsers("ana")
	h.listen("ana", "")
	second := h.listen("ana", "")
	if status, text := h.tell(http.MethodGet, "ana", "", ""); status != http.StatusBadRequest || text != "limit" {
		t.Errorf("%d %s", status, text)
	}
	second.cut()
	h.Settled("the second is gone", func() bool { return h.hub.Stats().Sessions == 1 })
	h.listen("ana", "")
}

// TestRevoked: a log-in ends, and so does the stream, at once; what is said then is not heard on it.
func TestRevoked(t *testing.T) {
	versions(t, func(t *testing.T, h *house) {
		h.addUsers("ana", "ben")
		h.addRoom("ana", "lobby", earshot.AccessPublic)
		ben, other := h.listen("ben", "?room=lobby", "X-Login", "1"), h.listen("ben", "?room=lobby", "X-Login", "2")
		ben.reads("joined")
		other.reads("joined")
		if status, text := h.tell(http.MethodPost, "ben", "?room=lobby", "hi", "X-Login", "1"); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		ben.until("message")
		h.hub.EndLogin(h.credential("ben", "1"))
		if status, text := h.tell(http.MethodPost, "ben", "?room=lobby", "no", "X-Login", "1"); text != "unauthenticated" {
			t.Errorf("%d %s", status, text)
		}
		if status, text := h.tell(http.MethodPost, "ana", "?room=lobby", "secret"); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		ben.ends(4500)
		other.until("message")
		if f := other.until("message"); f.Text != "secret" {
			t.Errorf("%+v", f)
		}
		if status, text := h.tell(http.MethodGet, "ben", "", "", "X-Login", "1"); text != "unauthenticated" {
			t.Errorf("%d %s", status, text)
		}
	})
}

// TestStopping tells the clients when to come back, in the protocol's way and in EventSource's.
func TestStopping(t *testing.T) {
	versions(t, func(t *testing.T, h *house) {
		h.addUsers("ana")
		ana := h.listen("ana", "")
		h.addRoom("ana", "lobby", earshot.AccessPublic)
		plain := h.connect("ana", "?room=lobby", "Accept", "text/plain")
		if _, err := plain.in.ReadString('\n'); err != nil { // you are in lobby
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := h.hub.Close(ctx); err != nil {
			t.Fatal(err)
		}
		ana.reads("stopping")
		if ana.ends(1001); ana.retry != "200" {
			t.Errorf("retry is %s", ana.retry)
		}
		if said, err := io.ReadAll(plain.in); err != nil || !strings.HasSuffix("\n"+string(said), "\n* the server is stopping\n") {
			t.Errorf("%q %v", said, err)
		}
		if err := h.sse.Close(ctx); err != nil {
			t.Error(err)
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if status, text := h.tell(method, "ana", "?room=lobby", "hi"); status == http.StatusOK {
				t.Errorf("%s after the stop: %d %s", method, status, text)
			}
		}
	})
}

// TestSlowReader: who takes nothing is held to the bound and ended, the others wait for nothing, and the session can be
// resumed.
func TestSlowReader(t *testing.T) {
	for name, second := range map[string]bool{"HTTP1": false, "HTTP2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slowReader(t, newHouse(t, second, sse.Options{WriteBuffer: 100_000}, func(cfg *hub.Config) {
				cfg.PostsPerSecond, cfg.PostsBurst, cfg.MaxText = 1e6, 1e6, 30_000
			}))
		})
	}
}

func slowReader(t *testing.T, h *house) {
	t.Helper()
	h.addUsers("ana", "ben")
	room := h.addRoom("ana", "lobby", earshot.AccessPublic)
	ben := h.listen("ben", "?room=lobby")
	joined := ben.reads("joined")
	ana := h.listen("ana", "?room=lobby")
	text := strings.Repeat("a", 30_000) // a third of the bound
	said := 0
	h.Settled("ben is ended", func() bool {
		said++
		ana.does(`{"type":"post","ref":1,"room":%d,"nonce":"a%d","text":"%s"}`, room, said, text)
		if f := ana.until("message"); f.Nonce != fmt.Sprintf("a%d", said) {
			t.Fatalf("%+v", f)
		}
		status, _ := h.tell(http.MethodPost, "ben", "", "", "Earshot-Session", ben.hello.Session)
		return status != http.StatusNoContent
	})
	again := h.listen("ben", "", "Last-Event-ID", fmt.Sprintf("%s.%d:%d", ben.hello.Resume, room, joined.Seq))
	again.reads("resumed")
	f := again.reads("returned")
	first := again.until("message")
	if want := joined.Seq + f.Lost; first.Seq <= want || first.Seq > want+3 { // an entrance or two between
		t.Errorf("after %d, with %d lost, comes %d", joined.Seq, f.Lost, first.Seq)
	}
	ben.cut()
}

// TestSilent: a client that has sent pings and sends none any more is gone.
func TestSilent(t *testing.T) {
	h := newHouse(t, false, sse.Options{Ping: 20 * time.Millisecond}, nil)
	h.addUsers("ana", "ben")
	ana, ben := h.listen("ana", ""), h.listen("ben", "")
	ana.does(`{"type":"ping","ref":1}`)
	ana.ends(4001)
	ben.does(`{"type":"status","ref":1,"status":"away"}`) // who never sent one need not
	ben.reads("ok")
}

// TestClientGone: the handler ends with its client, and the session waits for a return.
func TestClientGone(t *testing.T) {
	versions(t, func(_ *testing.T, h *house) {
		h.addUsers("ana", "ben")
		h.addRoom("ana", "lobby", earshot.AccessPublic)
		ana, ben := h.listen("ana", "?room=lobby"), h.listen("ben", "")
		ana.reads("joined")
		ana.cut()
		ben.cut() // is in no room: nothing to come back to
		h.Settled("ben's session is over, and ana's not", func() bool { return h.hub.Stats().Sessions == 1 })
		h.Settled("the stream is forgotten", func() bool {
			_, text := h.tell(http.MethodPost, "ana", "", "", "Earshot-Session", ana.hello.Session)
			return text == "not_found"
		})
		h.listen("ana", "", "Last-Event-ID", ana.id).reads("resumed")
	})
}
