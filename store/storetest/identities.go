package storetest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

const issuer = "https://id.example.org"

func newIdentity(user earshot.UserID, subject string) earshot.Identity {
	return earshot.Identity{User: user, Issuer: issuer, Subject: subject, Name: "Zoë at work", CreatedAt: kept(noon())}
}

// entryOf is an entry of the log for a deed.
func entryOf(verb earshot.Verb, subject string) earshot.Action {
	return earshot.Action{At: kept(noon()), Road: earshot.RoadPage, Verb: verb, Subject: subject}
}

// deeds counts the entries of the log that are about the subject.
func deeds(t *testing.T, s Stores, verb earshot.Verb, subject string) int {
	t.Helper()
	list, err := s.Actions.Actions(t.Context(), earshot.ActionQuery{Verb: verb, Subject: subject})
	ok(t, "the log", err)
	return len(list)
}

func link(t *testing.T, s Stores, i earshot.Identity) int64 {
	t.Helper()
	id, err := s.Identities.CreateIdentity(t.Context(), i, 9, entryOf(earshot.VerbLinkIdentity, "x"))
	ok(t, "create", err)
	return id
}

func identities(t *testing.T, s Stores) {
	ctx := t.Context()
	ana, bob := addUser(t, s, "ana"), addUser(t, s, "bob")
	entry := entryOf(earshot.VerbLinkIdentity, "ana")
	i := newIdentity(ana, "aB|ü'%\"")
	var err error
	i.ID, err = s.Identities.CreateIdentity(ctx, i, 2, entry)
	ok(t, "create", err)
	other := newIdentity(ana, "ab|ü'%\"") // subjects are case sensitive
	other.UsedAt = kept(noon())
	other.ID, err = s.Identities.CreateIdentity(ctx, other, 2, entry)
	ok(t, "create another", err)
	want(t, "logged", deeds(t, s, earshot.VerbLinkIdentity, "ana"), 2)

	_, err = s.Identities.CreateIdentity(ctx, newIdentity(ana, "third"), 2, entry)
	refused(t, "one too many", err, earshot.CodeLimit)
	stolen := i
	stolen.User = bob
	_, err = s.Identities.CreateIdentity(ctx, stolen, 2, entry)
	refused(t, "somebody else's", err, earshot.CodeConflict, "identity")
	_, err = s.Identities.CreateIdentity(ctx, newIdentity(1<<40, "x"), 2, entry)
	refused(t, "of nobody", err, earshot.CodeNotFound)
	for _, text := range []string{"\x00", "\xff"} {
		_, err = s.Identities.CreateIdentity(ctx, newIdentity(bob, text), 2, entry)
		refused(t, "unstorable", err, earshot.CodeInvalid, "identity")
		_, err = s.Identities.Identity(ctx, issuer, text)
		refused(t, "unstorable", err, earshot.CodeNotFound)
	}
	want(t, "logged of what failed", deeds(t, s, earshot.VerbLinkIdentity, "ana"), 2)

	list := func(user earshot.UserID, wanted ...earshot.Identity) {
		t.Helper()
		got, err := s.Identities.Identities(ctx, user)
		ok(t, "list", err)
		want(t, "list", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", wanted))
	}
	list(ana, i, other)
	list(bob)
	i.UsedAt = kept(noon()).Add(time.Hour)
	ok(t, "use", s.Identities.UseIdentity(ctx, i.ID, i.UsedAt))
	ok(t, "use what is not there", s.Identities.UseIdentity(ctx, 1<<40, noon()))
	got, err := s.Identities.Identity(ctx, i.Issuer, i.Subject)
	ok(t, "get", err)
	want(t, "get", got, i)
	_, err = s.Identities.Identity(ctx, issuer+"/", i.Subject)
	refused(t, "of another issuer", err, earshot.CodeNotFound)
	_, err = s.Identities.Identity(ctx, issuer, strings.ToUpper(i.Subject))
	refused(t, "in another case", err, earshot.CodeNotFound)

	data, err := s.Own.PersonalData(ctx, ana)
	ok(t, "export", err)
	want(t, "exported", len(data["identities"]), 2)
	want(t, "subject", data["identities"][0]["subject"], any(i.Subject))

	ok(t, "delete the user", s.Edit.DeleteUser(ctx, ana))
	list(ana)
	_, err = s.Identities.Identity(ctx, i.Issuer, i.Subject)
	refused(t, "gone with the user", err, earshot.CodeNotFound)
}

// identityOfNewUser makes users with their identities, both or neither.
func identityOfNewUser(t *testing.T, s Stores) {
	ctx := t.Context()
	entry := entryOf(earshot.VerbCreateUser, "ana")
	id, err := s.Identities.CreateIdentifiedUser(ctx, newUser("ana"), newIdentity(0, "1"), entry)
	ok(t, "create", err)
	got, err := s.Identities.Identity(ctx, issuer, "1")
	ok(t, "get", err)
	want(t, "user", got.User, id)
	_, err = s.Identities.CreateIdentifiedUser(ctx, newUser("ANA"), newIdentity(0, "2"), entry)
	refused(t, "the name is taken", err, earshot.CodeConflict, "username")
	_, err = s.Identities.Identity(ctx, issuer, "2")
	refused(t, "identity of nobody", err, earshot.CodeNotFound)
	_, err = s.Identities.CreateIdentifiedUser(ctx, newUser("bob"), newIdentity(0, "1"), entry)
	refused(t, "the identity is taken", err, earshot.CodeConflict, "identity")
	_, err = s.Users.UserByName(ctx, "bob")
	refused(t, "a user without the identity", err, earshot.CodeNotFound)
	want(t, "logged", deeds(t, s, earshot.VerbCreateUser, "ana"), 1)
}

// lastIdentity takes identities away until nothing else would be left.
func lastIdentity(t *testing.T, s Stores) {
	ctx := t.Context()
	ana, bob := addUser(t, s, "ana"), addUser(t, s, "bob")
	first, second := link(t, s, newIdentity(ana, "1")), link(t, s, newIdentity(ana, "2"))
	elsewhere := newIdentity(ana, "3")
	elsewhere.Issuer = "https://gone.example.org"
	third := link(t, s, elsewhere)
	remove := func(user earshot.UserID, id int64) error {
		return s.Identities.DeleteIdentity(ctx, user, id, []string{issuer}, entryOf(earshot.VerbUnlinkIdentity, "ana"))
	}
	refused(t, "somebody else's", remove(bob, first), earshot.CodeNotFound)
	refused(t, "of nobody", remove(1<<40, first), earshot.CodeNotFound)
	ok(t, "one of two", remove(ana, first))
	refused(t, "again", remove(ana, first), earshot.CodeNotFound)
	refused(t, "the last of an issuer that is asked", remove(ana, second), earshot.CodeConflict, "identity")
	ok(t, "one of another", remove(ana, third))
	want(t, "logged", deeds(t, s, earshot.VerbUnlinkIdentity, "ana"), 2)
	usable, unusable := earshot.PasswordHash("argon2$x"), earshot.PasswordHash("!x")
	for _, c := range []struct {
		what string
		give func()
		take func()
	}{
		{"a password", func() {
			_, err := s.Edit.ChangeUser(ctx, ana, earshot.UserChange{Password: &usable})
			ok(t, "password", err)
		}, func() {
			_, err := s.Edit.ChangeUser(ctx, ana, earshot.UserChange{Password: &unusable})
			ok(t, "password", err)
		}},
		{"a passkey", func() {
			_, err := s.Passkeys.CreatePasskey(ctx, earshot.Passkey{User: ana, CredentialID: []byte("x"), Credential: []byte("y"), CreatedAt: noon()}, 1)
			ok(t, "passkey", err)
		}, func() {}},
	} {
		refused(t, "without "+c.what, remove(ana, second), earshot.CodeConflict, "identity")
		c.give()
		ok(t, "with "+c.what, remove(ana, second))
		second = link(t, s, newIdentity(ana, "2"))
		c.take()
	}
}

// raceOfTheLastIdentities takes the last two away at once: one stays.
func raceOfTheLastIdentities(t *testing.T, s Stores) {
	ana := addUser(t, s, "ana")
	ids := []int64{link(t, s, newIdentity(ana, "1")), link(t, s, newIdentity(ana, "2"))}
	var gone atomic.Int64
	var group sync.WaitGroup
	for _, id := range ids {
		group.Go(func() {
			err := s.Identities.DeleteIdentity(t.Context(), ana, id, []string{issuer}, entryOf(earshot.VerbUnlinkIdentity, "ana"))
			if err == nil {
				gone.Add(1)
				return
			}
			refused(t, "the other", err, earshot.CodeConflict, "identity")
		})
	}
	group.Wait()
	want(t, "removed", gone.Load(), 1)
}
