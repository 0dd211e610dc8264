// Package proxies finds out who asks when proxies stand in between: by the headers that they add, and by the PROXY
// protocol. Only proxies that are trusted are believed.
package proxies

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"
)

// Trust knows the proxies that are believed. NewTrust makes one.
type Trust struct {
	networks []netip.Prefix
	log      *slog.Logger
	quarrel  sync.Once
}

// NewTrust trusts whoever has an address in one of the networks; none trusts nobody. log may be nil.
func NewTrust(networks []netip.Prefix, log *slog.Logger) *Trust {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Trust{networks: slices.Clone(networks), log: log}
}

// Has tells whether the address is that of a proxy that is believed.
func (t *Trust) Has(addr netip.Addr) bool {
	return slices.ContainsFunc(t.networks, func(p netip.Prefix) bool { return p.Contains(plain(addr)) })
}

// Client is who asks, as seen by the outermost proxy that is trusted.
type Client struct {
	// Addr is its address: the connection's own where no trusted proxy tells another one.
	Addr netip.Addr
	// Scheme is http or https, and Host the Host that was asked for, as a trusted proxy tells them; empty where none does.
	Scheme, Host string
}

// Client finds out who asks through the connection from the peer. The proxies are followed from the nearest outwards while
// each is trusted: what stands further out may have been written by anybody. Forwarded and X-Forwarded-For are two ways to
// tell the same; a proxy writes one and lets the other pass as it came from the client. So where both are there and do not
// lead to the same client, neither is believed.
func (t *Trust) Client(peer netip.Addr, header http.Header) Client {
	peer = plain(peer)
	if !t.Has(peer) { // what strangers write is not even read
		return Client{Addr: peer}
	}
	standard, older := forwarded(header.Values("Forwarded")), xForwarded(header)
	if len(standard) == 0 {
		return t.follow(peer, older)
	}
	c := t.follow(peer, standard)
	if len(header.Values("X-Forwarded-For")) > 0 && t.follow(peer, older).Addr != c.Addr {
		t.quarrel.Do(func() {
			t.log.Warn("a trusted proxy sent Forwarded and X-Forwarded-For that tell different clients: neither is believed. " +
				"Have it remove the one that it does not write")
		})
		return Client{Addr: peer}
	}
	return c
}

// follow goes along the hops from the last one outwards while those who tell them are trusted.
func (t *Trust) follow(peer netip.Addr, hops []hop) Client {
	c := Client{Addr: peer}
	for i := len(hops) - 1; i >= 0 && t.Has(c.Addr); i-- {
		h := hops[i]
		if h.scheme != "" {
			c.Scheme = h.scheme
		}
		if h.host != "" {
			c.Host = h.host
		}
		if !h.from.IsValid() { // who asked is not told: further out there is nobody to believe
			return c
		}
		c.Addr = h.from
	}
	return c
}

// clientKey is under which a request's context has its Client.
type clientKey struct{}

// Handler gives every request to next as its client sent it: with the client's address in RemoteAddr, its Host, and without
// the headers of proxies, also those that nobody believed.
func (t *Trust) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
			c := t.Client(peer.Addr(), r.Header)
			r = r.WithContext(context.WithValue(r.Context(), clientKey{}, c))
			if c.Addr != plain(peer.Addr()) {
				r.RemoteAddr = netip.AddrPortFrom(c.Addr, 0).String()
			}
			if c.Host != "" {
				r.Host = c.Host
			}
		}
		for _, name := range []string{
			"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Real-Ip",
		} {
			r.Header.Del(name)
		}
		next.ServeHTTP(w, r)
	})
}

// Secure tells whether the client asks over TLS: as a trusted proxy tells it, or else as the connection is.
func Secure(r *http.Request) bool {
	if c, _ := r.Context().Value(clientKey{}).(Client); c.Scheme != "" {
		return c.Scheme == "https"
	}
	return r.TLS != nil
}

// Origin is the scheme and the host that the client asked for, if a trusted proxy tells both; otherwise empty.
func Origin(r *http.Request) string {
	c, _ := r.Context().Value(clientKey{}).(Client)
	if c.Scheme == "" || c.Host == "" {
		return ""
	}
	return c.Scheme + "://" + c.Host
}
