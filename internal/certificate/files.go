// Package certificate gives a TLS server its certificate: from files, which may change while it runs, or one of its own
// for trying.
package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookEvery is how often the files are looked at, at most, while connections come in.
const lookEvery = 2 * time.Second

// Files is a certificate in two files. It is safe for use by many goroutines.
type Files struct {
	certName, keyName string
	log               *slog.Logger

	mu     sync.Mutex
	pair   *tls.Certificate
	looked time.Time
	// seen is how the files looked when they were last read, whatever came of that.
	seen [2]stamp
}

// stamp tells whether a file has changed.
type stamp struct {
	at   time.Time
	size int64
}

// Load reads a certificate and its key from PEM files. The error says what is wrong with them.
func Load(certName, keyName string, log *slog.Logger) (*Files, error) {
	f := &Files{certName: certName, keyName: keyName, log: log, looked: time.Now()}
	f.seen = [2]stamp{stampOf(certName), stampOf(keyName)}
	var err error
	f.pair, err = f.read()
	return f, err
}

// read reads the pair and checks that its parts belong together.
func (f *Files) read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(f.certName, f.keyName)
	if err == nil {
		return &pair, nil
	}
	if missing, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, fmt.Errorf("reading the TLS certificate: %w", missing)
	}
	return nil, fmt.Errorf("the TLS certificate in %s and its key in %s cannot be used: %w", f.certName, f.keyName, err)
}

func stampOf(name string) stamp {
	info, err := os.Stat(name)
	if err != nil {
		return stamp{} // that it is gone is a change, too
	}
	return stamp{info.ModTime(), info.Size()}
}

// Get gives the certificate for a handshake; it is a tls.Config's GetCertificate. If the files have changed, it is the new
// one, at most two seconds later. If what is there now cannot be used, that is logged once, and the old one stays.
func (f *Files) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if now.Sub(f.looked) < lookEvery {
		return f.pair, nil
	}
	f.looked = now
	found := [2]stamp{stampOf(f.certName), stampOf(f.keyName)}
	if found == f.seen {
		return f.pair, nil
	}
	f.seen = found
	pair, err := f.read()
	if err != nil {
		f.log.Error("the TLS certificate has changed and the new one cannot be used: the old one stays", slog.Any("error", err))
		return f.pair, nil
	}
	f.pair = pair
	f.log.Info("the TLS certificate has changed: the new one is used", slog.Time("valid_until", pair.Leaf.NotAfter))
	return f.pair, nil
}

// Problem tells in a clause what clients will find wrong with the certificate at that time, nil if nothing: that it is not
// valid yet or no more, or soon no more, or does not name the host. An empty host is any.
func (f *Files) Problem(host string, now time.Time) error {
	f.mu.Lock()
	leaf := f.pair.Leaf
	f.mu.Unlock()
	return Problem(leaf, host, now)
}

// Problem is what Files.Problem tells, of any certificate. "Soon" is 7 days, and for one that lives for less than 42 days a
// sixth of its life: it should have been renewed by then.
func Problem(leaf *x509.Certificate, host string, now time.Time) error {
	soon := min(7*24*time.Hour, leaf.NotAfter.Sub(leaf.NotBefore)/6)
	switch {
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("it is not valid before %s", leaf.NotBefore.Format(time.RFC3339))
	case now.After(leaf.NotAfter):
		return fmt.Errorf("it has expired on %s", leaf.NotAfter.Format(time.RFC3339))
	}
	if host != "" {
		if err := leaf.VerifyHostname(host); err != nil {
			return fmt.Errorf("it is not for this server: %w", err)
		}
	}
	if now.Add(soon).After(leaf.NotAfter) {
		return fmt.Errorf("it expires on %s", leaf.NotAfter.Format(time.RFC3339))
	}
	return nil
}
