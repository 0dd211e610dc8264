package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

func totp(t *testing.T, s Stores) {
	ctx := t.Context()
	ana, bob := addUser(t, s, "ana"), addUser(t, s, "bob")
	get := func() (secret string, confirmed bool, step int64) {
		t.Helper()
		got, err := s.TOTP.TOTP(ctx, ana)
		ok(t, "get", err)
		want(t, "user", got.User, ana)
		want(t, "created", got.CreatedAt, kept(noon()))
		return string(got.Secret), got.Confirmed, got.LastStep
	}
	_, err := s.TOTP.TOTP(ctx, ana)
	refused(t, "none", err, earshot.CodeNotFound)
	first := earshot.TOTP{User: ana, Secret: []byte("first\x00"), CreatedAt: noon()}
	second := earshot.TOTP{User: ana, Secret: []byte("second"), LastStep: 7, CreatedAt: noon()}
	ok(t, "begin", s.TOTP.BeginTOTP(ctx, first))
	refused(t, "use before it is confirmed", s.TOTP.UseTOTP(ctx, ana, 8), earshot.CodeConflict)
	ok(t, "begin anew", s.TOTP.BeginTOTP(ctx, second))
	refused(t, "confirm what was replaced", s.TOTP.ConfirmTOTP(ctx, first, nil), earshot.CodeConflict)
	refused(t, "confirm somebody else's", s.TOTP.ConfirmTOTP(ctx, earshot.TOTP{User: bob, Secret: second.Secret}, nil), earshot.CodeConflict)
	ok(t, "codes of before", s.Recovery.ReplaceRecoveryCodes(ctx, ana, []earshot.SecretHash{hash("before")}))
	ok(t, "confirm", s.TOTP.ConfirmTOTP(ctx, second, []earshot.SecretHash{hash("a"), hash("b")}))
	refused(t, "confirm again", s.TOTP.ConfirmTOTP(ctx, second, []earshot.SecretHash{hash("c")}), earshot.CodeConflict)
	refused(t, "a code of before", s.Recovery.UseRecoveryCode(ctx, ana, hash("before")), earshot.CodeNotFound)
	ok(t, "a code of the one that was confirmed", s.Recovery.UseRecoveryCode(ctx, ana, hash("b")))
	refused(t, "begin beside a confirmed one", s.TOTP.BeginTOTP(ctx, first), earshot.CodeConflict)
	if secret, confirmed, step := get(); secret != "second" || !confirmed || step != 7 {
		t.Errorf("%q %v %d", secret, confirmed, step)
	}
	for step, code := range map[int64]earshot.Code{6: earshot.CodeConflict, 7: earshot.CodeConflict} {
		refused(t, fmt.Sprint("step ", step), s.TOTP.UseTOTP(ctx, ana, step), code)
	}
	ok(t, "the next step", s.TOTP.UseTOTP(ctx, ana, 8))
	refused(t, "the same again", s.TOTP.UseTOTP(ctx, ana, 8), earshot.CodeConflict)
	refused(t, "of nobody", s.TOTP.UseTOTP(ctx, bob, 9), earshot.CodeConflict)
	ok(t, "delete", s.TOTP.DeleteTOTP(ctx, ana))
	ok(t, "delete again", s.TOTP.DeleteTOTP(ctx, ana))
	_, err = s.TOTP.TOTP(ctx, ana)
	refused(t, "deleted", err, earshot.CodeNotFound)
	ok(t, "begin after the end", s.TOTP.BeginTOTP(ctx, first))
	first.User = 1 << 40
	refused(t, "begin for nobody", s.TOTP.BeginTOTP(ctx, first), earshot.CodeNotFound)
	ok(t, "delete the user", s.Edit.DeleteUser(ctx, ana))
	_, err = s.TOTP.TOTP(ctx, ana)
	refused(t, "gone with the user", err, earshot.CodeNotFound)
}

func recoveryCodes(t *testing.T, s Stores) {
	ctx := t.Context()
	ana, bob := addUser(t, s, "ana"), addUser(t, s, "bob")
	count := func(user earshot.UserID, wanted int) {
		t.Helper()
		n, err := s.Recovery.CountRecoveryCodes(ctx, user)
		ok(t, "count", err)
		want(t, "count", n, wanted)
	}
	ok(t, "replace", s.Recovery.ReplaceRecoveryCodes(ctx, ana, []earshot.SecretHash{hash("a"), hash("b")}))
	ok(t, "replace", s.Recovery.ReplaceRecoveryCodes(ctx, bob, []earshot.SecretHash{hash("a")}))
	count(ana, 2)
	ok(t, "use", s.Recovery.UseRecoveryCode(ctx, ana, hash("a")))
	refused(t, "use again", s.Recovery.UseRecoveryCode(ctx, ana, hash("a")), earshot.CodeNotFound)
	refused(t, "use somebody else's", s.Recovery.UseRecoveryCode(ctx, bob, hash("b")), earshot.CodeNotFound)
	count(ana, 1)
	count(bob, 1)
	ok(t, "replace", s.Recovery.ReplaceRecoveryCodes(ctx, ana, []earshot.SecretHash{hash("c")}))
	refused(t, "use what was replaced", s.Recovery.UseRecoveryCode(ctx, ana, hash("b")), earshot.CodeNotFound)
	ok(t, "take away", s.Recovery.ReplaceRecoveryCodes(ctx, ana, nil))
	count(ana, 0)
	count(bob, 1)
	refused(t, "of nobody", s.Recovery.ReplaceRecoveryCodes(ctx, 1<<40, nil), earshot.CodeNotFound)
}

func tickets(t *testing.T, s Stores) {
	ctx := t.Context()
	ana := addUser(t, s, "ana")
	now := kept(noon())
	mine := earshot.Ticket{Hash: hash("mine"), Kind: "one", User: ana, Data: []byte("x\x00y"), ExpiresAt: now.Add(time.Minute)}
	ok(t, "create", s.Tickets.CreateTicket(ctx, mine))
	ok(t, "create", s.Tickets.CreateTicket(ctx, earshot.Ticket{Hash: hash("nobody's"), Kind: "two", ExpiresAt: now.Add(time.Hour)}))
	refused(t, "the same again", s.Tickets.CreateTicket(ctx, mine), earshot.CodeConflict)
	refused(t, "of an unknown user", s.Tickets.CreateTicket(ctx, earshot.Ticket{Hash: hash("x"), User: 1 << 40, ExpiresAt: now}), earshot.CodeNotFound)
	got, err := s.Tickets.Ticket(ctx, mine.Hash, "one", now)
	ok(t, "get", err)
	if got.User != ana || string(got.Data) != string(mine.Data) || got.Kind != "one" || got.Tries != 0 || !got.ExpiresAt.Equal(mine.ExpiresAt) || got.Hash != mine.Hash {
		t.Errorf("%+v", got)
	}
	type call func() (earshot.Ticket, error)
	wrong := func(what string, calls ...call) {
		t.Helper()
		for _, c := range calls {
			_, err := c()
			refused(t, what, err, earshot.CodeNotFound)
		}
	}
	all := func(h earshot.SecretHash, kind string, at time.Time) []call {
		return []call{
			func() (earshot.Ticket, error) { return s.Tickets.Ticket(ctx, h, kind, at) },
			func() (earshot.Ticket, error) { return s.Tickets.TryTicket(ctx, h, kind, at, 9) },
			func() (earshot.Ticket, error) { return s.Tickets.TakeTicket(ctx, h, kind, at) },
		}
	}
	wrong("unknown", all(hash("other"), "one", now)...)
	wrong("of another kind", all(mine.Hash, "two", now)...)
	wrong("expired", all(mine.Hash, "one", mine.ExpiresAt)...)
	for i := range 2 {
		got, err := s.Tickets.TryTicket(ctx, mine.Hash, "one", now, 2)
		ok(t, "try", err)
		want(t, "tries", got.Tries, i+1)
	}
	wrong("one try too many", func() (earshot.Ticket, error) { return s.Tickets.TryTicket(ctx, mine.Hash, "one", now, 2) })
	got, err = s.Tickets.TakeTicket(ctx, mine.Hash, "one", now)
	ok(t, "take", err)
	want(t, "taken", got.User, ana)
	wrong("taken", all(mine.Hash, "one", now)...)
	ok(t, "sweep", s.Tickets.DeleteExpiredTickets(ctx, now.Add(time.Hour-time.Millisecond)))
	_, err = s.Tickets.Ticket(ctx, hash("nobody's"), "two", now)
	ok(t, "not swept", err)
	ok(t, "sweep", s.Tickets.DeleteExpiredTickets(ctx, now.Add(time.Hour)))
	wrong("swept", all(hash("nobody's"), "two", now)...)
	raceForATicket(t, s)
}

func raceForATicket(t *testing.T, s Stores) {
	ok(t, "create", s.Tickets.CreateTicket(t.Context(), earshot.Ticket{Hash: hash("x"), Kind: "one", ExpiresAt: noon().Add(time.Hour)}))
	var got atomic.Int64
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			_, err := s.Tickets.TakeTicket(t.Context(), hash("x"), "one", noon())
			if err == nil {
				got.Add(1)
				return
			}
			refused(t, "take", err, earshot.CodeNotFound)
		})
	}
	group.Wait()
	want(t, "who got it", got.Load(), 1)
}

func passkeys(t *testing.T, s Stores) {
	ctx := t.Context()
	ana, bob := addUser(t, s, "ana"), addUser(t, s, "bob")
	p := earshot.Passkey{User: ana, CredentialID: []byte("id\x00"), Name: "Zoë's phone", Credential: []byte(`{"a":1}`), CreatedAt: kept(noon())}
	var err error
	p.ID, err = s.Passkeys.CreatePasskey(ctx, p, 2)
	ok(t, "create", err)
	_, err = s.Passkeys.CreatePasskey(ctx, p, 2)
	refused(t, "the same again", err, earshot.CodeConflict)
	second := earshot.Passkey{User: ana, CredentialID: []byte("other"), Name: "x", Credential: []byte("y"), CreatedAt: kept(noon()), UsedAt: kept(noon())}
	second.ID, err = s.Passkeys.CreatePasskey(ctx, second, 2)
	ok(t, "create another", err)
	_, err = s.Passkeys.CreatePasskey(ctx, earshot.Passkey{User: ana, CredentialID: []byte("third"), CreatedAt: noon()}, 2)
	refused(t, "one too many", err, earshot.CodeLimit)
	list := func(wanted ...earshot.Passkey) {
		t.Helper()
		got, err := s.Passkeys.Passkeys(ctx, ana)
		ok(t, "list", err)
		want(t, "list", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", wanted))
	}
	list(p, second)
	p.Credential, p.UsedAt = []byte("later"), kept(noon()).Add(time.Hour)
	ok(t, "use", s.Passkeys.UsePasskey(ctx, p))
	p.Name = "another"
	ok(t, "rename", s.Passkeys.RenamePasskey(ctx, ana, p.ID, p.Name))
	refused(t, "rename somebody else's", s.Passkeys.RenamePasskey(ctx, bob, p.ID, "mine"), earshot.CodeNotFound)
	refused(t, "delete somebody else's", s.Passkeys.DeletePasskey(ctx, bob, p.ID), earshot.CodeNotFound)
	theirs := p
	theirs.User = bob
	refused(t, "use somebody else's", s.Passkeys.UsePasskey(ctx, theirs), earshot.CodeNotFound)
	list(p, second)
	ok(t, "delete", s.Passkeys.DeletePasskey(ctx, ana, second.ID))
	refused(t, "delete again", s.Passkeys.DeletePasskey(ctx, ana, second.ID), earshot.CodeNotFound)
	list(p)
	second.User = 1 << 40
	_, err = s.Passkeys.CreatePasskey(ctx, second, 2)
	refused(t, "of nobody", err, earshot.CodeNotFound)
}
