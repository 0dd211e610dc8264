package main

import (
	"net"

	"github.com/earshot-chat/earshot/config"
	"github.com/earshot-chat/earshot/internal/authority"
	"github.com/earshot-chat/earshot/internal/proxies"
)

// trustProxies takes note of the proxies that are believed, and of how they tell whose a connection is.
func (s *server) trustProxies(c *config.Config) error {
	networks, err := c.TrustedPrefixes()
	if err != nil {
		return err
	}
	s.trust = proxies.NewTrust(networks, s.log)
	s.wrap = func(l net.Listener) net.Listener { return l }
	if c.PROXY {
		s.wrap = s.trust.Listener
	}
	return nil
}

// askAuthority has the certificates come from an authority. What it gives is kept in the data directory, where a successor
// finds it.
func (s *server) askAuthority(c *config.Config) error {
	var err error
	s.secure.authority, err = authority.New(authority.Options{
		Hosts: c.TLS.ACME, Email: c.TLS.ACMEEmail, Directory: c.TLS.ACMEDirectory, CA: c.TLS.ACMECA,
		Dir: authority.Dir(c.Data), Log: s.log,
	})
	if err != nil {
		return err
	}
	s.secure.config = s.secure.authority.Config()
	return nil
}
