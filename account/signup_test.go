package account

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

func TestSignUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig())
	secret, login, err := h.SignUp(t.Context(), SignUp{Username: "Jose\u0301", Password: goodPassword}, addr("192.0.2.1"))
	refused(t, "sign up", err, "")
	if u := login.User; u.Username != "José" || !u.IsActive || u.IsStaff || u.IsSuperuser || u.ID == 0 {
		t.Errorf("user: %+v", u)
	}
	seen, err := h.BySession(t.Context(), secret)
	refused(t, "by session", err, "")
	if seen != login {
		t.Errorf("by session: %+v, want %+v", seen, login)
	}
	for _, name := range []string{"josé", "JOSÉ", "ＪＯＳÉ", "jose\u0301"} {
		_, _, err := h.SignUp(t.Context(), SignUp{Username: name, Password: goodPassword}, addr("192.0.2.1"))
		refused(t, name, err, earshot.CodeConflict, "username")
		_, _, err = h.LogIn(t.Context(), name, goodPassword, addr("192.0.2.1"))
		refused(t, "log in as "+name, err, "")
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	for i, c := range []struct {
		name string
		code earshot.Code
	}{
		{"ana", ""},
		{"a", ""},
		{"ana.b+c-d_e@f", ""},
		{"李小龙", ""},
		{"Ελένη", ""},
		{"עומר", ""},
		{"नमस्ते", ""},
		{"１２３", ""}, // NFKC: 123
		{strings.Repeat("ä", 150), ""},
		{strings.Repeat("x\u0308\u0323", 50), ""},
		{"", earshot.CodeInvalid},
		{" ", earshot.CodeInvalid},
		{" lead", earshot.CodeInvalid},
		{"a b", earshot.CodeInvalid},
		{"a\u00a0b", earshot.CodeInvalid},
		{"a/b", earshot.CodeInvalid},
		{"a\nb", earshot.CodeInvalid},
		{"a\x00b", earshot.CodeInvalid},
		{"a\x7fb", earshot.CodeInvalid},
		{"<b>", earshot.CodeInvalid},
		{"😀", earshot.CodeInvalid},
		{"ana\xff", earshot.CodeInvalid},
		{"\xed\xa0\x80", earshot.CodeInvalid},
		{"ana\u202egro", earshot.CodeInvalid},
		{"\u2066ana\u2069", earshot.CodeInvalid},
		{"ana\u200f", earshot.CodeInvalid},
		{"ana\u200b", earshot.CodeInvalid},
		{"ana\ufeff", earshot.CodeInvalid},
		{"\u3164", earshot.CodeInvalid},       // HANGUL FILLER: a letter that is not seen
		{"ana\ufe0f", earshot.CodeInvalid},    // VARIATION SELECTOR
		{"a\u034fb", earshot.CodeInvalid},     // COMBINING GRAPHEME JOINER
		{"\u0301ana", earshot.CodeInvalid},    // hangs on what is before it
		{"\u2100\u2100", earshot.CodeInvalid}, // NFKC makes a slash of it: a/c
		{strings.Repeat("x", 151), earshot.CodeInvalid},
		{strings.Repeat("x", 10_000), earshot.CodeInvalid},
		{strings.Repeat("\ufdfa", 150), earshot.CodeInvalid}, // eighteen times as long when normalised
		{strings.Repeat("x", 1<<20), earshot.CodeInvalid},
	} {
		_, _, err := h.SignUp(t.Context(), SignUp{Username: c.name, Password: goodPassword}, addr(fmt.Sprintf("192.0.2.%d", i)))
		refused(t, fmt.Sprintf("%.40q", c.name), err, c.code, "username")
		if c.code != "" {
			_, err = h.CreateUsers(t.Context(), []NewAccount{{Username: c.name}})
			refused(t, fmt.Sprintf("%.40q on the command line", c.name), err, c.code, "username")
			_, err = h.UserByName(t.Context(), c.name)
			refused(t, fmt.Sprintf("%.40q looked up", c.name), err, earshot.CodeNotFound)
		}
	}
}

func TestLookAlikesOfStaffAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "paula", staff)
	h.add(t, "Вова", func(a *NewAccount) { a.Superuser = true })
	h.add(t, "нина", staff)
	h.add(t, "mira")
	h.add(t, "admin", staff) // administrators may have reserved names
	before := h.hashes.Load()
	for i, name := range []string{
		"Admin", "ADMlN", "adm1n", "аdmin", "admіn", "ａｄｍｉｎ", "admin.", "_admin_", "@admin", "r00t", "rооt", "Administrator",
		"adrninistrator", "ADMINISTRAT0R", "staff", "stаff", "Earshot", "eаrshot", "EARSH0T", "System", "ѕystem", "moderator", "rnoderator",
		"paula", "PAULA", "pau1a", "раula", "pauIa", "ＰＡＵＬＡ", "paulа", "Bова", "Вoва",
		"Нинa", // the Н looks like H, though its small form looks like no letter of Latin
	} {
		_, _, err := h.SignUp(t.Context(), SignUp{Username: name, Password: goodPassword}, addr(fmt.Sprintf("192.0.2.%d", i)))
		refused(t, fmt.Sprintf("%q (%+q)", name, name), err, earshot.CodeConflict, "username")
	}
	if h.hashes.Load() != before {
		t.Error("passwords were hashed for names that are refused")
	}
	for i, name := range []string{"paul", "paulina", "badmin", "administer", "rooter", "stafford", "Вовочка", "system7"} {
		_, _, err := h.SignUp(t.Context(), SignUp{Username: name, Password: goodPassword}, addr(fmt.Sprintf("198.51.100.%d", i)))
		refused(t, name, err, "")
	}
}

// Nobody signs up as somebody who could be taken for another user, on the staff or not: with letters of another script, in another
// width or case, or by letters that are drawn alike.
func TestLookAlikesAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	for _, name := range []string{"mira", "paypal", "Вера", "li"} {
		h.add(t, name)
	}
	for i, name := range []string{"mіra", "rnira", "MІRA", "paypaI", "раураӏ", "pаypal", "Bера", "1i", "Ii"} {
		_, _, err := h.SignUp(t.Context(), SignUp{Username: name, Password: goodPassword}, addr(fmt.Sprintf("192.0.2.%d", i)))
		refused(t, fmt.Sprintf("%q (%+q)", name, name), err, earshot.CodeConflict, "username")
	}
	for i, name := range []string{"mirabel", "mira2", "paypal.", "верa1", "lil"} {
		_, _, err := h.SignUp(t.Context(), SignUp{Username: name, Password: goodPassword}, addr(fmt.Sprintf("198.51.100.%d", i)))
		refused(t, name, err, "")
	}
	// Whoever runs the server may have two such users, and knows why.
	h.add(t, "mіra")
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	for i, c := range []struct {
		password string
		code     earshot.Code
	}{
		{"", earshot.CodeInvalid},
		{"short12", earshot.CodeInvalid},
		{"ééééééé", earshot.CodeInvalid}, // fourteen bytes, seven characters
		{"12345678901234567890", earshot.CodeInvalid},
		{"٠١٢٣٤٥٦٧٨", earshot.CodeInvalid},
		{"Alexandria%d", earshot.CodeInvalid},
		{"ALEXANDRIA%d", earshot.CodeInvalid},
		{"ａlexandria%d", earshot.CodeInvalid},
		{"longer\xff than it should", earshot.CodeInvalid},
		{strings.Repeat("a", maxPassword+1), earshot.CodeInvalid},
		{"éééééééé", ""},
		{"1234567é", ""},
		{"        ", ""},
		{"with\x00zero and 'quotes'", ""},
		{strings.Repeat("a", maxPassword), ""},
		{"🐎🔋📎✅🐎🔋📎✅", ""},
	} {
		in := SignUp{Username: fmt.Sprintf("alexandria%d", i), Password: strings.ReplaceAll(c.password, "%d", fmt.Sprint(i))}
		_, _, err := h.SignUp(t.Context(), in, addr("192.0.2.1"))
		refused(t, fmt.Sprintf("%.40q", in.Password), err, c.code, "password")
		if err == nil {
			_, _, err = h.LogIn(t.Context(), in.Username, in.Password, addr("192.0.2.1"))
			refused(t, "log in", err, "")
			_, _, err = h.LogIn(t.Context(), in.Username, in.Password+" ", addr("192.0.2.1"))
			refused(t, "log in with more", err, earshot.CodeUnauthenticated)
		}
	}
}

// Everything that is wrong with a password is said at once, in Django's words.
func TestPasswordReasons(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	_, _, err := h.SignUp(t.Context(), SignUp{Username: "12345", Password: "123456"}, addr("192.0.2.1"))
	refused(t, "sign up", err, earshot.CodeInvalid, "password")
	want := []string{
		"The password is too similar to the username.",
		"This password is too short. It must contain at least 8 characters.",
		"This password is too common.",
		"This password is entirely numeric.",
	}
	if e := earshot.AsError(err); !slices.Equal(e.Reasons, want) || e.Message != strings.Join(want, " ") {
		t.Errorf("%q, %q", e.Message, e.Reasons)
	}
	// Whoever runs the server may set the rules aside, but not the bounds.
	for password, code := range map[string]earshot.Code{
		"1": "", "": earshot.CodeInvalid, "\xff": earshot.CodeInvalid, strings.Repeat("a", maxPassword+1): earshot.CodeInvalid,
	} {
		_, err := h.CreateUsers(t.Context(), []NewAccount{{Username: "ana", Password: password, HasPassword: true, AnyPassword: true}})
		refused(t, fmt.Sprintf("%.20q", password), err, code, "password")
	}
}

func TestSignUpPolicies(t *testing.T) {
	t.Parallel()
	in := SignUp{Username: "ana", Password: goodPassword}
	for _, policy := range []SignUpPolicy{SignUpClosed, "", "anything"} {
		cfg := DefaultConfig()
		cfg.SignUp = policy
		h := newHouse(t, cfg)
		invited := in
		invited.Invitation, _, _ = h.Invite(t.Context(), 0, 1, time.Hour)
		for _, in := range []SignUp{in, invited} {
			_, _, err := h.SignUp(t.Context(), in, addr("192.0.2.1"))
			refused(t, string(policy), err, earshot.CodeForbidden)
		}
	}
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.SignUp = SignUpInvite
		h := newHouse(t, cfg).quick()
		boss, member := h.add(t, "boss", staff), h.add(t, "member")
		_, err := h.ChangeUser(t.Context(), "member", UserEdit{IsStaff: ptr(true)}) // which alone is no permission
		refused(t, "change", err, "")
		inactive := h.add(t, "gone", staff)
		h.deactivate(t, inactive)
		for what, c := range map[string]struct {
			by   earshot.UserID
			uses int
			ttl  time.Duration
			code earshot.Code
		}{
			"by a member":         {member.ID, 1, time.Hour, earshot.CodeForbidden},
			"by nobody":           {1 << 40, 1, time.Hour, earshot.CodeUnauthenticated},
			"by one not active":   {inactive.ID, 1, time.Hour, earshot.CodeUnauthenticated},
			"for nobody":          {boss.ID, 0, time.Hour, earshot.CodeInvalid},
			"for less":            {boss.ID, -1, time.Hour, earshot.CodeInvalid},
			"for too many":        {boss.ID, 1001, time.Hour, earshot.CodeInvalid},
			"for no time":         {boss.ID, 1, 0, earshot.CodeInvalid},
			"for the past":        {boss.ID, 1, -time.Hour, earshot.CodeInvalid},
			"for too long":        {boss.ID, 1, 31 * 24 * time.Hour, earshot.CodeInvalid},
			"for as much as is":   {boss.ID, 1000, 30 * 24 * time.Hour, ""},
			"on the command line": {0, 1, time.Hour, ""},
		} {
			_, _, err := h.Invite(t.Context(), c.by, c.uses, c.ttl)
			refused(t, what, err, c.code)
		}
		secret, expires, err := h.Invite(t.Context(), boss.ID, 2, time.Hour)
		refused(t, "invite", err, "")
		if time.Until(expires) != time.Hour || !strings.HasPrefix(secret, "ei_") {
			t.Errorf("expires %v", expires)
		}
		use := func(name, secret, from string) error {
			_, _, err := h.SignUp(t.Context(), SignUp{Username: name, Password: goodPassword, Invitation: secret}, addr(from))
			return err
		}
		refused(t, "without", use("ana", "", "192.0.2.1"), earshot.CodeForbidden, "invitation")
		refused(t, "with a wrong one", use("ana", "ei_"+strings.Repeat("A", 43), "192.0.2.1"), earshot.CodeForbidden, "invitation")
		refused(t, "with a huge one", use("ana", strings.Repeat("ei_", 100_000), "192.0.2.1"), earshot.CodeForbidden, "invitation")
		refused(t, "first", use("ana", secret, "192.0.2.1"), "")
		refused(t, "a taken name", use("ANA", secret, "192.0.2.1"), earshot.CodeConflict, "username")
		refused(t, "a reserved name", use("аdmin", secret, "192.0.2.1"), earshot.CodeConflict, "username")
		refused(t, "second", use("bob", secret, "192.0.2.1"), "") // what was refused took no use
		refused(t, "third", use("carl", secret, "192.0.2.1"), earshot.CodeForbidden, "invitation")
		secret, _, err = h.Invite(t.Context(), boss.ID, 1, time.Hour)
		refused(t, "invite", err, "")
		time.Sleep(time.Hour)
		refused(t, "expired", use("carl", secret, "192.0.2.1"), earshot.CodeForbidden, "invitation")
		for range 30 { // guesses count as failures of the address
			_ = use("carl", "ei_"+strings.Repeat("A", 43), "192.0.2.9")
		}
		refused(t, "guessing", use("carl", secret, "192.0.2.9"), earshot.CodeRateLimited)
	})
}

// Ten come with an invitation for one.
func TestInvitationForOne(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.SignUp = SignUpInvite
	h := newHouse(t, cfg).quick()
	secret, _, err := h.Invite(t.Context(), 0, 1, time.Hour)
	refused(t, "invite", err, "")
	var in atomic.Int64
	var group sync.WaitGroup
	for i := range 10 {
		group.Go(func() {
			_, _, err := h.SignUp(t.Context(), SignUp{Username: fmt.Sprint("guest", i), Password: goodPassword, Invitation: secret}, addr("192.0.2.1"))
			if err == nil {
				in.Add(1)
				return
			}
			refused(t, "one too many", err, earshot.CodeForbidden)
		})
	}
	group.Wait()
	if in.Load() != 1 {
		t.Errorf("%d signed up", in.Load())
	}
}

func TestSignUpsAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.SignUpsPerHour = 5
		h := newHouse(t, cfg).quick()
		h.add(t, "paula", staff)
		sign := func(name, from string) error {
			_, _, err := h.SignUp(t.Context(), SignUp{Username: name, Password: goodPassword}, addr(from))
			return err
		}
		for i := range 3 {
			refused(t, "within", sign(fmt.Sprint("name", i), "192.0.2.1"), "")
			refused(t, "invalid, which does not count", sign("a b", "192.0.2.1"), earshot.CodeInvalid)
		}
		refused(t, "taken, which counts", sign("name1", "192.0.2.1"), earshot.CodeConflict)
		refused(t, "like the staff, which counts", sign("pau1a", "192.0.2.1"), earshot.CodeConflict)
		refused(t, "beyond", sign("bob", "192.0.2.1"), earshot.CodeRateLimited)
		refused(t, "from elsewhere", sign("bob", "192.0.2.2"), "")
		time.Sleep(12 * time.Minute)
		refused(t, "later", sign("carl", "192.0.2.1"), "")
		refused(t, "but one", sign("dora", "192.0.2.1"), earshot.CodeRateLimited)
	})
}
