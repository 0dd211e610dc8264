package foreign

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/client"
	"github.com/earshot-chat/earshot/e2e/program"
	"github.com/earshot-chat/earshot/internal/leaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// Who logs in from everywhere.
const (
	guest    = "ben"
	password = "a-good-password-of-a-guest"
)

// server is the real one. Its rooms are numbered from 1.
type server struct {
	t *testing.T
	// url is where it is, ca the file with its certificate where it speaks TLS.
	url, ca string
	// token is ana's, web a client that trusts the certificate.
	token string
	web   *http.Client
}

// Settings with which a server is started; "" is for none.
const (
	overTLS = "--tls-dev"
	withH2C = "--h2c"
)

// serve starts a server with a setting and with rooms 1 to so many.
func serve(t *testing.T, bin, setting string, rooms int) *server {
	t.Helper()
	ctx := t.Context()
	data := []string{"--data", filepath.Join(t.TempDir(), "data")}
	tool := func(stdin string, args ...string) string {
		out, err := program.Tool(ctx, bin, stdin, append(args, data...)...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out)
	}
	tool("ana\n"+guest+" "+password+"\n", "user", "create", "--from", "-")
	s := &server{t: t, token: tool("", "token", "create", "ana")}
	for i := range rooms {
		tool("", "room", "create", fmt.Sprintf("room%d", i+1))
	}
	out := program.NewOutput()
	args := append([]string{"--listen", "127.0.0.1:0"}, data...)
	if setting != "" {
		args = append(args, setting)
	}
	cmd, err := program.Serve(context.WithoutCancel(ctx), bin, out, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			_ = cmd.Process.Kill() // Windows has no such signal
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server ended with %v: %s", err, out)
		}
	})
	s.url = out.URL()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s.web = &http.Client{Transport: transport}
	if setting == overTLS {
		transport.TLSClientConfig = s.trust(out.String())
	}
	return s
}

// trust fetches the certificate, holds it to the fingerprint that the server printed, as a person would, and keeps it in a
// file for those who are to trust it.
func (s *server) trust(printed string) *tls.Config {
	s.t.Helper()
	address, err := url.Parse(s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // compared below
	conn, err := dialer.DialContext(s.t.Context(), "tcp", address.Host)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	shown := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
	fingerprint := strings.ReplaceAll(fmt.Sprintf("% X", sha256.Sum256(shown.Raw)), " ", ":")
	if !strings.Contains(printed, fingerprint) {
		s.t.Fatalf("the server shows a certificate with the fingerprint %s, and printed %s", fingerprint, printed)
	}
	s.ca = filepath.Join(s.t.TempDir(), "ca.pem")
	if err := os.WriteFile(s.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: shown.Raw}), 0o600); err != nil {
		s.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(shown)
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// partner has ana sit in the room by Earshot's own client and answer what is said: "heard" and the first part of it, up to a
// comma. Once the test of the one who spoke is over, it must have heard a guest enter, speak and depart.
func (s *server) partner(t *testing.T, room earshot.RoomID) {
	t.Helper()
	// The test's own context ends before what is cleaned up, and so before the guest has departed.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), program.Patience)
	c, err := client.Dial(ctx, client.Options{URL: s.url, Token: s.token, HTTPClient: s.web})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Join(ctx, room); err != nil {
		t.Fatal(err)
	}
	// Her own entrance is told first: while it is, that of a guest would wait for it.
	for told := false; !told; {
		ev, open := <-c.Events()
		if !open {
			t.Fatal(c.Err())
		}
		_, told = ev.(client.Entered)
	}
	heard := make(chan []string, 1)
	go func() {
		var story []string
		defer func() { heard <- story }()
		for {
			select {
			case ev, open := <-c.Events():
				if !open {
					return
				}
				word := about(ev)
				if word == "" {
					continue
				}
				story = append(story, word)
				if first, said := strings.CutPrefix(word, "said "); said {
					if _, err := c.Post(ctx, room, "heard "+first); err != nil {
						return
					}
				}
				if word == "departed" {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		if t.Failed() || t.Skipped() {
			cancel() // it may not come to its end
		}
		story := strings.Join(<-heard, ", ")
		if !t.Skipped() && (!strings.HasPrefix(story, "entered, said hello from ") || !strings.HasSuffix(story, ", departed")) {
			t.Errorf("ana's story is %q", story)
		}
		cancel()
		_ = c.Close()
	})
}

// about tells what an event says of the guest, if anything.
func about(ev client.Event) string {
	switch ev := ev.(type) {
	case client.Entered:
		if has(ev.Users, guest) {
			return "entered"
		}
	case client.Departed:
		if has(ev.Users, guest) {
			return "departed"
		}
	case client.Message:
		if first, _, _ := strings.Cut(ev.Text, ","); ev.Author.Name == guest {
			return "said " + first
		}
	}
	return ""
}

func has(users []earshot.UserRef, name string) bool {
	return slices.ContainsFunc(users, func(u earshot.UserRef) bool { return u.Name == name })
}

// tool gives the path of a program, or skips the test. A program that is there and cannot do what it is needed for is as
// one that is not: then try fails.
func tool(t *testing.T, what string, names []string, try ...string) string {
	t.Helper()
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if err := exec.CommandContext(t.Context(), path, try...).Run(); err == nil {
			return path
		}
	}
	t.Skipf("NOT TRIED: %s", what)
	return ""
}

func curl(t *testing.T) string {
	t.Helper()
	return tool(t, "curl against the server; scripts/need-foreign.sh gets it", []string{"curl"}, "--version")
}

func python(t *testing.T) string {
	t.Helper()
	// A Python of somebody's own may stand before Debian's, which is the one with websockets.
	return tool(t, "Python's websockets against the server; scripts/need-foreign.sh gets them",
		[]string{"/usr/bin/python3", "python3"}, "-c", "import websockets")
}

func node(t *testing.T) string {
	t.Helper()
	return tool(t, "Node's ws against the server; npm ci gets it", []string{"node"}, "--input-type=module", "--eval", "import 'ws'")
}

// TestMachine says which clients the machine does not have. It is quick, so that it can be run with its output shown where
// that of the others is not: what is not tried is told every time.
func TestMachine(t *testing.T) {
	t.Run("curl", func(t *testing.T) { curl(t) })
	t.Run("python", func(t *testing.T) { python(t) })
	t.Run("node", func(t *testing.T) { node(t) })
}
