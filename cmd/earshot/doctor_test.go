package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/earshot-chat/earshot/internal/doctor"
)

// signer is an authority of a test's own, or one in between.
type signer struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	// above are the certificates in between, from this one upwards.
	above [][]byte
	file  string
}

// newSigner makes an authority that is signed by another one, or by itself.
func newSigner(t *testing.T, by *signer) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := &signer{t: t, key: key, file: filepath.Join(t.TempDir(), "ca.pem")}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "Authority for trying"}, NotBefore: time.Now().Add(-1000 * time.Hour), NotAfter: time.Now().Add(1000 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, SerialNumber: big.NewInt(1),
	}
	s.cert = template
	if by == nil {
		by = s
	} else {
		template.Subject.CommonName = "Authority in between"
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	if s.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	if by != s {
		s.above = append([][]byte{der}, by.above...)
	}
	if err := os.WriteFile(s.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// issue makes a certificate for 127.0.0.1 and the names.
func (s *signer) issue(from, until time.Duration, address string) tls.Certificate {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		Subject: pkix.Name{CommonName: "server"}, NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(until), SerialNumber: big.NewInt(2),
		IPAddresses: []net.IP{net.ParseIP(address)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, s.cert, key.Public(), s.key)
	if err != nil {
		s.t.Fatal(err)
	}
	return tls.Certificate{Certificate: append([][]byte{der}, s.above...), PrivateKey: key}
}

// front is a proxy that ends TLS. What it does wrong can be exchanged.
type front struct {
	*httptest.Server
	handler atomic.Pointer[http.Handler]
}

func newFront(t *testing.T, cert tls.Certificate, http2 bool) *front {
	t.Helper()
	f := &front{}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*f.handler.Load()).ServeHTTP(w, r) }))
	f.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	f.EnableHTTP2 = http2
	f.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // the doctor hangs up now and then
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

// manners are how a proxy behaves; what is nil it does as it should.
type manners struct {
	asked    func(r *http.Request)
	answered func(header http.Header)
	instead  http.HandlerFunc
}

// pass has the front pass everything on to the server, in its manners.
func (f *front) pass(t *testing.T, to string, m manners) {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
		},
		ModifyResponse: func(r *http.Response) error {
			if m.answered != nil {
				m.answered(r.Header)
			}
			return nil
		},
	}
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.asked != nil {
			m.asked(r)
		}
		translate(r)
		proxy.ServeHTTP(w, r)
	})
	if m.instead != nil {
		handler = m.instead
	}
	f.handler.Store(&handler)
}

// translate makes a handshake over HTTP/2 one over HTTP/1.1, which is what the proxy speaks to the server. That it is offered
// to begin with is because the test is one process with the server.
func translate(r *http.Request) {
	if r.Method != http.MethodConnect || r.Header.Get(":protocol") == "" {
		return
	}
	r.Method, r.Body, r.ContentLength = http.MethodGet, http.NoBody, 0 // the stream goes on, and is no body
	r.Header.Del(":protocol")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Sec-Websocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}

// diagnose runs earshot doctor and gives the findings by check. A check has all the time it wants, unless the arguments say
// otherwise.
func diagnose(t *testing.T, token string, args ...string) map[string]doctor.Finding {
	t.Helper()
	r := invoke(t, token, nil, append([]string{"doctor", "--json", "--token-stdin", "--timeout", patience.String()}, args...)...)
	var report struct {
		Failed int
		Checks []doctor.Finding
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	findings, bad := make(map[string]doctor.Finding), 0
	for _, f := range report.Checks {
		findings[f.Check] = f
		if f.Status == doctor.Failed {
			bad++
		}
		if wrong := f.Status == doctor.Failed || f.Status == doctor.Warning; f.Text == "" || wrong != (f.Advice != "") {
			t.Errorf("%+v: what to do?", f)
		}
	}
	if bad != report.Failed || (r.code == exitFailure) != (bad > 0) || (r.code == exitOK) != (bad == 0) {
		t.Errorf("exit code %d with %d of %d failed", r.code, report.Failed, bad)
	}
	return findings
}

// expect compares what is wrong with what should be: "check status words of the text"; nothing else may be wrong.
func expect(t *testing.T, name string, findings map[string]doctor.Finding, want ...string) {
	t.Helper()
	expected := make(map[string]bool)
	expected["round trip"] = findings["round trip"].Status == doctor.Warning // the machine may be busy
	for _, line := range want {
		part := strings.SplitN(line, "|", 3)
		expected[part[0]] = true
		if f := findings[part[0]]; string(f.Status) != part[1] || !strings.Contains(f.Text, part[2]) {
			t.Errorf("%s: %+v, not %s %q", name, f, part[1], part[2])
		}
	}
	for check, f := range findings {
		if !expected[check] && (f.Status == doctor.Failed || f.Status == doctor.Warning) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// patientServer is a server with somebody who has a token.
func patientServer(t *testing.T, args ...string) (r *running, token string) {
	t.Helper()
	data := t.TempDir()
	wants(t, data, "ana\n", "user", "create", "--from", "-")
	token = wants(t, data, "", "token", "create", "ana")
	return serve(t, data, args...), token
}

// TestDoctor puts proxies of good and bad manners before a real server.
func TestDoctor(t *testing.T) {
	t.Parallel()
	authority := newSigner(t, nil)
	f := newFront(t, authority.issue(-time.Hour, 999*time.Hour, "127.0.0.1"), true)
	r, token := patientServer(t, "--public-url", f.URL, "--trusted-proxies", "loopback", "--ping-interval", "2s")
	words := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", "nginx")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}
	}
	without := func(names ...string) func(*http.Request) {
		return func(r *http.Request) {
			for _, name := range names {
				r.Header.Del(name)
			}
		}
	}
	date := func(off time.Duration) func(http.Header) {
		return func(h http.Header) { h.Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat)) }
	}
	for name, c := range map[string]struct {
		manners
		want []string
	}{
		"good": {manners{}, []string{
			"certificate|ok|TLS 1.3", "http/2|ok|HTTP/2", "headers|ok|", "upgrade|ok|", "origin|ok|", "foreign origin|ok|", "socket|ok|ana",
			"compression|ok|", "round trip|ok|", "idle|ok|3s", "http/2 socket|ok|reaches", "event stream|ok|at once", "redirect|skipped|",
		}},
		"Upgrade stripped": {manners{asked: without("Upgrade", "Connection")}, []string{
			"upgrade|failed|takes the header Upgrade away", "origin|skipped|", "foreign origin|skipped|", "socket|skipped|",
		}},
		"answers sockets itself": {manners{asked: func(r *http.Request) {
			if r.URL.Path == "/ws" {
				r.URL.Path = "/nowhere"
			}
		}}, []string{"upgrade|failed|instead of the server: status 404", "http/2 socket|failed|status 404"}},
		"no way to the server": {manners{instead: words(http.StatusBadGateway, "<h1>Bad gateway</h1>")}, []string{
			"http/1.1|failed|does not get to the server: status 502 of \"nginx", "http/2|failed|", "server|failed|", "headers|skipped|", "upgrade|skipped|",
		}},
		"another site":     {manners{instead: words(http.StatusOK, "<h1>Welcome</h1>")}, []string{"http/1.1|failed|something else", "http/2|failed|", "server|failed|", "socket|skipped|"}},
		"Origin stripped":  {manners{asked: without("Origin")}, []string{"foreign origin|failed|changes the header Origin"}},
		"no offers":        {manners{asked: without("Sec-Websocket-Extensions")}, []string{"compression|warning|not compressed"}},
		"a token stripped": {manners{asked: without("Authorization")}, []string{"socket|failed|token is not accepted", "round trip|skipped|"}},
		"headers stripped": {manners{answered: func(h http.Header) { h.Del("Content-Security-Policy") }}, []string{"headers|warning|takes the headers away"}},
		"a second policy":  {manners{answered: func(h http.Header) { h.Add("Content-Security-Policy", "default-src *") }}, []string{"headers|warning|adds or changes"}},
		"some seconds":     {manners{answered: date(30 * time.Second)}, []string{"clock|warning|apart"}},
		"an hour back":     {manners{answered: date(-time.Hour)}, []string{"clock|failed|apart"}},
		"no time":          {manners{answered: func(h http.Header) { h.Set("Date", "soon") }}, []string{"clock|warning|no time"}},
	} {
		f.pass(t, addressOf(t, r), c.manners)
		args := []string{f.URL, "--ca", authority.file}
		if name == "good" {
			args = append(args, "--idle", "3s")
		}
		expect(t, name, diagnose(t, token, args...), c.want...)
	}
}

// TestDoctorOnSettings looks at a server that was not told what it stands behind, and at a proxy without HTTP/2.
func TestDoctorOnSettings(t *testing.T) {
	t.Parallel()
	authority := newSigner(t, nil)
	f := newFront(t, authority.issue(-time.Hour, 999*time.Hour, "127.0.0.1"), false)
	r, token := patientServer(t)
	f.pass(t, r.url, manners{})
	expect(t, "no settings", diagnose(t, token, f.URL, "--ca", authority.file),
		"headers|warning|HSTS", "origin|failed|does not know that it is reached as "+f.URL, "socket|failed|403", "http/2|warning|not spoken")
	expect(t, "a bad token", diagnose(t, "nonsense", r.url), "socket|failed|token is not accepted")
	findings := diagnose(t, "", r.url)
	expect(t, "no token", findings, "socket|skipped|give a token", "certificate|skipped|")
}

// TestDoctorOnRedirects looks where plain HTTP leads.
func TestDoctorOnRedirects(t *testing.T) {
	t.Parallel()
	id := newIdentity(t)
	id.renew("127.0.0.1")
	r := serve(t, t.TempDir(), append(id.flags(), "--tls-redirect", "127.0.0.1:0")...)
	plain := r.stderr.waitFor(t.Context(), t, "msg=\"redirecting to https\" address=")
	// Somebody else, because the server has pages only where they were built.
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<h1>Welcome</h1>") }))
	t.Cleanup(other.Close)
	for name, c := range map[string]struct{ at, want string }{
		"as it should": {plain, "redirect|ok|308"},
		"nobody there": {"127.0.0.1:1", "redirect|warning|nobody answers"},
		"without TLS":  {other.Listener.Addr().String(), "redirect|failed|without TLS"},
		"TLS":          {strings.TrimPrefix(r.url, "https://"), "redirect|warning|status 400"},
	} {
		_, port, err := net.SplitHostPort(c.at)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, name, diagnose(t, "", r.url, "--ca", id.cert, "--plain-port", port), c.want)
	}
}

// TestDoctorOnCertificates shows certificates that browsers refuse. The token goes to none of them.
func TestDoctorOnCertificates(t *testing.T) {
	t.Parallel()
	authority := newSigner(t, nil)
	between := newSigner(t, authority)
	r, token := patientServer(t, "--trusted-proxies", "loopback")
	alone := between.issue(-time.Hour, 900*time.Hour, "127.0.0.1")
	alone.Certificate = alone.Certificate[:1]
	for name, c := range map[string]struct {
		cert tls.Certificate
		want string
	}{
		"with one in between": {between.issue(-time.Hour, 900*time.Hour, "127.0.0.1"), "certificate|ok|"},
		"expired":             {authority.issue(-9*time.Hour, -time.Hour, "127.0.0.1"), "certificate|failed|has expired"},
		"not yet":             {authority.issue(time.Hour, 9*time.Hour, "127.0.0.1"), "certificate|failed|not valid before"},
		"another name":        {authority.issue(-time.Hour, 900*time.Hour, "192.0.2.1"), "certificate|failed|not for 127.0.0.1, but for 192.0.2.1"},
		"unknown":             {newSigner(t, nil).issue(-time.Hour, 900*time.Hour, "127.0.0.1"), "certificate|failed|not known here"},
		"the one in between":  {alone, "certificate|failed|none in between was sent"},
		"soon":                {authority.issue(-999*time.Hour, time.Hour, "127.0.0.1"), "certificate|warning|expires soon"},
	} {
		f := newFront(t, c.cert, true)
		var leaked atomic.Bool
		f.pass(t, r.url, manners{asked: func(r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				leaked.Store(true)
			}
		}})
		findings := diagnose(t, token, f.URL, "--ca", authority.file)
		delete(findings, "origin") // the server does not know these addresses
		delete(findings, "socket")
		expect(t, name, findings, c.want)
		if bad := strings.Contains(c.want, "failed"); leaked.Load() == bad {
			t.Errorf("%s: the token was sent: %v", name, leaked.Load())
		}
	}
}
