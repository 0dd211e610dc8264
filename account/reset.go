package account

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// MailConfig is what a Service needs to send mail.
type MailConfig struct {
	// Mailer sends it; nil where the server sends none.
	Mailer earshot.Mailer
	// BaseURL is what links begin with, without a slash at the end. It is never what a request asked for: whoever could choose
	// the address in a mail would be sent the secret in it.
	BaseURL string
	// Name is what the server is called.
	Name string
	// ResetAge is how long a link lasts by which a password is set anew: an hour by default.
	ResetAge time.Duration
	// ConfirmSignUp has people give an address when they sign up, and lets them in when they have confirmed it. It needs a
	// Mailer.
	ConfirmSignUp bool
}

const (
	// resetQueue is how many requests to set a password anew may wait to be looked at.
	resetQueue = 64
	// sameAddress is how many accounts of one address are written to at once.
	sameAddress = 5
	// The bounds of mails in an hour: what one address, or one account, can be made to get, and all together.
	mailsToOne = 5
	mailsToAll = 1000
	// resetsPerHour is how many requests one network address has in an hour.
	resetsPerHour = 20
)

// SendsMail tells whether the server sends mail.
func (s *Service) SendsMail() bool { return s.cfg.Mail.Mailer != nil }

// RequestReset asks for a link by mail, to whoever has the address, if anybody does. The answer is the same, and takes the
// same time, in any case: the accounts are looked at in AnswerResets. Errors: CodeInvalid for what is no address;
// CodeForbidden where the server sends no mail; CodeRateLimited for too many from one network address; CodeBusy.
func (s *Service) RequestReset(email string, from netip.Addr) error {
	if !s.SendsMail() {
		return earshot.Errorf(earshot.CodeForbidden, "This server sends no mail. Ask those who run it for a link.")
	}
	if err := checkPerson(&email, nil); err != nil {
		return err
	}
	if email == "" {
		return earshot.FieldError("email", "An address is needed.")
	}
	try, err := s.resetTries.begin(from, "")
	if err != nil {
		return err
	}
	try.end(true)
	select {
	case s.resets <- email:
		return nil
	default:
		return &earshot.Error{
			Code: earshot.CodeBusy, RetryAfter: busyRetry, Message: "Too many people are asking for this at the moment. Please try again in a few seconds.",
		}
	}
}

// AnswerResets looks at what RequestReset took, and writes to whom it is about, until ctx ends. What fails is given to
// failed.
func (s *Service) AnswerResets(ctx context.Context, failed func(error)) {
	for {
		select {
		case email := <-s.resets:
			if err := s.answerReset(ctx, email); err != nil && ctx.Err() == nil {
				failed(err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// answerReset writes to the accounts of an address: to the address as it is stored, never as it was typed, for what is the
// same to a database need not be the same mailbox.
func (s *Service) answerReset(ctx context.Context, email string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	users, err := s.stores.Own.UsersByEmail(ctx, email, sameAddress)
	if err != nil {
		return err
	}
	for i := range users {
		u := &users[i]
		if !u.Password.Usable() || s.mayMail(u, u.Email) != nil {
			continue
		}
		link, err := s.newLink(ctx, linkReset, u)
		if err != nil {
			return err
		}
		if err := s.send(u.Email, "Set a new password", fmt.Sprintf(`Somebody, perhaps you, asked to set a new password for the account %s
on %s. To do so, open this link within %s:

%s

If it was not you, do nothing: the password stays as it is.`,
			u.Username, s.cfg.Mail.BaseURL, lasting(s.cfg.Mail.ResetAge), ResetURL(s.cfg.Mail.BaseURL, link))); err != nil {
			return err
		}
	}
	return nil
}

// ResetURL is the address of the page that takes a link's token to set a password. The token stands behind the #: browsers
// send that part to no server, so it is in no log and no Referer.
func ResetURL(base, token string) string { return base + "/reset#token=" + token }

// ResetLink makes a link for an administrator to hand to a user, who sets a password with it within three days, also where
// there was none. by is who asks, who needs earshot.PermChangeUser, and may do all that the user may; nil on the command
// line. It gives the token, for ResetURL. Errors: CodeNotFound, CodeForbidden, also for oneself.
func (s *Service) ResetLink(ctx context.Context, by *earshot.User, username string) (token string, expires time.Time, err error) {
	if by != nil {
		if err := (authority{*by}).needs(earshot.PermChangeUser); err != nil {
			return "", time.Time{}, err
		}
	}
	user, err := s.UserByName(ctx, username)
	if err != nil {
		return "", time.Time{}, err
	}
	if by != nil {
		if err := (authority{*by}).mayLink(user); err != nil {
			return "", time.Time{}, err
		}
	}
	if !user.IsActive {
		return "", time.Time{}, earshot.Errorf(earshot.CodeConflict, "This account is not active.")
	}
	if err := s.record(ctx, earshot.Entry(ctx, earshot.VerbResetLink, user.Username)); err != nil {
		return "", time.Time{}, err
	}
	token, err = s.newLink(ctx, linkHanded, &user)
	return token, now().Add(patientLink), err
}

// ResetPassword sets the password of whom a link is for. It ends all browser sessions of the user, and begins none: who
// has only a link has not logged in. Errors: CodeForbidden with the field "token" for a link that is not good; CodeInvalid
// with "password"; CodeRateLimited for too many bad links; CodeBusy.
func (s *Service) ResetPassword(ctx context.Context, token, password string, from netip.Addr) error {
	user, err := s.tryLink(ctx, token, from, linkReset, linkHanded)
	if err != nil {
		return err
	}
	if err := s.checkPassword(password, personalOf(&user)); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	ctx = earshot.Doing(ctx, earshot.Doer{User: user.Ref(), Road: earshot.RoadPage})
	ended, err := s.stores.Own.SetPassword(ctx, earshot.PasswordChange{User: user.ID, Checked: user.Password, Fresh: hash},
		earshot.Entry(ctx, earshot.VerbChangePassword, user.Username, "by", "link"))
	if isCode(err, earshot.CodeConflict) {
		return errBadLink() // it was used at the same time
	}
	if err != nil {
		return err
	}
	s.endAll(ended)
	s.tellOfPassword(&user)
	return nil
}

// tryLink is openLink for strangers.
func (s *Service) tryLink(ctx context.Context, token string, from netip.Addr, kinds ...linkKind) (earshot.User, error) {
	try, err := s.failures.begin(from, "")
	if err != nil {
		return earshot.User{}, err
	}
	user, err := s.openLink(ctx, token, kinds...)
	try.end(isCode(err, earshot.CodeForbidden))
	return user, err
}

// mayMail takes one mail from what may go to an address, and on behalf of a user; CodeRateLimited with the time to wait if
// there is none left. A server that can be made to write to anybody, any number of times, is a nuisance.
func (s *Service) mayMail(u *earshot.User, email string) error {
	if !s.SendsMail() || email == "" {
		return nil
	}
	for _, key := range []string{"user " + fmt.Sprint(u.ID), "mail " + string(names.Key(email))} {
		if u.ID == 0 && strings.HasPrefix(key, "user ") {
			continue // signing up, which is counted by network address
		}
		try, err := s.mails.begin(netip.Addr{}, key)
		if err != nil {
			return err
		}
		try.end(true)
	}
	return nil
}

// send sends a mail of this server.
func (s *Service) send(to, subject, text string) error {
	return s.cfg.Mail.Mailer.Send(earshot.Mail{To: to, Subject: s.cfg.Mail.Name + ": " + subject, Text: text + "\n"})
}

// tellOfPassword writes to a user, as they were before, whose password was changed, in case it was somebody else. That it cannot be sent, or not
// at once, does not undo the change.
func (s *Service) tellOfPassword(u *earshot.User) {
	if !s.SendsMail() || u.Email == "" || !u.EmailConfirmed {
		return
	}
	subject, what := "Your password was changed", "The password of the account %s on %s was changed."
	if !u.Password.Usable() {
		subject, what = "A password was set", "The account %s on %s had no password, and has one now."
	}
	_ = s.send(u.Email, subject, fmt.Sprintf(what+`

If it was not you, set a new one at once at %s/forgot,
and tell those who run the server.`, u.Username, s.cfg.Mail.BaseURL, s.cfg.Mail.BaseURL))
}

// tellOfAddress writes to the address that a user had before.
func (s *Service) tellOfAddress(before *earshot.User) {
	if !s.SendsMail() || before.Email == "" || !before.EmailConfirmed {
		return
	}
	_ = s.send(before.Email, "Your address was changed", fmt.Sprintf(`The account %s on %s has another address of mail now,
and nothing more is sent to this one.

If it was not you, tell those who run the server.`, before.Username, s.cfg.Mail.BaseURL))
}

// lasting says a duration as people do.
func lasting(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if n := int64(d / unit.of); n >= 1 && d%unit.of == 0 {
			if n == 1 {
				return "1 " + unit.name
			}
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return d.String()
}
