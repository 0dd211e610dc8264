package account

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

func TestCreateUsers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig())
	ids, err := h.CreateUsers(t.Context(), []NewAccount{
		{Username: "Ｒoot", Password: goodPassword, HasPassword: true, Staff: true, Superuser: true},
		{Username: "bot", Password: "ignored"},
	})
	refused(t, "create", err, "")
	root, bot := h.user(t, ids[0]), h.user(t, ids[1])
	if root.Username != "Root" || !root.IsStaff || !root.IsSuperuser || !root.IsActive || !root.Password.Usable() {
		t.Errorf("root: %+v", root)
	}
	if bot.IsStaff || bot.IsSuperuser || !bot.IsActive || bot.Password.Usable() {
		t.Errorf("bot: %+v", bot)
	}
	if !strings.HasPrefix(string(root.Password), "argon2$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Error("the hash has another form")
	}
	h.logIn(t, "root")
	for _, password := range []string{"ignored", "", string(bot.Password)} {
		_, _, err := h.LogIn(t.Context(), "bot", password, addr("192.0.2.1"))
		refused(t, "bot", err, earshot.CodeUnauthenticated)
	}
	got, err := h.UserByName(t.Context(), "ROOT")
	refused(t, "by name", err, "")
	if got.ID != ids[0] {
		t.Errorf("by name: %+v", got)
	}
	ids, err = h.CreateUsers(t.Context(), nil)
	if len(ids) != 0 || err != nil {
		t.Errorf("nobody: %v, %v", ids, err)
	}
}

func TestCreateUsersNamesTheOneAtFault(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "taken")
	for what, c := range map[string]struct {
		third NewAccount
		code  earshot.Code
		field string
		says  string
	}{
		"a bad name":     {NewAccount{Username: "a b"}, earshot.CodeInvalid, "username", `Account 3 ("a b"): `},
		"no name":        {NewAccount{}, earshot.CodeInvalid, "username", `Account 3 (""): `},
		"a long name":    {NewAccount{Username: strings.Repeat("x", 10_000)}, earshot.CodeInvalid, "username", `Account 3 ("xxx`},
		"a bad password": {NewAccount{Username: "carl", Password: "1", HasPassword: true}, earshot.CodeInvalid, "password", `Account 3 ("carl"): `},
		"an empty one":   {NewAccount{Username: "carl", HasPassword: true}, earshot.CodeInvalid, "password", `Account 3 ("carl"): `},
		"twice":          {NewAccount{Username: "ANA"}, earshot.CodeConflict, "username", `Account 3 ("ANA"): The name is also that of account 1.`},
		"taken":          {NewAccount{Username: "Taken"}, earshot.CodeConflict, "username", `Account 3 ("Taken"): The name Taken is taken.`},
	} {
		_, err := h.CreateUsers(t.Context(), []NewAccount{{Username: "ana"}, {Username: "bob", Password: goodPassword, HasPassword: true}, c.third})
		refused(t, what, err, c.code, c.field)
		if e := earshot.AsError(err); e == nil || !strings.HasPrefix(e.Message, c.says) || len(e.Message) > 250 {
			t.Errorf("%s: %v", what, err)
		}
	}
	if n, err := h.store.CountUsers(t.Context()); n != 1 || err != nil {
		t.Errorf("%d users, %v", n, err)
	}
	_, err := h.CreateTokens(t.Context(), []string{"taken", "nobody", "taken"})
	refused(t, "tokens", err, earshot.CodeNotFound)
	if !strings.HasPrefix(err.Error(), `Account 2 ("nobody"): `) {
		t.Error(err)
	}
}

func TestTenThousandUsersAndTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig())
	const n = 10_000
	accounts, usernames := make([]NewAccount, n), make([]string, n)
	for i := range accounts {
		usernames[i] = fmt.Sprintf("user%05d", i)
		accounts[i].Username = usernames[i]
	}
	begin := time.Now()
	ids, err := h.CreateUsers(t.Context(), accounts)
	refused(t, "users", err, "")
	t.Logf("%d users in %v", n, time.Since(begin))
	begin = time.Now()
	tokens, err := h.CreateTokens(t.Context(), usernames)
	refused(t, "tokens", err, "")
	t.Logf("%d tokens in %v", n, time.Since(begin))
	if len(ids) != n || len(tokens) != n || h.hashes.Load() != 0 {
		t.Fatalf("%d users, %d tokens, %d hashes", len(ids), len(tokens), h.hashes.Load())
	}
	for i := 0; i < n; i += 499 {
		login, err := h.ByToken(t.Context(), tokens[i])
		refused(t, "by token", err, "")
		if login.User.ID != ids[i] || login.User.Username != usernames[i] {
			t.Errorf("token %d is %+v", i, login.User)
		}
	}
}

// More passwords than the queue of log-ins takes are hashed all the same: nobody waits for an answer.
func TestCreateUsersWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.HashersAtOnce, cfg.QueuedLogins = 2, 1
	h := newHouse(t, cfg).quick()
	var accounts []NewAccount
	for i := range 50 {
		accounts = append(accounts, NewAccount{Username: fmt.Sprint("user", i), Password: goodPassword + fmt.Sprint(i), HasPassword: true})
	}
	_, err := h.CreateUsers(t.Context(), accounts)
	refused(t, "create", err, "")
	for i := range accounts { // each has its own password, and its own salt
		_, _, err := h.LogIn(t.Context(), accounts[i].Username, accounts[i].Password, addr("192.0.2.1"))
		refused(t, "log in", err, "")
	}
}

func TestConfigIsFilled(t *testing.T) {
	t.Parallel()
	want := DefaultConfig()
	want.SignUp, want.Issuer, want.Mail.ResetAge = SignUpClosed, "Earshot", time.Hour
	if got := (Config{HashersAtOnce: -1}).filled(); !reflect.DeepEqual(got, want) {
		t.Errorf("filled: %+v", got)
	}
	set := Config{SignUpInvite, time.Hour, 1, 2, 3, 4, 5, "Chat", nil, MailConfig{ResetAge: time.Minute}, nil, nil}
	if got := set.filled(); !reflect.DeepEqual(got, set) {
		t.Errorf("filled: %+v", got)
	}
}
