package account

import (
	"context"
	"net/netip"
	"time"

	"github.com/earshot-chat/earshot"
)

// BeginProof asks whoever is logged in for a passkey, which with its answer is a Proof. Errors: CodeForbidden by a token, and
// where there are none; CodeNotFound for a user who has none.
func (s *Service) BeginProof(ctx context.Context, by Login) (Ceremony, error) {
	if by.ByToken {
		return Ceremony{}, errNotByToken()
	}
	ceremonies, err := s.ceremonies()
	if err != nil {
		return Ceremony{}, err
	}
	user, keys, err := s.passkeyUser(ctx, &by.User)
	if err != nil {
		return Ceremony{}, err
	}
	if len(keys) == 0 {
		return Ceremony{}, earshot.Errorf(earshot.CodeNotFound, "You have no passkey.")
	}
	options, state, err := ceremonies.BeginProof(user)
	if err != nil {
		return Ceremony{}, err
	}
	return s.beginCeremony(ctx, passkeyProofTicket, by.User.ID, options, state)
}

// freshAge is how old a log-in may be that shows by itself who is there.
const freshAge = 10 * time.Minute

// confirmAdding is confirm for adding what lets one in, or asks for more, and for what must be open to everybody. Of a user who has nothing to show, no password and
// no second factor, it takes a log-in that has just begun, by whatever else they have. Errors as those of confirm, and
// CodeForbidden with the field "login" for one who is to log in anew.
func (s *Service) confirmAdding(ctx context.Context, by Login, proof Proof, from netip.Addr) error {
	if by.ByToken || by.User.Password.Usable() || proof.Ticket != "" {
		return s.confirm(ctx, by, proof, from)
	}
	has, err := s.stores.Factors.HasFactor(ctx, by.User.ID)
	if err != nil {
		return err
	}
	if has {
		return s.confirm(ctx, by, proof, from)
	}
	session, err := s.stores.Sessions.BrowserSession(ctx, by.Credential)
	if err != nil {
		return notFoundIsNoLogin(err)
	}
	if session.Way == earshot.WayLink || now().Sub(session.CreatedAt) > freshAge {
		return &earshot.Error{
			Code: earshot.CodeForbidden, Field: "login", Message: "Log out and log in again first, so that it is known to be you.",
		}
	}
	return nil
}

// confirmPasskey checks a proof that is a passkey. Whatever is wrong with it is CodeInvalid with the field "response": the
// log-in itself goes on.
func (s *Service) confirmPasskey(ctx context.Context, by Login, proof Proof, from netip.Addr) error {
	ceremonies, err := s.ceremonies()
	if err != nil {
		return err
	}
	try, err := s.codes.begin(from, "")
	if err != nil {
		return err
	}
	begun, err := s.takeCeremony(ctx, passkeyProofTicket, proof.Ticket)
	if err == nil && begun.User != by.User.ID {
		err = errTicketOver()
	}
	if err == nil {
		_, err = s.finishPasskey(ctx, ceremonies, begun, proof.Response, func(user *earshot.User) error {
			if user.ID != by.User.ID {
				return errTicketOver()
			}
			return nil
		})
	}
	wrong := isCode(err, earshot.CodeUnauthenticated)
	try.end(wrong)
	if wrong {
		return &earshot.Error{Code: earshot.CodeInvalid, Field: "response", Message: "The passkey could not be checked. Try again.", Err: err}
	}
	return err
}
