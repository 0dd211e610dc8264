package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

func TestLogInAndOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig())
	ana := h.add(t, "Ana")
	secret, login, err := h.LogIn(t.Context(), "ANA", goodPassword, addr("192.0.2.1"))
	refused(t, "log in", err, "")
	if !strings.HasPrefix(secret, "es_") || len(secret) != 46 {
		t.Errorf("the secret is %d long", len(secret))
	}
	if login.User.ID != ana.ID || login.Extended || time.Until(login.ExpiresAt) < 13*24*time.Hour || login.User.LastLogin.IsZero() {
		t.Errorf("login: %+v", login)
	}
	if stored := h.user(t, ana.ID); !stored.LastLogin.Equal(login.User.LastLogin) {
		t.Errorf("last login %v, stored %v", login.User.LastLogin, stored.LastLogin)
	}
	seen, err := h.BySession(t.Context(), secret)
	refused(t, "by session", err, "")
	if seen != login {
		t.Errorf("by session: %+v, want %+v", seen, login)
	}
	refused(t, "log out", h.LogOut(t.Context(), secret), "")
	if cut := h.cut(); len(cut) != 1 || cut[0] != login.Credential {
		t.Errorf("cut: %v", cut)
	}
	_, err = h.BySession(t.Context(), secret)
	refused(t, "a cookie after log-out", err, earshot.CodeUnauthenticated)
	refused(t, "log out again", h.LogOut(t.Context(), secret), "")
}

func TestSecretIsNewAtEachLogIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "ana")
	h.add(t, "bob")
	seen := map[string]bool{}
	for range 20 {
		for _, name := range []string{"ana", "bob"} {
			secret := h.logIn(t, name)
			if seen[secret] {
				t.Fatal("a secret came twice")
			}
			seen[secret] = true
		}
	}
	// A secret that a stranger made up and planted in somebody's browser never becomes one that holds.
	planted, _ := newSecret(sessionPrefix)
	h.logIn(t, "ana")
	_, err := h.BySession(t.Context(), planted)
	refused(t, "a planted secret", err, earshot.CodeUnauthenticated)
	for secret := range seen { // and each one is its own: ending one leaves the others
		refused(t, "log out", h.LogOut(t.Context(), secret), "")
		delete(seen, secret)
		break
	}
	for secret := range seen {
		if _, err := h.BySession(t.Context(), secret); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCredentialsOfOneKindAreNoOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "ana")
	session := h.logIn(t, "ana")
	tokens, err := h.CreateTokens(t.Context(), []string{"ana", "ANA"})
	refused(t, "tokens", err, "")
	invitation, _, err := h.Invite(t.Context(), 0, 1, time.Hour)
	refused(t, "invite", err, "")
	login, err := h.ByToken(t.Context(), tokens[0])
	refused(t, "by token", err, "")
	if login.User.Username != "ana" || !login.ExpiresAt.IsZero() || tokens[0] == tokens[1] {
		t.Errorf("login: %+v", login)
	}
	for _, secret := range []string{
		"", "es_", "et_", "es_x", tokens[0], invitation, "et_" + session[3:], "ei_" + session[3:], session + "A", session[:45], session + "\n", strings.ToUpper(session),
		"es_" + strings.Repeat("A", 43), "es_" + strings.Repeat("\xff", 43), strings.Repeat("es_", 100_000), "es_" + strings.Repeat("'", 43),
	} {
		_, err := h.BySession(t.Context(), secret)
		refused(t, fmt.Sprintf("session %.60q", secret), err, earshot.CodeUnauthenticated)
		refused(t, "log out", h.LogOut(t.Context(), secret), "")
	}
	for _, secret := range []string{"", session, invitation, "et_" + session[3:], "es_" + tokens[0][3:], tokens[0] + "="} {
		_, err := h.ByToken(t.Context(), secret)
		refused(t, fmt.Sprintf("token %.60q", secret), err, earshot.CodeUnauthenticated)
		refused(t, "revoke", h.RevokeToken(t.Context(), secret), "")
	}
	refused(t, "revoke", h.RevokeToken(t.Context(), tokens[0]), "")
	_, err = h.ByToken(t.Context(), tokens[0])
	refused(t, "a revoked token", err, earshot.CodeUnauthenticated)
	_, err = h.ByToken(t.Context(), tokens[1])
	refused(t, "the other token", err, "")
	_, err = h.BySession(t.Context(), session)
	refused(t, "the session", err, "")
}

func TestSlidingExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		secret := h.logIn(t, "ana")
		by := func(what string) Login {
			t.Helper()
			login, err := h.BySession(t.Context(), secret)
			refused(t, what, err, "")
			return login
		}
		first := by("at once")
		time.Sleep(23 * time.Hour)
		if l := by("the same day"); l.Extended || !l.ExpiresAt.Equal(first.ExpiresAt) {
			t.Errorf("extended within a day: %+v", l)
		}
		time.Sleep(time.Hour)
		if l := by("a day later"); !l.Extended || time.Until(l.ExpiresAt) != 14*24*time.Hour {
			t.Errorf("not extended after a day: %+v", l)
		}
		if l := by("right afterwards"); l.Extended || time.Until(l.ExpiresAt) != 14*24*time.Hour {
			t.Errorf("extended twice: %+v", l)
		}
		time.Sleep(14*24*time.Hour - time.Millisecond)
		if l := by("at the last moment"); !l.Extended {
			t.Errorf("not extended at the last moment: %+v", l)
		}
		time.Sleep(14 * 24 * time.Hour)
		_, err := h.BySession(t.Context(), secret)
		refused(t, "expired", err, earshot.CodeUnauthenticated)
		if len(h.cut()) != 0 {
			t.Error("cut before the sweep")
		}
		n, err := h.SweepExpired(t.Context())
		if cut := h.cut(); err != nil || n != 1 || len(cut) != 1 || cut[0] != first.Credential {
			t.Errorf("swept %d, %v; cut %v", n, err, cut)
		}
		n, err = h.SweepExpired(t.Context())
		if err != nil || n != 0 {
			t.Errorf("swept %d more, %v", n, err)
		}
	})
}

func TestDeactivationIsImmediate(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig())
	ana := h.add(t, "ana")
	secret := h.logIn(t, "ana")
	tokens, err := h.CreateTokens(t.Context(), []string{"ana"})
	refused(t, "token", err, "")

	// Deactivated while the password is being hashed: the log-in must not outrun it.
	inner := h.hasher.derive
	h.hasher.derive = func(password []byte, with argonHash) []byte {
		h.deactivate(t, ana)
		return inner(password, with)
	}
	_, _, err = h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
	refused(t, "log-in during a deactivation", err, earshot.CodeUnauthenticated)
	if h.user(t, ana.ID).IsActive {
		t.Error("the log-in undid the deactivation")
	}
	h.hasher.derive = inner
	_, err = h.BySession(t.Context(), secret)
	refused(t, "session", err, earshot.CodeUnauthenticated)
	_, err = h.ByToken(t.Context(), tokens[0])
	refused(t, "token", err, earshot.CodeUnauthenticated)
	_, _, err = h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
	refused(t, "log in", err, earshot.CodeUnauthenticated)
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "ana")
	secret := h.logIn(t, "ana")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	before := h.hashes.Load()
	_, _, logInErr := h.LogIn(ctx, "ana", goodPassword, addr("192.0.2.1"))
	_, _, signUpErr := h.SignUp(ctx, SignUp{Username: "bob", Password: goodPassword}, addr("192.0.2.1"))
	_, sessionErr := h.BySession(ctx, secret)
	for what, err := range map[string]error{"log in": logInErr, "sign up": signUpErr, "by session": sessionErr, "log out": h.LogOut(ctx, secret)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if h.hashes.Load() != before {
		t.Error("a password was hashed for nobody")
	}
	if len(h.cut()) != 0 {
		t.Error("a log-out that failed cut sessions")
	}
	_, err := h.BySession(t.Context(), secret)
	refused(t, "afterwards", err, "")
}

// No log line and no error may show what is in an account's password column.
func TestLoginPrintsNoHash(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "ana")
	login, err := h.BySession(t.Context(), h.logIn(t, "ana"))
	refused(t, "by session", err, "")
	if text := fmt.Sprintf("%v %+v", login, login); strings.Contains(text, "argon2") {
		t.Error("the hash is printed")
	}
}
