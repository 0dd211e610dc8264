package config_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot/config"
)

func TestBadEdge(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--tls-acme=127.0.0.1", "not addresses"},
		{"--tls-acme=::1", "not addresses"},
		{"--tls-acme=[fd00::5]", "not addresses"},
		{"--tls-acme=LocalHost", "own name"},
		{"--tls-acme=chat.localhost", "own name"},
		{"--tls-acme=*.example.org", "wildcards"},
		{"--tls-acme=https://chat.example.org", "name alone"},
		{"--tls-acme=chat.example.org:443", "name alone"},
		{"--tls-acme=chät.example.org", "xn--"},
		{"--tls-acme=chat", "full host name"},
		{"--tls-acme=chat..org", "full host name"},
		{"--tls-acme=-chat.example.org", "full host name"},
		{"--tls-acme=" + strings.Repeat("a", 64) + ".org", "full host name"},
		{"--tls-acme=" + strings.Repeat("a.", 130) + "org", "full host name"},
		{"--tls-acme=chat.example.org --tls-dev", "cannot be set together"},
		{"--tls-acme=chat.example.org --tls-cert=c --tls-key=k", "cannot be set together"},
		{"--tls-acme=chat.example.org --tls-acme-email=me", "e-mail"},
		{"--tls-acme=chat.example.org --tls-acme-directory=http://ca.example", "https address"},
		{"--tls-acme-email=me@example.org", "names the hosts"},
		{"--tls-acme-directory=https://ca.example", "names the hosts"},
		{"--tls-acme-ca=ca.pem", "names the hosts"},
		{"--trusted-proxies=proxy.example", "an address, a network"},
		{"--trusted-proxies=10.0.0.0/33", "an address, a network"},
		{"--trusted-proxies=fe80::1%eth0", "an address, a network"},
		{"--trusted-proxies=::ffff:10.0.0.0/104", "an address, a network"},
		{"--trusted-proxies=0.0.0.0/0", "everybody"},
		{"--trusted-proxies=::/0", "everybody"},
		{"--proxy-protocol", "needs trusted_proxies"},
		{"--h2c --tls-dev", "without TLS"},
	} {
		if _, err := parse(t, nil, strings.Fields(c.args)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, not one with %q", c.args, err, c.want)
		}
	}
}

func TestTrustedPrefixes(t *testing.T) {
	c, err := parse(t, map[string]string{"EARSHOT_TRUSTED_PROXIES": "loopback,10.1.2.3/8,fd00::5, ::ffff:192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	prefixes, err := c.TrustedPrefixes()
	for _, p := range prefixes {
		got = append(got, p.String())
	}
	if want := []string{"127.0.0.0/8", "::1/128", "10.0.0.0/8", "fd00::5/128", "192.0.2.1/32"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	private := config.Proxies{Trusted: []string{"private"}}
	prefixes, err = private.TrustedPrefixes()
	for _, text := range []string{"127.0.0.1", "::1", "10.0.0.1", "172.31.0.1", "192.168.1.1", "fd12::1"} {
		if err != nil || !slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(netip.MustParseAddr(text)) }) {
			t.Errorf("%s is not private: %v, %v", text, prefixes, err)
		}
	}
}

func TestACME(t *testing.T) {
	c, err := parse(t, nil, "--tls-acme=Chat.Example.org,talk.example.org", "--listen=:8443", "--tls-acme-email=me@example.org")
	if err != nil || !c.TLS.On() || !c.Secure() || c.Host() != "Chat.Example.org" {
		t.Fatalf("%+v, %v", c.TLS, err)
	}
	if got := c.BaseURL(addr(t, "[::]:443")); got != "https://chat.example.org" {
		t.Errorf("address: %s", got)
	}
	origins, err := c.AllowedOrigins(addr(t, "[::]:8443"), config.Host{})
	for _, want := range []string{"https://chat.example.org", "https://talk.example.org", "https://chat.example.org:8443"} {
		if err != nil || !slices.Contains(origins, want) {
			t.Errorf("%s is not in %v, %v", want, origins, err)
		}
	}
}
