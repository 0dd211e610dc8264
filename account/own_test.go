package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

// post is a mailer that keeps what it is given, to be looked at.
type post struct {
	mu    sync.Mutex
	mails []earshot.Mail
	full  bool
}

func (p *post) Send(m earshot.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full {
		return earshot.Errorf(earshot.CodeBusy, "full")
	}
	p.mails = append(p.mails, m)
	return nil
}

// to gives the mails to an address, by what their subjects say after the server's name.
func (p *post) to(address string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var subjects []string
	for _, m := range p.mails {
		if m.To == address {
			subjects = append(subjects, strings.TrimPrefix(m.Subject, "Test: "))
		}
	}
	return subjects
}

// link gives the token of the last link in the mail to an address.
func (p *post) link(t *testing.T, address string) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range slices.Backward(p.mails) {
		if _, rest, ok := strings.Cut(m.Text, "#token="); ok && m.To == address {
			token, _, _ := strings.Cut(rest, "\n")
			return token
		}
	}
	t.Fatalf("no link to %s in %v", address, p.mails)
	return ""
}

// withMail is a house that sends mail to p.
func withMail(t *testing.T, change ...func(*Config)) (h *house, p *post) {
	t.Helper()
	p = &post{}
	cfg := DefaultConfig()
	cfg.Mail = MailConfig{Mailer: p, BaseURL: "https://chat.example", Name: "Test"}
	for _, c := range change {
		c(&cfg)
	}
	return newHouse(t, cfg).quick(), p
}

// in logs a user in and gives the log-in.
func (h *house) in(t *testing.T, name, password string) (string, Login) {
	t.Helper()
	secret, login, err := h.LogIn(t.Context(), name, password, addr("192.0.2.9"))
	if err != nil {
		t.Fatalf("logging %q in: %v", name, err)
	}
	return secret, login
}

const newPassword = "battery staple"

func TestChangePassword(t *testing.T) {
	t.Parallel()
	h, mails := withMail(t)
	h.add(t, "ana", func(a *NewAccount) { a.Email = "ana@example.org" })
	h.add(t, "ben")
	phone, phoneLogin := h.in(t, "ana", goodPassword)
	own, login := h.in(t, "ana", goodPassword)
	bens, _ := h.in(t, "ben", goodPassword)
	for what, c := range map[string]struct{ present, fresh, field string }{
		"wrong":            {"wrong", newPassword, "password"},
		"empty":            {"", newPassword, "password"},
		"enormous":         {strings.Repeat("a", 1<<20), newPassword, "password"},
		"not UTF-8":        {"\xff", newPassword, "password"},
		"short":            {goodPassword, "short", "new_password"},
		"like the name":    {goodPassword, "ana12345", ""},
		"like the address": {goodPassword, "ana@example.org", "new_password"},
		"common, numeric":  {goodPassword, "12345678", "new_password"},
		"nothing":          {goodPassword, "", "new_password"},
		"too long":         {goodPassword, strings.Repeat("a", 2000), "new_password"},
	} {
		if c.field == "" {
			continue
		}
		_, _, err := h.ChangePassword(t.Context(), login, Proof{Password: c.present}, c.fresh, addr("192.0.2.1"))
		refused(t, what, err, earshot.CodeInvalid, c.field)
		if what == "common, numeric" && len(earshot.AsError(err).Reasons) != 2 {
			t.Errorf("reasons: %q", earshot.AsError(err).Reasons)
		}
	}
	if len(h.cut()) != 0 {
		t.Error("a refused change cut somebody")
	}
	secret, after, err := h.ChangePassword(t.Context(), login, Proof{Password: goodPassword}, newPassword, addr("192.0.2.1"))
	refused(t, "change", err, "")
	if secret == own || secret == phone || after.Credential == login.Credential || after.User.ID != login.User.ID || after.ExpiresAt.IsZero() {
		t.Errorf("the log-in goes on as %+v", after)
	}
	if cut := h.cut(); len(cut) != 1 || cut[0] != phoneLogin.Credential {
		t.Errorf("cut: %v", cut)
	}
	for what, c := range map[string]struct {
		secret string
		code   earshot.Code
	}{
		"another browser's": {phone, earshot.CodeUnauthenticated}, "the secret of before": {own, earshot.CodeUnauthenticated},
		"the fresh one": {secret, ""}, "somebody else's": {bens, ""},
	} {
		_, err := h.BySession(t.Context(), c.secret)
		refused(t, what, err, c.code)
	}
	_, _, err = h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.2"))
	refused(t, "the password of before", err, earshot.CodeUnauthenticated)
	h.in(t, "ana", newPassword)
	if got := mails.to("ana@example.org"); len(got) != 1 || got[0] != "Your password was changed" {
		t.Errorf("mails: %q", got)
	}
	_, _, err = h.ChangePassword(t.Context(), login, Proof{Password: goodPassword}, newPassword, addr("192.0.2.1"))
	refused(t, "with what was true before", err, earshot.CodeConflict)
}

func TestChangePasswordWithToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "ana")
	browser, _ := h.in(t, "ana", goodPassword)
	tokens, err := h.CreateTokens(t.Context(), []string{"ana"})
	refused(t, "token", err, "")
	login, err := h.ByToken(t.Context(), tokens[0])
	refused(t, "by token", err, "")
	secret, after, err := h.ChangePassword(t.Context(), login, Proof{Password: goodPassword}, newPassword, addr("192.0.2.1"))
	refused(t, "change", err, "")
	if secret != "" || after.Credential != login.Credential {
		t.Error("a token became a browser session")
	}
	_, err = h.BySession(t.Context(), browser)
	refused(t, "the browser", err, earshot.CodeUnauthenticated)
	_, err = h.ByToken(t.Context(), tokens[0])
	refused(t, "the token", err, "")

	h.add(t, "bot", func(a *NewAccount) { a.HasPassword = false })
	bots, err := h.CreateTokens(t.Context(), []string{"bot"})
	refused(t, "token", err, "")
	bot, err := h.ByToken(t.Context(), bots[0])
	refused(t, "by token", err, "")
	_, _, err = h.ChangePassword(t.Context(), bot, Proof{}, newPassword, addr("192.0.2.1"))
	refused(t, "of one without a password", err, earshot.CodeForbidden)
	refused(t, "delete one without a password", h.DeleteSelf(t.Context(), bot, Proof{Password: ""}, addr("192.0.2.1")), earshot.CodeForbidden)
}

// A stolen cookie is no quicker way to find the password than the page to log in: tries are counted together.
func TestGuessingOwnPassword(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		_, login := h.in(t, "ana", goodPassword)
		codes := map[earshot.Code]int{}
		for i := range 40 {
			var err error
			switch i % 3 {
			case 0:
				_, _, err = h.ChangePassword(t.Context(), login, Proof{Password: fmt.Sprint("guess", i)}, newPassword, addr("192.0.2.1"))
			case 1:
				err = h.DeleteSelf(t.Context(), login, Proof{Password: fmt.Sprint("guess", i)}, addr("192.0.2.1"))
			case 2:
				email := "x@example.org"
				_, err = h.ChangeProfile(t.Context(), login, ProfileEdit{Email: &email, Proof: Proof{Password: fmt.Sprint("guess", i)}}, addr("192.0.2.1"))
			}
			codes[earshot.CodeOf(err)]++
		}
		if codes[earshot.CodeInvalid] != 10 || codes[earshot.CodeRateLimited] != 30 {
			t.Errorf("answers: %v", codes)
		}
		_, _, err := h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
		refused(t, "the log-in from there has the same budget", err, earshot.CodeRateLimited)
	})
}

// Of changes that come at once one is made, and its session is the one that is there.
func TestRaceOfChangedPasswords(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "ana")
	_, login := h.in(t, "ana", goodPassword)
	const n = 8
	secrets := make([]string, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			secret, _, err := h.ChangePassword(context.WithoutCancel(t.Context()), login, Proof{Password: goodPassword}, fmt.Sprint(newPassword, i), addr(fmt.Sprintf("192.0.2.%d", i)))
			if err == nil {
				secrets[i] = secret
			} else if c := earshot.CodeOf(err); c != earshot.CodeConflict {
				t.Error(err)
			}
		})
	}
	group.Wait()
	won := 0
	for i, secret := range secrets {
		if secret == "" {
			continue
		}
		won++
		if _, err := h.BySession(t.Context(), secret); err != nil {
			t.Error(err)
		}
		h.in(t, "ana", fmt.Sprint(newPassword, i))
	}
	if won != 1 {
		t.Errorf("%d were changed", won)
	}
}

func TestChangeProfile(t *testing.T) {
	t.Parallel()
	h, mails := withMail(t)
	h.add(t, "ana", func(a *NewAccount) { a.Email = "old@example.org" })
	_, login := h.in(t, "ana", goodPassword)
	edit := func(e ProfileEdit) (earshot.User, error) {
		return h.ChangeProfile(t.Context(), login, e, addr("192.0.2.1"))
	}
	for what, e := range map[string]ProfileEdit{
		"two lines": {DisplayName: ptr("a\nb")}, "right to left": {DisplayName: ptr("ana\u202egnp.exe")}, "isolate": {DisplayName: ptr("a\u2066b")},
		"zero byte": {DisplayName: ptr("a\x00b")}, "not UTF-8": {DisplayName: ptr("a\xff")}, "too long": {DisplayName: ptr(strings.Repeat("a", 301))},
		"far too long": {DisplayName: ptr(strings.Repeat("\ufdfa", 1<<16))}, "a separator": {DisplayName: ptr("a\u2028b")},
	} {
		_, err := edit(e)
		refused(t, what, err, earshot.CodeInvalid, "display_name")
	}
	for _, email := range []string{
		"nobody", "@", "a@", "@b", "a b@c", "a@b c", "a@b\r\nBcc: c@d", "a@b\nc", "<a@b>", "a@b,c@d", "a@b;c@d", "a@b\x00", "a@\u202eb", strings.Repeat("a", 300) + "@b",
	} {
		_, err := edit(ProfileEdit{Email: &email, Proof: Proof{Password: goodPassword}})
		refused(t, fmt.Sprintf("%.30q", email), err, earshot.CodeInvalid, "email")
	}
	_, err := edit(ProfileEdit{Email: ptr("new@example.org")})
	refused(t, "an address without the password", err, earshot.CodeInvalid, "password")
	// What SQL and HTML would make something of is a name like any other.
	odd := `'); DROP TABLE auth_user; -- <b onload=x>%_\"`
	u, err := edit(ProfileEdit{DisplayName: &odd, Email: ptr("old@example.org")}) // the same address is no change of it
	refused(t, "display name", err, "")
	if u.DisplayName != odd || !u.EmailConfirmed || u != h.user(t, u.ID) {
		t.Errorf("%+v", u)
	}
	u, err = edit(ProfileEdit{Email: ptr("new@example.org"), Proof: Proof{Password: goodPassword}})
	refused(t, "another address", err, "")
	if u.Email != "new@example.org" || u.EmailConfirmed {
		t.Errorf("%+v", u)
	}
	if got := mails.to("old@example.org"); len(got) != 1 || got[0] != "Your address was changed" {
		t.Errorf("to the old one: %q", got)
	}
	if got := mails.to("new@example.org"); len(got) != 1 || got[0] != "Confirm your address" {
		t.Errorf("to the new one: %q", got)
	}
	login.User = u
	u, err = edit(ProfileEdit{Email: ptr(""), Proof: Proof{Password: goodPassword}})
	refused(t, "no address", err, "")
	if u.Email != "" || len(mails.mails) != 2 {
		t.Errorf("%+v, %v", u, mails.mails)
	}
}

// Whoever no password lets in, but a provider, say, may go as well: by a log-in that has just begun.
func TestDeleteSelfWithoutPassword(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana", func(a *NewAccount) { a.HasPassword = false })
		user, err := h.UserByName(t.Context(), "ana")
		refused(t, "user", err, "")
		begin := func(way earshot.Way) Login {
			t.Helper()
			_, login, err := h.beginSessionBy(t.Context(), user, way, nil)
			refused(t, "begin", err, "")
			return login
		}
		old := begin("")
		time.Sleep(freshAge + time.Second)
		for what, login := range map[string]Login{"a log-in of before": old, "one by a link": begin(earshot.WayLink)} {
			refused(t, what, h.DeleteSelf(t.Context(), login, Proof{}, addr("192.0.2.1")), earshot.CodeForbidden, "login")
		}
		refused(t, "one that has begun", h.DeleteSelf(t.Context(), begin(""), Proof{}, addr("192.0.2.1")), "")
		_, err = h.UserByName(t.Context(), "ana")
		refused(t, "ana", err, earshot.CodeNotFound)
	})
}

func TestDeleteSelf(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "boss", func(a *NewAccount) { a.Superuser = true })
	h.add(t, "ana")
	_, boss := h.in(t, "boss", goodPassword)
	secret, ana := h.in(t, "ana", goodPassword)
	refused(t, "wrong", h.DeleteSelf(t.Context(), ana, Proof{Password: "wrong"}, addr("192.0.2.1")), earshot.CodeInvalid, "password")
	refused(t, "the last superuser", h.DeleteSelf(t.Context(), boss, Proof{Password: goodPassword}, addr("192.0.2.1")), earshot.CodeLimit)
	data, err := h.PersonalData(t.Context(), ana)
	refused(t, "data", err, "")
	if data["account"][0]["username"] != "ana" || len(data["sessions"]) != 1 {
		t.Errorf("%v", data)
	}
	refused(t, "delete", h.DeleteSelf(t.Context(), ana, Proof{Password: goodPassword}, addr("192.0.2.1")), "")
	_, err = h.BySession(t.Context(), secret)
	refused(t, "her session", err, earshot.CodeUnauthenticated)
	_, err = h.PersonalData(t.Context(), ana)
	refused(t, "her data", err, earshot.CodeNotFound)
	_, _, err = h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
	if e := earshot.AsError(err); e == nil || !wrongLogin(e) {
		t.Errorf("log-in: %v", err)
	}
	var changed []earshot.UserID
	refused(t, "follow", h.Follow(t.Context(), func(_ context.Context, u earshot.User) error {
		if !u.IsActive {
			changed = append(changed, u.ID)
		}
		return nil
	}), "")
	if !slices.Contains(changed, ana.User.ID) {
		t.Error("the server is not told")
	}
}

// Mail that cannot be sent undoes nothing that was done.
func TestMailThatIsFull(t *testing.T) {
	t.Parallel()
	h, mails := withMail(t)
	h.add(t, "ana", func(a *NewAccount) { a.Email = "ana@example.org" })
	_, login := h.in(t, "ana", goodPassword)
	mails.full = true
	_, _, err := h.ChangePassword(t.Context(), login, Proof{Password: goodPassword}, newPassword, addr("192.0.2.1"))
	refused(t, "change", err, "")
	refused(t, "a request", h.RequestReset("ana@example.org", addr("192.0.2.1")), "")
	if err := h.answerReset(t.Context(), "ana@example.org"); !errors.As(err, new(*earshot.Error)) {
		t.Errorf("the fault is not told: %v", err)
	}
}
