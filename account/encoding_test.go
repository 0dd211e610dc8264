package account

import (
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
)

// A hash that another implementation made: the reference implementation of Argon2 (test.c), in Django's form.
const foreignHash = "argon2$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestForeignHash(t *testing.T) {
	t.Parallel()
	h := newHasher(1, 1)
	for password, want := range map[string]bool{"password": true, "Password": false, "": false} {
		if got, err := h.verify(t.Context(), foreignHash, "", password); got.match != want || err != nil {
			t.Errorf("%q: %+v, %v", password, got, err)
		}
	}
}

func TestHashIsSaltedAndHolds(t *testing.T) {
	t.Parallel()
	h := newHasher(1, 1)
	one, err := h.hash(t.Context(), goodPassword)
	refused(t, "hash", err, "")
	two, err := h.hash(t.Context(), goodPassword)
	refused(t, "hash", err, "")
	if one == two {
		t.Error("one password has one hash")
	}
	for _, stored := range []earshot.PasswordHash{one, two} {
		if ok, err := h.verify(t.Context(), stored, "", goodPassword); ok != (verdict{match: true}) || err != nil {
			t.Errorf("the right one: %+v, %v", ok, err)
		}
		if ok, err := h.verify(t.Context(), stored, "", goodPassword+"x"); ok != (verdict{}) || err != nil {
			t.Errorf("a wrong one: %+v, %v", ok, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	const good = "argon2$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if _, err := decodeHash(good); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"argon2$", ""},
		{"argon2$", "$"},
		{"argon2id", "argon2"},
		{"argon2id", "argon2d"},
		{"v=19", "v=16"},
		{"v=19$", ""},
		{"m=19456", "m=0"},
		{"m=19456", "m=7"},
		{"m=19456", "m=019456"},
		{"m=19456", "m=+19456"},
		{"m=19456", "m=-1"},
		{"m=19456", "m=4294967295"},
		{"m=19456", "m=4294986752"}, // 2^32 + 19456
		{"m=19456", "m=131073"},
		{"m=19456,t=2", "m=131072,t=9"}, // too much work
		{"m=19456,t=2", "t=2,m=19456"},
		{"t=2", "t=0"},
		{"t=2", "t=17"},
		{"p=1", "p=0"},
		{"p=1", "p=17"},
		{"p=1", "p=1,x=1"},
		{"p=1", "p=1,p=1"},
		{"c29tZXNhbHRzYWx0", ""},
		{"c29tZXNhbHRzYWx0", "c29t"},
		{"c29tZXNhbHRzYWx0", "c29tZXNhbHRzYWx0="},
		{"c29tZXNhbHRzYWx0", "c29tZXNhbHRzYW_-"},
		{"c29tZXNhbHRzYWx0", strings.Repeat("c29t", 22)},
		{"PPc", "PPd"}, // bits beyond the end
		{"$CTFh", "$CT\nFh"},
		{"CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "CTFh"},
		{"PPc", "PPc$"},
		{"PPc", "PPc\n"},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%q changes nothing", change)
		}
		if h, err := decodeHash(earshot.PasswordHash(bad)); err == nil {
			t.Errorf("%s: %+v", bad, h)
		}
	}
	for _, bad := range []string{"", "!", "!unusable", "md5$salt$sum", "pbkdf2_sha256$1$a$b", strings.Repeat("$", 5), strings.Repeat("argon2$", 10_000)} {
		if h, err := decodeHash(earshot.PasswordHash(bad)); err == nil {
			t.Errorf("%s: %+v", bad, h)
		}
	}
}

// What is accepted is within the bounds and is written in one way only.
func FuzzDecodeHash(f *testing.F) {
	for _, s := range []string{
		foreignHash, "", "!x", "argon2$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"argon2$argon2id$v=19$m=102400,t=2,p=8$TWpnRnlBQ0dTZlp1$Ytgw6L/Hyl5fSqJBY0vOYZzTtHPtVhvNYYxmhx5n1JU", "argon2$argon2id$v=19$m=,t=,p=$$",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := decodeHash(earshot.PasswordHash(s))
		if err != nil {
			return
		}
		if h.encode() != earshot.PasswordHash(s) {
			t.Errorf("%q is written %q", s, string(h.encode()))
		}
		if h.passes == 0 || h.threads == 0 || h.memory > maxMemory || uint64(h.memory)*uint64(h.passes) > maxWork ||
			len(h.salt) < minSalt || len(h.sum) < minSum || len(h.salt) > maxSalt || len(h.sum) > maxSum {
			t.Errorf("%q is out of bounds: %+v", s, h.cost)
		}
	})
}
