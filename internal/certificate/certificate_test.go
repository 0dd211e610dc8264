package certificate

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot/internal/leaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// pair is a certificate in two files, and what was logged about it.
type pair struct {
	t         *testing.T
	cert, key string
	log       bytes.Buffer
	at        time.Time
}

func newPair(t *testing.T) *pair {
	t.Helper()
	dir := t.TempDir()
	p := &pair{t: t, cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), at: time.Now()}
	return p
}

func (p *pair) own() *tls.Certificate {
	p.t.Helper()
	c, err := Own([]string{"chat.example", "10.0.0.1", "fe80::1%eth0"})
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func (p *pair) put(cert, key *tls.Certificate) {
	p.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key.PrivateKey)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(p.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}))
	p.write(p.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// write writes a file whose time is another than that of all before.
func (p *pair) write(name string, text []byte) {
	p.t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.at = p.at.Add(time.Second)
	if err := os.Chtimes(name, p.at, p.at); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) load() *Files {
	p.t.Helper()
	f, err := Load(p.cert, p.key, slog.New(slog.NewTextHandler(&p.log, nil)))
	if err != nil {
		p.t.Fatal(err)
	}
	return f
}

func wantPair(t *testing.T, f *Files, want *tls.Certificate, when string) {
	t.Helper()
	got, err := f.Get(nil)
	if err != nil || Fingerprint(got) != Fingerprint(want) {
		t.Errorf("%s: not that certificate (%v)", when, err)
	}
}

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		first, second := p.own(), p.own()
		p.put(first, first)
		f := p.load()
		wantPair(t, f, first, "loaded")
		p.put(second, second)
		wantPair(t, f, first, "at once")
		time.Sleep(lookEvery)
		wantPair(t, f, second, "changed")

		// A pair that does not belong together: as it is between two writes.
		p.put(first, second)
		time.Sleep(lookEvery)
		wantPair(t, f, second, "broken")
		time.Sleep(lookEvery)
		wantPair(t, f, second, "still broken")
		if n := strings.Count(p.log.String(), "level=ERROR"); n != 1 || strings.Contains(p.log.String(), "PRIVATE") {
			t.Errorf("told %d times: %s", n, p.log.String())
		}
		p.write(p.cert, []byte("no certificate"))
		time.Sleep(lookEvery)
		wantPair(t, f, second, "no certificate")
		if err := os.Remove(p.cert); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookEvery)
		wantPair(t, f, second, "gone")
		p.put(first, first)
		time.Sleep(lookEvery)
		wantPair(t, f, first, "whole again")
	})
}

func TestLoadRefuses(t *testing.T) {
	p := newPair(t)
	log := slog.New(slog.DiscardHandler)
	if _, err := Load(p.cert, p.key, log); err == nil || !strings.Contains(err.Error(), p.cert) {
		t.Errorf("nothing there: %v", err)
	}
	p.put(p.own(), p.own())
	if _, err := Load(p.cert, p.key, log); err == nil || !strings.Contains(err.Error(), "cannot be used") {
		t.Errorf("not a pair: %v", err)
	}
}

func TestProblem(t *testing.T) {
	p := newPair(t)
	own := p.own()
	p.put(own, own)
	f := p.load()
	now := time.Now()
	for _, c := range []struct {
		host string
		at   time.Time
		want string
	}{
		{"", now, ""},
		{"chat.example", now, ""},
		{"CHAT.example", now, ""},
		{"10.0.0.1", now, ""},
		{"other.example", now, "not for this server"},
		{"10.0.0.2", now, "not for this server"},
		{"", now.Add(-2 * time.Hour), "not valid before"},
		{"", now.Add(ownLife - 48*time.Hour), "expires on"},
		{"", now.Add(ownLife), "has expired on"},
	} {
		err := f.Problem(c.host, c.at)
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q at %v: %v, want %q", c.host, c.at, err, c.want)
		}
	}
}

func TestOwn(t *testing.T) {
	p := newPair(t)
	a, b := p.own(), p.own()
	if Fingerprint(a) == Fingerprint(b) || a.Leaf.SerialNumber.Cmp(b.Leaf.SerialNumber) == 0 {
		t.Error("two certificates are the same")
	}
	if got := Fingerprint(a); len(got) != 32*3-1 || strings.Trim(got, "0123456789ABCDEF:") != "" {
		t.Errorf("fingerprint %q", got)
	}
	for _, host := range []string{"chat.example", "10.0.0.1", "fe80::1"} {
		if err := a.Leaf.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
}
