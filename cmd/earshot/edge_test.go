package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/earshot-chat/earshot/wire"
)

// through makes calls as a proxy does that adds these headers.
func through(t *testing.T, method, url, body string, headers ...string) answered {
	t.Helper()
	return fetch(t, &http.Client{Transport: adding{http.DefaultTransport, headers}}, method, url, body)
}

// adding is a transport that adds headers.
type adding struct {
	http.RoundTripper
	headers []string
}

func (a adding) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Close = true
	for _, line := range a.headers {
		key, value, _ := strings.Cut(line, ": ")
		r.Header.Add(key, value)
	}
	return a.RoundTripper.RoundTrip(r)
}

// TestClientsBehindProxies has a trusted proxy, and then a stranger, tell whose requests theirs are.
func TestClientsBehindProxies(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	wants(t, data, aPassword, "user", "create", "--admin", "--password-stdin", "ana")
	token := strings.TrimSpace(wants(t, data, "", "token", "create", "ana"))
	login := fmt.Sprintf(`{"username":"ana","password":%q}`, aPassword)
	for _, trusted := range []bool{true, false} {
		var args []string
		if trusted {
			args = []string{"--trusted-proxies", "loopback"}
		}
		r := serve(t, data, args...)
		of := func(client string) []string {
			return []string{"X-Forwarded-For: 1.1.1.1, " + client, "X-Forwarded-Proto: https", "X-Forwarded-Host: chat.example", "Authorization: Bearer " + token}
		}
		answer := through(t, http.MethodPost, r.url+"/api/v1/login", login, of("192.0.2.1")...)
		secure := strings.Contains(answer.header.Get("Set-Cookie"), "; Secure") && answer.header.Get("Strict-Transport-Security") != ""
		if answer.status != http.StatusOK || secure != trusted {
			t.Errorf("trusted %v: %d, %v", trusted, answer.status, answer.header)
		}
		answer = through(t, http.MethodPost, r.url+"/api/v1/invitations", "{}", of("192.0.2.1")...)
		if asked := strings.Contains(answer.text, `"https://chat.example/signup?`); answer.status != http.StatusCreated || asked != trusted {
			t.Errorf("trusted %v: an invitation %d %s", trusted, answer.status, answer.text)
		}
		// The tries of one client are not those of another.
		logIn := func(client, body string) int {
			return through(t, http.MethodPost, r.url+"/api/v1/login", body, of(client)...).status
		}
		other := 0
		for range 10 { // a client may try once more every few seconds: one that is the same may find such a moment
			spend(t, func() int { return logIn("192.0.2.2", `{"username":"ana","password":"wrong"}`) })
			if other = logIn("192.0.2.3", login); trusted || other == http.StatusTooManyRequests {
				break
			}
		}
		if want := map[bool]int{true: http.StatusOK, false: http.StatusTooManyRequests}[trusted]; other != want {
			t.Errorf("trusted %v: after too many tries of one client, another %d", trusted, other)
		}
		r.end(t)
	}
}

// spend tries until there were too many tries.
func spend(t *testing.T, try func() int) {
	t.Helper()
	for range 200 {
		if try() == http.StatusTooManyRequests {
			return
		}
	}
	t.Fatal("one may try without end")
}

// headed dials and begins with a PROXY header for a client at 198.51.100.7.
func headed(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(nc, "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc6\x33\x64\x07\x0a\x00\x00\x01\x12\x67\x01\xbb")
	return nc, err
}

// TestConversationBehindPROXY talks through a proxy that sends headers, without TLS and with TLS inside.
func TestConversationBehindPROXY(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		data, id := t.TempDir(), newIdentity(t)
		own := id.renew("127.0.0.1")
		wants(t, data, "ana\n", "user", "create", "--from", "-")
		token := strings.TrimSpace(wants(t, data, "", "token", "create", "ana"))
		wants(t, data, "", "room", "create", "hall")
		args := []string{"--trusted-proxies", "127.0.0.1", "--proxy-protocol"}
		if secure {
			args = append(args, id.flags()...)
		}
		r := serve(t, data, args...)
		client := trusting(t, own, "HTTP/1.1")
		transport, ok := client.Transport.(*http.Transport)
		if !ok {
			t.Fatal("no transport")
		}
		transport.DialContext = headed
		ana, _ := dialTLS(t, client, r.url, token)
		say(t, ana, `{"type":"join","ref":1,"room":1}`)
		hear(t, ana, wire.FrameJoined)
		long := strings.Repeat("hush ", 1000)
		say(t, ana, `{"type":"post","ref":2,"room":1,"nonce":"n1","text":%q}`, long)
		if heard := hear(t, ana, wire.FrameMessage); heard["text"] != long {
			t.Errorf("heard %v", heard)
		}
		_ = ana.Close(websocket.StatusNormalClosure, "")
		// Without its header even a trusted one is cut off.
		transport.DialContext = nil
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/healthz", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := client.Do(req); err == nil {
			_ = answer.Body.Close()
			t.Errorf("without a header: %s", answer.Status)
		}
		if !strings.Contains(r.stderr.String(), "a trusted proxy was cut off") {
			t.Errorf("log: %s", r.stderr)
		}
		r.end(t)
	}
}

// TestHTTP2WithoutTLS begins with HTTP/2 at a server that has it switched on, and at one that has not.
func TestHTTP2WithoutTLS(t *testing.T) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	on, off := serve(t, t.TempDir(), "--h2c"), serve(t, t.TempDir())
	if answer := fetch(t, client, http.MethodGet, on.url+"/healthz", ""); answer.proto != "HTTP/2.0" || answer.text != "ok\n" {
		t.Errorf("%+v", answer)
	}
	if status, _, _ := request(t, http.MethodGet, on.url+"/healthz", ""); status != http.StatusOK {
		t.Errorf("HTTP/1.1 beside it: %d", status)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, off.url+"/healthz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := client.Do(req); err == nil {
		_ = answer.Body.Close()
		t.Errorf("switched off: %s %s", answer.Proto, answer.Status)
	}
	// Upgrade: h2c, which RFC 9113 has done away with, is not answered.
	answer := through(t, http.MethodGet, on.url+"/healthz", "", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
	if answer.status != http.StatusOK || answer.proto != "HTTP/1.1" {
		t.Errorf("upgrade: %+v", answer)
	}
}

// TestBadRequests sends the real server what is no request, half of one, and too much of one: it ends each, and goes on.
func TestBadRequests(t *testing.T) {
	r := serve(t, t.TempDir())
	for name, c := range map[string]struct{ text, want string }{
		"half a line":      {"GET /heal", "HTTP/1.1 400"},
		"half a header":    {"GET /healthz HTTP/1.1\r\nHost: x\r\nCook", "HTTP/1.1 400"},
		"half a body":      {"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 400"},
		"a long line":      {"GET /" + strings.Repeat("a", 100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 431"},
		"many headers":     {"GET /healthz HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("A: b\r\n", 20_000) + "\r\n", "HTTP/1.1 431"},
		"two hosts":        {"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "HTTP/1.1 400"},
		"two lengths":      {"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 400"},
		"PROXY, version 1": {"PROXY TCP4 198.51.100.7 10.0.0.1 4711 443\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400"},
		"PROXY, version 2": {"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc6\x33\x64\x07\x0a\x00\x00\x01\x12\x67\x01\xbbGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400"},
		"HTTP/2":           {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", "HTTP/1.1 405"},
	} {
		if got := spoken(t, r.url, c.text); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %.60q, not %q", name, got, c.want)
		}
	}
	if status, _, _ := request(t, http.MethodGet, r.url+"/healthz", ""); status != http.StatusOK {
		t.Errorf("afterwards: %d", status)
	}
}

// spoken sends the text and no more, and gives what comes back until the server closes.
func spoken(t *testing.T, url, text string) string {
	t.Helper()
	var d net.Dialer
	nc, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = nc.Close() }()
	_ = nc.SetDeadline(time.Now().Add(patience))
	go func() { // the server may have had enough before the end
		_, _ = io.WriteString(nc, text)
		if tcp, ok := nc.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
	}()
	got, _ := io.ReadAll(nc)
	return string(got)
}

// TestModernTLS agrees on what browsers of today have, and on nothing that they gave up.
func TestModernTLS(t *testing.T) {
	id := newIdentity(t)
	own := id.renew("127.0.0.1")
	r := serve(t, t.TempDir(), id.flags()...)
	shake := func(change func(c *tls.Config)) (tls.ConnectionState, error) {
		roots := x509.NewCertPool()
		roots.AddCert(own.Leaf)
		cfg := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
		change(cfg)
		nc, err := (&tls.Dialer{Config: cfg}).DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "https://"))
		if err != nil {
			return tls.ConnectionState{}, err
		}
		defer func() { _ = nc.Close() }()
		cover, ok := nc.(*tls.Conn)
		if !ok {
			t.Fatalf("%T", nc)
		}
		return cover.ConnectionState(), nil
	}
	if s, err := shake(func(*tls.Config) {}); err != nil || s.Version != tls.VersionTLS13 || s.CurveID != tls.X25519MLKEM768 {
		t.Errorf("%s with %v, %v", tls.VersionName(s.Version), s.CurveID, err)
	}
	s, err := shake(func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	if err != nil || !strings.HasPrefix(tls.CipherSuiteName(s.CipherSuite), "TLS_ECDHE_") {
		t.Errorf("TLS 1.2 with %s, %v", tls.CipherSuiteName(s.CipherSuite), err)
	}
	for name, change := range map[string]func(*tls.Config){
		"TLS 1.1": func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 },
		"no forward secrecy": func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
		},
		"3DES": func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA}
		},
	} {
		if s, err := shake(change); err == nil {
			t.Errorf("%s: %s, %s", name, tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite))
		}
	}
}

// TestBadCertificates starts with files that are no pair, which is refused, and with a certificate that has expired, which is
// used and complained of: a server that does not start would help nobody.
func TestBadCertificates(t *testing.T) {
	id, other := newIdentity(t), newIdentity(t)
	id.renew("127.0.0.1")
	other.renew("127.0.0.1")
	for key, want := range map[string]string{other.key: "cannot be used", id.cert: "cannot be used"} {
		complaint := refused(t, exitFailure, "", "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--tls-cert", id.cert, "--tls-key", key)
		if !strings.Contains(complaint, want) {
			t.Errorf("complaint: %s", complaint)
		}
	}
	expired := newSigner(t, nil).issue(-2*time.Hour, -time.Hour, "127.0.0.1")
	der, err := x509.MarshalPKCS8PrivateKey(expired.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	id.write(id.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: expired.Certificate[0]}))
	id.write(id.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	r := serve(t, t.TempDir(), id.flags()...)
	if !strings.Contains(r.stderr.String(), "problem=\"it has expired on ") {
		t.Errorf("log: %s", r.stderr)
	}
}
