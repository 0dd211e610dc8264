package account

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/earshot-chat/earshot"
)

// elsewherePassword is a hash of goodPassword that another server made, by two iterations.
const elsewherePassword = "pbkdf2_sha256$2$salt$9tMVO9pJAx4DknQJ9Qbpg3Znl/BBGQrcf7+mL3E9ltc="

// imported makes a user whose hash came from elsewhere.
func (h *house) imported(t *testing.T, name string, stored earshot.PasswordHash) earshot.User {
	t.Helper()
	u := h.add(t, name, func(a *NewAccount) { a.HasPassword = false })
	if err := h.store.ReplacePassword(t.Context(), u.ID, u.Password, stored); err != nil {
		t.Fatal(err)
	}
	return h.user(t, u.ID)
}

func TestRehashAtLogIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig())
	own := h.hasher.decoy.cost
	h.hasher.decoy.cost = cost{memory: 64, passes: 1, threads: 1}
	cheaper, err := h.hasher.hash(t.Context(), goodPassword)
	refused(t, "hash", err, "")
	h.hasher.decoy.cost = own
	for name, stored := range map[string]earshot.PasswordHash{
		"cheaper": cheaper,
		"pbkdf2":  elsewherePassword,
		"bcrypt":  "bcrypt$$2b$04$9QLOLyaOQngYcynbQ3T0N.bZuFrGFyGmvzhwRLjeGYTc0lHTwjNTW",
	} {
		u := h.imported(t, name, stored)
		_, _, err := h.LogIn(t.Context(), name, "wrong", addr("192.0.2.1"))
		refused(t, name+", wrong", err, earshot.CodeUnauthenticated)
		if h.user(t, u.ID).Password != stored {
			t.Errorf("%s: a wrong password changed the hash", name)
		}
		if name == "bcrypt" { // of another password: nothing is hashed anew
			continue
		}
		_, _, err = h.LogIn(t.Context(), name, goodPassword, addr("192.0.2.1"))
		refused(t, name, err, "")
		fresh := h.user(t, u.ID).Password
		if !strings.HasPrefix(string(fresh), "argon2$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("%s: not hashed anew: %.30s", name, string(fresh))
		}
		_, _, err = h.LogIn(t.Context(), name, goodPassword, addr("192.0.2.1"))
		refused(t, name+" again", err, "")
		if h.user(t, u.ID).Password != fresh {
			t.Errorf("%s: hashed anew a second time", name)
		}
	}
}

// Several log-ins of one user who has a hash from elsewhere, at once: all get in, and one hash stays.
func TestRehashAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	u := h.imported(t, "ana", elsewherePassword)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			_, _, err := h.LogIn(t.Context(), "ana", goodPassword, addr(fmt.Sprintf("192.0.2.%d", i)))
			refused(t, "log in", err, "")
		})
	}
	group.Wait()
	if now := h.user(t, u.ID).Password; !strings.HasPrefix(string(now), "argon2$") {
		t.Errorf("%.20s", string(now))
	}
}

// The password is changed while the one before is being checked: the log-in must not outlive it.
func TestLogInDuringChangeOfPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	u := h.add(t, "ana")
	inner := h.hasher.derive
	var once sync.Once
	h.hasher.derive = func(password []byte, with argonHash) []byte {
		once.Do(func() {
			if err := h.store.ReplacePassword(t.Context(), u.ID, u.Password, unusablePassword()); err != nil {
				t.Error(err)
			}
		})
		return inner(password, with)
	}
	_, _, err := h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
	refused(t, "log in", err, earshot.CodeUnauthenticated)
}

// Hashes that ask for too much, or are none, match nothing, cost no more than others, and are told apart for whoever
// imports them.
func TestHashesOutOfBounds(t *testing.T) {
	t.Parallel()
	sum32 := strings.Repeat("A", 43) + "="
	sum64 := strings.Repeat("A", 86) + "=="
	bcrypted := strings.Repeat("a", 53)
	for stored, fault := range map[string]string{
		"argon2$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$" + sum32[:43]:    "asks for more",
		"argon2$argon2id$v=19$m=8192,t=1000000,p=1$c29tZXNhbHQ$" + sum32[:43]: "asks for more",
		"argon2$argon2id$v=19$m=8192,t=1,p=200$c29tZXNhbHQ$" + sum32[:43]:     "asks for more",
		"argon2$argon2d$v=19$m=8192,t=1,p=1$c29tZXNhbHQ$" + sum32[:43]:        "not understood",
		"argon2$argon2i$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$" + sum32[:43]:     "asks for more",
		"pbkdf2_sha256$1000000000$salt$" + sum32:                              "asks for more",
		"pbkdf2_sha256$5000001$salt$" + sum32:                                 "asks for more",
		"pbkdf2_sha256$99999999999$salt$" + sum32:                             "not understood",
		"pbkdf2_sha256$0$salt$" + sum32:                                       "not understood",
		"pbkdf2_sha256$-1$salt$" + sum32:                                      "not understood",
		"pbkdf2_sha256$01$salt$" + sum32:                                      "not understood",
		"pbkdf2_sha256$1$$" + sum32:                                           "not understood",
		"pbkdf2_sha256$1$salt$" + sum32[:40]:                                  "not understood",
		"pbkdf2_sha256$1$salt$":                                               "not understood",
		"pbkdf2_sha256$1$salt$" + sum32 + "$":                                 "not understood",
		"pbkdf2_sha256$1$" + strings.Repeat("s", 129) + "$" + sum32:           "not understood",
		"pbkdf2_sha1$1$salt$" + sum32:                                         "not understood",
		"bcrypt$$2b$31$" + bcrypted:                                           "asks for more",
		"bcrypt_sha256$$2b$16$" + bcrypted:                                    "asks for more",
		"bcrypt_sha256$$2b$03$" + bcrypted:                                    "not understood",
		"bcrypt$$2c$04$" + bcrypted:                                           "not understood",
		"bcrypt$$2b$04$" + bcrypted[1:]:                                       "not understood",
		"scrypt$1048576$salt$8$1$" + sum64:                                    "asks for more",
		"scrypt$1073741824$salt$1073741824$1073741824$" + sum64:               "asks for more",
		"scrypt$16384$salt$8$100$" + sum64:                                    "asks for more",
		"scrypt$16383$salt$8$1$" + sum64:                                      "not understood",
		"scrypt$1$salt$8$1$" + sum64:                                          "not understood",
		"scrypt$16384$salt$0$1$" + sum64:                                      "not understood",
		"scrypt$16384$salt$8$1$" + sum32:                                      "not understood",
		"md5$salt$" + sum32:                                                   "not understood",
		"sha1$$" + sum32:                                                      "not understood",
		"$":                                                                   "not understood",
		"plain":                                                               "not understood",
		"argon2":                                                              "not understood",
		strings.Repeat("pbkdf2_sha256$", 100_000):                             "not understood",
		"":                                    "",
		"!":                                   "",
		"!pbkdf2_sha256$1$salt$" + sum32:      "",
		"pbkdf2_sha256$5000000$salt$" + sum32: "",
		"argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHQ$" + sum32[:43]: "",
		"scrypt$16384$salt$8$5$" + sum64:                                  "",
		"bcrypt_sha256$$2b$12$" + bcrypted:                                "",
	} {
		if got := HashFault(earshot.PasswordHash(stored)); (fault == "") != (got == "") || !strings.Contains(got, fault) {
			t.Errorf("%.60s: %q, want %q", stored, got, fault)
		}
	}
	h := newHouse(t, DefaultConfig()).quick()
	h.imported(t, "ana", earshot.PasswordHash("pbkdf2_sha256$1000000000$salt$"+sum32))
	h.hashes.Store(0)
	_, _, err := h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
	refused(t, "log in", err, earshot.CodeUnauthenticated)
	if h.hashes.Load() != 1 {
		t.Errorf("%d hashes", h.hashes.Load())
	}
}

// Where some users have hashes from elsewhere, which take another time, as many names that nobody has take that time, and
// each always the same: neither one answer nor two tell who is here.
func TestUnknownNamesTakeTheTimesOfUsers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	const users, strangers = 60, 240
	for i := range users {
		if i%3 == 0 {
			h.imported(t, fmt.Sprint("user", i), elsewherePassword)
		} else {
			h.add(t, fmt.Sprint("user", i))
		}
	}
	elsewhere := 0
	for i := range strangers {
		var kinds [2]int64
		for try := range kinds {
			h.hashes.Store(0)
			_, _, err := h.LogIn(t.Context(), fmt.Sprint("stranger", i), "wrong", addr(fmt.Sprintf("10.%d.%d.1", try, i%250)))
			refused(t, "log in", err, earshot.CodeUnauthenticated)
			kinds[try] = h.hashes.Load()
		}
		if kinds[0] != kinds[1] {
			t.Errorf("stranger %d took two kinds of time", i)
		}
		if kinds[0] == 0 {
			elsewhere++
		}
	}
	if elsewhere < strangers/6 || elsewhere > strangers/2 {
		t.Errorf("%d of %d names of nobody take the time that a third of the users take", elsewhere, strangers)
	}
}

// countedUsers counts who is looked up.
type countedUsers struct {
	earshot.UserStore
	asked int
}

func (c *countedUsers) UserByName(ctx context.Context, key earshot.NameKey) (earshot.User, error) {
	c.asked++
	return c.UserStore.UserByName(ctx, key)
}

// Whoever finds the queue full costs the store nothing.
func TestBusyBeforeTheStore(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	counted := &countedUsers{UserStore: h.store}
	h.stores.Users = counted
	h.hasher.admitted.Store(h.hasher.most)
	for range 20 {
		_, _, err := h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
		refused(t, "log in", err, earshot.CodeBusy)
	}
	if counted.asked != 0 || h.hasher.admitted.Load() != h.hasher.most {
		t.Errorf("the store was asked %d times; %d admitted", counted.asked, h.hasher.admitted.Load())
	}
}
