package doctor

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/earshot-chat/earshot/internal/leaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// A proxy is on the wires in cmd/earshot's tests, before a real server. Here is what that cannot be made to do.

// over2 answers on a pipe as a server of HTTP/2 does that offers WebSockets, with what answer makes of the first request.
func over2(t *testing.T, offered bool, answer func(f *http2.Framer)) (*answer, error) {
	t.Helper()
	ours, theirs := net.Pipe()
	for _, nc := range []net.Conn{ours, theirs} {
		_ = nc.SetDeadline(time.Now().Add(5 * time.Minute))
	}
	var work sync.WaitGroup
	work.Go(func() {
		defer func() { _ = theirs.Close() }()
		if _, err := theirs.Read(make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		f := http2.NewFramer(theirs, theirs)
		f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		settings := http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 1}
		if offered {
			settings = http2.Setting{ID: http2.SettingEnableConnectProtocol, Val: 1}
		}
		if _, err := f.ReadFrame(); err != nil {
			return
		}
		if err := f.WriteSettings(settings); err != nil {
			return
		}
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				return
			}
			headers, is := frame.(*http2.MetaHeadersFrame)
			if !is {
				continue
			}
			if headers.PseudoValue("method") != http.MethodConnect || headers.PseudoValue("protocol") != "websocket" || headers.PseudoValue("path") != "/ws" ||
				headers.PseudoValue("authority") != "chat.example:444" || headers.StreamEnded() {
				t.Errorf("asked with %v", headers.Fields)
			}
			answer(f)
			return
		}
	})
	p, err := newPatient(Options{URL: "https://chat.example:444"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := p.connectStream(ours)
	_ = ours.Close()
	work.Wait()
	return a, err
}

// say writes an answer of HTTP/2.
func say(f *http2.Framer, status int, kind, body string) {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	_ = encoder.WriteField(hpack.HeaderField{Name: ":status", Value: fmt.Sprint(status)})
	_ = encoder.WriteField(hpack.HeaderField{Name: "content-type", Value: kind})
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: body == ""})
	if body != "" {
		_ = f.WriteData(1, true, []byte(body))
	}
}

func TestWebSocketOverHTTP2(t *testing.T) {
	const json = "application/problem+json"
	unauthenticated := `{"type":"about:blank","status":401,"code":"unauthenticated"}`
	for name, c := range map[string]struct {
		answer     func(f *http2.Framer)
		want, fail string
	}{
		"reached": {func(f *http2.Framer) {
			_ = f.WritePing(false, [8]byte{1})
			if _, err := f.ReadFrame(); err == nil { // the answer to the ping
				say(f, 401, json, unauthenticated)
			}
		}, "unauthenticated", ""},
		"refused by another": {func(f *http2.Framer) { say(f, 401, "text/html", "<h1>no</h1>") }, "", ""},
		"taken":              {func(f *http2.Framer) { say(f, 200, json, unauthenticated) }, "", ""},
		"another status":     {func(f *http2.Framer) { say(f, 403, json, unauthenticated) }, "", ""},
		"without an end":     {func(f *http2.Framer) { say(f, 502, "text/html", strings.Repeat("x", 16<<10)) }, "", ""},
		"reset":              {func(f *http2.Framer) { _ = f.WriteRSTStream(1, http2.ErrCodeProtocol) }, "", "reset with PROTOCOL_ERROR"},
		"sent away":          {func(f *http2.Framer) { _ = f.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, nil) }, "", "ended with ENHANCE_YOUR_CALM"},
		"no status":          {func(f *http2.Framer) { _ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndHeaders: true}) }, "", "no status"},
		"cut":                {func(*http2.Framer) {}, "", "EOF"},
		"only settings": {func(f *http2.Framer) {
			for range maxFrames {
				_ = f.WriteSettings()
			}
		}, "", "does not end"},
	} {
		a, err := over2(t, true, c.answer)
		switch {
		case c.fail != "":
			if err == nil || !strings.Contains(err.Error(), c.fail) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case string(a.problem()) != c.want:
			t.Errorf("%s: %q", name, a.problem())
		}
	}
	if _, err := over2(t, false, func(*http2.Framer) {}); !errors.Is(err, errNotOffered) {
		t.Errorf("not offered: %v", err)
	}
}

func TestOrigins(t *testing.T) {
	for text, want := range map[string]string{
		"chat.example": "https://chat.example", "HTTPS://Chat.Example:443/": "https://chat.example", "http://a:80": "http://a",
		"http://a:8000": "http://a:8000", "[fd00::5]": "https://[fd00::5]", "http://[fd00::5]:81": "http://[fd00::5]:81",
	} {
		if p, err := newPatient(Options{URL: text}); err != nil || p.origin != want {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
}

func TestWeakCertificates(t *testing.T) {
	short := &x509.Certificate{SignatureAlgorithm: x509.SHA256WithRSA, PublicKey: &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023)}}
	long := &x509.Certificate{SignatureAlgorithm: x509.SHA256WithRSA, PublicKey: &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047)}}
	if !weak(short) || weak(long) || !weak(&x509.Certificate{SignatureAlgorithm: x509.SHA1WithRSA}) {
		t.Error("what is weak is not told")
	}
	for n, want := range map[int]int{0: 1, 3: 3, 9: maxNames + 1} {
		if got := namesOf(&x509.Certificate{DNSNames: strings.Fields(strings.Repeat("a ", n))}); len(got) != want {
			t.Errorf("%d names: %v", n, got)
		}
	}
}

// TestEventStream begins at once, never, and not at all.
func TestEventStream(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    Status
	}{
		"at once": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = fmt.Fprint(w, ": hello\n\nid: 1\ndata: {}\n\n")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, OK},
		"collected": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, Failed},
		"ended":   {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/event-stream") }, Failed},
		"a page":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<h1>Welcome</h1>") }, Failed},
		"refused": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, Failed},
		"none":    {http.NotFound, Skipped},
	} {
		server := httptest.NewServer(c.handler)
		p, err := newPatient(Options{URL: server.URL, Token: "t"})
		if err != nil {
			t.Fatal(err)
		}
		p.makeClients()
		patience := 5 * time.Minute
		if name == "collected" {
			patience = time.Second // for that one it is over in any case
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if f := p.eventStream(ctx); f.Status != c.want {
			t.Errorf("%s: %+v", name, f)
		}
		cancel()
		p.close()
		server.Close()
	}
}

// TestStopped stops the examination: what is left is not looked at.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	findings, err := Examine(ctx, Options{URL: "http://127.0.0.1:1"}, func(Finding) {
		told++
		cancel()
	})
	if err != nil || told != len(checks()) || findings[told-1].Status != Skipped || findings[1].Text != "it was stopped before" {
		t.Errorf("%d, %v, %v", told, findings, err)
	}
}

// TestOldTLS is shown what no browser takes any more, and names that would steer a terminal.
func TestOldTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	findings, err := Examine(t.Context(), Options{URL: server.URL, Roots: roots, Timeout: time.Minute}, nil)
	if err != nil || findings[2].Status != Failed || !strings.Contains(findings[2].Text, "TLS 1.1 is spoken at most") {
		t.Errorf("%+v, %v", findings, err)
	}
	if got := printable("a\x1b[31m\nb é"); got != "a\uFFFD[31m\uFFFDb é" {
		t.Errorf("%q", got)
	}
}
