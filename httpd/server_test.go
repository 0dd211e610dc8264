package httpd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/earshot-chat/earshot"
)

func TestSecurityHeaders(t *testing.T) {
	s := bare(t, nil)
	for _, path := range []string{"/", "/healthz", "/nothing", "/api/v1/nothing", "/ws", "/assets/main-abc12.js", "/api/v1/me"} {
		h := do(t, s, http.MethodGet, path).Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "camera=()",
		} {
			if !strings.Contains(h.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: the policy has a hole", path)
		}
	}
	if got := do(t, s, http.MethodGet, "/api/v1/me").Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("the API may be cached: %q", got)
	}
}

// problemOf reads a problem document and checks its form.
func problemOf(t *testing.T, r *httptest.ResponseRecorder) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(r.Body.Bytes(), &p, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%d: no problem document: %v", r.Code, err)
	}
	if r.Header().Get("Content-Type") != "application/problem+json" || p.Status != r.Code || p.Type != "about:blank" ||
		p.Title != http.StatusText(r.Code) || p.Detail == "" || p.Code == "" {
		t.Fatalf("%d: the problem document is %+v", r.Code, p)
	}
	return p
}

func TestProblems(t *testing.T) {
	s := bare(t, nil)
	for code, status := range map[earshot.Code]int{
		earshot.CodeMalformed: 400, earshot.CodeUnknownCommand: 400, earshot.CodeUnauthenticated: 401, earshot.CodeForbidden: 403,
		earshot.CodeNotFound: 404, earshot.CodeConflict: 409, earshot.CodeNotInRoom: 409, earshot.CodeLimit: 409,
		earshot.CodeTooLarge: 413, earshot.CodeInvalid: 422, earshot.CodeRateLimited: 429, earshot.CodeInternal: 500,
		earshot.CodeBusy: 503, earshot.CodeStopping: 503, "unheard_of": 500,
	} {
		r := httptest.NewRecorder()
		s.fail(r, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody),
			&earshot.Error{Code: code, Message: "A sentence.", Field: "name", RetryAfter: 1500 * time.Millisecond, Err: errors.New("inside")})
		if r.Code != status {
			t.Errorf("%s: %d", code, r.Code)
		}
		p := problemOf(t, r)
		if p.Code != string(code) || p.Field != "name" || p.Detail != "A sentence." || p.RetryMs != 1500 || r.Header().Get("Retry-After") != "2" {
			t.Errorf("%s: %+v", code, p)
		}
		if (r.Header().Get("WWW-Authenticate") != "") != (status == 401) {
			t.Errorf("%s: WWW-Authenticate is %q", code, r.Header().Get("WWW-Authenticate"))
		}
	}
	for err, want := range map[error]earshot.Code{
		errors.New("secret of the inside"): earshot.CodeInternal,
		context.DeadlineExceeded:           earshot.CodeBusy,
	} {
		w := httptest.NewRecorder()
		s.fail(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody), err)
		if p := problemOf(t, w); p.Code != string(want) || strings.Contains(p.Detail, "secret") {
			t.Errorf("%v: %+v", err, p)
		}
	}
}

func TestUnknownInAPI(t *testing.T) {
	s := bare(t, nil)
	for _, path := range []string{"/api", "/api/", "/api/v2/server", "/api/v1", "/api/v1/", "/api/v1/nothing"} {
		if p := problemOf(t, do(t, s, http.MethodGet, path)); p.Status != http.StatusNotFound || p.Code != "not_found" {
			t.Errorf("%s: %+v", path, p)
		}
	}
	r := do(t, s, http.MethodDelete, "/api/v1/login")
	if p := problemOf(t, r); p.Status != http.StatusMethodNotAllowed || p.Code != "unknown_command" || r.Header().Get("Allow") != "POST" {
		t.Errorf("%+v, Allow %q", p, r.Header().Get("Allow"))
	}
	r = do(t, s, http.MethodPost, "/api/v1/rooms/1")
	if r.Code != http.StatusMethodNotAllowed || r.Header().Get("Allow") != "GET, HEAD, PATCH, DELETE" {
		t.Errorf("%d, Allow %q", r.Code, r.Header().Get("Allow"))
	}
}

func TestCrossOrigin(t *testing.T) {
	s := bare(t, nil)
	for name, c := range map[string]struct {
		headers []string
		refused bool
	}{
		"another site":              {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.test"}, true},
		"another port, same site":   {[]string{"Sec-Fetch-Site", "same-site", "Origin", "http://example.com:81"}, true},
		"old browser, other origin": {[]string{"Origin", "https://evil.test"}, true},
		"sandboxed frame":           {[]string{"Origin", "null"}, true},
		"own page":                  {[]string{"Sec-Fetch-Site", "same-origin", "Origin", "http://example.com"}, false},
		"own origin by proxy":       {[]string{"Origin", "http://earshot.test"}, false},
		"no browser":                {nil, false},
	} {
		for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete} {
			path := map[string]string{
				http.MethodPost: "/api/v1/logout", http.MethodPatch: "/api/v1/rooms/1",
				http.MethodPut: "/api/v1/rooms/1/members/ana", http.MethodDelete: "/api/v1/rooms/1",
			}[method]
			p := problemOf(t, do(t, s, method, path, c.headers...))
			// Whom the guard lets through is asked to log in next.
			if want := map[bool]string{true: "forbidden", false: "unauthenticated"}[c.refused]; p.Code != want {
				t.Errorf("%s: %s %s: %s", name, method, path, p.Code)
			}
		}
	}
}

func TestHealth(t *testing.T) {
	down := false
	s := bare(t, func(o *Options) {
		o.Ping = func(ctx context.Context) error {
			if _, bounded := ctx.Deadline(); !bounded {
				t.Error("the ping may take for ever")
			}
			if down {
				return errors.New("no store")
			}
			return nil
		}
	})
	if r := do(t, s, http.MethodGet, "/healthz"); r.Code != http.StatusOK || r.Body.String() != "ok\n" {
		t.Errorf("%d", r.Code)
	}
	down = true
	if r := do(t, s, http.MethodGet, "/healthz"); r.Code != http.StatusServiceUnavailable || strings.Contains(r.Body.String(), "ok") {
		t.Errorf("%d", r.Code)
	}
}

// TestPanic puts a fault into one request: the server answers, logs where it was, and does not log what it said.
func TestPanic(t *testing.T) {
	var log bytes.Buffer
	s := bare(t, func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		o.Ping = func(context.Context) error { panic("text of a message") }
	})
	p := problemOf(t, do(t, s, http.MethodGet, "/healthz"))
	if p.Code != "internal" || !strings.Contains(log.String(), "/healthz") || !strings.Contains(log.String(), "stack") ||
		strings.Contains(log.String(), "text of a message") {
		t.Errorf("%+v, log %s", p, log.String())
	}
}

func TestAccessLogHoldsNoSecrets(t *testing.T) {
	var log bytes.Buffer
	s := bare(t, func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	do(t, s, http.MethodGet, "/signup?invitation=hush-query", "Authorization", "Bearer hush-token", "Cookie", cookieName+"=hush-cookie")
	do(t, s, http.MethodGet, "/rooms/hush-room")
	if !strings.Contains(log.String(), "route=/signup status=200") || strings.Contains(log.String(), "hush") {
		t.Errorf("log: %s", log.String())
	}
}

// listenAndServe runs a server on a free port until the test ends.
func listenAndServe(t *testing.T, s *Server) string {
	t.Helper()
	var lc net.ListenConfig
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

// TestSlowLoris sends headers byte by byte and for ever: the connection is cut when the time for the header is over.
func TestSlowLoris(t *testing.T) {
	addr := listenAndServe(t, bare(t, func(o *Options) { o.Times.Header = 100 * time.Millisecond }))
	conn := dial(t, addr)
	cut := make(chan []byte, 1)
	go func() {
		answer, _ := io.ReadAll(conn)
		cut <- answer
	}()
	if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
		t.Fatal(err)
	}
	drip := time.NewTicker(time.Millisecond)
	defer drip.Stop()
	limit := time.After(patience)
	for {
		select {
		case answer := <-cut:
			if bytes.Contains(answer, []byte("200")) {
				t.Errorf("it was answered: %s", answer)
			}
			return
		case <-drip.C:
			_, _ = conn.Write([]byte("x")) // it fails when the server has cut it, which the reader sees
		case <-limit:
			t.Fatal("the connection was not cut")
		}
	}
}

// TestSlowBody does the same with the body.
func TestSlowBody(t *testing.T) {
	addr := listenAndServe(t, bare(t, func(o *Options) { o.Times.Request = 100 * time.Millisecond }))
	conn := dial(t, addr)
	if _, err := io.WriteString(conn, "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if p := problemOf(t, recorded(t, r)); p.Code != "malformed" {
		t.Errorf("%+v", p)
	}
}

func TestHugeHeader(t *testing.T) {
	addr := listenAndServe(t, bare(t, nil))
	conn := dial(t, addr)
	go func() {
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Big: "+strings.Repeat("x", 1<<20)+"\r\n\r\n")
	}()
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := recorded(t, r).Code; got != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("%d", got)
	}
}

// recorded reads a response that came over a connection.
func recorded(t *testing.T, r *http.Response) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	maps.Copy(w.Header(), r.Header)
	w.WriteHeader(r.StatusCode)
	_, err := io.Copy(w, r.Body)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return w
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
