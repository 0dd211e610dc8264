package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options says where the server is, who one is there, and how to get there. URL and one of Token and Cookie are needed.
type Options struct {
	// URL is the server's address: http, https, ws or wss, with a path if the server is below one.
	URL string
	// Token is a bearer token, as made by `earshot token create`.
	Token string
	// Cookie is the secret of a browser session, as LogIn gives it. It counts where there is no Token.
	Cookie string

	// HTTPClient makes the handshake and the calls of the REST API; nil for one of the client's own, which goes through the
	// proxy that the environment names. Its Transport must speak HTTP/1.1 for the handshake, as http.Transport does.
	HTTPClient *http.Client
	// Dial makes the network connections of the client's own HTTP client, as net.Dialer.DialContext does; nil for that one.
	// It is not used where there is an HTTPClient.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Compress offers the server to compress (permessage-deflate, RFC 7692). It saves traffic where messages are long, and
	// costs some memory and time.
	Compress bool

	// KeepTrying makes Dial try again, as after a lost connection, where the first try fails and another may help.
	KeepTrying bool
	// Outbox is how many calls may wait at once: posts, joins and whatever else was not answered. 0 is DefaultOutbox.
	Outbox int
	// Buffer is how many events may wait for the application before the client stops reading; an event of a long frame
	// counts once more for every 4 KiB. 0 is DefaultBuffer.
	Buffer int

	// hurry is a test's: it takes the place of waitFor.
	hurry func(v verdict, tries int, random func() float64, returnIn, least time.Duration) time.Duration
}

// Defaults of Options.
const (
	DefaultOutbox = 256
	DefaultBuffer = 1024
)

// What the cookie is called that holds a browser session's secret: the second is for servers that are reached over TLS, which the
// client itself need not know of.
const (
	cookieName     = "earshot_session"
	hostCookieName = "__Host-" + cookieName
)

// site is a server as requests are sent to it.
type site struct {
	base   *url.URL // http or https, without a slash at its end
	header http.Header
	http   *http.Client
	// own is the transport to clean up, if it is not the caller's.
	own *http.Transport
}

func newSite(opts *Options) (*site, error) {
	base, err := url.Parse(opts.URL)
	if err != nil {
		// The address may hold a secret, which the parser's own error would repeat.
		return nil, errors.New("earshot client: the URL cannot be read")
	}
	switch base.Scheme {
	case "ws":
		base.Scheme = "http"
	case "wss":
		base.Scheme = "https"
	case "http", "https":
	default:
		return nil, fmt.Errorf("earshot client: the URL must begin with http:, https:, ws: or wss:, not %q", base.Scheme)
	}
	if base.Host == "" {
		return nil, errors.New("earshot client: the URL names no host")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath, base.RawQuery, base.Fragment = "", "", ""
	for _, secret := range []string{opts.Token, opts.Cookie} {
		if strings.ContainsFunc(secret, func(r rune) bool { return r < 0x21 || r > 0x7e }) {
			return nil, errors.New("earshot client: a token or cookie holds what none has; is there a line break at its end?")
		}
	}
	s := &site{base: base, header: make(http.Header), http: opts.HTTPClient}
	switch {
	case opts.Token != "":
		s.header.Set("Authorization", "Bearer "+opts.Token)
	case opts.Cookie != "":
		s.header.Set("Cookie", cookieName+"="+opts.Cookie+"; "+hostCookieName+"="+opts.Cookie)
	}
	if s.http == nil {
		dial := opts.Dial
		if dial == nil {
			dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
		}
		s.own = &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: dial, TLSHandshakeTimeout: dialTimeout, ForceAttemptHTTP2: true,
			MaxIdleConns: 2, IdleConnTimeout: 30 * time.Second,
		}
		s.http = &http.Client{Transport: s.own}
	}
	return s, nil
}

// at gives an address below the server's.
func (s *site) at(path string) string { return s.base.String() + path }

// close lets go of connections that are kept for another request.
func (s *site) close() {
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
}
