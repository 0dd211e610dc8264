// Package authority gets a TLS server its certificates from an authority, by ACME (RFC 8555), and renews them.
package authority

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/earshot-chat/earshot/internal/certificate"
)

const (
	// answerTime is how long the authority may take over one request.
	answerTime = 30 * time.Second
	// watchEvery is how often the certificates are looked at, and those that are missing asked for again. Let's Encrypt takes
	// five failed tries an hour for a name.
	watchEvery = time.Hour
)

// Options is what an Authority is made of.
type Options struct {
	// Hosts are the names that get certificates; nobody gets one for another name.
	Hosts []string
	// Email is whom the authority may write to; empty for nobody.
	Email string
	// Directory is the authority's ACME directory; empty for Let's Encrypt.
	Directory string
	// CA is a PEM file with the certificates by which the authority's own server is known; empty for the system's.
	CA string
	// Dir is where keys and certificates are kept. It is made, for its owner only, and so are the files.
	Dir string
	// Log may be nil.
	Log *slog.Logger
}

// Authority gets certificates. New makes one; it is safe for use by many goroutines.
type Authority struct {
	hosts   []string
	manager *autocert.Manager
	log     *slog.Logger
}

// New makes an Authority, and the directory for what it keeps. Nothing is asked for yet.
func New(opts Options) (*Authority, error) {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	client := &http.Client{Timeout: answerTime}
	if opts.CA != "" {
		text, err := os.ReadFile(opts.CA)
		if err != nil {
			return nil, fmt.Errorf("reading the certificates of the ACME authority: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", opts.CA)
		}
		client.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2: true, IdleConnTimeout: answerTime,
		}
	}
	// Now, so that it shows at the start if it cannot be.
	if err := os.MkdirAll(opts.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory for certificates: %w", err)
	}
	return &Authority{hosts: slices.Clone(opts.Hosts), log: log, manager: &autocert.Manager{
		Prompt:     autocert.AcceptTOS, // whoever set the hosts has agreed: the setting says so
		Cache:      autocert.DirCache(opts.Dir),
		HostPolicy: autocert.HostWhitelist(opts.Hosts...),
		Email:      opts.Email,
		Client:     &acme.Client{DirectoryURL: opts.Directory, HTTPClient: client, UserAgent: "earshot"},
	}}, nil
}

// Dir is where a server whose files are in data keeps what an Authority keeps.
func Dir(data string) string { return filepath.Join(data, "acme") }

// Config is for a server that shows the certificates, and answers the authority's question on the port of https
// (TLS-ALPN-01, RFC 8737). A handshake for a name without a certificate waits until there is one.
func (a *Authority) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: a.manager.GetCertificate,
		NextProtos:     []string{"h2", "http/1.1", acme.ALPNProto},
	}
}

// Handler answers the authority's question on the port of plain HTTP (HTTP-01, RFC 8555, section 8.3), which is then one
// of the ways that are tried, and gives everything else to next.
func (a *Authority) Handler(next http.Handler) http.Handler {
	answer := a.manager.HTTPHandler(nil)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/.well-known/acme-challenge/") {
			next.ServeHTTP(w, r)
			return
		}
		if name, _, err := net.SplitHostPort(r.Host); err == nil { // autocert knows names without ports only
			r.Host = name
		}
		answer.ServeHTTP(w, r)
	})
}

// Watch gets the certificates before anybody asks for them, which also has them renewed in time, and looks at them every
// hour. What goes wrong is logged. It ends with ctx, but may wait for the authority until then.
func (a *Authority) Watch(ctx context.Context) {
	again := time.NewTicker(watchEvery)
	defer again.Stop()
	until := make(map[string]time.Time)
	for {
		for _, host := range a.hosts {
			a.look(ctx, host, until)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}

// look gets the certificate of a host, and tells if it is a new one or none.
func (a *Authority) look(ctx context.Context, host string, until map[string]time.Time) {
	if ctx.Err() != nil {
		return
	}
	leaf, err := a.get(ctx, host)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		a.log.ErrorContext(ctx, "no TLS certificate could be got: the authority must reach this server under the name, at port 443 or 80",
			slog.String("host", host), slog.Any("error", err))
	case !leaf.NotAfter.Equal(until[host]):
		until[host] = leaf.NotAfter
		a.log.InfoContext(ctx, "there is a TLS certificate from the authority", slog.String("host", host), slog.Time("valid_until", leaf.NotAfter))
	default:
		if problem := certificate.Problem(leaf, host, time.Now()); problem != nil {
			a.log.WarnContext(ctx, "the TLS certificate was not renewed in time", slog.String("host", host), slog.Any("problem", problem))
		}
	}
}

// get gives the host's certificate, or stops waiting for it when ctx ends; the request to the authority then ends by itself.
func (a *Authority) get(ctx context.Context, host string) (*x509.Certificate, error) {
	type outcome struct {
		pair *tls.Certificate
		err  error
	}
	got := make(chan outcome, 1)
	go func() {
		// As a browser of today would: with a key of ECDSA.
		pair, err := a.manager.GetCertificate(&tls.ClientHelloInfo{
			ServerName: host, SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256},
			SupportedCurves: []tls.CurveID{tls.CurveP256}, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		})
		got <- outcome{pair, err}
	}()
	select {
	case o := <-got:
		if o.err == nil && o.pair.Leaf == nil {
			return nil, errors.New("a certificate without content")
		}
		if o.err != nil {
			return nil, o.err
		}
		return o.pair.Leaf, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
