package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"io"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/earshot-chat/earshot/internal/certificate"
)

// mailbox is an SMTP server with STARTTLS, which keeps the texts of mails.
type mailbox struct{ texts chan string }

func (b mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return b, nil }
func (b mailbox) Mail(string, *smtp.MailOptions) error        { return nil }
func (b mailbox) Rcpt(string, *smtp.RcptOptions) error        { return nil }
func (b mailbox) Reset()                                      {}
func (b mailbox) Logout() error                               { return nil }

func (b mailbox) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	b.texts <- string(text)
	return err
}

// openMailbox starts one, and gives the flags for a server that sends through it.
func openMailbox(t *testing.T) (mailbox, []string) {
	t.Helper()
	cert, err := certificate.Own([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	b := mailbox{make(chan string, 10)}
	server := smtp.NewServer(b)
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12}
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	return b, []string{"--smtp-host", host, "--smtp-port", port, "--smtp-ca", ca, "--smtp-from", "chat@example.org"}
}

// link gives the token in the next mail, whose link must begin so.
func (b mailbox) link(t *testing.T, begin string) string {
	t.Helper()
	select {
	case text := <-b.texts:
		_, rest, ok := strings.Cut(text, begin+"#token=")
		if !ok {
			t.Fatalf("no link in %q", text)
		}
		return strings.Fields(rest)[0]
	case <-time.After(patience):
		t.Fatal("no mail came")
	}
	return ""
}

// TestResetByMail sets a password anew through a real mail server, and confirms an address.
func TestResetByMail(t *testing.T) {
	const password = "correcthorse7"
	data := t.TempDir()
	wants(t, data, "ana "+password+"\n", "user", "create", "--from", "-")
	wants(t, data, "", "user", "change", "ana", "--email", "ana@example.org")
	box, flags := openMailbox(t)
	r := serve(t, data, append(flags, "--public-url", "http://chat.example.org", "--sign-up", "open", "--confirm-email")...)
	at := "http://" + r.stderr.waitFor(t.Context(), t, "msg=listening address=")
	if code, text, _ := request(t, http.MethodPost, at+"/api/v1/password/reset", `{"email":"ana@example.org"}`); code != http.StatusAccepted {
		t.Fatalf("%d %s", code, text)
	}
	token := box.link(t, "http://chat.example.org/reset")
	body, err := json.Marshal(map[string]string{"token": token, "password": "battery staple horse"})
	if err != nil {
		t.Fatal(err)
	}
	if code, text, _ := request(t, http.MethodPost, at+"/api/v1/password/reset/confirm", string(body)); code != http.StatusNoContent {
		t.Fatalf("%d %s", code, text)
	}
	for given, want := range map[string]int{password: http.StatusUnauthorized, "battery staple horse": http.StatusOK} {
		if code, _, _ := request(t, http.MethodPost, at+"/api/v1/login", `{"username":"ana","password":"`+given+`"}`); code != want {
			t.Errorf("%s: %d", given, code)
		}
	}
	<-box.texts // that the password was changed
	const ben = `{"username":"ben","password":"battery staple horse","email":"ben@example.org"}`
	if code, text, _ := request(t, http.MethodPost, at+"/api/v1/signup", ben); code != http.StatusAccepted {
		t.Fatalf("%d %s", code, text)
	}
	confirm := `{"token":"` + box.link(t, "http://chat.example.org/confirm") + `"}`
	if code, text, _ := request(t, http.MethodPost, at+"/api/v1/email/confirm", confirm); code != http.StatusNoContent {
		t.Errorf("%d %s", code, text)
	}
	if strings.Contains(r.stderr.String(), "example.org\"") || strings.Contains(r.stderr.String(), token) {
		t.Errorf("the log holds who was written to: %s", r.stderr)
	}
}

// TestResetLink makes a link on the command line, which the running server takes.
func TestResetLink(t *testing.T) {
	data := t.TempDir()
	wants(t, data, "ana\n", "user", "create", "--from", "-") // no password lets ana in
	r := serve(t, data)
	var link struct {
		URL       string    `json:"url"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	out := wants(t, data, "", "user", "reset-link", "ANA", "--json", "--public-url", r.url)
	if err := json.NewDecoder(bytes.NewReader([]byte(out))).Decode(&link); err != nil || link.ExpiresAt.IsZero() {
		t.Fatalf("%s: %v", out, err)
	}
	token, ok := strings.CutPrefix(link.URL, r.url+"/reset#token=")
	if !ok {
		t.Fatal(link.URL)
	}
	body := `{"token":"` + token + `","password":"battery staple horse"}`
	for _, want := range []int{http.StatusNoContent, http.StatusForbidden} {
		if code, text, _ := request(t, http.MethodPost, r.url+"/api/v1/password/reset/confirm", body); code != want {
			t.Errorf("%d %s", code, text)
		}
	}
	if code, _, _ := request(t, http.MethodPost, r.url+"/api/v1/login", `{"username":"ana","password":"battery staple horse"}`); code != http.StatusOK {
		t.Errorf("%d", code)
	}
	if got := wants(t, data, "", "user", "reset-link", "ana"); !strings.HasPrefix(got, "http://127.0.0.1:8000/reset#token=el_") || strings.Contains(got, token) {
		t.Errorf("%q", got)
	}
	refused(t, exitNotFound, "", "user", "reset-link", "nobody", "--data", data)
	wants(t, data, "", "group", "create", "crew")
	if got := wants(t, data, "", "invite", "--group", "crew", "--json"); !strings.Contains(got, "/signup?invitation=ei_") {
		t.Errorf("%q", got)
	}
	refused(t, exitNotFound, "", "invite", "--group", "nothing", "--data", data)
}
