package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/leaktest"
	"github.com/earshot-chat/earshot/store/sqlstore"
	"github.com/earshot-chat/earshot/store/sqlstore/sqlstoretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// template is of the databases.
var template sqlstoretest.Template

const goodPassword = "correct horse"

// house is a service on a real store, with what a test looks at.
type house struct {
	*Service
	store *sqlstore.Store
	// hashes counts how many password hashes were computed.
	hashes *atomic.Int64

	mu    sync.Mutex
	ended []earshot.SecretHash
}

func newHouse(t *testing.T, cfg Config) *house {
	t.Helper()
	store := template.Open(t)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{store: store, hashes: new(atomic.Int64)}
	h.Service = New(Stores{
		Users: store, Passwords: store, Edit: store, Own: store, Secrets: store, Profiles: store, Groups: store, Sessions: store, Tokens: store, Invitations: store,
		TOTP: store, Recovery: store, Passkeys: store, Identities: store, Origins: store, Tickets: store, Factors: store, Bans: store, Actions: store,
	}, cfg, func(c earshot.SecretHash) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.ended = append(h.ended, c)
	})
	inner := h.hasher.derive
	h.hasher.derive = func(password []byte, with argonHash) []byte {
		h.hashes.Add(1)
		return inner(password, with)
	}
	return h
}

// quick takes the cost out of hashing, for tests of how often it is done.
func (h *house) quick() *house {
	h.hasher.derive = func(password []byte, with argonHash) []byte {
		h.hashes.Add(1)
		sum := sha256.Sum256(append(append([]byte{}, with.salt...), password...))
		return sum[:]
	}
	return h
}

func (h *house) cut() []earshot.SecretHash {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]earshot.SecretHash{}, h.ended...)
}

// add makes an account with goodPassword.
func (h *house) add(t *testing.T, name string, change ...func(*NewAccount)) earshot.User {
	t.Helper()
	a := NewAccount{Username: name, Password: goodPassword, HasPassword: true}
	for _, c := range change {
		c(&a)
	}
	ids, err := h.CreateUsers(t.Context(), []NewAccount{a})
	if err != nil {
		t.Fatalf("making %q: %v", name, err)
	}
	return h.user(t, ids[0])
}

func (h *house) user(t *testing.T, id earshot.UserID) earshot.User {
	t.Helper()
	u, err := h.store.User(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (h *house) deactivate(t *testing.T, u earshot.User) {
	t.Helper()
	inactive := false
	if _, err := h.store.ChangeUser(context.WithoutCancel(t.Context()), u.ID, earshot.UserChange{IsActive: &inactive}); err != nil {
		t.Error(err)
	}
}

func (h *house) logIn(t *testing.T, name string) string {
	t.Helper()
	secret, _, err := h.LogIn(t.Context(), name, goodPassword, addr("192.0.2.1"))
	if err != nil {
		t.Fatalf("logging %q in: %v", name, err)
	}
	return secret
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func staff(a *NewAccount) { a.Staff = true }

// refused wants an error with a code, and with a field if one is given; no code means no error.
func refused(t *testing.T, what string, err error, code earshot.Code, field ...string) {
	t.Helper()
	if earshot.CodeOf(err) != code {
		t.Errorf("%s: got %v (code %q), want code %q", what, err, earshot.CodeOf(err), code)
		return
	}
	if e, ok := errors.AsType[*earshot.Error](err); ok && len(field) > 0 && e.Field != field[0] {
		t.Errorf("%s: got field %q (%v), want %q", what, e.Field, err, field[0])
	}
}
