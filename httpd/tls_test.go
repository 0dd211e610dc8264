package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/earshot-chat/earshot/internal/certificate"
)

// underTLS is a server that speaks TLS.
func underTLS(t *testing.T, change func(*Options)) string {
	t.Helper()
	own, err := certificate.Own([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	return listenAndServe(t, bare(t, func(o *Options) {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{*own}}
		o.HSTS = time.Hour
		if change != nil {
			change(o)
		}
	}))
}

// TestSlowHandshakes has two hundred begin a handshake and leave it: they are cut when their time is over, and hold little
// until then.
func TestSlowHandshakes(t *testing.T) {
	const many = 200
	addr := underTLS(t, func(o *Options) { o.Times.Header = 2 * time.Second })
	before := held()
	conns := make([]net.Conn, many)
	// A record of a hello that declares 16 KiB and stops after some of them.
	beginning := append([]byte{22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc}, make([]byte, 2000)...)
	for i := range conns {
		conns[i] = dial(t, addr)
		if _, err := conns[i].Write(beginning); err != nil {
			t.Fatal(err)
		}
	}
	if each := (held() - before) / many; each > 64<<10 {
		t.Errorf("each handshake that hangs holds %d bytes", each)
	}
	for _, conn := range conns {
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		_, err := io.Copy(io.Discard, conn)
		if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
			t.Fatal("a handshake that hangs was not cut")
		}
	}
}

// TestStrictTransportSecurity says it over TLS only.
func TestStrictTransportSecurity(t *testing.T) {
	s := bare(t, func(o *Options) { o.HSTS = time.Hour })
	for scheme, want := range map[string]string{"http": "", "https": "max-age=3600"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, scheme+"://earshot.test/healthz", http.NoBody))
		if got := w.Header().Get("Strict-Transport-Security"); got != want {
			t.Errorf("%s: %q", scheme, got)
		}
	}
}

func TestRedirectHosts(t *testing.T) {
	for _, c := range []struct{ host, target, port, want string }{
		{"chat.example", "/a%2Fb?c=d", "443", "https://chat.example/a%2Fb?c=d"},
		{"chat.example:80", "/", "443", "https://chat.example/"},
		{"chat.example:8080", "/", "8443", "https://chat.example:8443/"},
		{"[fd00::5]:80", "/", "443", "https://[fd00::5]/"},
		{"[fd00::5]", "/", "8443", "https://[fd00::5]:8443/"},
		{"", "/", "443", ""},
		{"a@b", "/", "443", ""},
		{"a/b", "/", "443", ""},
		{"chat.example", "//evil.example/", "443", "https://chat.example//evil.example/"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
		r.Host = c.host
		var err error
		if r.URL, err = r.URL.Parse("http://x" + c.target); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		NewRedirect("", c.port, nil).server.Handler.ServeHTTP(w, r)
		want := http.StatusPermanentRedirect
		if c.want == "" {
			want = http.StatusBadRequest
		}
		if got := w.Header().Get("Location"); w.Code != want || got != c.want {
			t.Errorf("%+v: %d to %q", c, w.Code, got)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewRedirect("", "443", nil).Shutdown(ended); err != nil {
		t.Errorf("ending one that never served: %v", err)
	}
}
