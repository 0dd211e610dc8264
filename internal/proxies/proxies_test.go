package proxies

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot/internal/leaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

func trusting(log *slog.Logger, networks ...string) *Trust {
	prefixes := make([]netip.Prefix, len(networks))
	for i, text := range networks {
		prefixes[i] = netip.MustParsePrefix(text)
	}
	return NewTrust(prefixes, log)
}

func TestClient(t *testing.T) {
	trust := trusting(nil, "10.0.0.0/8", "fd00::/8")
	for name, c := range map[string]struct {
		peer    string
		headers []string
		want    string // address scheme host
	}{
		"nobody in between":          {"203.0.113.9", nil, "203.0.113.9"},
		"a proxy that tells nothing": {"10.0.0.1", nil, "10.0.0.1"},
		"a stranger":                 {"203.0.113.9", []string{"Forwarded: for=1.2.3.4;proto=https;host=a", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https"}, "203.0.113.9"},

		"one":               {"10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1"}, "192.0.2.1"},
		"mapped":            {"::ffff:10.0.0.1", []string{"X-Forwarded-For: ::ffff:192.0.2.1"}, "192.0.2.1"},
		"a spoofer":         {"10.0.0.1", []string{"X-Forwarded-For: 1.1.1.1, 192.0.2.1"}, "192.0.2.1"},
		"in two lines":      {"10.0.0.1", []string{"X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 192.0.2.1,10.0.0.2"}, "192.0.2.1"},
		"a chain":           {"10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1, 10.0.0.3, 10.0.0.2"}, "192.0.2.1"},
		"a client inside":   {"10.0.0.1", []string{"X-Forwarded-For: 10.0.0.9, 10.0.0.2"}, "10.0.0.9"},
		"with a port":       {"10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1:4711"}, "192.0.2.1"},
		"IPv6":              {"fd00::1", []string{"X-Forwarded-For: 2001:db8::1"}, "2001:db8::1"},
		"IPv6 with a port":  {"fd00::1", []string{"X-Forwarded-For: [2001:db8::1]:4711"}, "2001:db8::1"},
		"with a zone":       {"fd00::1", []string{"X-Forwarded-For: fe80::1%eth0"}, "fe80::1"},
		"junk at the end":   {"10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1, junk"}, "10.0.0.1"},
		"an empty one":      {"10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1,"}, "10.0.0.1"},
		"junk further out":  {"10.0.0.1", []string{"X-Forwarded-For: junk, 10.0.0.2"}, "10.0.0.2"},
		"scheme and host":   {"10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: HTTPS", "X-Forwarded-Host: chat.example:444"}, "192.0.2.1 https chat.example:444"},
		"a handshake":       {"10.0.0.1", []string{"X-Forwarded-Proto: wss"}, "10.0.0.1 https"},
		"lists as long":     {"10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1,10.0.0.2", "X-Forwarded-Proto: https,http"}, "192.0.2.1 https"},
		"spoofed longer":    {"10.0.0.1", []string{"X-Forwarded-For: 1.1.1.1,192.0.2.1", "X-Forwarded-Proto: https,http"}, "192.0.2.1 http"},
		"lists not as long": {"10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https,http"}, "192.0.2.1"},
		"a strange scheme":  {"10.0.0.1", []string{"X-Forwarded-Proto: gopher", "X-Forwarded-Host: a/b"}, "10.0.0.1"},

		"standard":            {"10.0.0.1", []string{"Forwarded: for=192.0.2.1;proto=https;host=chat.example;by=_x"}, "192.0.2.1 https chat.example"},
		"standard, quoted":    {"10.0.0.1", []string{`Forwarded: For="[2001:db8::1]:4711" ; Proto="http\s";HOST="chat.example:444"`}, "2001:db8::1 https chat.example:444"},
		"standard, chain":     {"10.0.0.1", []string{`Forwarded: for="1.1.1.1, ;", for=192.0.2.1;proto=https`, "Forwarded: for=10.0.0.2;proto=http"}, "192.0.2.1 https"},
		"hidden":              {"10.0.0.1", []string{"Forwarded: for=192.0.2.1, for=_hidden;proto=https"}, "10.0.0.1 https"},
		"unknown":             {"10.0.0.1", []string{"Forwarded: for=192.0.2.1, for=unknown"}, "10.0.0.1"},
		"a hidden port":       {"10.0.0.1", []string{`Forwarded: for="192.0.2.1:_p"`}, "192.0.2.1"},
		"empty elements":      {"10.0.0.1", []string{"Forwarded: , for=192.0.2.1 ,,;"}, "192.0.2.1"},
		"an open quote":       {"10.0.0.1", []string{`Forwarded: for=1.1.1.1, for="192.0.2.1`}, "10.0.0.1"},
		"an escape too many":  {"10.0.0.1", []string{`Forwarded: for="192.0.2.1\`}, "10.0.0.1"},
		"said twice":          {"10.0.0.1", []string{"Forwarded: for=192.0.2.1;for=1.1.1.1"}, "10.0.0.1"},
		"no value":            {"10.0.0.1", []string{"Forwarded: for=;proto=https"}, "10.0.0.1"},
		"no sign":             {"10.0.0.1", []string{"Forwarded: for"}, "10.0.0.1"},
		"junk between":        {"10.0.0.1", []string{"Forwarded: for=192.0.2.1 proto=https"}, "10.0.0.1"},
		"a broken line first": {"10.0.0.1", []string{`Forwarded: for="`, "Forwarded: for=192.0.2.1"}, "192.0.2.1"},
		"bracket left open":   {"10.0.0.1", []string{`Forwarded: for="[2001:db8::1"`}, "10.0.0.1"},
		"IPv4 in brackets":    {"10.0.0.1", []string{`Forwarded: for="[192.0.2.1]"`}, "10.0.0.1"},

		"both, the same":           {"10.0.0.1", []string{"Forwarded: for=192.0.2.1;proto=https", "X-Forwarded-For: 192.0.2.1"}, "192.0.2.1 https"},
		"a client's own Forwarded": {"10.0.0.1", []string{"Forwarded: for=1.1.1.1;proto=https", "X-Forwarded-For: 192.0.2.1"}, "10.0.0.1"},
		"a client's own older one": {"10.0.0.1", []string{"Forwarded: for=192.0.2.1", "X-Forwarded-For: 1.1.1.1"}, "10.0.0.1"},
		"too many":                 {"10.0.0.1", []string{"X-Forwarded-For: 192.0.2.1" + strings.Repeat(",10.0.0.2", maxHops)}, "10.0.0.2"},
	} {
		header := http.Header{}
		for _, line := range c.headers {
			key, value, _ := strings.Cut(line, ": ")
			header.Add(key, value)
		}
		got := trust.Client(netip.MustParseAddr(c.peer), header)
		if text := strings.TrimRight(got.Addr.String()+" "+got.Scheme+" "+got.Host, " "); text != c.want {
			t.Errorf("%s: %q, not %q", name, text, c.want)
		}
	}
}

// TestHandler gives requests of a trusted proxy and of a stranger on.
func TestHandler(t *testing.T) {
	var log bytes.Buffer
	trust := trusting(slog.New(slog.NewTextHandler(&log, nil)), "192.0.2.0/24") // httptest's requests come from there
	var got *http.Request
	handler := trust.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r }))
	ask := func(change func(r *http.Request)) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://inner:8000/", http.NoBody)
		r.Header.Set("X-Forwarded-For", "198.51.100.7")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-Host", "chat.example")
		r.Header.Set("X-Real-Ip", "1.1.1.1")
		change(r)
		handler.ServeHTTP(httptest.NewRecorder(), r)
		for name := range got.Header {
			if strings.HasPrefix(name, "X-") || name == "Forwarded" {
				t.Errorf("%s is passed on", name)
			}
		}
	}
	ask(func(*http.Request) {})
	if got.RemoteAddr != "198.51.100.7:0" || got.Host != "chat.example" || !Secure(got) || Origin(got) != "https://chat.example" {
		t.Errorf("through a proxy: %s, %s, %v, %q", got.RemoteAddr, got.Host, Secure(got), Origin(got))
	}
	ask(func(r *http.Request) { r.RemoteAddr = "203.0.113.5:1234" })
	if got.RemoteAddr != "203.0.113.5:1234" || got.Host != "inner:8000" || Secure(got) || Origin(got) != "" {
		t.Errorf("of a stranger: %s, %s, %v, %q", got.RemoteAddr, got.Host, Secure(got), Origin(got))
	}
	ask(func(r *http.Request) { r.RemoteAddr, r.TLS = "203.0.113.5:1234", &tls.ConnectionState{} })
	if !Secure(got) {
		t.Error("TLS of a stranger counts for nothing")
	}
	ask(func(r *http.Request) {
		r.TLS = &tls.ConnectionState{}
		r.Header.Set("X-Forwarded-Proto", "http")
	})
	if Secure(got) {
		t.Error("TLS between proxy and server counts as the client's")
	}
	ask(func(r *http.Request) { r.RemoteAddr = "@" })
	if got.RemoteAddr != "@" || Secure(got) {
		t.Errorf("without an address: %s", got.RemoteAddr)
	}
	for range 2 {
		ask(func(r *http.Request) { r.Header.Set("Forwarded", "for=1.1.1.1") })
	}
	if got.RemoteAddr != "192.0.2.1:1234" || strings.Count(log.String(), "neither is believed") != 1 {
		t.Errorf("two that differ: %s, log %s", got.RemoteAddr, log.String())
	}
}

// FuzzForwarded gives both kinds of header junk: nobody panics, a stranger is believed nothing, what is found is one of the
// addresses that were told or the proxy's own, and a proxy that appends the client's address is always believed that.
func FuzzForwarded(f *testing.F) {
	f.Add("for=192.0.2.1;proto=https, for=\"[2001:db8::1]:_p\";host=a", "https", "chat.example")
	f.Add("10.0.0.2, unknown,, _x:y", "a,b", "[::1")
	f.Add("for=\"\\", "\"", "\x00%zz")
	trust := trusting(nil, "10.0.0.0/8")
	proxy, stranger := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("203.0.113.9")
	f.Fuzz(func(t *testing.T, junk, schemes, hosts string) {
		header := http.Header{"X-Forwarded-Proto": {schemes}, "X-Forwarded-Host": {hosts}}
		check := func(want netip.Addr) {
			t.Helper()
			c := trust.Client(proxy, header)
			if !c.Addr.IsValid() || (want.IsValid() && c.Addr != want) || (c.Scheme != "" && c.Scheme != "http" && c.Scheme != "https") ||
				len(c.Host) > maxHost || strings.ContainsAny(c.Host, " /\"<>") {
				t.Errorf("%q: %+v", header, c)
			}
			if c := trust.Client(stranger, header); c != (Client{Addr: stranger}) {
				t.Errorf("a stranger with %q: %+v", header, c)
			}
		}
		header["X-Forwarded-For"] = []string{junk}
		check(netip.Addr{})
		header["X-Forwarded-For"] = []string{junk + ", 198.51.100.7"}
		check(netip.MustParseAddr("198.51.100.7"))
		delete(header, "X-Forwarded-For")
		header["Forwarded"] = []string{junk}
		check(netip.Addr{})
		header["Forwarded"] = []string{junk, "for=198.51.100.7"}
		check(netip.MustParseAddr("198.51.100.7"))
	})
}
