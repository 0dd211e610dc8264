package storetest

import (
	"testing"

	"github.com/earshot-chat/earshot"
)

// requiredFactor wants what was set, the entry in the log with it, and notes of whom a server must act on.
func requiredFactor(t *testing.T, s Stores) {
	ctx := t.Context()
	staff := newUser("sam")
	staff.IsStaff = true
	ids, err := s.Users.CreateUsers(ctx, []earshot.NewUser{staff})
	ok(t, "create", err)
	sam, ana, ben, eve := ids[0], addUser(t, s, "ana"), addUser(t, s, "ben"), addUser(t, s, "eve")
	idle := addUser(t, s, "idle") // nothing of this one is live
	for i, user := range []earshot.UserID{sam, ana, eve} {
		ok(t, "log in", logIn(ctx, s, earshot.BrowserSession{Hash: hash("b", i), User: user, CreatedAt: noon(), ExpiresAt: noon()}))
	}
	ok(t, "token", s.Tokens.CreateTokens(ctx, []earshot.Token{{Hash: hash("t"), User: ben, CreatedAt: noon(), Scopes: earshot.AllScopes()}}))
	has := func(user earshot.UserID, wanted bool) {
		t.Helper()
		got, err := s.Factors.HasFactor(ctx, user)
		ok(t, "has one", err)
		want(t, "has one", got, wanted)
	}
	has(ana, false)
	totp := earshot.TOTP{User: ana, Secret: []byte("secret"), CreatedAt: noon()}
	ok(t, "begin", s.TOTP.BeginTOTP(ctx, totp))
	has(ana, false)
	ok(t, "confirm", s.TOTP.ConfirmTOTP(ctx, totp, nil))
	has(ana, true)
	_, err = s.Passkeys.CreatePasskey(ctx, earshot.Passkey{User: eve, CredentialID: []byte("c"), Credential: []byte("c"), Name: "key", CreatedAt: noon()}, 1)
	ok(t, "passkey", err)
	has(eve, true)
	has(idle, false)
	_, err = s.Factors.HasFactor(ctx, 1<<40)
	refused(t, "of nobody", err, earshot.CodeNotFound)

	of, err := s.Factors.RequiredFactor(ctx)
	ok(t, "get", err)
	want(t, "at first", of, earshot.RequiredOfNobody)
	for _, c := range []struct {
		of    earshot.Required
		notes []earshot.UserID
	}{
		{earshot.RequiredOfStaff, []earshot.UserID{0, sam}},
		{earshot.RequiredOfEverybody, []earshot.UserID{0, ben, sam}},
		{earshot.RequiredOfNobody, []earshot.UserID{0}},
	} {
		before, err := s.Edit.AccountChanges(ctx, 100)
		ok(t, "notes", err)
		ok(t, "forget", s.Edit.ForgetAccountChanges(ctx, before))
		ok(t, "set", s.Factors.RequireFactor(ctx, c.of, earshot.Entry(ctx, earshot.VerbRequireFactor, "", "of", string(c.of))))
		of, err := s.Factors.RequiredFactor(ctx)
		ok(t, "get", err)
		want(t, "set", of, c.of)
		notes, err := s.Edit.AccountChanges(ctx, 100)
		ok(t, "notes", err)
		noted := make(map[earshot.UserID]bool)
		for _, n := range notes {
			noted[n.User] = true
			want(t, "of a user", n.Credential, earshot.SecretHash{})
		}
		want(t, "how many notes", len(notes), len(c.notes))
		for _, user := range c.notes {
			want(t, string(c.of), noted[user], true)
		}
		want(t, "the first is of no user", notes[0].User, 0)
		log, err := s.Actions.Actions(ctx, earshot.ActionQuery{Verb: earshot.VerbRequireFactor})
		ok(t, "log", err)
		want(t, "log", log[0].Details["of"], string(c.of))
	}
}
