// Package smtpmail sends mail through an SMTP server. It is behind the seam earshot.Mailer.
package smtpmail

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"github.com/earshot-chat/earshot"
)

// Security says how a connection to the mail server is protected.
type Security string

// The kinds of security. There is none that falls back to a weaker one.
const (
	// Implicit is TLS from the first byte (RFC 8314, section 3.3).
	Implicit Security = "implicit"
	// StartTLS begins without and must go over to TLS before anything is said (RFC 3207).
	StartTLS Security = "starttls"
	// None is for a mail server on this machine.
	None Security = "none"
)

// Options is what a Sender is made of.
type Options struct {
	// Host and Port are where the mail server is.
	Host string
	Port int
	// User and Password are what it wants to know; no user for nothing.
	User, Password string
	// From is the address that the mail comes from, with or without a name: Earshot <chat@example.org>.
	From string
	// Security is StartTLS if empty.
	Security Security
	// Roots are the authorities that are believed; nil for those of the system.
	Roots *x509.CertPool
	Log   *slog.Logger
}

const (
	// mostWaiting is how many mails wait at most, those that are to be tried again included.
	mostWaiting = 500
	// patience is how long one try may take.
	patience = 30 * time.Second
	// mostText is the longest text of a mail, in bytes.
	mostText = 64 << 10
	// mostLine is the longest subject, in bytes: a server's name and a sentence.
	mostLine = 1000
)

// pauses are the times after which a mail is tried again that could not be sent. After the last one it is given up: the
// links in it are too old then.
func pauses() []time.Duration {
	return []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}
}

// Sender sends mail in the background, one after the other. It is safe for concurrent use.
type Sender struct {
	opts Options
	from mail.Address
	log  *slog.Logger
	// deliver sends one mail. Tests that are about time put another in its place.
	deliver func(ctx context.Context, m earshot.Mail) error

	mu      sync.Mutex
	waiting []waiting
	closed  bool
	// more tells the worker that there is something to look at.
	more chan struct{}
	end  context.CancelFunc
	done chan struct{}
}

// waiting is a mail that waits for its next try.
type waiting struct {
	mail  earshot.Mail
	at    time.Time
	tries int
}

// New makes a Sender, which does not speak to the mail server before there is a mail.
func New(opts Options) (*Sender, error) {
	s, err := newSender(opts)
	if err != nil {
		return nil, err
	}
	s.start()
	return s, nil
}

func newSender(opts Options) (*Sender, error) {
	from, err := mail.ParseAddress(opts.From)
	if err != nil {
		return nil, fmt.Errorf("the address that mail comes from: %w", err)
	}
	if opts.Security == "" {
		opts.Security = StartTLS
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sender{opts: opts, from: *from, log: opts.Log, more: make(chan struct{}, 1), done: make(chan struct{})}
	s.deliver = s.dial
	return s, nil
}

func (s *Sender) start() {
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	go s.work(ctx)
}

// Send implements earshot.Mailer.
func (s *Sender) Send(m earshot.Mail) error {
	if err := check(m); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.waiting) >= mostWaiting {
		return &earshot.Error{Code: earshot.CodeBusy, Message: "Too many mails wait to be sent. Please try again later.", RetryAfter: time.Minute}
	}
	s.waiting = append(s.waiting, waiting{mail: m, at: time.Now()})
	select {
	case s.more <- struct{}{}:
	default:
	}
	return nil
}

// check refuses what could become more of a mail than it is. RFC 5322, section 2.2: a header ends with its line, so what
// has a line break in it could be a header more, or the end of all of them.
func check(m earshot.Mail) error {
	if err := earshot.ValidateEmail(m.To); err != nil || m.To == "" {
		return earshot.FieldError("email", "That is not a mail address.")
	}
	if len(m.Subject) > mostLine || !utf8.ValidString(m.Subject) || strings.ContainsFunc(m.Subject, unicode.IsControl) ||
		strings.ContainsAny(m.Subject, "\u2028\u2029") {
		return earshot.FieldError("subject", "The subject of a mail is one line.")
	}
	if len(m.Text) > mostText || !utf8.ValidString(m.Text) {
		return earshot.FieldError("text", "The text of a mail is UTF-8, of at most %d bytes.", mostText)
	}
	return nil
}

// Close stops sending: the mail that is under way may be sent until ctx ends, those that wait are lost. There are links in
// them that people can ask for again.
func (s *Sender) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	lost := len(s.waiting)
	s.waiting = nil
	s.mu.Unlock()
	if lost > 0 {
		s.log.WarnContext(ctx, "mails that waited are not sent", slog.Int("count", lost))
	}
	select {
	case s.more <- struct{}{}:
	default:
	}
	defer s.end() // cuts what is under way
	select {
	case <-s.done:
	case <-ctx.Done():
	}
	return nil
}

// work sends what is due, until Close.
func (s *Sender) work(ctx context.Context) {
	defer close(s.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next, wait, closed := s.take()
		switch {
		case next != nil:
			s.try(ctx, *next)
			continue
		case closed:
			return
		}
		timer.Reset(wait)
		select {
		case <-s.more:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// take gives the mail that is due first, or how long there is none.
func (s *Sender) take() (next *waiting, wait time.Duration, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, 0, true
	}
	first := -1
	for i := range s.waiting {
		if first < 0 || s.waiting[i].at.Before(s.waiting[first].at) {
			first = i
		}
	}
	if first < 0 {
		return nil, time.Hour, false
	}
	if wait := time.Until(s.waiting[first].at); wait > 0 {
		return nil, wait, false
	}
	w := s.waiting[first]
	s.waiting = append(s.waiting[:first], s.waiting[first+1:]...)
	return &w, 0, false
}

// try sends a mail, or has it wait for another try. The log does not say to whom it goes.
func (s *Sender) try(ctx context.Context, w waiting) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := s.deliver(ctx, w.mail)
	if err == nil {
		return
	}
	why := slog.String("fault", faultOf(err))
	if w.tries >= len(pauses()) || permanent(err) {
		s.log.WarnContext(ctx, "a mail could not be sent, and is given up", why, slog.Int("tries", w.tries+1))
		return
	}
	w.at = time.Now().Add(pauses()[w.tries])
	w.tries++
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.waiting) >= mostWaiting {
		s.log.WarnContext(ctx, "a mail could not be sent, and is given up", why, slog.Int("tries", w.tries))
		return
	}
	s.waiting = append(s.waiting, w)
	s.log.WarnContext(ctx, "a mail could not be sent, and is tried again", why, slog.Duration("in", pauses()[w.tries-1]))
}

// permanent tells that the mail server would say the same again (RFC 5321, section 4.2.1: 5yz).
func permanent(err error) bool {
	e, ok := errors.AsType[*gomail.SendError](err)
	return ok && !e.IsTemp() && e.ErrorCode() >= 500
}

// faultOf is an error without the address that the mail server may repeat in it.
func faultOf(err error) string {
	if e, ok := errors.AsType[*gomail.SendError](err); ok {
		return fmt.Sprintf("%v, code %d", e.Reason, e.ErrorCode())
	}
	return err.Error()
}

// dial sends one mail over a connection of its own: there are few, and far between.
func (s *Sender) dial(ctx context.Context, m earshot.Mail) error {
	message, err := s.compose(m)
	if err != nil {
		return err
	}
	client, err := gomail.NewClient(s.opts.Host, s.options(ctx)...)
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, message)
}

// connect makes connections that are cut when until ends: the library minds contexts while it connects only, and a mail
// server that says nothing would hold up the stop of this one.
func (s *Sender) connect(until context.Context) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(until, func() { _ = conn.Close() })
		return conn, nil
	}
}

// options is how the library is to speak to the mail server.
func (s *Sender) options(ctx context.Context) []gomail.Option {
	options := []gomail.Option{
		gomail.WithPort(s.opts.Port), gomail.WithTimeout(patience),
		// What it says of itself in EHLO (RFC 5321, section 4.1.1.1) is not the name of this machine.
		gomail.WithHELO(s.domain()),
		gomail.WithTLSConfig(&tls.Config{ServerName: s.opts.Host, RootCAs: s.opts.Roots, MinVersion: tls.VersionTLS12}),
	}
	switch s.opts.Security {
	case Implicit:
		options = append(options, gomail.WithSSL()) // with a connection of its own: it knows then that it may say the password
	case None:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithDialContextFunc(s.connect(ctx)))
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithDialContextFunc(s.connect(ctx)))
	}
	if s.opts.User != "" {
		auth := gomail.SMTPAuthAutoDiscover // never one in the clear without TLS
		if s.opts.Security == None {
			auth = gomail.SMTPAuthPlainNoEnc // it stays on this machine
		}
		options = append(options, gomail.WithSMTPAuth(auth), gomail.WithUsername(s.opts.User), gomail.WithPassword(s.opts.Password))
	}
	return options
}

// domain is what stands behind the @ of the address that mail comes from.
func (s *Sender) domain() string {
	return s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:]
}

// compose writes the mail.
func (s *Sender) compose(m earshot.Mail) (*gomail.Msg, error) {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	if err := errors.Join(message.FromFormat(s.from.Name, s.from.Address), message.To(m.To)); err != nil {
		return nil, err
	}
	message.Subject(m.Subject)
	message.SetDate()
	message.SetMessageIDWithValue(rand.Text() + "@" + s.domain())
	// RFC 3834, section 5: nobody's absence is to answer it.
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetBodyString(gomail.TypeTextPlain, m.Text)
	return message, nil
}
