package smtpmail

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	gomail "github.com/wneessen/go-mail"
	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/certificate"
	"github.com/earshot-chat/earshot/internal/leaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// office is a real SMTP server on loopback, which keeps what it is given.
type office struct {
	host  string
	port  int
	roots *x509.CertPool
	// refuse is what it answers to a recipient; nil to take the mail.
	refuse *smtp.SMTPError

	mails chan letter
	mu    sync.Mutex
	// said is what clients began to say: MAIL and AUTH.
	said []string
}

// letter is a mail as it arrived.
type letter struct {
	from string
	to   []string
	data []byte
}

const (
	user   = "earshot"
	secret = "hush hush"
)

func (o *office) note(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.said = append(o.said, what)
}

func (o *office) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{office: o, conn: c}, nil
}

type session struct {
	office *office
	conn   *smtp.Conn
	letter letter
	known  bool
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, password string) error {
		_, encrypted := s.conn.TLSConnectionState()
		s.office.note(fmt.Sprintf("AUTH encrypted=%t", encrypted))
		if s.known = name == user && password == secret; !s.known {
			return errors.New("wrong")
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.office.note("MAIL")
	s.letter.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.office.refuse != nil {
		return s.office.refuse
	}
	s.letter.to = append(s.letter.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.letter.data = data
	s.office.mails <- s.letter
	return nil
}

func (s *session) Reset()        { s.letter = letter{} }
func (s *session) Logout() error { return nil }

// open starts an SMTP server with the security.
func open(t *testing.T, security Security, change func(*office)) *office {
	t.Helper()
	cert, err := certificate.Own([]string{"localhost", "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	o := &office{roots: x509.NewCertPool(), mails: make(chan letter, 100), host: "127.0.0.1"}
	o.roots.AddCert(leaf)
	if change != nil {
		change(o)
	}
	server := smtp.NewServer(o)
	server.Domain, server.AllowInsecureAuth, server.EnableSMTPUTF8 = "localhost", security == None, true
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	settings := &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12}
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.port = listener.Addr().(*net.TCPAddr).Port
	switch security {
	case StartTLS:
		server.TLSConfig = settings
	case Implicit:
		listener = tls.NewListener(listener, settings)
	case None:
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		_ = listener.Close() // of which the server does not know yet if it was not its turn since it was started
		<-done
	})
	return o
}

// sender is one for the office.
func (o *office) sender(t *testing.T, security Security, change func(*Options)) *Sender {
	t.Helper()
	opts := Options{
		Host: o.host, Port: o.port, User: user, Password: secret, From: "Earshot <chat@example.org>", Security: security, Roots: o.roots,
	}
	if change != nil {
		change(&opts)
	}
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSend(t *testing.T) {
	t.Parallel()
	// What could end a mail, or a line of it, must arrive as it was.
	text := "Grüße\n.\n..\n.QUIT\r\n.\r\nMAIL FROM:<eve@example.org>\n\n" + strings.Repeat("long ", 500) + "\n=20 = \nhttps://chat.example/reset#token=el_abc-_\n"
	for _, security := range []Security{StartTLS, Implicit, None} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			o := open(t, security, nil)
			s := o.sender(t, security, nil)
			subject := "Chät: <Set> a \"new\" password =?utf-8?q?x?="
			if err := s.Send(earshot.Mail{To: "ana@example.org", Subject: subject, Text: text}); err != nil {
				t.Fatal(err)
			}
			got := <-o.mails
			if got.from != "chat@example.org" || !slices.Equal(got.to, []string{"ana@example.org"}) {
				t.Errorf("from %s to %s", got.from, got.to)
			}
			m, err := mail.ReadMessage(bytes.NewReader(got.data))
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for name, values := range m.Header {
				names = append(names, name)
				if len(values) != 1 {
					t.Errorf("%s: %q", name, values)
				}
			}
			slices.Sort(names)
			if want := []string{"Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}; !slices.Equal(names, want) {
				t.Errorf("headers: %q", names)
			}
			decoded, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if err != nil || decoded != subject {
				t.Errorf("subject: %q, %v", decoded, err)
			}
			body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
			if plain := strings.ReplaceAll(string(body), "\r\n", "\n"); err != nil || strings.TrimRight(plain, "\n") != strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
				t.Errorf("body: %q, %v", plain, err)
			}
			if !strings.HasSuffix(m.Header.Get("Message-Id"), "@example.org>") {
				t.Errorf("the mail names %s", m.Header.Get("Message-Id"))
			}
			select {
			case more := <-o.mails:
				t.Errorf("one more came: %s", more.data)
			default:
			}
			for _, said := range o.said {
				if said == "AUTH encrypted=false" && security != None {
					t.Error("the password went without TLS")
				}
			}
		})
	}
}

// Nothing but what it is can be made of a mail.
func TestInjection(t *testing.T) {
	t.Parallel()
	o := open(t, None, nil)
	s := o.sender(t, None, nil)
	for what, m := range map[string]earshot.Mail{
		"a header after the address":  {To: "a@b.example\r\nBcc: eve@example.org"},
		"the same by a line feed":     {To: "a@b.example\nBcc: eve@example.org"},
		"a second address":            {To: "a@b.example,eve@example.org"},
		"a command after the address": {To: "a@b.example>\r\nRCPT TO:<eve@example.org"},
		"a name and an address":       {To: "Eve <eve@example.org>"},
		"a zero byte":                 {To: "a@b.example\x00"},
		"nobody":                      {To: ""},
		"a header after the subject":  {To: "a@b.example", Subject: "x\r\nBcc: eve@example.org"},
		"by a carriage return":        {To: "a@b.example", Subject: "x\rBcc: eve@example.org"},
		"the end of the header":       {To: "a@b.example", Subject: "x\n\nhello"},
		"a line separator":            {To: "a@b.example", Subject: "x\u2028Bcc: eve@example.org"},
		"next line":                   {To: "a@b.example", Subject: "x\u0085Bcc: eve@example.org"},
		"a long subject":              {To: "a@b.example", Subject: strings.Repeat("x", 5000)},
		"no UTF-8":                    {To: "a@b.example", Subject: "\xff"},
		"no UTF-8 in the text":        {To: "a@b.example", Text: "\xff"},
		"a long text":                 {To: "a@b.example", Text: strings.Repeat("x", 1<<20)},
	} {
		if err := s.Send(m); earshot.CodeOf(err) != earshot.CodeInvalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := s.Send(earshot.Mail{To: "ana@example.org", Subject: "the only one"}); err != nil {
		t.Fatal(err)
	}
	if got := <-o.mails; !bytes.Contains(got.data, []byte("the only one")) {
		t.Errorf("%s", got.data)
	}
}

// tries gives what becomes of one try.
func tries(t *testing.T, s *Sender) error {
	t.Helper()
	return s.dial(t.Context(), earshot.Mail{To: "ana@example.org", Subject: "x", Text: "y"})
}

// A mail server that has not the security that was set gets neither password nor mail.
func TestNoSecurityNoMail(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		has, want Security
		change    func(*Options)
	}{
		"no STARTTLS":            {None, StartTLS, nil},
		"no TLS":                 {None, Implicit, nil},
		"an unknown certificate": {StartTLS, StartTLS, func(o *Options) { o.Roots = x509.NewCertPool() }},
		"unknown, at once":       {Implicit, Implicit, func(o *Options) { o.Roots = x509.NewCertPool() }},
		"another one's":          {StartTLS, StartTLS, func(o *Options) { o.Host = "127.0.0.2" }},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := open(t, c.has, nil)
			s := o.sender(t, c.want, c.change)
			if err := tries(t, s); err == nil {
				t.Error("it was sent")
			}
			if len(o.said) != 0 {
				t.Errorf("the server heard %q", o.said)
			}
		})
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	o := open(t, StartTLS, nil)
	err := tries(t, o.sender(t, StartTLS, func(o *Options) { o.Password = "wrong" }))
	if err == nil || strings.Contains(err.Error(), "wrong hush") || slices.Contains(o.said, "MAIL") {
		t.Errorf("%v, %q", err, o.said)
	}
}

// What the mail server will say again is not asked again; what may pass is. The log has no address in it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]bool{550: true, 554: true, 451: false, 421: false} {
		o := open(t, None, func(o *office) {
			o.refuse = &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: "not ana@example.org"}
		})
		err := tries(t, o.sender(t, None, nil))
		if err == nil || permanent(err) != want {
			t.Errorf("%d: permanent %t, %v", code, permanent(err), err)
		}
		if strings.Contains(faultOf(err), "ana") {
			t.Errorf("the log has the address: %s", faultOf(err))
		}
	}
	if permanent(errors.New("no network")) {
		t.Error("a network that is down is for ever")
	}
}

// timed is a sender in a bubble of its own time, which delivers by a function.
func timed(t *testing.T, deliver func(earshot.Mail) error) *Sender {
	t.Helper()
	s, err := newSender(Options{Host: "localhost", Port: 25, From: "chat@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	s.deliver = func(_ context.Context, m earshot.Mail) error { return deliver(m) }
	s.start()
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func TestRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration
		var others int
		s := timed(t, func(m earshot.Mail) error {
			if m.Subject == "other" {
				others++
				return nil
			}
			at = append(at, time.Since(begin))
			return errors.New("down")
		})
		for _, subject := range []string{"failing", "other"} {
			if err := s.Send(earshot.Mail{To: "a@b", Subject: subject}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if others != 1 { // it does not wait for the one before it
			t.Errorf("%d others were sent", others)
		}
		time.Sleep(24 * time.Hour)
		synctest.Wait() // what the sender did is to be seen here
		want := []time.Duration{0, 10 * time.Second, 70 * time.Second, 370 * time.Second, 1270 * time.Second}
		if !slices.Equal(at, want) {
			t.Errorf("tried at %v", at)
		}
		if len(s.waiting) != 0 {
			t.Error("it still waits")
		}
	})
}

func TestGivenUpAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		s := timed(t, func(earshot.Mail) error {
			n++
			return &gomail.SendError{}
		})
		_ = s.Send(earshot.Mail{To: "a@b"})
		time.Sleep(time.Hour)
		synctest.Wait()           // what the sender did is to be seen here
		if n != len(pauses())+1 { // without a code nothing is known
			t.Errorf("%d tries", n)
		}
	})
}

// A mail server that takes its time takes nobody else's: Send does not wait, and what waits is bounded.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := timed(t, func(earshot.Mail) error { <-release; return nil })
		begin, busy := time.Now(), 0
		for range mostWaiting + 50 {
			if err := s.Send(earshot.Mail{To: "a@b"}); earshot.CodeOf(err) == earshot.CodeBusy {
				busy++
			}
		}
		if time.Since(begin) != 0 {
			t.Error("Send waits")
		}
		if busy < 49 || busy > 50 { // one is under way, perhaps
			t.Errorf("%d were turned away", busy)
		}
		close(release)
		synctest.Wait()
		if len(s.waiting) != 0 {
			t.Errorf("%d still wait", len(s.waiting))
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Send(earshot.Mail{To: "a@b"}); earshot.CodeOf(err) != earshot.CodeBusy {
			t.Errorf("after the end: %v", err)
		}
	})
}

// A mail server that says nothing does not hold up the stop of the server.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	s, err := New(Options{Host: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, From: "chat@example.org", Security: None})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(earshot.Mail{To: "ana@example.org"}); err != nil {
		t.Fatal(err)
	}
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ctx, end := context.WithCancel(t.Context())
	end()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
	<-s.done // what is under way is cut, though the mail server has not said a word
}

func TestBadFrom(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"", "nobody", "a@b\r\nBcc: c@d", "a@b, c@d"} {
		if _, err := New(Options{From: from}); err == nil {
			t.Errorf("%q is taken", from)
		}
	}
}
