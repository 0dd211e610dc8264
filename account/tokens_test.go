package account

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		_, login, err := h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
		refused(t, "log in", err, "")
		in := NewToken{Name: " a bot ", Scopes: []earshot.Scope{earshot.ScopeChat}, Age: 24 * time.Hour}
		secret, info, err := h.CreateToken(t.Context(), login, in)
		refused(t, "create", err, "")
		if info.Name != "a bot" || strings.Contains(secret, info.ID) {
			t.Errorf("%+v", info)
		}
		time.Sleep(24*time.Hour - time.Second)
		by, err := h.ByToken(t.Context(), secret)
		refused(t, "before its end", err, "")
		if !by.ByToken || by.Scopes != earshot.ScopesOf(earshot.ScopeChat) || !by.ExpiresAt.Equal(info.ExpiresAt) {
			t.Errorf("login: %+v", by)
		}
		_, _, err = h.CreateToken(t.Context(), by, in)
		refused(t, "a token by a token", err, earshot.CodeForbidden, "scope")
		time.Sleep(time.Second)
		_, err = h.ByToken(t.Context(), secret)
		refused(t, "after its end", err, earshot.CodeUnauthenticated)
		if n, err := h.SweepExpired(t.Context()); n != 1 || err != nil {
			t.Errorf("swept %d: %v", n, err)
		}
		if cut := h.cut(); len(cut) != 1 || cut[0] != by.Credential {
			t.Errorf("cut: %v", cut)
		}
	})
}

func TestTokensHaveALimit(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "ana")
	_, login, err := h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
	refused(t, "log in", err, "")
	in := NewToken{Name: "x", Scopes: earshot.Scopes()}
	for range MaxTokens {
		_, _, err := h.CreateToken(t.Context(), login, in)
		refused(t, "create", err, "")
	}
	_, _, err = h.CreateToken(t.Context(), login, in)
	refused(t, "one too many", err, earshot.CodeLimit)
}
