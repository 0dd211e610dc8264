package httpd

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
)

// post keeps what it is given.
type post struct{ mails chan earshot.Mail }

func (p post) Send(m earshot.Mail) error {
	p.mails <- m
	return nil
}

// withMail is a house that sends mail, and looks at requests for it until the test is over.
func withMail(t *testing.T, change func(*account.Config)) (*house, post) {
	t.Helper()
	p := post{make(chan earshot.Mail, 100)}
	h := newHouse(t, func(_ *Options, c *account.Config, _ *hub.Config) {
		c.SignUp = account.SignUpOpen
		c.Mail = account.MailConfig{Mailer: p, BaseURL: ownOrigin, Name: "Test"}
		if change != nil {
			change(c)
		}
	})
	ctx, end := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { h.accounts.AnswerResets(ctx, func(err error) { t.Error(err) }) })
	t.Cleanup(func() { end(); work.Wait() })
	return h, p
}

// next gives the next mail.
func (p post) next(t *testing.T) earshot.Mail {
	t.Helper()
	select {
	case m := <-p.mails:
		return m
	case <-time.After(patience):
		t.Fatal("no mail came")
		return earshot.Mail{}
	}
}

// token gives that of the link in the next mail.
func (p post) token(t *testing.T) string {
	t.Helper()
	m := p.next(t)
	_, rest, ok := strings.Cut(m.Text, "#token=")
	if !ok {
		t.Fatalf("no link in %q", m.Text)
	}
	token, _, _ := strings.Cut(rest, "\n")
	return token
}

func TestReset(t *testing.T) {
	h, mails := withMail(t, nil)
	h.user("ana", func(a *account.NewAccount) { a.Email = "ana@example.org"; password(goodPassword)(a) })
	ana := h.browse("ana", goodPassword)
	// Whoever is asked about, the answer is the same to the byte.
	var answers []string
	for _, email := range []string{"ana@example.org", "nobody@example.org"} {
		w := h.call(http.MethodPost, "/api/v1/password/reset", fmt.Sprintf(`{"email":%q}`, email),
			"Host", "evil.test", "X-Forwarded-Host", "evil.test", "Forwarded", "host=evil.test")
		answers = append(answers, fmt.Sprint(w.Code, w.Header(), w.Body))
	}
	if answers[0] != answers[1] || !strings.HasPrefix(answers[0], "202") {
		t.Errorf("the answers tell: %q", answers)
	}
	m := mails.next(t)
	if !strings.Contains(m.Text, ownOrigin+"/reset#token=") || strings.Contains(m.Text, "evil") {
		t.Errorf("a request chose the address of the link: %s", m.Text)
	}
	_, rest, _ := strings.Cut(m.Text, "#token=")
	token, _, _ := strings.Cut(rest, "\n")
	confirm := func(token, password string) *httptest.ResponseRecorder {
		return h.call(http.MethodPost, "/api/v1/password/reset/confirm", fmt.Sprintf(`{"token":%q,"password":%q}`, token, password))
	}
	if p := problemOf(t, confirm(token, "1234")); p.Field != "password" || len(p.Reasons) != 3 {
		t.Errorf("%+v", p)
	}
	if w := confirm(token, newPassword); w.Code != http.StatusNoContent || sessionCookie(w) != nil {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if p := problemOf(t, confirm(token, newPassword)); p.Code != "forbidden" || p.Field != "token" {
		t.Errorf("a second time: %+v", p)
	}
	ana.expect("unauthenticated", http.MethodGet, "/api/v1/me", "")
	h.browse("ana", newPassword)
}

func TestConfirmEmail(t *testing.T) {
	h, mails := withMail(t, func(c *account.Config) { c.Mail.ConfirmSignUp = true })
	if s := read[serverReply](t, h.call(http.MethodGet, "/api/v1/server", "")); !s.Mail || !s.ConfirmEmail {
		t.Errorf("%+v", s)
	}
	w := h.call(http.MethodPost, "/api/v1/signup", fmt.Sprintf(`{"username":"ana","password":%q,"email":"ana@example.org"}`, goodPassword))
	if w.Code != http.StatusAccepted || sessionCookie(w) != nil || w.Body.Len() != 0 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if p := problemOf(t, h.call(http.MethodPost, "/api/v1/login", login("ana", goodPassword))); p.Code != "forbidden" || p.Field != "email" {
		t.Errorf("%+v", p)
	}
	mails.token(t) // of the sign-up; the log-in had another sent
	token := mails.token(t)
	if w := h.call(http.MethodPost, "/api/v1/email/confirm", fmt.Sprintf(`{"token":%q}`, token)); w.Code != http.StatusNoContent || sessionCookie(w) != nil {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	ana := h.browse("ana", goodPassword)
	if me := read[meReply](t, h.call(http.MethodGet, "/api/v1/me", "", "Cookie", ana.cookie)); !me.EmailConfirmed {
		t.Errorf("%+v", me)
	}
	ana.expect("conflict email", http.MethodPost, "/api/v1/me/email/confirm", "")
	ana.expect("", http.MethodPatch, "/api/v1/me", fmt.Sprintf(`{"email":"b@example.org","password":%q}`, goodPassword))
	ana.expect("", http.MethodPost, "/api/v1/me/email/confirm", "")
}

func TestResetLinkByAPI(t *testing.T) {
	h := newHouse(t, nil)
	h.user("bot", nil)
	boss, ana := h.user("boss", func(a *account.NewAccount) { a.Superuser = true }), h.user("ana", nil)
	ana.refused(earshot.CodeForbidden, http.MethodPost, "/api/v1/users/bot/reset-link", "")
	ana.refused(earshot.CodeForbidden, http.MethodPost, "/api/v1/users/nobody/reset-link", "") // who exists is not told either
	boss.refused(earshot.CodeNotFound, http.MethodPost, "/api/v1/users/nobody/reset-link", "")
	link := read[linkReply](t, boss.wants(http.StatusCreated, http.MethodPost, "/api/v1/users/BOT/reset-link", ""))
	u, err := url.Parse(link.URL)
	if err != nil || u.Path != "/reset" || u.RawQuery != "" || !strings.HasPrefix(u.Fragment, "token=el_") || link.ExpiresAt.IsZero() {
		t.Fatalf("%+v", link)
	}
	body := fmt.Sprintf(`{"token":%q,"password":%q}`, strings.TrimPrefix(u.Fragment, "token="), newPassword)
	if w := h.call(http.MethodPost, "/api/v1/password/reset/confirm", body); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	h.browse("bot", newPassword)
}

func TestInvitationsByAPI(t *testing.T) {
	h := newHouse(t, nil)
	boss, ana := h.user("boss", func(a *account.NewAccount) { a.Superuser = true }), h.user("ana", staff)
	if _, err := h.accounts.CreateGroup(t.Context(), "crew", 0); err != nil {
		t.Fatal(err)
	}
	boss.wants(http.StatusCreated, http.MethodPost, "/api/v1/invitations", `{"groups":["crew"],"uses":2}`)
	if p := boss.refused(earshot.CodeInvalid, http.MethodPost, "/api/v1/invitations", `{"groups":["nothing"]}`); p.Field != "groups" {
		t.Errorf("%+v", p)
	}
	ana.refused(earshot.CodeForbidden, http.MethodPost, "/api/v1/invitations", `{"groups":["crew"]}`)
	ana.wants(http.StatusCreated, http.MethodPost, "/api/v1/invitations", `{}`)
	list := func(s *someone) []invitationReply {
		return read[struct {
			Invitations []invitationReply `json:"invitations"`
		}](t, s.wants(http.StatusOK, http.MethodGet, "/api/v1/invitations", "")).Invitations
	}
	all, hers := list(boss), list(ana)
	if len(all) != 2 || len(hers) != 1 || hers[0].By != "ana" || len(hers[0].ID) != 64 || hers[0].Groups == nil {
		t.Fatalf("%+v %+v", all, hers)
	}
	for _, inv := range all {
		if inv.By == "boss" {
			if len(inv.Groups) != 1 || inv.Groups[0] != "crew" || inv.UsesLeft != 2 {
				t.Errorf("%+v", inv)
			}
			ana.refused(earshot.CodeNotFound, http.MethodDelete, "/api/v1/invitations/"+inv.ID, "")
		}
	}
	for _, id := range []string{"x", strings.Repeat("0", 64), strings.Repeat("z", 64), hers[0].ID + "00", "..", "%00"} {
		boss.refused(earshot.CodeNotFound, http.MethodDelete, "/api/v1/invitations/"+id, "")
	}
	ana.wants(http.StatusNoContent, http.MethodDelete, "/api/v1/invitations/"+hers[0].ID, "")
	if len(list(boss)) != 1 || len(list(ana)) != 0 {
		t.Error("it is still there")
	}
}
