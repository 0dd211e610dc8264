package account

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/earshot-chat/earshot"
)

// ConfirmURL is the address of the page that takes a link's token to confirm an address. As with ResetURL, the token
// stands where no server sees it.
func ConfirmURL(base, token string) string { return base + "/confirm#token=" + token }

// AskToConfirm sends the caller one more link to confirm the address. Errors: CodeForbidden where the server sends no mail;
// CodeConflict where there is nothing to confirm; CodeRateLimited, CodeBusy.
func (s *Service) AskToConfirm(ctx context.Context, by Login) error {
	switch {
	case !s.SendsMail():
		return earshot.Errorf(earshot.CodeForbidden, "This server sends no mail.")
	case by.User.Email == "" || by.User.EmailConfirmed:
		return &earshot.Error{Code: earshot.CodeConflict, Field: "email", Message: "There is no address that waits to be confirmed."}
	}
	if err := s.mayMail(&by.User, by.User.Email); err != nil {
		return err
	}
	return s.sendConfirmation(ctx, &by.User)
}

// sendConfirmation sends the link to confirm the address of the user, if there is one and the server sends mail.
func (s *Service) sendConfirmation(ctx context.Context, u *earshot.User) error {
	if !s.SendsMail() || u.Email == "" || u.EmailConfirmed {
		return nil
	}
	link, err := s.newLink(ctx, linkConfirm, u)
	if err != nil {
		return err
	}
	return s.send(u.Email, "Confirm your address", fmt.Sprintf(`The account %s on %s gave this address as its own.
If that is right, open this link within %s:

%s

If it is not, do nothing.`, u.Username, s.cfg.Mail.BaseURL, lasting(patientLink), ConfirmURL(s.cfg.Mail.BaseURL, link)))
}

// ConfirmEmail takes the token of a link to confirm an address. Nobody needs to be logged in: mail is often read elsewhere.
// Errors: CodeForbidden with the field "token" for a link that is not good; CodeRateLimited for too many of those.
func (s *Service) ConfirmEmail(ctx context.Context, token string, from netip.Addr) (earshot.User, error) {
	user, err := s.tryLink(ctx, token, from, linkConfirm)
	if err != nil {
		return earshot.User{}, err
	}
	err = s.stores.Own.ConfirmEmail(ctx, user.ID, user.Email)
	if isCode(err, earshot.CodeConflict) {
		return earshot.User{}, errBadLink()
	}
	user.EmailConfirmed = err == nil
	return user, err
}

// unproven tells that somebody signed up, was to confirm the address first, and has not. Whoever was let in once is let in
// again: an address that is changed later keeps nobody out.
func (s *Service) unproven(u *earshot.User) bool {
	return s.ConfirmsSignUp() && u.Email != "" && !u.EmailConfirmed && u.LastLogin.IsZero()
}

// ConfirmsSignUp tells whether people who sign up have to give an address, and to confirm it.
func (s *Service) ConfirmsSignUp() bool { return s.cfg.Mail.ConfirmSignUp && s.SendsMail() }

// errUnproven answers a log-in with the right password.
func errUnproven() error {
	return &earshot.Error{
		Code: earshot.CodeForbidden, Field: "email",
		Message: "Confirm your address first: open the link in the mail that was sent to you.",
	}
}
