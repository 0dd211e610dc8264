package config

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"os"
	"time"
)

// SMTP says how mail is sent. Without a host none is.
type SMTP struct {
	// Host is the mail server's, and Port its port; 0 is that of the security: 587, 465 or 25.
	Host string `help:"The mail server through which mail is sent: links to set a password anew, and to confirm addresses. Needs --public-url. Without it no mail is sent." placeholder:"HOST" toml:"host"`
	Port int    `help:"Its port; 0 is 587 for starttls, 465 for implicit, 25 for none." default:"0" placeholder:"PORT" toml:"port"`
	// User and one of Password and PasswordFile are what it wants to know.
	User         string `help:"The name by which the server logs in to the mail server." placeholder:"NAME" toml:"user"`
	Password     string `help:"Its password. Not on the command line, where others on the machine see it: in the environment, or in a file." placeholder:"TEXT" toml:"password"`
	PasswordFile string `help:"A file with the password." placeholder:"FILE" toml:"password_file"`
	// From is the address that mail comes from.
	From string `help:"The address that mail comes from, such as chat@example.org or Chat <chat@example.org>." placeholder:"ADDRESS" toml:"from"`
	// TLS is starttls, implicit or none.
	TLS string `name:"tls" help:"How the connection to the mail server is protected: starttls (and nothing is said without it), implicit (TLS from the beginning) or none (for one on this machine only)." default:"starttls" placeholder:"MODE" toml:"tls"`
	// CA is the name of a PEM file.
	CA string `name:"ca" help:"The certificates by which the mail server is known, a PEM file, where the system does not know them." placeholder:"FILE" toml:"ca"`
}

// On tells whether mail is sent.
func (s *SMTP) On() bool { return s.Host != "" }

// PortOrDefault is the port to speak to.
func (s *SMTP) PortOrDefault() int {
	switch {
	case s.Port != 0:
		return s.Port
	case s.TLS == "implicit":
		return 465 // RFC 8314, section 3.3
	case s.TLS == "none":
		return 25
	}
	return 587 // RFC 6409, section 3.1
}

// ReadPassword gives the password, from its file if there is one. A line break at the end is not part of it.
func (s *SMTP) ReadPassword() (string, error) {
	if s.PasswordFile == "" {
		return s.Password, nil
	}
	text, err := os.ReadFile(s.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("reading the password of the mail server: %w", err)
	}
	return string(bytes.TrimRight(text, "\r\n")), nil
}

// Validate reports what cannot be used.
func (s *SMTP) Validate() error {
	if !s.On() {
		if s.User != "" || s.Password != "" || s.PasswordFile != "" || s.From != "" || s.CA != "" {
			return errors.New("smtp.host names the mail server: the other settings of mail need it")
		}
		return nil
	}
	errs := []error{oneOf("smtp.tls", s.TLS, "starttls", "implicit", "none"), within("smtp.port", s.Port, 0, 65535)}
	if s.TLS == "none" && !loopback(s.Host) {
		errs = append(errs, fmt.Errorf("smtp.tls is none, and smtp.host is %q: without TLS mail goes to this machine only, such as 127.0.0.1", s.Host))
	}
	if _, err := mail.ParseAddress(s.From); err != nil {
		errs = append(errs, fmt.Errorf("smtp.from is %q: it must be an address of mail, such as chat@example.org", s.From))
	}
	if s.Password != "" && s.PasswordFile != "" {
		errs = append(errs, errors.New("smtp.password and smtp.password_file are two ways to say the same: set one"))
	}
	if s.User == "" && (s.Password != "" || s.PasswordFile != "") {
		errs = append(errs, errors.New("smtp.user is missing: there is a password for it"))
	}
	return errors.Join(errs...)
}

// loopback tells whether a host is this machine.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

const (
	minResetAge = time.Minute
	maxResetAge = 7 * 24 * time.Hour
)

// validateMail reports what cannot be used of the settings for mail.
func (c *Config) validateMail() error {
	errs := []error{c.SMTP.Validate()}
	if c.SMTP.On() && c.PublicURL == "" {
		errs = append(errs, errors.New("smtp.host needs public_url: a link in a mail leads there, whatever a request says that the server is called"))
	}
	if c.ConfirmEmail && !c.SMTP.On() {
		errs = append(errs, errors.New("confirm_email needs smtp.host: the link to confirm an address comes by mail"))
	}
	if c.ResetAge < minResetAge || c.ResetAge > maxResetAge {
		errs = append(errs, fmt.Errorf("reset_age is %v: it must be from %v to %v", c.ResetAge, minResetAge, maxResetAge))
	}
	return errors.Join(errs...)
}
