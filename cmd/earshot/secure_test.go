package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/earshot-chat/earshot/internal/certificate"
	"github.com/earshot-chat/earshot/wire"
)

// identity is a certificate in files, which a test may exchange.
type identity struct {
	t         *testing.T
	cert, key string
}

func newIdentity(t *testing.T) *identity {
	t.Helper()
	dir := t.TempDir()
	return &identity{t: t, cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
}

// renew puts a new certificate for the hosts into the files.
func (i *identity) renew(hosts ...string) *tls.Certificate {
	i.t.Helper()
	own, err := certificate.Own(hosts)
	if err != nil {
		i.t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		i.t.Fatal(err)
	}
	i.write(i.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]}))
	i.write(i.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return own
}

// write puts a file in the place of the old one, as programs that renew certificates do.
func (i *identity) write(name string, text []byte) {
	i.t.Helper()
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		i.t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		i.t.Fatal(err)
	}
}

func (i *identity) flags() []string { return []string{"--tls-cert", i.cert, "--tls-key", i.key} }

// trusting is a client that takes this certificate and no other, over the protocol.
func trusting(t *testing.T, own *tls.Certificate, protocol string) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(own.Leaf)
	var protocols http.Protocols
	protocols.SetHTTP1(protocol == "HTTP/1.1")
	protocols.SetHTTP2(protocol == "HTTP/2.0")
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, Protocols: &protocols,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answered is what came back.
type answered struct {
	proto  string
	status int
	header http.Header
	text   string
}

// fetch calls and reads the answer.
func fetch(t *testing.T, client *http.Client, method, url, body string) answered {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answered{answer.Proto, answer.StatusCode, answer.Header, string(text)}
}

func TestPagesAndAPIOverTLS(t *testing.T) {
	data, id := t.TempDir(), newIdentity(t)
	own := id.renew("127.0.0.1")
	wants(t, data, aPassword, "user", "create", "--password-stdin", "ana")
	r := serve(t, data, id.flags()...)
	if !strings.HasPrefix(r.url, "https://127.0.0.1:") || strings.Contains(r.stderr.String(), "level=WARN") {
		t.Errorf("address %s, log %s", r.url, r.stderr)
	}
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		client := trusting(t, own, protocol)
		for _, path := range []string{"/healthz", "/", "/api/v1/server"} {
			answer := fetch(t, client, http.MethodGet, r.url+path, "")
			if answer.proto != protocol || (answer.status != http.StatusOK && path != "/") {
				t.Errorf("%s by %s: %s %d", path, protocol, answer.proto, answer.status)
			}
			if got := answer.header.Get("Strict-Transport-Security"); got != "max-age=15552000" {
				t.Errorf("%s by %s: HSTS %q", path, protocol, got)
			}
		}
		login := fmt.Sprintf(`{"username":"ana","password":%q}`, aPassword)
		answer := fetch(t, client, http.MethodPost, r.url+"/api/v1/login", login)
		if cookie := answer.header.Get("Set-Cookie"); answer.status != http.StatusOK || !strings.Contains(cookie, "; Secure") {
			t.Errorf("log-in by %s: %d %s, cookie %q", protocol, answer.status, answer.text, cookie)
		}
	}
	off := serve(t, t.TempDir(), append(id.flags(), "--tls-hsts", "0")...)
	if answer := fetch(t, trusting(t, own, "HTTP/1.1"), http.MethodGet, off.url+"/healthz", ""); answer.header.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS is said although it is off")
	}
}

// dialTLS opens the socket as a browser does, compression included, and reads the hello.
func dialTLS(t *testing.T, client *http.Client, url, token string) (*websocket.Conn, map[string]any) {
	t.Helper()
	conn, answer, err := websocket.Dial(t.Context(), url+"/ws", &websocket.DialOptions{ //nolint:bodyclose // Dial's documentation: never needed
		Subprotocols: []string{wire.Subprotocol}, HTTPClient: client, CompressionMode: websocket.CompressionContextTakeover,
		HTTPHeader: http.Header{"Authorization": {"Bearer " + token}, "Origin": {url}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer.Header.Get("Sec-Websocket-Extensions"), "permessage-deflate") {
		t.Errorf("no compression: %v", answer.Header)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, hear(t, conn, wire.FrameHello)
}

func say(t *testing.T, conn *websocket.Conn, frame string, args ...any) {
	t.Helper()
	if err := conn.Write(t.Context(), websocket.MessageText, fmt.Appendf(nil, frame, args...)); err != nil {
		t.Fatal(err)
	}
}

// TestConversationOverTLS has two people talk over TLS, compressed, and one of them lose the connection and resume.
func TestConversationOverTLS(t *testing.T) {
	data, id := t.TempDir(), newIdentity(t)
	own := id.renew("127.0.0.1")
	wants(t, data, "ana\nbob\n", "user", "create", "--from", "-")
	tokens := strings.Fields(wants(t, data, "", "token", "create", "ana", "bob"))
	wants(t, data, "", "room", "create", "hall")
	r := serve(t, data, id.flags()...)
	client := trusting(t, own, "HTTP/1.1")
	ana, _ := dialTLS(t, client, r.url, tokens[0])
	bob, before := dialTLS(t, client, r.url, tokens[1])
	for _, conn := range []*websocket.Conn{ana, bob} {
		say(t, conn, `{"type":"join","ref":1,"room":1}`)
		hear(t, conn, wire.FrameJoined)
	}
	long := strings.Repeat("hush ", 1000)
	say(t, ana, `{"type":"post","ref":2,"room":1,"nonce":"n1","text":%q}`, long)
	hear(t, ana, wire.FramePosted)
	heard := hear(t, bob, wire.FrameMessage)
	if heard["text"] != long {
		t.Errorf("bob heard %v", heard)
	}
	_ = bob.CloseNow()
	say(t, ana, `{"type":"post","ref":3,"room":1,"nonce":"n2","text":"missed"}`)
	hear(t, ana, wire.FramePosted)
	bob, _ = dialTLS(t, client, r.url, tokens[1])
	say(t, bob, `{"type":"resume","ref":1,"token":%q,"seen":[{"room":1,"seq":%v}]}`, before["resume"], heard["seq"])
	if back := hear(t, bob, wire.FrameReturned); back["lost"] != 0.0 {
		t.Errorf("returned: %v", back)
	}
	if got := hear(t, bob, wire.FrameMessage); got["text"] != "missed" {
		t.Errorf("bob heard %v", got)
	}
	assertNotOnDisk(t, data, "missed")
}

// leafOf shakes hands and gives the fingerprint of the certificate that the server shows.
func leafOf(t *testing.T, url string) string {
	t.Helper()
	conn, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	cover, ok := conn.(*tls.Conn)
	if !ok {
		t.Fatalf("%T", conn)
	}
	return certificate.Fingerprint(&tls.Certificate{Certificate: [][]byte{cover.ConnectionState().PeerCertificates[0].Raw}})
}

func TestCertificateIsReloaded(t *testing.T) {
	data, id := t.TempDir(), newIdentity(t)
	first := certificate.Fingerprint(id.renew("127.0.0.1"))
	r := serve(t, data, id.flags()...)
	if got := leafOf(t, r.url); got != first {
		t.Errorf("it shows %s", got)
	}
	awaitLeaf := func(want string) {
		t.Helper()
		again := time.NewTicker(50 * time.Millisecond)
		defer again.Stop()
		for limit := time.After(patience); leafOf(t, r.url) != want; {
			select {
			case <-again.C:
			case <-limit:
				t.Fatal("the new certificate is not used")
			}
		}
	}
	second := certificate.Fingerprint(id.renew("127.0.0.1"))
	awaitLeaf(second)
	id.write(id.key, []byte("no key"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !strings.Contains(r.stderr.String(), "the old one stays") { // told on one of the next handshakes
		if got := leafOf(t, r.url); got != second || ctx.Err() != nil {
			t.Fatalf("it shows %s, log %s", got, r.stderr)
		}
	}
	if got := leafOf(t, r.url); got != second {
		t.Errorf("with a broken pair in place it shows %s", got)
	}
	awaitLeaf(certificate.Fingerprint(id.renew("127.0.0.1")))
}

func TestUnfitCertificates(t *testing.T) {
	data, id := t.TempDir(), newIdentity(t)
	if complaint := refused(t, exitFailure, "", append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data}, id.flags()...)...); !strings.Contains(complaint, "no such file") {
		t.Errorf("complaint: %s", complaint)
	}
	if _, err := os.Stat(filepath.Join(data, "earshot.db")); err == nil {
		t.Error("the data was touched")
	}
	id.renew("other.example")
	r := serve(t, data, append(id.flags(), "--public-url", "https://chat.example")...)
	if !strings.Contains(r.stderr.String(), "level=WARN msg=\"browsers will refuse the TLS certificate, now or soon\" problem=\"it is not for this server") {
		t.Errorf("log: %s", r.stderr)
	}
}

func TestCertificateForTrying(t *testing.T) {
	r := serve(t, t.TempDir(), "--tls-dev", "--public-url", "https://chat.example")
	shown := leafOf(t, strings.Replace(addressOf(t, r), "http", "https", 1))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r.stdout.waitFor(ctx, t, shown) // told once the server listens, so a handshake may be quicker
	if !strings.Contains(r.stderr.String(), shown) {
		t.Errorf("%s is not told in the log: %s", shown, r.stderr)
	}
}

// addressOf is where the server listens, whatever it is called.
func addressOf(t *testing.T, r *running) string {
	t.Helper()
	_, rest, found := strings.Cut(r.stderr.String(), "msg=listening address=")
	if !found {
		t.Fatal(r.stderr)
	}
	return "http://" + strings.Fields(rest)[0]
}

func TestRedirect(t *testing.T) {
	for _, c := range []struct{ public, want string }{
		{"", "https://127.0.0.1:PORT/rooms/1?a=b"}, {"https://chat.example", "https://chat.example/rooms/1?a=b"},
	} {
		args := []string{"--tls-dev", "--tls-redirect", "127.0.0.1:0"}
		if c.public != "" {
			args = append(args, "--public-url", c.public)
		}
		r := serve(t, t.TempDir(), args...)
		_, port, err := net.SplitHostPort(strings.TrimPrefix(addressOf(t, r), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		plain := "http://" + r.stderr.waitFor(ctx, t, "msg=\"redirecting to https\" address=")
		cancel()
		client := trusting(t, &tls.Certificate{Leaf: &x509.Certificate{}}, "HTTP/1.1")
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			answer := fetch(t, client, method, plain+"/rooms/1?a=b", "")
			if got := answer.header.Get("Location"); answer.status != http.StatusPermanentRedirect || got != strings.Replace(c.want, "PORT", port, 1) ||
				answer.text != "" || answer.header.Get("Set-Cookie") != "" || answer.header.Get("Strict-Transport-Security") != "" {
				t.Errorf("%s: %d to %q with %q", method, answer.status, got, answer.text)
			}
		}
	}
}

// TestNotTLS speaks something else to the port of TLS.
func TestNotTLS(t *testing.T) {
	r := serve(t, t.TempDir(), "--tls-dev")
	var d net.Dialer
	for send, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n":                                 "Client sent an HTTP request to an HTTPS server.",
		strings.Repeat("\x00garbage\xff", 10_000):                           "",
		"\x16\x03\x01\xff\xff" + strings.Repeat("\x01\xff\xff\xff", 20_000): "", // a hello that declares more than one may
	} {
		conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(r.url, "https://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		go func() { _, _ = io.WriteString(conn, send) }() // it fails where the server has had enough
		answer, err := io.ReadAll(bufio.NewReader(conn))
		if want != "" && !bytes.Contains(answer, []byte(want)) {
			t.Errorf("%.20q was answered with %q, %v", send, answer, err)
		}
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			t.Errorf("%.20q: the connection was not cut", send)
		}
		_ = conn.Close()
	}
	if strings.Contains(r.stderr.String(), "handshake error") {
		t.Errorf("the log can be filled from outside: %s", r.stderr)
	}
}
