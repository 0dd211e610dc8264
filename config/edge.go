package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Proxies says what stands between the server and people, and what is believed of it.
type Proxies struct {
	// Trusted are the networks, addresses and names of networks (see TrustedPrefixes) whose word on clients is taken.
	Trusted []string `name:"trusted-proxies" help:"The proxies that are believed about who asks: addresses or networks such as 10.0.0.0/8, or loopback, or private. From them Forwarded or X-Forwarded-For, -Proto and -Host are read; from everybody else they are not." placeholder:"NETWORK" toml:"trusted_proxies"`
	// PROXY has the trusted proxies begin each connection with a header of the PROXY protocol, version 2.
	PROXY bool `name:"proxy-protocol" help:"Have the trusted proxies begin each connection with a PROXY protocol header of version 2, and refuse theirs without one. Needs --trusted-proxies." toml:"proxy_protocol"`
	// H2C has the server speak HTTP/2 without TLS to whoever begins with it.
	H2C bool `name:"h2c" help:"Speak HTTP/2 without TLS, too, to clients that begin with it (prior knowledge): for a proxy that ends TLS." toml:"h2c"`
}

// TrustedPrefixes gives Trusted as networks: "loopback" is 127.0.0.0/8 and ::1, "private" that and 10.0.0.0/8, 172.16.0.0/12,
// 192.168.0.0/16 (RFC 1918) and fc00::/7 (RFC 4193), an address is itself only.
func (p *Proxies) TrustedPrefixes() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range p.Trusted {
		prefixes, err := parseNetwork(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		all = append(all, prefixes...)
	}
	return all, nil
}

func parseNetwork(text string) ([]netip.Prefix, error) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	switch text {
	case "loopback":
		return loopback, nil
	case "private":
		return append(loopback, netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
			netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fc00::/7")), nil
	}
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return []netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())}, nil
	}
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil || prefix.Addr().Is4In6():
		return nil, fmt.Errorf("trusted_proxies has %q: it must be an address, a network such as 10.0.0.0/8, loopback or private", text)
	case prefix.Bits() == 0:
		return nil, fmt.Errorf("trusted_proxies has %q: if everybody is trusted, anybody can say to be anybody else", text)
	}
	return []netip.Prefix{prefix.Masked()}, nil
}

// Validate reports what cannot be used.
func (p *Proxies) Validate() error {
	_, err := p.TrustedPrefixes()
	if p.PROXY && len(p.Trusted) == 0 {
		err = errors.Join(err, errors.New("proxy_protocol is believed of trusted proxies only: it needs trusted_proxies"))
	}
	return err
}

// validateACME reports what cannot be used of the settings for certificates by ACME.
func (t *TLS) validateACME() error {
	if len(t.ACME) == 0 {
		if t.ACMEEmail != "" || t.ACMEDirectory != "" || t.ACMECA != "" {
			return errors.New("tls.acme names the hosts that get certificates: the other settings of ACME need it")
		}
		return nil
	}
	var errs []error
	if t.Dev || t.Cert != "" || t.Key != "" {
		errs = append(errs, errors.New("tls.acme gets certificates: it cannot be set together with tls.cert and tls.key, or tls.dev"))
	}
	for _, host := range t.ACME {
		errs = append(errs, acmeHost(host))
	}
	if t.ACMEEmail != "" {
		if at, err := mail.ParseAddress(t.ACMEEmail); err != nil || at.Address != t.ACMEEmail {
			errs = append(errs, fmt.Errorf("tls.acme_email is %q: it must be an e-mail address", t.ACMEEmail))
		}
	}
	if t.ACMEDirectory != "" {
		// RFC 8555, section 6.1: ACME is spoken over https only.
		if u, err := url.Parse(t.ACMEDirectory); err != nil || u.Scheme != "https" || u.Host == "" {
			errs = append(errs, fmt.Errorf("tls.acme_directory is %q: it must be an https address", t.ACMEDirectory))
		}
	}
	return errors.Join(errs...)
}

// acmeHost tells why no authority would give a certificate for the name.
func acmeHost(host string) error {
	bad := func(why string) error { return fmt.Errorf("tls.acme has %q: %s", host, why) }
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return bad("certificates by ACME are for names, not addresses. Use tls.cert and tls.key, or tls.dev for trying")
	}
	lower := strings.ToLower(host)
	switch {
	case lower == "localhost" || strings.HasSuffix(lower, ".localhost"):
		return bad("no authority gives a certificate for this machine's own name. Use tls.dev for trying")
	case strings.HasPrefix(host, "*."):
		return bad("wildcards need a challenge by DNS, which the server does not have. Name the hosts")
	case strings.ContainsAny(host, ":/"):
		return bad("it must be a name alone, without scheme, port or path")
	case strings.ContainsFunc(host, func(r rune) bool { return r > 0x7e }):
		return bad("write it as DNS has it, beginning with xn--")
	}
	labels := strings.Split(host, ".")
	if len(labels) < 2 || len(host) > 253 || slices.ContainsFunc(labels, func(l string) bool { return !isLabel(l) }) {
		return bad("it must be a full host name, such as chat.example.org")
	}
	return nil
}

// isLabel tells whether it is a part of a host name (RFC 1123, section 2.1).
func isLabel(label string) bool {
	return label != "" && len(label) <= 63 && label[0] != '-' && label[len(label)-1] != '-' &&
		!strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		})
}
