package account

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

func mailed(a *NewAccount) { a.Email = a.Username + "@example.org" }

// ask asks for a link, and has the request looked at.
func (h *house) ask(t *testing.T, email string) {
	t.Helper()
	refused(t, "request", h.RequestReset(email, addr("192.0.2.1")), "")
	refused(t, "answer", h.answerReset(t.Context(), <-h.resets), "")
}

func TestResetByMail(t *testing.T) {
	t.Parallel()
	h, mails := withMail(t)
	ana := h.add(t, "ana", mailed)
	h.add(t, "ben", mailed)
	session := h.logIn(t, "ana")
	h.ask(t, " ANA@example.ORG ") // however it is typed, the mail goes to the address that is stored
	token := mails.link(t, "ana@example.org")
	if len(mails.mails) != 1 || !strings.Contains(mails.mails[0].Text, "https://chat.example/reset#token="+token) {
		t.Errorf("mails: %v", mails.mails)
	}
	reset := func(token, password string) error {
		return h.ResetPassword(t.Context(), token, password, addr("192.0.2.77"))
	}
	err := reset(token, "12345678")
	refused(t, "a bad password", err, earshot.CodeInvalid, "password")
	if len(earshot.AsError(err).Reasons) != 2 {
		t.Errorf("reasons: %q", earshot.AsError(err).Reasons)
	}
	refused(t, "like the name", reset(token, "ana@example.org"), earshot.CodeInvalid, "password")
	refused(t, "reset", reset(token, newPassword), "")
	refused(t, "the link again", reset(token, "another "+newPassword), earshot.CodeForbidden, "token")
	_, err = h.BySession(t.Context(), session)
	refused(t, "the session of before", err, earshot.CodeUnauthenticated)
	if len(h.cut()) != 1 {
		t.Errorf("cut: %v", h.cut())
	}
	h.in(t, "ana", newPassword)
	if got := mails.to("ana@example.org"); !slices.Equal(got, []string{"Set a new password", "Your password was changed"}) {
		t.Errorf("mails: %q", got)
	}
	if h.user(t, ana.ID).Password == ana.Password {
		t.Error("the hash is as before")
	}
}

// A link holds for the state that it was made in: after any change of it there is another.
func TestLinksEndWithTheirReason(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(t *testing.T, h *house, u earshot.User){
		"a log-in": func(t *testing.T, h *house, u earshot.User) { h.logIn(t, u.Username) },
		"a change of password": func(t *testing.T, h *house, u earshot.User) {
			_, err := h.ChangeUser(t.Context(), u.Username, UserEdit{Password: ptr(newPassword)})
			refused(t, "change", err, "")
		},
		"another address": func(t *testing.T, h *house, u earshot.User) {
			_, err := h.ChangeUser(t.Context(), u.Username, UserEdit{Email: ptr("other@example.org")})
			refused(t, "change", err, "")
		},
		"a deactivation": func(t *testing.T, h *house, u earshot.User) { h.deactivate(t, u) },
		"no password any more": func(t *testing.T, h *house, u earshot.User) {
			_, err := h.ChangeUser(t.Context(), u.Username, UserEdit{NoPassword: true})
			refused(t, "change", err, "")
		},
		"a deletion": func(t *testing.T, h *house, u earshot.User) {
			refused(t, "delete", h.DeleteUser(t.Context(), u.Username), "")
		},
		"an address that is not confirmed any more": func(t *testing.T, h *house, u earshot.User) {
			_, err := h.store.ChangeUser(t.Context(), u.ID, earshot.UserChange{EmailConfirmed: ptr(false)})
			refused(t, "change", err, "")
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h, mails := withMail(t)
			ana := h.add(t, "ana", mailed)
			h.ask(t, ana.Email)
			token := mails.link(t, ana.Email)
			_, err := h.openLink(t.Context(), token, linkReset)
			refused(t, "before", err, "")
			change(t, h, ana)
			refused(t, "after", h.ResetPassword(t.Context(), token, newPassword, addr("192.0.2.1")), earshot.CodeForbidden, "token")
		})
	}
}

func TestTamperedLinks(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.AddressFailuresPerMinute, cfg.FailuresPerMinute = 100_000, 100_000
	cfg.Mail = MailConfig{Mailer: &post{}, BaseURL: "https://chat.example", Name: "Test"}
	h := newHouse(t, cfg).quick()
	ana, ben := h.add(t, "ana", mailed), h.add(t, "ben", mailed)
	link := func(kind linkKind, u earshot.User) string {
		token, err := h.newLink(t.Context(), kind, &u)
		refused(t, "link", err, "")
		return token
	}
	token := link(linkReset, ana)
	raw, err := base64.RawURLEncoding.DecodeString(token[len(linkPrefix):])
	if err != nil || len(raw) != linkSize {
		t.Fatalf("%d bytes, %v", len(raw), err)
	}
	encode := func(raw []byte) string { return linkPrefix + base64.RawURLEncoding.EncodeToString(raw) }
	bad := []string{
		"", linkPrefix, token + "A", token[:len(token)-1], token[1:], strings.ToUpper(token), token + "\n", " " + token, "es_" + token[3:],
		strings.Repeat("A", 1<<20), linkPrefix + strings.Repeat("\xff", len(token)-3), linkPrefix + strings.Repeat("'", len(token)-3), token + "==",
		link(linkConfirm, ana), // of another kind
		encode(make([]byte, linkSize)), encode(bytes.Repeat([]byte{0xff}, linkSize)),
	}
	for bit := range len(raw) * 8 { // every bit counts: kind, user, time and sum
		other := slices.Clone(raw)
		other[bit/8] ^= 1 << (bit % 8)
		bad = append(bad, encode(other))
	}
	// The body of one with the sum of another; one that says to be for somebody else.
	bens, _ := base64.RawURLEncoding.DecodeString(link(linkReset, ben)[len(linkPrefix):])
	bad = append(bad, encode(append(slices.Clone(raw[:17]), bens[17:]...)), encode(append(slices.Clone(bens[:17]), raw[17:]...)))
	// Signed by somebody who does not know the secret.
	bad = append(bad, encode(signLink(make([]byte, keySize), linkReset, &ana, now())), encode(signLink(nil, linkReset, &ana, now())))
	for _, text := range bad {
		if err := h.ResetPassword(t.Context(), text, newPassword, addr("192.0.2.1")); !isCode(err, earshot.CodeForbidden) || earshot.AsError(err).Field != "token" {
			t.Errorf("%.80q: %v", text, err)
		}
	}
	_, err = h.ConfirmEmail(t.Context(), token, addr("192.0.2.1"))
	refused(t, "a link to reset confirms nothing", err, earshot.CodeForbidden, "token")
	h.in(t, "ana", goodPassword)
	h.in(t, "ben", goodPassword)
}

// Texts that are signed together are told apart: what moves from one to the other is another link.
func TestSignedTextsDoNotRunTogether(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_900_000_000, 0)
	a := earshot.User{ID: 1, Email: "a@b", Password: "cd"}
	b := earshot.User{ID: 1, Email: "a@bc", Password: "d"}
	if bytes.Equal(signLink(nil, linkReset, &a, at), signLink(nil, linkReset, &b, at)) {
		t.Error("they are the same")
	}
}

func TestLinksAge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind linkKind
		age  time.Duration
	}{{linkReset, time.Hour}, {linkHanded, 72 * time.Hour}, {linkConfirm, 72 * time.Hour}} {
		synctest.Test(t, func(t *testing.T) {
			h, _ := withMail(t)
			ana := h.add(t, "ana", mailed)
			token, err := h.newLink(t.Context(), c.kind, &ana)
			refused(t, "link", err, "")
			key, err := h.linkKey(t.Context())
			refused(t, "key", err, "")
			future := linkPrefix + base64.RawURLEncoding.EncodeToString(signLink(key, c.kind, &ana, now().Add(time.Hour)))
			_, err = h.openLink(t.Context(), future, c.kind)
			refused(t, "from the future", err, earshot.CodeForbidden)
			time.Sleep(c.age - 2*time.Second)
			_, err = h.openLink(t.Context(), token, c.kind)
			refused(t, fmt.Sprintf("%c just before", c.kind), err, "")
			time.Sleep(4 * time.Second)
			_, err = h.openLink(t.Context(), token, c.kind)
			refused(t, fmt.Sprintf("%c just after", c.kind), err, earshot.CodeForbidden)
		})
	}
}

// Whether anybody has an address, and in what state the account is, cannot be told by who asks: the answer comes before
// anybody looks, and who is not to get a mail gets none.
func TestResetTellsNobody(t *testing.T) {
	t.Parallel()
	h, mails := withMail(t)
	h.add(t, "ana", mailed)
	h.deactivate(t, h.add(t, "gone", mailed))
	h.add(t, "bot", mailed, func(a *NewAccount) { a.HasPassword = false })
	loose := h.add(t, "loose", mailed)
	_, err := h.store.ChangeUser(t.Context(), loose.ID, earshot.UserChange{EmailConfirmed: ptr(false)})
	refused(t, "change", err, "")
	asked := []string{
		"ana@example.org", "nobody@example.org", "gone@example.org", "bot@example.org", "loose@example.org", "x'or'1'='1@example.org", "%@example.org",
	}
	broken, end := context.WithCancel(t.Context())
	end()
	for i, email := range asked {
		// A store that does not answer makes no difference: it is not asked.
		if err := h.RequestReset(email, addr(fmt.Sprintf("192.0.2.%d", i))); err != nil {
			t.Errorf("%s: %v", email, err)
		}
	}
	h.AnswerResets(broken, func(err error) { t.Error(err) })
	done := 0
	for len(h.resets) > 0 {
		refused(t, "answer", h.answerReset(t.Context(), <-h.resets), "")
		done++
	}
	if len(mails.mails) > 1 || (done == len(asked) && len(mails.to("ana@example.org")) != 1) {
		t.Errorf("mails: %v", mails.mails)
	}
	for _, email := range []string{"", "nobody", "a@b\r\nBcc: c@d", "a@b c", "a@\x00", "\xff@b", strings.Repeat("a", 1000) + "@b"} {
		refused(t, fmt.Sprintf("%.20q", email), h.RequestReset(email, addr("192.0.2.99")), earshot.CodeInvalid, "email")
	}
	none := newHouse(t, DefaultConfig())
	refused(t, "without mail", none.RequestReset("ana@example.org", addr("192.0.2.1")), earshot.CodeForbidden)
}

// Nobody can have a mailbox filled, or the server's queue.
func TestResetsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, mails := withMail(t)
		h.add(t, "ana", mailed)
		codes := map[earshot.Code]int{}
		for range 50 {
			err := h.RequestReset("ana@example.org", addr("192.0.2.1"))
			codes[earshot.CodeOf(err)]++
			for len(h.resets) > 0 {
				refused(t, "answer", h.answerReset(t.Context(), <-h.resets), "")
			}
		}
		if codes[""] != resetsPerHour || codes[earshot.CodeRateLimited] != 50-resetsPerHour || len(mails.mails) != mailsToOne {
			t.Errorf("%v, %d mails", codes, len(mails.mails))
		}
		for i := range 200 { // from many addresses: still only so many mails, and nothing tells that there were
			refused(t, "request", h.RequestReset("ana@example.org", addr(fmt.Sprintf("198.51.100.%d", i))), "")
			refused(t, "answer", h.answerReset(t.Context(), <-h.resets), "")
		}
		if len(mails.mails) != mailsToOne {
			t.Errorf("%d mails", len(mails.mails))
		}
		full := 0
		for i := range resetQueue + 10 {
			if isCode(h.RequestReset("x@example.org", addr(fmt.Sprintf("203.0.113.%d", i))), earshot.CodeBusy) {
				full++
			}
		}
		if full != 10 {
			t.Errorf("%d were turned away", full)
		}
		ctx, end := context.WithCancel(t.Context())
		go h.AnswerResets(ctx, func(err error) { t.Error(err) })
		synctest.Wait()
		if len(h.resets) != 0 {
			t.Error("they are not answered")
		}
		end()
		synctest.Wait()
		time.Sleep(time.Hour)
		refused(t, "an hour later", h.RequestReset("ana@example.org", addr("192.0.2.1")), "")
	})
}

func TestResetLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick() // no mail
	change := earshot.PermissionsOf(earshot.PermChangeUser)
	boss := h.add(t, "boss", func(a *NewAccount) { a.Superuser = true })
	h.add(t, "helper")
	ana, bot := h.add(t, "ana"), h.add(t, "bot", func(a *NewAccount) { a.HasPassword = false })
	h.add(t, "crew", staff)
	grant := func(name string, p earshot.PermissionSet) earshot.User {
		u, err := h.ChangeUser(t.Context(), name, UserEdit{Grant: p})
		refused(t, "grant", err, "")
		return u
	}
	helper := grant("helper", change)
	grant("crew", change)
	for what, c := range map[string]struct {
		by   *earshot.User
		name string
		code earshot.Code
	}{
		"the command line":        {nil, "ana", ""},
		"the command line, boss":  {nil, "boss", ""},
		"nobody":                  {nil, "nobody", earshot.CodeNotFound},
		"who may not":             {&ana, "bot", earshot.CodeForbidden},
		"who may":                 {&helper, "ANA", ""},
		"who may, of a superuser": {&helper, "boss", earshot.CodeForbidden},
		"who may, of staff":       {&helper, "crew", earshot.CodeForbidden},
		"a superuser":             {&boss, "crew", ""},
		"who may, of themselves":  {&helper, "helper", earshot.CodeForbidden},
		"who may, of nobody":      {&helper, "nobody", earshot.CodeNotFound},
	} {
		_, _, err := h.ResetLink(t.Context(), c.by, c.name)
		refused(t, what, err, c.code)
	}
	// It lets somebody in who never had a password.
	token, expires, err := h.ResetLink(t.Context(), nil, "bot")
	refused(t, "link", err, "")
	if d := time.Until(expires); d < 71*time.Hour || d > 73*time.Hour {
		t.Errorf("it lasts %v", d)
	}
	refused(t, "reset", h.ResetPassword(t.Context(), token, newPassword, addr("192.0.2.1")), "")
	h.in(t, "bot", newPassword)
	refused(t, "again", h.ResetPassword(t.Context(), token, newPassword, addr("192.0.2.1")), earshot.CodeForbidden)
	h.deactivate(t, bot)
	_, _, err = h.ResetLink(t.Context(), nil, "bot")
	refused(t, "of one who is not active", err, earshot.CodeConflict)
}

func TestConfirmEmail(t *testing.T) {
	t.Parallel()
	h, mails := withMail(t)
	h.add(t, "ana")
	_, login := h.in(t, "ana", goodPassword)
	refused(t, "without an address", h.AskToConfirm(t.Context(), login), earshot.CodeConflict)
	var err error
	login.User, err = h.ChangeProfile(t.Context(), login, ProfileEdit{Email: ptr("ana@example.org"), Proof: Proof{Password: goodPassword}}, addr("192.0.2.1"))
	refused(t, "change", err, "")
	h.ask(t, "ana@example.org")
	if got := mails.to("ana@example.org"); len(got) != 1 {
		t.Errorf("an address that is not confirmed is written to: %q", got)
	}
	first := mails.link(t, "ana@example.org")
	refused(t, "ask again", h.AskToConfirm(t.Context(), login), "")
	u, err := h.ConfirmEmail(t.Context(), mails.link(t, "ana@example.org"), addr("192.0.2.1"))
	refused(t, "confirm", err, "")
	if !u.EmailConfirmed || !h.user(t, u.ID).EmailConfirmed {
		t.Error("it is not confirmed")
	}
	_, err = h.ConfirmEmail(t.Context(), first, addr("192.0.2.1"))
	refused(t, "the other link", err, earshot.CodeForbidden, "token")
	login.User = u
	refused(t, "there is nothing to confirm", h.AskToConfirm(t.Context(), login), earshot.CodeConflict)
	h.ask(t, "ana@example.org")
	mails.link(t, "ana@example.org")

	// A link to one address does not confirm the next.
	login.User, err = h.ChangeProfile(t.Context(), login, ProfileEdit{Email: ptr("b@example.org"), Proof: Proof{Password: goodPassword}}, addr("192.0.2.1"))
	refused(t, "change", err, "")
	stale := mails.link(t, "b@example.org")
	login.User, err = h.ChangeProfile(t.Context(), login, ProfileEdit{Email: ptr("c@example.org"), Proof: Proof{Password: goodPassword}}, addr("192.0.2.1"))
	refused(t, "change", err, "")
	_, err = h.ConfirmEmail(t.Context(), stale, addr("192.0.2.1"))
	refused(t, "of the address before", err, earshot.CodeForbidden)
	// Nobody sends mails all over the world from one account.
	codes := map[earshot.Code]int{}
	for i := range 20 {
		_, err := h.ChangeProfile(t.Context(), login, ProfileEdit{Email: ptr(fmt.Sprintf("victim%d@example.org", i)), Proof: Proof{Password: goodPassword}}, addr("192.0.2.1"))
		codes[earshot.CodeOf(err)]++
	}
	if codes[""] > mailsToOne || codes[earshot.CodeRateLimited] < 20-mailsToOne {
		t.Errorf("%v", codes)
	}
}

func TestSignUpWithConfirmation(t *testing.T) {
	t.Parallel()
	h, mails := withMail(t, func(c *Config) { c.Mail.ConfirmSignUp = true })
	_, _, err := h.SignUp(t.Context(), SignUp{Username: "ana", Password: goodPassword}, addr("192.0.2.1"))
	refused(t, "without an address", err, earshot.CodeInvalid, "email")
	_, _, err = h.SignUp(t.Context(), SignUp{Username: "ana", Password: goodPassword, Email: "nonsense"}, addr("192.0.2.1"))
	refused(t, "with nonsense", err, earshot.CodeInvalid, "email")
	secret, login, err := h.SignUp(t.Context(), SignUp{Username: "ana", Password: goodPassword, Email: "ana@example.org"}, addr("192.0.2.1"))
	refused(t, "sign up", err, "")
	if secret != "" || login.Credential != (earshot.SecretHash{}) {
		t.Error("somebody is in without having confirmed the address")
	}
	_, _, err = h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
	refused(t, "log in", err, earshot.CodeForbidden, "email")
	_, _, err = h.LogIn(t.Context(), "ana", "wrong", addr("192.0.2.1"))
	if e := earshot.AsError(err); e == nil || !wrongLogin(e) {
		t.Errorf("a wrong password: %v", err)
	}
	if got := mails.to("ana@example.org"); len(got) != 2 { // one more, as the first may be lost
		t.Errorf("mails: %q", got)
	}
	_, err = h.ConfirmEmail(t.Context(), mails.link(t, "ana@example.org"), addr("192.0.2.1"))
	refused(t, "confirm", err, "")
	_, in := h.in(t, "ana", goodPassword)
	// Whoever was in once stays in, whatever becomes of the address.
	_, err = h.ChangeProfile(t.Context(), in, ProfileEdit{Email: ptr("other@example.org"), Proof: Proof{Password: goodPassword}}, addr("192.0.2.1"))
	refused(t, "change", err, "")
	h.in(t, "ana", goodPassword)
	// Two people may have one address; that somebody has it is not told.
	_, _, err = h.SignUp(t.Context(), SignUp{Username: "ben", Password: goodPassword, Email: "other@example.org"}, addr("192.0.2.1"))
	refused(t, "the same address", err, "")
	h.add(t, "made") // by an administrator, without an address
	h.in(t, "made", goodPassword)
}

// TestResetAmongLiars has strangers sign up with an address that is not theirs, under names that come first: the mail reaches the
// one whose address it is.
func TestResetAmongLiars(t *testing.T) {
	t.Parallel()
	h, mails := withMail(t)
	h.add(t, "zoe", mailed)
	for i := range sameAddress {
		liar := h.add(t, fmt.Sprint("liar", i))
		email := "zoe@example.org"
		_, err := h.store.ChangeUser(t.Context(), liar.ID, earshot.UserChange{Email: &email, EmailConfirmed: ptr(false)})
		refused(t, "change", err, "")
	}
	h.ask(t, "zoe@example.org")
	mails.link(t, "zoe@example.org")
	if got := mails.to("zoe@example.org"); !slices.Equal(got, []string{"Set a new password"}) {
		t.Errorf("mails: %q", got)
	}
}
