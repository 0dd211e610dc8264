package account

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

// withoutPassword makes a user whom no password lets in, as one is whom a provider has brought.
func (h *house) withoutPassword(t *testing.T, name string) earshot.User {
	t.Helper()
	return h.add(t, name, func(a *NewAccount) { a.HasPassword, a.Email = false, name+"@example.org" })
}

// begun is a log-in of such a user.
func (h *house) begun(t *testing.T, user earshot.User, way earshot.Way) (string, Login) {
	t.Helper()
	secret, login, err := h.beginSessionBy(t.Context(), h.user(t, user.ID), way, nil)
	refused(t, "begin", err, "")
	return secret, login
}

// TestFirstPassword sets one, and tries what must not set one: a log-in that is old, one by a link, a token, guesses.
func TestFirstPassword(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, mails := withMail(t)
		ana := h.withoutPassword(t, "ana")
		stolen, old := h.begun(t, ana, earshot.WayOwn)
		time.Sleep(freshAge + time.Second)
		phone, phoneLogin := h.begun(t, ana, earshot.WayLink)
		own, fresh := h.begun(t, ana, earshot.WayOwn)
		set := func(by Login, proof Proof, password string) (string, Login, error) {
			return h.ChangePassword(t.Context(), by, proof, password, addr("192.0.2.1"))
		}
		byToken := fresh
		byToken.ByToken = true
		for what, c := range map[string]struct {
			by    Login
			proof Proof
			fresh string
			code  earshot.Code
			field string
		}{
			"an old log-in":                 {old, Proof{}, newPassword, earshot.CodeForbidden, "login"},
			"an old one and a password":     {old, Proof{Password: goodPassword}, newPassword, earshot.CodeForbidden, "login"},
			"an old one and a code":         {old, Proof{Code: "123456"}, newPassword, earshot.CodeForbidden, "login"},
			"by a link from another device": {phoneLogin, Proof{}, newPassword, earshot.CodeForbidden, "login"},
			"a token":                       {byToken, Proof{}, newPassword, earshot.CodeForbidden, "scope"},
			"a bad password":                {fresh, Proof{}, "short", earshot.CodeInvalid, "new_password"},
			"no password":                   {fresh, Proof{}, "", earshot.CodeInvalid, "new_password"},
		} {
			_, _, err := set(c.by, c.proof, c.fresh)
			refused(t, what, err, c.code, c.field)
		}
		if h.user(t, ana.ID).Password.Usable() || len(h.cut()) != 0 {
			t.Fatal("something was done")
		}
		secret, after, err := set(fresh, Proof{}, newPassword)
		refused(t, "set", err, "")
		if _, err := h.BySession(t.Context(), secret); err != nil || after.Credential == fresh.Credential {
			t.Errorf("the log-in goes on as %+v, %v", after, err)
		}
		for what, secret := range map[string]string{"the stolen one": stolen, "the phone": phone, "the secret of before": own} {
			_, err := h.BySession(t.Context(), secret)
			refused(t, what, err, earshot.CodeUnauthenticated)
		}
		if cut := h.cut(); len(cut) != 2 {
			t.Errorf("%d were cut", len(cut))
		}
		h.in(t, "ana", newPassword)
		_, _, err = set(after, Proof{}, "another good one")
		refused(t, "a second one without the first", err, earshot.CodeInvalid, "password")
		if all, err := h.Actions(t.Context(), nil, earshot.ActionQuery{Verb: earshot.VerbChangePassword}); err != nil || len(all) != 1 || all[0].Details["kind"] != "first" {
			t.Errorf("log: %+v, %v", all, err)
		}
		synctest.Wait()
		if got := mails.to("ana@example.org"); len(got) != 1 || got[0] != "A password was set" {
			t.Errorf("mails: %q", got)
		}
	})
}

// TestFirstPasswordWithFactor asks whoever has an authenticator for a code, however fresh the log-in, and uses it once.
func TestFirstPasswordWithFactor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		device, _ := h.enrol(t, "ana", "192.0.2.1")
		changed, err := h.ChangeUser(t.Context(), "ana", UserEdit{NoPassword: true})
		refused(t, "no password", err, "")
		_, by := h.begun(t, changed, earshot.WayOwn)
		set := func(proof Proof, password string) error {
			_, _, err := h.ChangePassword(t.Context(), by, proof, password, addr("192.0.2.1"))
			return err
		}
		time.Sleep(time.Minute) // another code than the one that enrolled
		code := device.code(t)
		refused(t, "nothing", set(Proof{}, newPassword), earshot.CodeInvalid, "code")
		refused(t, "a wrong code", set(Proof{Code: device.wrong(t)}, newPassword), earshot.CodeInvalid, "code")
		refused(t, "the password of before", set(Proof{Password: goodPassword}, newPassword), earshot.CodeInvalid, "code")
		refused(t, "the rules come before the code", set(Proof{Code: code}, "1234"), earshot.CodeInvalid, "new_password")
		refused(t, "set", set(Proof{Code: code}, newPassword), "")
	})
}

// TestRaceOfFirstPasswords sets many at once; and one while the log-in that asks for it is ended.
func TestRaceOfFirstPasswords(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	ana := h.withoutPassword(t, "ana")
	_, first := h.begun(t, ana, earshot.WayOwn)
	_, second := h.begun(t, ana, earshot.WayOwn)
	const n = 8
	won := make([]string, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			by := []Login{first, second}[i%2]
			secret, _, err := h.ChangePassword(context.WithoutCancel(t.Context()), by, Proof{}, fmt.Sprint(newPassword, i), addr("192.0.2.1"))
			switch code := earshot.CodeOf(err); {
			case err == nil:
				won[i] = secret
			case code != earshot.CodeConflict && code != earshot.CodeUnauthenticated: // the second: its log-in is gone already
				t.Error(err)
			}
		})
	}
	group.Wait()
	wins := 0
	for i, secret := range won {
		if secret == "" {
			continue
		}
		wins++
		if _, err := h.BySession(t.Context(), secret); err != nil {
			t.Error(err)
		}
		h.in(t, "ana", fmt.Sprint(newPassword, i))
	}
	if wins != 1 {
		t.Errorf("%d were set", wins)
	}

	ben := h.withoutPassword(t, "ben")
	secret, by := h.begun(t, ben, earshot.WayOwn)
	session, err := h.store.BrowserSession(t.Context(), by.Credential)
	refused(t, "session", err, "")
	refused(t, "log out", h.LogOut(t.Context(), secret), "")
	session.Hash[0]++
	_, err = h.store.SetPassword(t.Context(), earshot.PasswordChange{
		User: ben.ID, Checked: by.User.Password, Fresh: "x", From: by.Credential, Session: &session,
	})
	refused(t, "a log-in that has ended meanwhile", err, earshot.CodeConflict)
	_, _, err = h.ChangePassword(t.Context(), by, Proof{}, newPassword, addr("192.0.2.1"))
	refused(t, "one that had ended before", err, earshot.CodeUnauthenticated)
}

// TestAddressWithoutPassword keeps a browser that was left open from giving the account another address: with it, the owner's
// first password could be set anew.
func TestAddressWithoutPassword(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		ana := h.withoutPassword(t, "ana")
		_, old := h.begun(t, ana, earshot.WayOwn)
		time.Sleep(freshAge + time.Second)
		_, link := h.begun(t, ana, earshot.WayLink)
		_, fresh := h.begun(t, ana, earshot.WayOwn)
		byToken := fresh
		byToken.ByToken = true
		edit := func(by Login, e ProfileEdit) error {
			_, err := h.ChangeProfile(t.Context(), by, e, addr("192.0.2.1"))
			return err
		}
		other, name := "eve@example.org", "Ana"
		for what, by := range map[string]Login{"an old log-in": old, "by a link": link} {
			refused(t, what, edit(by, ProfileEdit{Email: &other, Proof: Proof{Password: goodPassword}}), earshot.CodeForbidden, "login")
		}
		refused(t, "by a token", edit(byToken, ProfileEdit{Email: &other}), earshot.CodeForbidden, "scope")
		refused(t, "the name alone", edit(old, ProfileEdit{DisplayName: &name}), "")
		if got := h.user(t, ana.ID); got.Email != "ana@example.org" || got.DisplayName != name {
			t.Errorf("%+v", got)
		}
		refused(t, "just begun", edit(fresh, ProfileEdit{Email: &other}), "")
	})
}
