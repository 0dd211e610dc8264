package account

import (
	"context"
	"net/netip"

	"github.com/earshot-chat/earshot"
)

// ChangePassword gives the caller another password, for the present one. It ends all browser sessions of the user but the
// caller's, which goes on under a new secret: one that was stolen, or planted, before is worth nothing after. For a caller
// with a token it ends all, and the secret is empty.
//
// Errors: CodeInvalid with the field "password" for a wrong present one, and with "new_password" for one that the rules
// refuse; CodeForbidden where there is no password; CodeConflict if it was changed meanwhile; CodeRateLimited and CodeBusy
// as with LogIn.
func (s *Service) ChangePassword(ctx context.Context, by Login, present, fresh string, from netip.Addr) (secret string, login Login, err error) {
	if err := s.checkOwnPassword(ctx, &by.User, present, from); err != nil {
		return "", Login{}, err
	}
	if err := s.checkPassword(fresh, personalOf(&by.User)); err != nil {
		return "", Login{}, inField(err, "new_password")
	}
	hash, err := s.hasher.hash(ctx, fresh)
	if err != nil {
		return "", Login{}, err
	}
	change := earshot.PasswordChange{User: by.User.ID, Checked: by.User.Password, Fresh: hash}
	login = Login{User: by.User, Credential: by.Credential}
	if !by.ByToken {
		var session earshot.BrowserSession
		secret, session = s.newSession(ctx, by.User.ID)
		change.From, change.Session = by.Credential, &session
		login.Credential, login.ExpiresAt = session.Hash, session.ExpiresAt
	}
	ended, err := s.stores.Own.SetPassword(ctx, change)
	if err != nil {
		return "", Login{}, err
	}
	s.endAll(ended)
	login.User.Password = hash
	s.tellOfPassword(&login.User)
	return secret, login, nil
}

// newSession makes a browser session that begins now.
func (s *Service) newSession(ctx context.Context, user earshot.UserID) (string, earshot.BrowserSession) {
	secret, hash := newSecret(sessionPrefix)
	begin, client := now(), clientOf(ctx)
	return secret, earshot.BrowserSession{
		Hash: hash, User: user, CreatedAt: begin, ExpiresAt: begin.Add(s.cfg.SessionAge),
		Device: DeviceName(client.UserAgent), Address: client.address(), UsedAt: begin,
	}
}

// endAll ends what hangs on log-ins that have ended.
func (s *Service) endAll(ended []earshot.SecretHash) {
	for _, hash := range ended {
		s.ended(hash)
	}
}

// checkOwnPassword wants the password of somebody who is logged in. Tries count as failed log-ins do: a stolen cookie is no
// way to guess faster.
func (s *Service) checkOwnPassword(ctx context.Context, user *earshot.User, password string, from netip.Addr) error {
	if !user.Password.Usable() {
		return earshot.Errorf(earshot.CodeForbidden, "This account has no password. Ask those who run the server for a link to set one.")
	}
	wrong := earshot.FieldError("password", "That is not your present password.")
	key, err := lookupKey(user.Username)
	if err != nil {
		return err
	}
	try, err := s.failures.begin(from, string(key))
	if err != nil {
		return err
	}
	if len(password) > maxPassword {
		try.end(true)
		return wrong
	}
	found, err := s.verifyOne(ctx, user.Password, password)
	try.end(err == nil && !found.match)
	if err == nil && !found.match {
		return wrong
	}
	return err
}

// verifyOne checks a password for somebody who waits for it; CodeBusy if too many do.
func (s *Service) verifyOne(ctx context.Context, hash earshot.PasswordHash, password string) (verdict, error) {
	if err := s.hasher.admit(); err != nil {
		return verdict{}, err
	}
	defer s.hasher.leave()
	return s.hasher.verify(ctx, hash, "", password)
}

func personalOf(u *earshot.User) personal {
	return personal{username: u.Username, email: u.Email, displayName: u.DisplayName}
}

// inField names another input as the one at fault.
func inField(err error, field string) error {
	if e := earshot.AsError(err); e.Code == earshot.CodeInvalid {
		moved := *e
		moved.Field = field
		return &moved
	}
	return err
}

// ProfileEdit is what a user changes about themselves; nil leaves a field as it is. There is nothing else in it, so nothing
// else can be changed in this way.
type ProfileEdit struct {
	DisplayName, Email *string
	// Password is the present one. An address that is changed needs it, where there is one: with the address one could set
	// the password anew, and a browser that was left open is not to be worth an account.
	Password string
}

// ChangeProfile changes what else there is to the caller. Another address is not confirmed, and a link to confirm it goes to it
// where the server sends mail; the one before, if it was, is told. Errors: CodeInvalid with the field, "password" included;
// CodeRateLimited, also for too many addresses.
func (s *Service) ChangeProfile(ctx context.Context, by Login, edit ProfileEdit, from netip.Addr) (earshot.User, error) {
	if err := checkPerson(edit.Email, edit.DisplayName); err != nil {
		return earshot.User{}, err
	}
	change := earshot.UserChange{DisplayName: edit.DisplayName}
	readdressed := edit.Email != nil && *edit.Email != by.User.Email
	if readdressed {
		if by.User.Password.Usable() {
			if err := s.checkOwnPassword(ctx, &by.User, edit.Password, from); err != nil {
				return earshot.User{}, err
			}
		}
		if err := s.mayMail(&by.User, *edit.Email); err != nil {
			return earshot.User{}, err
		}
		unproven := false
		change.Email, change.EmailConfirmed = edit.Email, &unproven
	}
	changed, err := s.stores.Edit.ChangeUser(ctx, by.User.ID, change)
	if err != nil || !readdressed {
		return changed, err
	}
	s.tellOfAddress(&by.User)
	return changed, s.sendConfirmation(ctx, &changed)
}

// DeleteSelf deletes the caller's account, for its password. Rooms stay, without an owner. Errors: CodeInvalid with the field
// "password"; CodeLimit for the last superuser; CodeForbidden where there is no password; CodeRateLimited and CodeBusy as
// with LogIn.
func (s *Service) DeleteSelf(ctx context.Context, by Login, password string, from netip.Addr) error {
	if err := s.checkOwnPassword(ctx, &by.User, password, from); err != nil {
		return err
	}
	return s.stores.Own.DeleteSelf(ctx, by.User.ID, by.User.Password)
}

// PersonalData gives all that is stored about the caller. Of what was said there is nothing, for nothing is kept.
func (s *Service) PersonalData(ctx context.Context, by Login) (earshot.PersonalData, error) {
	return s.stores.Own.PersonalData(ctx, by.User.ID)
}
