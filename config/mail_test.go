package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMail(t *testing.T) {
	t.Parallel()
	mail := func(change func(*Config)) *Config {
		c := &Config{ResetAge: time.Hour}
		c.PublicURL = "https://chat.example.org"
		c.SMTP = SMTP{Host: "mail.example.org", From: "Chat <chat@example.org>", TLS: "starttls"}
		change(c)
		return c
	}
	for want, change := range map[string]func(*Config){
		"":                       func(*Config) {},
		"smtp.tls is none":       func(c *Config) { c.SMTP.TLS = "none" },
		"smtp.tls is \"ssl\"":    func(c *Config) { c.SMTP.TLS = "ssl" },
		"smtp.port":              func(c *Config) { c.SMTP.Port = 70000 },
		"smtp.from":              func(c *Config) { c.SMTP.From = "a@b\r\nBcc: c@d" },
		"two ways":               func(c *Config) { c.SMTP.User, c.SMTP.Password, c.SMTP.PasswordFile = "a", "b", "c" },
		"smtp.user is missing":   func(c *Config) { c.SMTP.Password = "b" },
		"needs public_url":       func(c *Config) { c.PublicURL = "" },
		"the other settings":     func(c *Config) { c.SMTP.Host = "" },
		"confirm_email needs":    func(c *Config) { c.SMTP = SMTP{}; c.ConfirmEmail = true },
		"reset_age is 1s":        func(c *Config) { c.ResetAge = time.Second },
		"reset_age is 8760h0m0s": func(c *Config) { c.ResetAge = 365 * 24 * time.Hour },
	} {
		err := mail(change).validateMail()
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "127.3.2.1"} {
		if err := mail(func(c *Config) { c.SMTP.TLS, c.SMTP.Host = "none", host }).validateMail(); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	for tls, port := range map[string]int{"starttls": 587, "implicit": 465, "none": 25} {
		if got := (&SMTP{TLS: tls}).PortOrDefault(); got != port {
			t.Errorf("%s: %d", tls, got)
		}
	}
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("hush hush\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := (&SMTP{PasswordFile: file}).ReadPassword(); got != "hush hush" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := (&SMTP{PasswordFile: file + "x"}).ReadPassword(); err == nil {
		t.Error("a file that is not there is read")
	}
}
