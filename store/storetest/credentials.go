package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

func browserSessions(t *testing.T, s Stores) {
	user := addUser(t, s, "ana")
	b := earshot.BrowserSession{
		Hash: hash("one"), User: user, CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour),
		Device: "Firefox on Linux", Address: "2001:db8::1", UsedAt: noon(), Way: earshot.WayLink,
	}
	ok(t, "create", logIn(t.Context(), s, b))
	u, err := s.Users.User(t.Context(), user)
	ok(t, "user", err)
	want(t, "last login", u.LastLogin, kept(b.CreatedAt))

	b.CreatedAt, b.ExpiresAt, b.UsedAt = kept(b.CreatedAt), kept(b.ExpiresAt), kept(b.UsedAt)
	got, err := s.Sessions.BrowserSession(t.Context(), b.Hash)
	ok(t, "get", err)
	want(t, "get", got, b)
	refused(t, "the same secret again", logIn(t.Context(), s, b), earshot.CodeConflict)

	b.ExpiresAt = b.ExpiresAt.Add(24 * time.Hour)
	ok(t, "extend", s.Sessions.ExtendBrowserSession(t.Context(), b.Hash, b.ExpiresAt))
	got, err = s.Sessions.BrowserSession(t.Context(), b.Hash)
	ok(t, "get", err)
	want(t, "extended", got, b)

	for _, when := range []string{"delete", "delete again"} {
		_, err = s.Sessions.DeleteBrowserSession(t.Context(), b.Hash)
		ok(t, when, err)
	}
	_, err = s.Sessions.BrowserSession(t.Context(), b.Hash)
	refused(t, "get what was deleted", err, earshot.CodeNotFound)
	refused(t, "extend what was deleted", s.Sessions.ExtendBrowserSession(t.Context(), b.Hash, noon()), earshot.CodeNotFound)
	_, err = s.Sessions.BrowserSession(t.Context(), earshot.SecretHash{})
	refused(t, "get the zero hash", err, earshot.CodeNotFound)
}

// listOfBrowserSessions wants a user's own log-ins, the last used first, and uses that are noted of those that are there.
func listOfBrowserSessions(t *testing.T, s Stores) {
	ana, bob := addUser(t, s, "ana"), addUser(t, s, "bob")
	at := kept(noon())
	for i, user := range []earshot.UserID{ana, ana, bob} {
		ok(t, "create", logIn(t.Context(), s, earshot.BrowserSession{
			Hash: hash("s", i), User: user, CreatedAt: at, ExpiresAt: at.Add(time.Hour), Device: fmt.Sprint("device ", i),
			Address: "192.0.2.1", UsedAt: at.Add(time.Duration(i) * time.Second),
		}))
	}
	list := func() []earshot.BrowserSession {
		t.Helper()
		all, err := s.Sessions.BrowserSessions(t.Context(), ana)
		ok(t, "list", err)
		want(t, "how many", len(all), 2)
		return all
	}
	all := list()
	want(t, "the last used", all[0].Hash, hash("s", 1))
	want(t, "the other", all[1].Hash, hash("s", 0))
	ok(t, "use", s.Sessions.UseBrowserSessions(t.Context(), []earshot.CredentialUse{
		{Hash: hash("s", 0), At: at.Add(time.Minute), Address: "2001:db8::2"},
		{Hash: hash("s", 1), At: at.Add(-time.Minute), Address: "192.0.2.9"}, // older than what is kept
		{Hash: hash("gone"), At: at.Add(time.Minute)},
	}))
	ok(t, "use none", s.Sessions.UseBrowserSessions(t.Context(), nil))
	all = list()
	want(t, "used last now", all[0], earshot.BrowserSession{
		Hash: hash("s", 0), User: ana, CreatedAt: at, ExpiresAt: at.Add(time.Hour), Device: "device 0", Address: "2001:db8::2",
		UsedAt: at.Add(time.Minute),
	})
	want(t, "an older use", all[1].Address, "192.0.2.1")
	none, err := s.Sessions.BrowserSessions(t.Context(), 1<<40)
	ok(t, "of nobody", err)
	want(t, "of nobody", len(none), 0)
}

func browserSessionOfNobody(t *testing.T, s Stores) {
	user := addUser(t, s, "ana")
	change(t, s, user, earshot.UserChange{IsActive: ptr(false)})
	b := earshot.BrowserSession{Hash: hash("one"), User: user, CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour)}
	refused(t, "of a user who is not active", logIn(t.Context(), s, b), earshot.CodeNotFound)
	change(t, s, user, earshot.UserChange{IsActive: ptr(true), Password: ptr(earshot.PasswordHash("another"))})
	refused(t, "with the password before", logIn(t.Context(), s, b), earshot.CodeNotFound)
	b.User = 1 << 40
	refused(t, "of no user", logIn(t.Context(), s, b), earshot.CodeNotFound)
	_, err := s.Sessions.BrowserSession(t.Context(), b.Hash)
	refused(t, "nothing was kept", err, earshot.CodeNotFound)
	u, err := s.Users.User(t.Context(), user)
	ok(t, "user", err)
	want(t, "never logged in", u.LastLogin.IsZero(), true)
}

func expiredBrowserSessions(t *testing.T, s Stores) {
	user := addUser(t, s, "ana")
	now := kept(noon())
	for i, expires := range []time.Duration{-time.Hour, -time.Millisecond, 0, time.Millisecond, time.Hour} {
		ok(t, "create", logIn(t.Context(), s, earshot.BrowserSession{
			Hash: hash("s", i), User: user, CreatedAt: now.Add(-24 * time.Hour), ExpiresAt: now.Add(expires),
		}))
	}
	if _, err := s.Sessions.BrowserSession(t.Context(), hash("s", 0)); err != nil {
		t.Errorf("an expired log-in is still there before the sweep: %v", err)
	}
	gone, err := s.Sessions.DeleteExpiredBrowserSessions(t.Context(), now)
	ok(t, "sweep", err)
	want(t, "swept", len(gone), 3)
	for i := range 5 {
		_, err := s.Sessions.BrowserSession(t.Context(), hash("s", i))
		want(t, "still there", err == nil, i > 2)
	}
	for _, h := range gone {
		want(t, "swept one of the expired", h == hash("s", 0) || h == hash("s", 1) || h == hash("s", 2), true)
	}
	gone, err = s.Sessions.DeleteExpiredBrowserSessions(t.Context(), now)
	ok(t, "sweep again", err)
	want(t, "swept again", len(gone), 0)
}

func tokens(t *testing.T, s Stores) {
	ana, bob := addUser(t, s, "ana"), addUser(t, s, "bob")
	ok(t, "create", s.Tokens.CreateTokens(t.Context(), []earshot.Token{
		{Hash: hash("a"), User: ana, CreatedAt: noon()}, {Hash: hash("b"), User: bob, CreatedAt: noon()},
	}))
	ok(t, "create none", s.Tokens.CreateTokens(t.Context(), nil))
	got, err := s.Tokens.Token(t.Context(), hash("b"))
	ok(t, "get", err)
	want(t, "get", got, earshot.Token{Hash: hash("b"), User: bob, CreatedAt: kept(noon())})

	refused(t, "one user unknown", s.Tokens.CreateTokens(t.Context(), []earshot.Token{
		{Hash: hash("c"), User: ana, CreatedAt: noon()}, {Hash: hash("d"), User: 1 << 40, CreatedAt: noon()},
	}), earshot.CodeNotFound)
	refused(t, "one secret in use", s.Tokens.CreateTokens(t.Context(), []earshot.Token{
		{Hash: hash("c"), User: ana, CreatedAt: noon()}, {Hash: hash("a"), User: bob, CreatedAt: noon()},
	}), earshot.CodeConflict)
	_, err = s.Tokens.Token(t.Context(), hash("c"))
	refused(t, "none of a refused batch", err, earshot.CodeNotFound)

	full := earshot.Token{
		Hash: hash("full"), User: ana, CreatedAt: kept(noon()), Name: "Zoë's bot", Scopes: earshot.ScopesOf(earshot.ScopeRooms, earshot.ScopeChat),
		ExpiresAt: kept(noon()).Add(time.Hour), UsedAt: kept(noon()),
	}
	later := earshot.Token{Hash: hash("later"), User: ana, CreatedAt: full.CreatedAt.Add(time.Second), Scopes: earshot.AllScopes()}
	ok(t, "create", s.Tokens.CreateTokens(t.Context(), []earshot.Token{full, later}))
	ok(t, "use", s.Tokens.UseTokens(t.Context(), []earshot.CredentialUse{
		{Hash: full.Hash, At: full.UsedAt.Add(-time.Second)}, {Hash: later.Hash, At: full.UsedAt}, {Hash: hash("gone"), At: full.UsedAt},
	}))
	later.UsedAt = full.UsedAt
	list, err := s.Tokens.Tokens(t.Context(), ana)
	ok(t, "list", err)
	wantAll(t, "list", list, []earshot.Token{later, full, {Hash: hash("a"), User: ana, CreatedAt: kept(noon())}})
	gone, err := s.Tokens.DeleteExpiredTokens(t.Context(), full.ExpiresAt.Add(-time.Millisecond))
	ok(t, "sweep", err)
	want(t, "swept", len(gone), 0)
	gone, err = s.Tokens.DeleteExpiredTokens(t.Context(), full.ExpiresAt)
	ok(t, "sweep", err)
	wantAll(t, "swept", gone, []earshot.SecretHash{full.Hash})

	ok(t, "delete", s.Tokens.DeleteToken(t.Context(), hash("a")))
	ok(t, "delete again", s.Tokens.DeleteToken(t.Context(), hash("a")))
	_, err = s.Tokens.Token(t.Context(), hash("a"))
	refused(t, "get what was deleted", err, earshot.CodeNotFound)
	_, err = s.Tokens.Token(t.Context(), hash("b"))
	ok(t, "the other token", err)
}

func invitations(t *testing.T, s Stores) {
	staff := addUser(t, s, "staff")
	now := kept(noon())
	inv := earshot.Invitation{Hash: hash("i"), CreatedBy: staff, ExpiresAt: noon().Add(time.Hour), UsesLeft: 2}
	ok(t, "create", s.Invitations.CreateInvitation(t.Context(), inv, nil))
	byNobody := earshot.Invitation{Hash: hash("j"), ExpiresAt: now, UsesLeft: 1}
	ok(t, "create on the command line", s.Invitations.CreateInvitation(t.Context(), byNobody, nil))
	for _, i := range []earshot.Invitation{inv, byNobody} {
		got, err := s.Invitations.Invitation(t.Context(), i.Hash)
		ok(t, "get", err)
		i.ExpiresAt = kept(i.ExpiresAt)
		want(t, "get", got, i)
	}
	_, err := s.Invitations.Invitation(t.Context(), hash("unknown"))
	refused(t, "get an unknown one", err, earshot.CodeNotFound)
	refused(t, "the same secret again", s.Invitations.CreateInvitation(t.Context(), inv, nil), earshot.CodeConflict)
	inv.Hash, inv.CreatedBy = hash("k"), 1<<40
	refused(t, "by an unknown user", s.Invitations.CreateInvitation(t.Context(), inv, nil), earshot.CodeNotFound)

	for _, c := range []struct {
		name string
		hash earshot.SecretHash
		now  time.Time
		code earshot.Code
	}{
		{"ana", hash("i"), now, ""},
		{"bob", hash("i"), now.Add(2 * time.Hour), earshot.CodeForbidden}, // expired
		{"bob", hash("j"), now, earshot.CodeForbidden},                    // expires just now
		{"bob", hash("unknown"), now, earshot.CodeForbidden},
		{"bob", hash("i"), now, ""},
		{"carl", hash("i"), now, earshot.CodeForbidden}, // used up
	} {
		id, err := s.Invitations.CreateInvitedUser(t.Context(), c.hash, c.now, newUser(c.name))
		refused(t, c.name, err, c.code)
		if c.code != "" {
			continue
		}
		u, err := s.Users.User(t.Context(), id)
		ok(t, "user", err)
		want(t, "name", u.Username, c.name)
	}
	n, err := s.Users.CountUsers(t.Context())
	ok(t, "count", err)
	want(t, "count", n, 3)
}

func invitationKeptOnConflict(t *testing.T, s Stores) {
	addUser(t, s, "ana")
	ok(t, "create", s.Invitations.CreateInvitation(t.Context(), earshot.Invitation{
		Hash: hash("i"), ExpiresAt: noon().Add(time.Hour), UsesLeft: 1,
	}, nil))
	_, err := s.Invitations.CreateInvitedUser(t.Context(), hash("i"), noon(), newUser("ANA"))
	refused(t, "a taken name", err, earshot.CodeConflict, "username")
	got, err := s.Invitations.Invitation(t.Context(), hash("i"))
	ok(t, "get", err)
	want(t, "uses left", got.UsesLeft, 1)
	_, err = s.Invitations.CreateInvitedUser(t.Context(), hash("i"), noon(), newUser("bob"))
	ok(t, "another name", err)
}

// logIn keeps a log-in, of which the user may have many.
func logIn(ctx context.Context, s Stores, b earshot.BrowserSession) error {
	_, err := s.Sessions.CreateBrowserSession(ctx, b, newUser("").Password, 1000)
	return err
}

// oldBrowserSessionsEnd makes more log-ins than a user may have: the oldest of this user's end, and nobody else's.
func oldBrowserSessionsEnd(t *testing.T, s Stores) {
	user, other := addUser(t, s, "ana"), addUser(t, s, "ben")
	ok(t, "somebody else's", logIn(t.Context(), s, earshot.BrowserSession{
		Hash: hash("other"), User: other, CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour),
	}))
	var ended []earshot.SecretHash
	for i := range 6 {
		// All at one moment: the new one stays all the same.
		gone, err := s.Sessions.CreateBrowserSession(t.Context(), earshot.BrowserSession{
			Hash: hash("s", i), User: user, CreatedAt: noon().Add(time.Duration(i/3) * time.Second), ExpiresAt: noon().Add(time.Hour),
		}, newUser("").Password, 3)
		ok(t, "create", err)
		if _, err := s.Sessions.BrowserSession(t.Context(), hash("s", i)); err != nil {
			t.Errorf("the new one: %v", err)
		}
		ended = append(ended, gone...)
	}
	want(t, "ended", len(ended), 3)
	for i := range 6 {
		_, err := s.Sessions.BrowserSession(t.Context(), hash("s", i))
		if over := slices.Contains(ended, hash("s", i)); over != (earshot.CodeOf(err) == earshot.CodeNotFound) || over != (i < 3) {
			t.Errorf("log-in %d: ended %v, got %v", i, over, err)
		}
	}
	_, err := s.Sessions.BrowserSession(t.Context(), hash("other"))
	ok(t, "somebody else's", err)
}
