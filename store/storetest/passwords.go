package storetest

import (
	"fmt"
	"testing"

	"github.com/earshot-chat/earshot"
)

func replacePassword(t *testing.T, s Stores) {
	ana, bob := addUser(t, s, "ana"), addUser(t, s, "bob")
	before := newUser("").Password
	ok(t, "replace", s.Passwords.ReplacePassword(t.Context(), ana, before, "fresh"))
	refused(t, "replace again", s.Passwords.ReplacePassword(t.Context(), ana, before, "fresher"), earshot.CodeConflict)
	refused(t, "of nobody", s.Passwords.ReplacePassword(t.Context(), 1<<40, before, "fresh"), earshot.CodeConflict)
	for id, password := range map[earshot.UserID]earshot.PasswordHash{ana: "fresh", bob: before} {
		u, err := s.Users.User(t.Context(), id)
		ok(t, "user", err)
		want(t, "password", string(u.Password), string(password))
	}
}

// samplePassword wants each user's hash for about as many picks, the same for the same pick, and few that move when a user
// is made.
func samplePassword(t *testing.T, s Stores) {
	got, err := s.Passwords.SamplePassword(t.Context(), 42)
	ok(t, "nobody", err)
	want(t, "nobody's", string(got), "")
	const users, picks = 20, 2000
	add := func(n int) {
		u := newUser(fmt.Sprint("user", n))
		u.Password = earshot.PasswordHash(fmt.Sprint("hash", n))
		_, err := s.Users.CreateUsers(t.Context(), []earshot.NewUser{u})
		ok(t, "create", err)
	}
	all := func() ([]earshot.PasswordHash, map[earshot.PasswordHash]int) {
		list, count := make([]earshot.PasswordHash, picks), map[earshot.PasswordHash]int{}
		for i := range list {
			var err error
			list[i], err = s.Passwords.SamplePassword(t.Context(), uint64(i)*0x9e3779b97f4a7c15)
			ok(t, "sample", err)
			count[list[i]]++
		}
		return list, count
	}
	for n := range users {
		add(n)
	}
	first, count := all()
	want(t, "users who are picked", len(count), users)
	for hash, n := range count {
		if n > picks/users*4 {
			t.Errorf("%s was picked %d times of %d", string(hash), n, picks)
		}
	}
	again, _ := all()
	wantAll(t, "the same picks", again, first)
	add(users)
	moved := 0
	later, _ := all()
	for i := range later {
		if later[i] != first[i] {
			moved++
		}
	}
	if moved > picks/users*2 {
		t.Errorf("%d of %d picks moved for one new user", moved, picks)
	}
}
