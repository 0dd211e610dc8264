// Package doctor looks at a running server from outside, through whatever stands in between, and tells what is wrong and what
// to do about it.
package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// DefaultTimeout is how long one check may take.
const DefaultTimeout = 10 * time.Second

// Options says what to look at, and how closely.
type Options struct {
	// URL is the server as people reach it: http or https, a host, and a port where it is not the scheme's own. Without a
	// scheme it is https.
	URL string
	// Token is a bearer token; without one the checks that need a log-in are left out. It is sent only where the server's
	// certificate is good, or there is no TLS to the machine itself.
	Token string
	// Idle is for how long a connection is kept silent, beyond the server's own pings, to see whether something cuts it; 0 for
	// not at all.
	Idle time.Duration
	// Timeout is how long one check may take, Idle aside; 0 is DefaultTimeout.
	Timeout time.Duration
	// PlainPort is where plain HTTP is looked for that leads to https; 0 is 80, where the URL has no port of its own.
	PlainPort uint16
	// Roots are the authorities that are believed; nil for the system's.
	Roots *x509.CertPool
	// Now is the time by which clocks and certificates are judged; nil for time.Now.
	Now func() time.Time
}

// Status is what came of a check.
type Status string

// What comes of a check. Only Failed means that something does not work.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)

// Finding is what one check found.
type Finding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	// Text says what is so, Advice what to do about it where something is to be done.
	Text   string `json:"finding"`
	Advice string `json:"advice,omitempty"`
}

func ok(format string, args ...any) Finding {
	return Finding{Status: OK, Text: fmt.Sprintf(format, args...)}
}

func skipped(format string, args ...any) Finding {
	return Finding{Status: Skipped, Text: fmt.Sprintf(format, args...)}
}

func warning(advice, format string, args ...any) Finding {
	return Finding{Status: Warning, Text: fmt.Sprintf(format, args...), Advice: advice}
}

func failed(advice, format string, args ...any) Finding {
	return Finding{Status: Failed, Text: fmt.Sprintf(format, args...), Advice: advice}
}

// patient is the server that is looked at, and what is known of it by now.
type patient struct {
	opts Options
	// origin is the URL in the form that browsers give it.
	origin string
	secure bool
	host   string
	port   string

	tls          *tls.Config
	http1, http2 *http.Client
	transports   []*http.Transport

	addrs []netip.Addr
	// reached tells that there is something to look at, trusted that it may see the token, here that it is an Earshot, through
	// that a handshake gets to it.
	reached, trusted, here, through bool
	session                         *session
}

// check is one thing to look at. It may take its time at most, which it must see to by ctx.
type check struct {
	name string
	look func(p *patient, ctx context.Context) Finding
	// unless tells why there is no point in looking, nil if there always is.
	unless func(p *patient) string
}

// checks are all of them, in their order.
func checks() []check {
	reached := func(p *patient) string { return unless(p.reached, "the server is not reached") }
	here := func(p *patient) string { return unless(p.here, "no Earshot was found there") }
	through := func(p *patient) string { return unless(p.through, "no handshake gets through") }
	return []check{
		{"address", (*patient).address, nil},
		{"connection", (*patient).connection, func(p *patient) string { return unless(len(p.addrs) > 0, "there is no address") }},
		{"certificate", (*patient).certificate, reached},
		{"redirect", (*patient).redirect, reached},
		{"http/1.1", (*patient).overHTTP1, reached},
		{"http/2", (*patient).overHTTP2, reached},
		{"server", (*patient).server, reached},
		{"clock", (*patient).clock, reached},
		{"headers", (*patient).headers, here},
		{"upgrade", (*patient).upgrade, here},
		{"origin", (*patient).ownOrigin, through},
		{"foreign origin", (*patient).foreignOrigin, through},
		{"http/2 socket", (*patient).extendedConnect, here},
		{"socket", (*patient).socket, (*patient).mayLogIn},
		{"compression", (*patient).compression, (*patient).inSession},
		{"round trip", (*patient).roundTrip, (*patient).inSession},
		{"idle", (*patient).idle, (*patient).inSession},
		{"event stream", (*patient).eventStream, (*patient).mayLogIn},
	}
}

func unless(fine bool, why string) string {
	if fine {
		return ""
	}
	return why
}

// mayLogIn tells why the token is not to be sent.
func (p *patient) mayLogIn() string {
	switch {
	case p.opts.Token == "":
		return "it needs a log-in: give a token"
	case !p.trusted:
		return "the token is not sent where others could read it"
	}
	return unless(p.through, "no handshake gets through")
}

func (p *patient) inSession() string {
	if why := p.mayLogIn(); why != "" {
		return why
	}
	return unless(p.session != nil, "there is no session")
}

// Examine looks at the server, tells each finding as it comes (tell may be nil), and gives all of them. The error is for a
// URL that cannot be used only.
func Examine(ctx context.Context, opts Options, tell func(Finding)) ([]Finding, error) {
	p, err := newPatient(opts)
	if err != nil {
		return nil, err
	}
	defer p.close()
	var all []Finding
	for _, c := range checks() {
		f := p.perform(ctx, c)
		f.Check, f.Text = c.name, printable(f.Text)
		all = append(all, f)
		if tell != nil {
			tell(f)
		}
	}
	return all, nil
}

func (p *patient) perform(ctx context.Context, c check) Finding {
	if ctx.Err() != nil {
		return skipped("it was stopped before")
	}
	if c.unless != nil {
		if why := c.unless(p); why != "" {
			return skipped("%s", why)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, p.opts.Timeout+p.extra(c.name))
	defer cancel()
	return c.look(p, ctx)
}

// printable leaves out of a text what would steer a terminal: some of it is from the other side.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}

// extra is what a check may take beyond the time of all.
func (p *patient) extra(name string) time.Duration {
	if name == "idle" {
		return p.opts.Idle
	}
	return 0
}

// CheckURL tells why Examine could not use a URL.
func CheckURL(text string) error {
	_, err := parseURL(text)
	return err
}

func parseURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return nil, errors.New("the URL must be a scheme and a host, such as https://chat.example.org")
	case (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, errors.New("the URL must hold nothing after the host and port: Earshot has a host of its own")
	}
	return u, nil
}

func newPatient(opts Options) (*patient, error) {
	u, err := parseURL(opts.URL)
	if err != nil {
		return nil, err
	}
	if opts.Timeout == 0 {
		opts.Timeout = DefaultTimeout
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	p := &patient{opts: opts, secure: u.Scheme == "https", host: u.Hostname(), port: u.Port()}
	if p.secure && p.port == "443" || !p.secure && p.port == "80" {
		p.port = ""
	}
	p.origin = u.Scheme + "://" + strings.ToLower(p.hostPort(p.port))
	switch {
	case p.port != "":
	case p.secure:
		p.port = "443"
		if p.opts.PlainPort == 0 {
			p.opts.PlainPort = 80
		}
	default:
		p.port = "80"
	}
	p.tls = &tls.Config{RootCAs: opts.Roots, ServerName: p.host, MinVersion: tls.VersionTLS12, Time: opts.Now}
	return p, nil
}

// hostPort is the host as a URL has it, with the port if there is one.
func (p *patient) hostPort(port string) string {
	if port != "" {
		return net.JoinHostPort(p.host, port)
	}
	if strings.Contains(p.host, ":") {
		return "[" + p.host + "]"
	}
	return p.host
}

// makeClients makes the clients once it is known whether the certificate is good. They go through no proxy of this machine's:
// what is to be looked at is what stands before the server.
func (p *patient) makeClients() {
	p.http1 = p.client(func(protocols *http.Protocols) { protocols.SetHTTP1(true) })
	p.http2 = p.client(func(protocols *http.Protocols) { protocols.SetHTTP2(true) })
}

func (p *patient) client(choose func(*http.Protocols)) *http.Client {
	var protocols http.Protocols
	choose(&protocols)
	transport := &http.Transport{
		Protocols: &protocols, TLSClientConfig: p.tls.Clone(), DisableCompression: true, MaxResponseHeaderBytes: maxAnswer,
	}
	p.transports = append(p.transports, transport)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (p *patient) close() {
	if p.session != nil {
		_ = p.session.conn.CloseNow()
	}
	for _, t := range p.transports {
		t.CloseIdleConnections()
	}
}
