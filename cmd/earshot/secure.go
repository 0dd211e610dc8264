package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/config"
	"github.com/earshot-chat/earshot/httpd"
	"github.com/earshot-chat/earshot/internal/authority"
	"github.com/earshot-chat/earshot/internal/certificate"
	"github.com/earshot-chat/earshot/internal/passkey"
	"github.com/earshot-chat/earshot/transport/ws"
)

// certificateEvery is how often the certificate is looked at for what clients would find wrong with it.
const certificateEvery = 24 * time.Hour

// secure is what a server has that speaks TLS; all of it is nil in one that does not.
type secure struct {
	config *tls.Config
	// files is the certificate that was set, and own the one that was made for trying: one of them or
	// neither.
	files *certificate.Files
	own   *tls.Certificate
	// authority gives certificates, if one is to be asked.
	authority *authority.Authority
	// redirect answers plain HTTP at its listener, if that is wanted.
	redirect         *httpd.Redirect
	redirectListener net.Listener
}

// loadCertificate gets or makes the certificate, and says what is wrong with it.
func (s *server) loadCertificate(ctx context.Context, c *config.Config) error {
	var err error
	switch {
	case c.TLS.Dev:
		machine := config.ThisHost()
		hosts := []string{"localhost", "127.0.0.1", "::1"}
		if machine.Name != "" {
			hosts = append(hosts, machine.Name)
		}
		for _, addr := range machine.Addrs {
			hosts = append(hosts, addr.String())
		}
		if host := c.Host(); host != "" {
			hosts = append(hosts, host)
		}
		if s.secure.own, err = certificate.Own(hosts); err != nil {
			return err
		}
		own := s.secure.own
		s.secure.config = &tls.Config{
			MinVersion:     tls.VersionTLS12,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return own, nil },
		}
		s.log.WarnContext(ctx, "TLS with a certificate of the server's own, for trying: browsers warn of it",
			slog.String("sha256", certificate.Fingerprint(own)))
	case len(c.TLS.ACME) > 0:
		return s.askAuthority(c)
	case c.TLS.On():
		if s.secure.files, err = certificate.Load(c.TLS.Cert, c.TLS.Key, s.log); err != nil {
			return err
		}
		s.secure.config = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.secure.files.Get}
		s.complain(ctx, c.Host())
	}
	return nil
}

// complain logs what is wrong with the certificate.
func (s *server) complain(ctx context.Context, host string) {
	if _, err := s.secure.files.Get(nil); err != nil { // a new one may be there, though nobody connected since
		return
	}
	if problem := s.secure.files.Problem(host, time.Now()); problem != nil {
		s.log.WarnContext(ctx, "browsers will refuse the TLS certificate, now or soon", slog.Any("problem", problem))
	}
}

// makePasskeys makes the ceremonies of passkeys, where the server has a name that they can belong to.
func (s *server) makePasskeys(c *config.Config, policy *account.Config) error {
	origins, err := c.AllowedOrigins(s.listener.Addr(), config.ThisHost())
	if err != nil {
		return err
	}
	ceremonies, err := passkey.New(c.BaseURL(s.listener.Addr()), c.Name, origins)
	if ceremonies != nil { // no interface around a nil pointer
		policy.WebAuthn = ceremonies
	}
	return err
}

// makeRedirect makes what answers plain HTTP.
func (s *server) makeRedirect(c *config.Config) error {
	if s.secure.redirectListener == nil {
		return nil
	}
	base := ""
	if strings.HasPrefix(s.baseURL, "https://") && c.PublicURL != "" {
		base = s.baseURL
	}
	_, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		return fmt.Errorf("the port that is listened on: %w", err)
	}
	s.secure.redirect = httpd.NewRedirect(base, port, s.log)
	s.secure.redirect.Through(s.trust.Handler)
	if s.secure.authority != nil {
		s.secure.redirect.Through(s.secure.authority.Handler)
	}
	return nil
}

// serve answers until stop. The listeners stay as they are, so that they can be passed to a successor.
func (s *server) serve() error {
	if s.secure.redirect != nil {
		s.log.Info("redirecting to https", slog.String("address", s.secure.redirectListener.Addr().String()))
		s.work.Go(func() {
			if err := s.secure.redirect.Serve(s.wrap(s.secure.redirectListener)); err != nil {
				s.log.Error("plain HTTP is no longer redirected", slog.Any("error", err))
			}
		})
	}
	if s.secure.config == nil {
		return s.http.Serve(s.wrap(s.listener))
	}
	return s.http.Serve(ws.TakeoverListener(s.wrap(s.listener)))
}

// listeners are all on which the server listens, in the order in which a successor, or systemd, passes them.
func (s *server) listeners() []net.Listener {
	all := []net.Listener{s.listener}
	if s.secure.redirectListener != nil {
		all = append(all, s.secure.redirectListener)
	}
	return all
}
