//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/earshot-chat/earshot/internal/authority"
)

// acmeHost is the name for which certificates are asked. Only the authority's own DNS knows it.
const acmeHost = "chat.example.test"

// dnsServer answers every question over TCP with 127.0.0.1, or with nothing, until the test ends.
func dnsServer(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			_ = nc.SetDeadline(time.Now().Add(patience))
			work.Go(func() {
				defer func() { _ = nc.Close() }()
				for err := error(nil); err == nil; {
					err = answerDNS(nc)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		work.Wait()
	})
	return l.Addr().String()
}

// answerDNS answers one question. Over TCP each message has its length before it (RFC 1035, section 4.2.2).
func answerDNS(nc net.Conn) error {
	length := make([]byte, 2)
	if _, err := io.ReadFull(nc, length); err != nil {
		return err
	}
	text := make([]byte, binary.BigEndian.Uint16(length))
	if _, err := io.ReadFull(nc, text); err != nil {
		return err
	}
	var m dnsmessage.Message
	if err := m.Unpack(text); err != nil {
		return err
	}
	m.Response, m.Additionals = true, nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			})
		}
	}
	answer, err := m.AppendPack(length)
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint16(answer, uint16(len(answer)-2))
	_, err = nc.Write(answer)
	return err
}

// freePort gives a port on which nobody listens. It is none of those that a system gives to whoever asks for any, so that
// no other test gets it meanwhile; and as long as the test runs, its namesake of UDP is taken, so that nobody gets it here.
func freePort(t *testing.T) int {
	t.Helper()
	var lc net.ListenConfig
	for range 100 {
		port := 15_000 + rand.IntN(15_000)
		address := fmt.Sprintf("127.0.0.1:%d", port)
		taken, err := lc.ListenPacket(t.Context(), "udp", address)
		if err != nil {
			continue
		}
		if l, err := lc.Listen(t.Context(), "tcp", address); err == nil {
			_ = l.Close()
			t.Cleanup(func() { _ = taken.Close() })
			return port
		}
		_ = taken.Close()
	}
	t.Fatal("no port is free")
	return 0
}

// pebble is an ACME authority for tests, Let's Encrypt's own. tools/go.mod says which.
type pebble struct {
	identity
	own *tls.Certificate
	// listen and manage are where it is, https and http the ports at which it looks at a server.
	listen, manage string
	https, http    int
	out            *output
	end            func()
}

// startPebble builds and starts the authority. Its certificates are valid for so long.
func startPebble(t *testing.T, valid time.Duration) *pebble {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "pebble")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/letsencrypt/pebble/v2/cmd/pebble")
	build.Dir = filepath.Join("..", "..", "tools")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building pebble: %v: %s", err, text)
	}
	p := &pebble{identity: *newIdentity(t), https: freePort(t), http: freePort(t), out: newOutput()}
	p.own = p.renew("127.0.0.1")
	p.listen, p.manage = fmt.Sprintf("127.0.0.1:%d", freePort(t)), fmt.Sprintf("127.0.0.1:%d", freePort(t))
	settings, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": p.listen, "managementListenAddress": p.manage, "certificate": p.cert, "privateKey": p.key,
		"httpPort": p.http, "tlsPort": p.https, "keyAlgorithm": "ecdsa", "retryAfter": map[string]int{"authz": 1, "order": 1},
		"profiles": map[string]any{"default": map[string]any{"validityPeriod": int(valid / time.Second)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pebble.json")
	if err := os.WriteFile(file, settings, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, "-config", file, "-dnsserver", dnsServer(t))
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	cmd.Stdout, cmd.Stderr = p.out, p.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.end = sync.OnceFunc(func() {
		cancel()
		_ = cmd.Wait()
	})
	t.Cleanup(p.end)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("pebble: %s", p.out)
		}
	})
	waiting, done := context.WithTimeout(ctx, patience)
	defer done()
	p.out.waitFor(waiting, t, "ACME directory available at: ")
	return p
}

// flags are for a server that asks it.
func (p *pebble) flags() []string {
	return []string{
		"--tls-acme", acmeHost, "--tls-acme-email", "ana@example.org", "--tls-acme-directory", "https://" + p.listen + "/dir",
		"--tls-acme-ca", p.cert, "--listen", fmt.Sprintf("127.0.0.1:%d", p.https),
	}
}

// root is the certificate with which it signs.
func (p *pebble) root(t *testing.T) *x509.CertPool {
	t.Helper()
	client := trusting(t, p.own, "HTTP/1.1")
	pool := x509.NewCertPool()
	if answer := fetch(t, client, http.MethodGet, "https://"+p.manage+"/roots/0", ""); !pool.AppendCertsFromPEM([]byte(answer.text)) {
		t.Fatalf("no root: %d %s", answer.status, answer.text)
	}
	return pool
}

// shown shakes hands under the name and gives the certificate.
func shown(t *testing.T, port int, name string, roots *x509.CertPool) (*x509.Certificate, error) {
	t.Helper()
	d := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: name, MinVersion: tls.VersionTLS12}}
	nc, err := d.DialContext(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	defer func() { _ = nc.Close() }()
	cover, ok := nc.(*tls.Conn)
	if !ok {
		t.Fatalf("%T", nc)
	}
	return cover.ConnectionState().PeerCertificates[0], nil
}

// awaitShown waits for a good certificate that ends after this time: one that lives for seconds may have ended before it is
// looked at.
func awaitShown(ctx context.Context, t *testing.T, p *pebble, r *running, roots *x509.CertPool, after time.Time) *x509.Certificate {
	t.Helper()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		leaf, err := shown(t, p.https, acmeHost, roots)
		if err == nil && leaf.NotAfter.After(after) {
			return leaf
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("there is none that ends after %v (%v): %s", after, err, r.stderr)
		}
	}
}

const gotOne = "there is a TLS certificate from the authority"

// TestACME gets a certificate by the port of https, keeps it for its owner only, hands it to a successor, and renews it.
func TestACME(t *testing.T) {
	t.Parallel()
	p := startPebble(t, 12*time.Second)
	data := t.TempDir()
	cmd, r := process(t, append([]string{"serve", "--data", data}, p.flags()...)...)
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r.await(t)
	r.stderr.waitFor(ctx, t, gotOne)
	roots := p.root(t)
	first := awaitShown(ctx, t, p, r, roots, time.Time{})
	for _, name := range []string{"other.example.test", "127.0.0.1", "", strings.Repeat("a.", 100) + "test"} {
		if _, err := shown(t, p.https, name, roots); err == nil {
			t.Errorf("%q is shown a certificate", name)
		}
	}
	err := filepath.WalkDir(authority.Dir(data), func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	next := heir(t, r, 0)
	awaitShown(ctx, t, p, r, roots, first.NotAfter)
	if accounts := strings.Count(p.out.String(), "POST /sign-me-up -> calling handler"); accounts == 0 {
		t.Errorf("no account was made: %s", p.out)
	}
	lastOf(t, cmd, next)
	if log := r.stderr.String(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "level=WARN") {
		t.Errorf("log: %s", log)
	}
}

// TestACMEByPlainHTTP gets a certificate by the port of the redirect, as the authority cannot reach that of https, and goes
// on with it while the authority is away.
func TestACMEByPlainHTTP(t *testing.T) {
	t.Parallel()
	p := startPebble(t, 90*24*time.Hour)
	data := t.TempDir()
	flags := append(p.flags(), "--listen", "127.0.0.1:0", "--tls-redirect", fmt.Sprintf("127.0.0.1:%d", p.http))
	for round := range 2 {
		cmd, r := process(t, append([]string{"serve", "--data", data}, flags...)...)
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		r.await(t)
		r.stderr.waitFor(ctx, t, gotOne)
		cancel()
		var roots *x509.CertPool
		if round == 0 {
			roots = p.root(t)
			_, port, err := net.SplitHostPort(strings.TrimPrefix(addressOf(t, r), "http://"))
			if err != nil {
				t.Fatal(err)
			}
			var number int
			if _, err := fmt.Sscan(port, &number); err != nil {
				t.Fatal(err)
			}
			if _, err := shown(t, number, acmeHost, roots); err != nil {
				t.Errorf("%v: %s", err, r.stderr)
			}
			plain := trusting(t, p.own, "HTTP/1.1")
			if answer := fetch(t, plain, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/rooms", p.http), ""); answer.header.Get("Location") != "https://"+acmeHost+":"+port+"/rooms" &&
				answer.header.Get("Location") != "https://127.0.0.1:"+port+"/rooms" {
				t.Errorf("redirect: %d to %q", answer.status, answer.header.Get("Location"))
			}
			p.end()
		}
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Errorf("%v: %s", err, r.stderr)
		}
	}
}

// TestACMEWithoutAuthority serves, and says what is wrong, while the authority cannot be reached or is not known.
func TestACMEWithoutAuthority(t *testing.T) {
	t.Parallel()
	away := fmt.Sprintf("https://127.0.0.1:%d/dir", freePort(t))
	cmd, r := process(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--tls-acme", acmeHost, "--tls-acme-directory", away)
	r.await(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r.stderr.waitFor(ctx, t, "no TLS certificate could be got")
	if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
		t.Errorf("%v: %s", err, r.stderr)
	}
	junk := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(junk, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("junk")}), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{junk: "holds no certificate", junk + ".none": "no such file"} {
		complaint := refused(t, exitFailure, "", "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--tls-acme", acmeHost, "--tls-acme-ca", file)
		if !strings.Contains(complaint, want) {
			t.Errorf("%s: %s", file, complaint)
		}
	}
}
