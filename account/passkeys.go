package account

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/earshot-chat/earshot"
)

// FactorPasskey is a passkey, after the password.
const FactorPasskey Factor = "passkey"

// MaxPasskeys is how many a user may have.
const MaxPasskeys = 20

const (
	newPasskeyTicket    = "passkey"
	passkeyLoginTicket  = "passkey login"
	passkeySecondTicket = "passkey second"
	passkeyProofTicket  = "passkey proof"
	passkeyPrefix       = "ep_"
	// passkeyAge is how long the browser may take.
	passkeyAge = 5 * time.Minute
	// startsPerMinute is how many log-ins by passkey an address may begin, at once and again in each minute: each is a row.
	startsPerMinute = 60
)

// WebAuthn is the ceremonies of passkeys. Options and responses are what the browser takes and gives, in JSON; a state is
// kept between the two steps of a ceremony. Errors that are the client's fault are ErrPasskeyRefused.
type WebAuthn interface {
	// BeginRegistration is for making a passkey.
	BeginRegistration(user PasskeyUser) (options, state []byte, err error)
	// FinishRegistration checks the passkey that the browser made.
	FinishRegistration(user PasskeyUser, state, response []byte) (PasskeyProof, error)
	// BeginLogin is for a user, or for whoever has a passkey, who is verified then, if user is nil.
	BeginLogin(user *PasskeyUser) (options, state []byte, err error)
	// BeginProof is for a user who is logged in, and is verified.
	BeginProof(user PasskeyUser) (options, state []byte, err error)
	// FinishLogin finds the user by the handle, and gives an error of find as it is.
	FinishLogin(state, response []byte, find func(handle []byte) (PasskeyUser, error)) (PasskeyProof, error)
	// Domain is the name of the server that the passkeys belong to.
	Domain() string
}

// ErrPasskeyRefused is what a client sent that proves nothing.
var ErrPasskeyRefused = errors.New("the passkey was refused")

// PasskeyUser is a user as ceremonies need one. Handle is the user's number, which others know, and nothing more of them.
type PasskeyUser struct {
	Handle      []byte
	Name        string
	Credentials [][]byte
}

// PasskeyProof is a passkey that was shown: whose it is, its own id, and what is to be kept of it.
type PasskeyProof struct{ Handle, ID, Credential []byte }

// Ceremony is what a browser is asked: Options, in JSON, and a Ticket that goes back with its answer.
type Ceremony struct {
	Ticket  string
	Options []byte
}

// PasskeyDomain is the name that passkeys belong to; empty where this server has none.
func (s *Service) PasskeyDomain() string {
	if s.cfg.WebAuthn == nil {
		return ""
	}
	return s.cfg.WebAuthn.Domain()
}

// ceremonies gives them; CodeForbidden where there are none.
func (s *Service) ceremonies() (WebAuthn, error) {
	if s.cfg.WebAuthn == nil {
		return nil, earshot.Errorf(earshot.CodeForbidden, "This server has no passkeys: they need a name, and it is reached by an address.")
	}
	return s.cfg.WebAuthn, nil
}

func handleOf(user earshot.UserID) []byte { return binary.BigEndian.AppendUint64(nil, uint64(user)) } //nolint:gosec // G115: not negative

// passkeyUser gives a user with passkeys.
func (s *Service) passkeyUser(ctx context.Context, user *earshot.User) (PasskeyUser, []earshot.Passkey, error) {
	keys, err := s.stores.Passkeys.Passkeys(ctx, user.ID)
	p := PasskeyUser{Handle: handleOf(user.ID), Name: user.Username, Credentials: make([][]byte, len(keys))}
	for i := range keys {
		p.Credentials[i] = keys[i].Credential
	}
	return p, keys, err
}

// beginCeremony keeps the state of a ceremony.
func (s *Service) beginCeremony(ctx context.Context, kind string, user earshot.UserID, options, state []byte) (Ceremony, error) {
	secret, hash := newSecret(passkeyPrefix)
	err := s.stores.Tickets.CreateTicket(ctx, earshot.Ticket{Hash: hash, Kind: kind, User: user, Data: state, ExpiresAt: now().Add(passkeyAge)})
	return Ceremony{Ticket: secret, Options: options}, err
}

// takeCeremony gives the state of a ceremony, once.
func (s *Service) takeCeremony(ctx context.Context, kind, ticket string) (earshot.Ticket, error) {
	hash, ok := hashSecret(passkeyPrefix, ticket)
	if !ok {
		return earshot.Ticket{}, errTicketOver()
	}
	begun, err := s.stores.Tickets.TakeTicket(ctx, hash, kind, now())
	return begun, notFoundIsOver(err)
}

// Passkeys gives those of the user, the oldest first.
func (s *Service) Passkeys(ctx context.Context, user earshot.UserID) ([]earshot.Passkey, error) {
	return s.stores.Passkeys.Passkeys(ctx, user)
}

// BeginPasskey begins to make a passkey for whoever is logged in, and shows that they are who they are. Errors as those of
// confirmAdding; CodeForbidden where there are none; CodeLimit.
func (s *Service) BeginPasskey(ctx context.Context, by Login, proof Proof, from netip.Addr) (Ceremony, error) {
	ceremonies, err := s.ceremonies()
	if err != nil {
		return Ceremony{}, err
	}
	if err := s.confirmAdding(ctx, by, proof, from); err != nil {
		return Ceremony{}, err
	}
	user, keys, err := s.passkeyUser(ctx, &by.User)
	if err != nil {
		return Ceremony{}, err
	}
	if len(keys) >= MaxPasskeys {
		return Ceremony{}, earshot.Errorf(earshot.CodeLimit, "You have %d passkeys, which is the most there can be.", len(keys))
	}
	options, state, err := ceremonies.BeginRegistration(user)
	if err != nil {
		return Ceremony{}, err
	}
	return s.beginCeremony(ctx, newPasskeyTicket, by.User.ID, options, state)
}

// AddPasskey keeps the passkey that a browser has made, and gives recovery codes if the user has none, which are told this
// once. Errors: CodeInvalid with the field "name" or "response"; CodeUnauthenticated with the field "ticket"; CodeLimit.
func (s *Service) AddPasskey(ctx context.Context, by Login, ticket, name string, response []byte) (earshot.Passkey, []string, error) {
	none := earshot.Passkey{}
	if by.ByToken {
		return none, nil, errNotByToken()
	}
	ceremonies, err := s.ceremonies()
	if err != nil {
		return none, nil, err
	}
	if name, err = checkLabel(name); err != nil {
		return none, nil, err
	}
	begun, err := s.takeCeremony(ctx, newPasskeyTicket, ticket)
	if err != nil {
		return none, nil, err
	}
	if begun.User != by.User.ID {
		return none, nil, errTicketOver()
	}
	user, _, err := s.passkeyUser(ctx, &by.User)
	if err != nil {
		return none, nil, err
	}
	made, err := ceremonies.FinishRegistration(user, begun.Data, response)
	if errors.Is(err, ErrPasskeyRefused) {
		return none, nil, &earshot.Error{Code: earshot.CodeInvalid, Field: "response", Message: "The passkey could not be checked. Try again.", Err: err}
	}
	if err != nil {
		return none, nil, err
	}
	// The codes first: what comes in between leaves codes that nothing asks for, and never a factor without a way around.
	var codes []string
	if n, err := s.stores.Recovery.CountRecoveryCodes(ctx, by.User.ID); err != nil {
		return none, nil, err
	} else if n == 0 {
		if codes, err = s.newRecoveryCodes(ctx, by.User.ID); err != nil {
			return none, nil, err
		}
	}
	key := earshot.Passkey{User: by.User.ID, CredentialID: made.ID, Credential: made.Credential, Name: name, CreatedAt: now()}
	key.ID, err = s.stores.Passkeys.CreatePasskey(ctx, key, MaxPasskeys, factorEntry(ctx, earshot.VerbAddFactor, by, FactorPasskey))
	if err != nil {
		return none, nil, err
	}
	return key, codes, nil
}

// RenamePasskey gives a passkey of the user another name. Errors: CodeInvalid, CodeNotFound.
func (s *Service) RenamePasskey(ctx context.Context, by Login, id int64, name string) error {
	if by.ByToken {
		return errNotByToken()
	}
	name, err := checkLabel(name)
	if err != nil {
		return err
	}
	return s.stores.Passkeys.RenamePasskey(ctx, by.User.ID, id, name)
}

// RemovePasskey takes a passkey from whoever is logged in and shows that they are who they are; recovery codes go with the
// last second factor. Errors as those of confirm, CodeNotFound, and CodeConflict with the field "second_factor" for the last one
// where one is required, and with "passkey" if nothing would be left to log in by.
func (s *Service) RemovePasskey(ctx context.Context, by Login, id int64, proof Proof, from netip.Addr) error {
	if err := s.confirm(ctx, by, proof, from); err != nil {
		return err
	}
	s.removing.Lock()
	defer s.removing.Unlock()
	if err := s.mayRemove(ctx, &by.User, id); err != nil {
		return err
	}
	if err := s.leavesAWayIn(ctx, &by.User, id); err != nil {
		return err
	}
	if err := s.stores.Passkeys.DeletePasskey(ctx, by.User.ID, id, factorEntry(ctx, earshot.VerbRemoveFactor, by, FactorPasskey)); err != nil {
		return err
	}
	return s.dropUselessCodes(ctx, by.User.ID)
}

// BeginPasskeyLogin begins a log-in by a passkey: for whoever has one, so that what is asked tells nothing of anybody, or,
// with the ticket of a first step, for the user that was checked. Errors: CodeForbidden where there are none;
// CodeRateLimited; CodeUnauthenticated with the field "ticket".
func (s *Service) BeginPasskeyLogin(ctx context.Context, loginTicketOrNone string, from netip.Addr) (Ceremony, error) {
	ceremonies, err := s.ceremonies()
	if err != nil {
		return Ceremony{}, err
	}
	try, err := s.starts.begin(from, "")
	if err != nil {
		return Ceremony{}, err
	}
	try.end(true)
	if loginTicketOrNone == "" {
		options, state, err := ceremonies.BeginLogin(nil)
		if err != nil {
			return Ceremony{}, err
		}
		return s.beginCeremony(ctx, passkeyLoginTicket, 0, options, state)
	}
	user, _, err := s.firstStep(ctx, loginTicketOrNone, s.stores.Tickets.Ticket)
	if err != nil {
		return Ceremony{}, err
	}
	of, keys, err := s.passkeyUser(ctx, &user)
	if err != nil {
		return Ceremony{}, err
	}
	if len(keys) == 0 {
		return Ceremony{}, errPasskey(nil)
	}
	options, state, err := ceremonies.BeginLogin(&of)
	if err != nil {
		return Ceremony{}, err
	}
	return s.beginCeremony(ctx, passkeySecondTicket, user.ID, options, state)
}

// LogInByPasskey begins a browser session for whoever shows a passkey: by itself, or, with the ticket of a first step, as its
// second factor. CodeUnauthenticated with the field "ticket" where one is to begin anew, with "response" for a passkey that
// is not good or not known.
func (s *Service) LogInByPasskey(ctx context.Context, ticket, loginTicketOrNone string, response []byte, from netip.Addr,
) (secret string, login Login, err error) {
	ceremonies, err := s.ceremonies()
	if err != nil {
		return "", Login{}, err
	}
	try, err := s.codes.begin(from, "")
	if err != nil {
		return "", Login{}, err
	}
	user, by, err := s.checkPasskey(ctx, ceremonies, ticket, loginTicketOrNone, response)
	try.end(isCode(err, earshot.CodeUnauthenticated))
	if err != nil {
		return "", Login{}, err
	}
	secret, login, err = s.beginSessionBy(ctx, user, earshot.WayOwn, by)
	return secret, login, notFoundIsOver(err)
}

// checkPasskey gives the user of a passkey that was shown, and by whom at a provider they came for a second step.
func (s *Service) checkPasskey(ctx context.Context, ceremonies WebAuthn, ticket, loginTicketOrNone string, response []byte,
) (user earshot.User, by *arrival, err error) {
	kind := passkeyLoginTicket
	if loginTicketOrNone != "" {
		kind = passkeySecondTicket
	}
	begun, err := s.takeCeremony(ctx, kind, ticket)
	if err != nil {
		return earshot.User{}, nil, err
	}
	user, err = s.finishPasskey(ctx, ceremonies, begun, response, func(user *earshot.User) error {
		if loginTicketOrNone == "" {
			return nil
		}
		first, from, err := s.firstStep(ctx, loginTicketOrNone, s.stores.Tickets.TakeTicket)
		if err == nil && (first.ID != user.ID || begun.User != user.ID) {
			err = errTicketOver()
		}
		by = from
		return err
	})
	return user, by, err
}

// finishPasskey gives the user of a passkey that was shown in a ceremony, if may has nothing against it.
func (s *Service) finishPasskey(ctx context.Context, ceremonies WebAuthn, begun earshot.Ticket, response []byte,
	may func(*earshot.User) error,
) (earshot.User, error) {
	var (
		user earshot.User
		keys []earshot.Passkey
	)
	proof, err := ceremonies.FinishLogin(begun.Data, response, func(handle []byte) (PasskeyUser, error) {
		if len(handle) != len(handleOf(0)) {
			return PasskeyUser{}, errPasskey(nil)
		}
		var err error
		if user, err = s.activeUser(ctx, earshot.UserID(binary.BigEndian.Uint64(handle))); err != nil { //nolint:gosec // G115: who is not there is not there
			return PasskeyUser{}, err
		}
		var of PasskeyUser
		of, keys, err = s.passkeyUser(ctx, &user)
		return of, err
	})
	if errors.Is(err, ErrPasskeyRefused) || isCode(err, earshot.CodeUnauthenticated) {
		return earshot.User{}, errPasskey(err)
	}
	if err != nil {
		return earshot.User{}, err
	}
	if err := may(&user); err != nil {
		return earshot.User{}, err
	}
	for i := range keys {
		if bytes.Equal(keys[i].CredentialID, proof.ID) {
			keys[i].Credential, keys[i].UsedAt = proof.Credential, now()
			return user, s.stores.Passkeys.UsePasskey(ctx, keys[i])
		}
	}
	return earshot.User{}, errPasskey(fmt.Errorf("a passkey of user %d that is not kept", user.ID))
}

func errPasskey(cause error) error {
	return &earshot.Error{
		Code: earshot.CodeUnauthenticated, Field: "response", Err: cause,
		Message: "That passkey is not known here, or could not be checked.",
	}
}
