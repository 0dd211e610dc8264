package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
)

// parseOrigin reads an origin as a browser would write it (RFC 6454, section 6.2: scheme and host in small letters, the
// port only where it is not the scheme's own). A slash at the end is let through, because people copy it along.
func parseOrigin(name, text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", fmt.Errorf("%s is %q: it must be a scheme and a host, such as https://chat.example.org", name, text)
	}
	if (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Opaque != "" {
		return "", fmt.Errorf("%s is %q: it must hold nothing after the host and port", name, text)
	}
	return origin(u.Scheme, u.Hostname(), u.Port()), nil
}

// origin writes an origin in its one form.
func origin(scheme, host, port string) string {
	host = strings.ToLower(host)
	if strings.Contains(host, ":") {
		host = "[" + host + "]" // IPv6, RFC 3986, section 3.2.2
	}
	if port == "" || (scheme == "http" && port == "80") || (scheme == "https" && port == "443") {
		return scheme + "://" + host
	}
	return scheme + "://" + host + ":" + port
}

// Host is what the machine is called, for servers that listen on all its interfaces.
type Host struct {
	Name  string
	Addrs []netip.Addr
}

// BaseURL is where people reach a server that listens on addr: PublicURL if it is set, or else the first name that has a
// certificate by ACME, or else the address itself, with a name that works on this machine where it listens on every interface. It has no slash at the end.
func (a *Address) BaseURL(addr net.Addr) string {
	if a.PublicURL != "" {
		if base, err := parseOrigin("public_url", a.PublicURL); err == nil {
			return base
		}
	}
	host, port := a.hostPort(addr)
	if len(a.TLS.ACME) > 0 {
		return origin("https", a.TLS.ACME[0], port)
	}
	if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return origin(a.scheme(), host, port)
}

// scheme is what the server itself speaks.
func (a *Address) scheme() string {
	if a.TLS.On() {
		return "https"
	}
	return "http"
}

// Host is the name or address by which people reach the server, as far as that follows from what is set: the one of
// PublicURL, or else the first of TLS.ACME, or else the one of Listen. It is empty where that is the loopback or every interface.
func (a *Address) Host() string {
	if u, err := url.Parse(a.PublicURL); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	if len(a.TLS.ACME) > 0 {
		return a.TLS.ACME[0]
	}
	host, _ := a.hostPort(nil)
	if ip, err := netip.ParseAddr(host); strings.EqualFold(host, "localhost") || (err == nil && (ip.IsUnspecified() || ip.IsLoopback())) {
		return ""
	}
	return host
}

// hostPort is what is listened on: the host as it was set, which may be a name, and the port that was in fact taken.
// A nil addr is a server that does not listen yet.
func (a *Address) hostPort(addr net.Addr) (host, port string) {
	host, port, _ = net.SplitHostPort(a.Listen) // Validate has seen it
	if addr != nil {
		if _, taken, err := net.SplitHostPort(addr.String()); err == nil {
			port = taken
		}
	}
	return host, port
}

// AllowedOrigins are the origins from whose pages the socket may be opened, for a server that listens on addr: those by
// which its own pages can be reached, and Origins. A name that has a certificate by ACME counts with the port that is
// listened on and with that of https, because a router may lie in between. A server on the loopback is reached by each of its three names, one
// on every interface by the machine's name and each of its addresses.
func (c *Config) AllowedOrigins(addr net.Addr, machine Host) ([]string, error) {
	host, port := c.hostPort(addr)
	hosts := []string{host}
	ip, err := netip.ParseAddr(host)
	wildcard := host == "" || (err == nil && ip.IsUnspecified())
	loopback := strings.EqualFold(host, "localhost") || (err == nil && ip.IsLoopback())
	if wildcard {
		hosts = nil
		if machine.Name != "" {
			hosts = append(hosts, machine.Name)
		}
		for _, a := range machine.Addrs {
			hosts = append(hosts, a.WithZone("").String())
		}
	}
	if wildcard || loopback {
		hosts = append(hosts, "127.0.0.1", "localhost", "::1")
	}
	var origins []string
	for _, h := range hosts {
		origins = append(origins, origin(c.scheme(), h, port))
	}
	for _, h := range c.TLS.ACME {
		origins = append(origins, origin("https", h, port), origin("https", h, ""))
	}
	further := slices.Clone(c.Origins)
	if c.PublicURL != "" {
		further = append(further, c.PublicURL)
	}
	for _, text := range further {
		o, err := parseOrigin("origins", text)
		if err != nil {
			return nil, err
		}
		origins = append(origins, o)
	}
	slices.Sort(origins)
	return slices.Compact(origins), nil
}

// ThisHost gives the machine's name and the addresses of its interfaces; what cannot be found out is left out.
func ThisHost() Host {
	var h Host
	h.Name, _ = os.Hostname()
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			h.Addrs = append(h.Addrs, prefix.Addr())
		}
	}
	return h
}
