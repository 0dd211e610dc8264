package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/earshot-chat/earshot"
)

// maxAnswer is how much of an answer is read.
const maxAnswer = 64 << 10

// How far the server's clock may be from this one. Dates of HTTP have whole seconds.
const (
	clockSlack = 5 * time.Second
	clockBound = 5 * time.Minute
)

// answer is what came back.
type answer struct {
	status int
	proto  string
	header http.Header
	body   []byte
	// sent and came are when.
	sent, came time.Time
}

// get asks for a path.
func (p *patient) get(ctx context.Context, client *http.Client, path string, header http.Header) (*answer, error) {
	return p.ask(ctx, client, p.origin+path, header)
}

func (p *patient) ask(ctx context.Context, client *http.Client, address string, header http.Header) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", "earshot-doctor")
	a := &answer{sent: p.opts.Now()}
	resp, err := client.Do(req)
	if err != nil {
		if wrapped, is := errors.AsType[*url.Error](err); is {
			err = wrapped.Err
		}
		return nil, cause(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	a.came, a.status, a.proto, a.header = p.opts.Now(), resp.StatusCode, resp.Proto, resp.Header
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return a, nil
	}
	if a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer)); err != nil {
		return nil, cause(ctx, err)
	}
	return a, nil
}

// problem gives the code of one of Earshot's own errors, empty for any other answer: proxies do not write these.
func (a *answer) problem() earshot.Code {
	if kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type")); err != nil || kind != "application/problem+json" {
		return ""
	}
	var problem struct {
		Status int          `json:"status"`
		Code   earshot.Code `json:"code"`
	}
	if json.Unmarshal(a.body, &problem) != nil || problem.Status != a.status {
		return ""
	}
	return problem.Code
}

// foreign describes an answer that is not Earshot's.
func (a *answer) foreign() string {
	if by := a.header.Get("Server"); by != "" {
		return fmt.Sprintf("status %d of %q", a.status, by[:min(len(by), 40)])
	}
	return fmt.Sprintf("status %d", a.status)
}

// gateway tells whether a proxy says with it that it does not get to the server.
func (a *answer) gateway() bool {
	return a.status == http.StatusBadGateway || a.status == http.StatusGatewayTimeout || a.status == http.StatusServiceUnavailable
}

// redirect looks whether plain HTTP leads to https.
func (p *patient) redirect(ctx context.Context) Finding {
	const advice = "Redirect plain HTTP to https in the proxy, or have the server do it: --tls-redirect :80."
	if !p.secure || p.opts.PlainPort == 0 {
		return skipped("there is no port of plain HTTP that belongs to this URL")
	}
	port := strconv.Itoa(int(p.opts.PlainPort))
	if p.opts.PlainPort == 80 {
		port = ""
	}
	a, err := p.ask(ctx, p.http1, "http://"+p.hostPort(port)+"/login", nil)
	switch {
	case err != nil:
		return warning(advice, "nobody answers plain HTTP, with which browsers may begin: %v", err)
	case a.status >= 300 && a.status < 400 && strings.HasPrefix(strings.ToLower(a.header.Get("Location")), p.origin+"/"):
		return ok("plain HTTP leads to https with status %d", a.status)
	case a.status >= 300 && a.status < 400:
		return warning(advice, "plain HTTP leads to another address than %s", p.origin)
	case a.status < 300:
		return failed(advice, "pages are shown without TLS, with status %d", a.status)
	}
	return warning(advice, "plain HTTP is answered with %s", a.foreign())
}

// overHTTP1 asks for the state of the server over HTTP/1.1, which the socket needs.
func (p *patient) overHTTP1(ctx context.Context) Finding {
	a, err := p.get(ctx, p.http1, "/healthz", nil)
	return p.health(a, err, "HTTP/1.1")
}

// overHTTP2 does so over HTTP/2.
func (p *patient) overHTTP2(ctx context.Context) Finding {
	if !p.secure {
		return skipped("browsers speak HTTP/2 over TLS only")
	}
	a, err := p.get(ctx, p.http2, "/healthz", nil)
	if err != nil || a.proto != "HTTP/2.0" {
		return warning("Switch HTTP/2 on in the proxy: pages load faster with it.", "HTTP/2 is not spoken, HTTP/1.1 is")
	}
	return p.health(a, nil, "HTTP/2")
}

func (p *patient) health(a *answer, err error, proto string) Finding {
	switch {
	case err != nil:
		return failed("See the log of the server, and that of the proxy.", "%s gets no answer: %v", proto, err)
	case a.status == http.StatusOK && string(a.body) == "ok\n":
		return ok("the server answers over %s and is well", proto)
	case a.status == http.StatusServiceUnavailable && strings.Contains(string(a.body), "the store does not answer"):
		return failed("See that the database runs and is reached from the server.", "the server runs, but its database does not answer")
	case a.gateway() && a.problem() == "":
		return failed("See that the server runs, and that the proxy asks at the address where it listens (--listen).",
			"a proxy answers, and does not get to the server: %s", a.foreign())
	}
	return failed("See that the URL is that of Earshot, and that the proxy passes all paths on to it.", "something else answers: %s", a.foreign())
}

// server asks which server it is.
func (p *patient) server(ctx context.Context) Finding {
	a, err := p.get(ctx, p.http1, "/api/v1/server", nil)
	if err != nil {
		return failed("See the log of the server, and that of the proxy.", "the API gives no answer: %v", err)
	}
	var s struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		SignUp  string `json:"sign_up"`
	}
	if a.status != http.StatusOK || json.Unmarshal(a.body, &s) != nil || s.Version == "" || s.SignUp == "" {
		return failed("See that the URL is that of Earshot, and that the proxy passes all paths on to it, /api/ and /ws among them.",
			"the API does not answer as Earshot does: %s", a.foreign())
	}
	p.here = true
	return ok("Earshot %s, called %s", strconv.QuoteToGraphic(s.Version), strconv.QuoteToGraphic(s.Name))
}

// clock compares the server's time with that of this machine.
func (p *patient) clock(ctx context.Context) Finding {
	a, err := p.get(ctx, p.http1, "/api/v1/server", nil)
	if err != nil {
		return failed("See the log of the server, and that of the proxy.", "the API gives no answer: %v", err)
	}
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return warning("Have the proxy leave the header Date as it is.", "the answer has no time")
	}
	// It was so within the second that the header names, between asking and the answer.
	var off time.Duration
	switch {
	case date.Add(time.Second).Before(a.sent):
		off = a.sent.Sub(date.Add(time.Second))
	case date.After(a.came):
		off = date.Sub(a.came)
	}
	const advice = "Set the clocks by NTP, that of the server and that of this machine: messages show wrong times, and certificates are judged by it."
	switch {
	case off > clockBound:
		return failed(advice, "its clock and this one are %v apart", off.Round(time.Second))
	case off > clockSlack:
		return warning(advice, "its clock and this one are %v apart", off.Round(time.Second))
	}
	return ok("its clock is right")
}

// headers looks whether the headers that protect the page come through as the server sends them.
func (p *patient) headers(ctx context.Context) Finding {
	a, err := p.get(ctx, p.http1, "/", nil)
	if err != nil {
		return failed("See the log of the server, and that of the proxy.", "the page is not answered: %v", err)
	}
	policies := a.header.Values("Content-Security-Policy")
	switch {
	case len(policies) == 0 || a.header.Get("X-Content-Type-Options") == "":
		return warning("Have the proxy leave the answer's headers as they are.", "a proxy takes the headers away that protect the page")
	case len(policies) > 1 || !strings.Contains(policies[0], "connect-src 'self'"):
		return warning("Have the proxy leave Content-Security-Policy to the server: with another one the page may not work.",
			"a proxy adds or changes the Content-Security-Policy")
	case p.secure && !strings.Contains(a.header.Get("Strict-Transport-Security"), "max-age="):
		return warning("Where a proxy ends TLS: name it with --trusted-proxies, and have it send X-Forwarded-Proto. Where it was switched off with --tls-hsts 0, that is meant.",
			"browsers are not told to come back over TLS only (HSTS): does the server know that you came over TLS?")
	}
	return ok("the headers that protect the page come through")
}
