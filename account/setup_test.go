package account

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/earshot-chat/earshot"
)

func TestSetUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	code := h.SetupCode()
	if !regexp.MustCompile(`^([A-Z2-7]{5}-){3}[A-Z2-7]{5}$`).MatchString(code) || code == newHouse(t, DefaultConfig()).SetupCode() {
		t.Errorf("the code has not the form it should have, or is always the same")
	}
	needed := func(want bool) {
		t.Helper()
		if got, err := h.SetupNeeded(t.Context()); err != nil || got != want {
			t.Errorf("set-up needed: %t, %v", got, err)
		}
	}
	needed(true)
	for _, wrong := range []string{"", "-", "AAAAA-AAAAA-AAAAA-AAAAA", code[1:], code + "A", strings.Repeat(code, 1000), "\xff", code[:22]} {
		_, _, err := h.SetUp(t.Context(), wrong, "boss", goodPassword, addr("192.0.2.1"))
		refused(t, fmt.Sprintf("%.30q", wrong), err, earshot.CodeForbidden, "code")
	}
	_, _, err := h.SetUp(t.Context(), code, "a b", goodPassword, addr("192.0.2.1"))
	refused(t, "a bad name", err, earshot.CodeInvalid, "username")
	_, _, err = h.SetUp(t.Context(), code, "boss", "short", addr("192.0.2.1"))
	refused(t, "a bad password", err, earshot.CodeInvalid, "password")
	needed(true)
	typed := " " + strings.ReplaceAll(strings.ToLower(code), "-", " – ") + "\n"
	secret, login, err := h.SetUp(t.Context(), typed, "admin", goodPassword, addr("192.0.2.1"))
	refused(t, "set up", err, "")
	if u := login.User; !u.IsStaff || !u.IsSuperuser || !u.IsActive || u.Username != "admin" {
		t.Errorf("user: %+v", u)
	}
	_, err = h.BySession(t.Context(), secret)
	refused(t, "by session", err, "")
	needed(false)
	for _, c := range []string{code, "wrong"} {
		_, _, err = h.SetUp(t.Context(), c, "second", goodPassword, addr("192.0.2.1"))
		refused(t, "set up again", err, earshot.CodeConflict, "setup")
	}
}

func TestSetUpIsOverOnceSomebodyWasMade(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "ana") // another process may have made it: the service asks the store
	if needed, err := h.SetupNeeded(t.Context()); err != nil || needed {
		t.Errorf("set-up needed: %t, %v", needed, err)
	}
	_, _, err := h.SetUp(t.Context(), h.SetupCode(), "boss", goodPassword, addr("192.0.2.1"))
	refused(t, "set up", err, earshot.CodeConflict, "setup")
}

func TestRaceToSetUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	var won atomic.Int64
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			_, _, err := h.SetUp(t.Context(), h.SetupCode(), fmt.Sprint("boss", i), goodPassword, addr("192.0.2.1"))
			if err == nil {
				won.Add(1)
				return
			}
			refused(t, "second", err, earshot.CodeConflict, "setup")
		})
	}
	group.Wait()
	n, err := h.store.CountUsers(t.Context())
	if won.Load() != 1 || n != 1 || err != nil {
		t.Errorf("%d won, %d users, %v", won.Load(), n, err)
	}
}

func TestFloodOfSetupCodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		codes := map[earshot.Code]int{}
		for i := range 10_000 {
			_, _, err := h.SetUp(t.Context(), fmt.Sprint("guess", i), "boss", goodPassword, addr("203.0.113.1"))
			codes[earshot.CodeOf(err)]++
		}
		if codes[earshot.CodeForbidden] != 30 || codes[earshot.CodeRateLimited] != 9970 {
			t.Errorf("answers: %v", codes)
		}
		if h.hashes.Load() != 0 {
			t.Error("a password was hashed for a wrong code")
		}
		_, _, err := h.SetUp(t.Context(), h.SetupCode(), "boss", goodPassword, addr("203.0.113.1"))
		refused(t, "the right code from there, which nobody can lock out", err, "")
	})
}
