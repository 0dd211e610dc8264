package account

import (
	"context"
	"net/netip"

	"github.com/earshot-chat/earshot"
)

// ChangePassword gives the caller another password, or a first one to a caller who has none and came by other ways. It ends
// all browser sessions of the user but the caller's, which goes on under a new secret: one that was stolen, or planted, before
// is worth nothing after. For a caller with a token it ends all, and the secret is empty.
//
// The proof is the present password, and nothing else, of whoever has one; of others it is that of confirmAdding, so that a
// browser that was left open, or a stolen cookie, sets none.
//
// Errors: CodeInvalid with the field "password" for a wrong present one, and with "new_password" for one that the rules
// refuse; CodeConflict if it was changed meanwhile, or the log-in has ended; CodeRateLimited and CodeBusy as with LogIn; for a
// first one those of confirmAdding.
func (s *Service) ChangePassword(
	ctx context.Context, by Login, proof Proof, fresh string, from netip.Addr,
) (secret string, login Login, err error) {
	if err := s.confirmPasswordChange(ctx, by, proof, fresh, from); err != nil {
		return "", Login{}, err
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
	kind := ""
	if !by.User.Password.Usable() {
		kind = "first"
	}
	ended, err := s.stores.Own.SetPassword(ctx, change, earshot.Entry(ctx, earshot.VerbChangePassword, by.User.Username, "kind", kind))
	if err != nil {
		return "", Login{}, err
	}
	s.endAll(ended)
	s.tellOfPassword(&by.User)
	login.User.Password = hash
	return secret, login, nil
}

// confirmPasswordChange checks what ChangePassword is given. The rules are asked about a first password before a code or a
// passkey is used up, so that who chooses badly can try again with the same.
func (s *Service) confirmPasswordChange(ctx context.Context, by Login, proof Proof, fresh string, from netip.Addr) error {
	rules := func() error { return inField(s.checkPassword(fresh, personalOf(&by.User)), "new_password") }
	if by.User.Password.Usable() {
		if err := s.confirmOwner(ctx, by, proof, from); err != nil {
			return err
		}
		return rules()
	}
	if by.ByToken {
		return errNotByToken()
	}
	if err := rules(); err != nil {
		return err
	}
	return s.confirmOwner(ctx, by, proof, from)
}

// confirmOwner takes the present password, and nothing else, of whoever has one, and of others what confirmAdding wants.
func (s *Service) confirmOwner(ctx context.Context, by Login, proof Proof, from netip.Addr) error {
	if by.User.Password.Usable() {
		return s.checkOwnPassword(ctx, &by.User, proof.Password, from)
	}
	return s.confirmAdding(ctx, by, proof, from)
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
	right, err := s.tryOwnPassword(ctx, user, password, from)
	if err == nil && !right {
		return earshot.FieldError("password", "That is not your present password.")
	}
	return err
}

// tryOwnPassword tells whether it is the user's password, and counts it if not. Errors: CodeRateLimited and CodeBusy.
func (s *Service) tryOwnPassword(ctx context.Context, user *earshot.User, password string, from netip.Addr) (bool, error) {
	key, err := lookupKey(user.Username)
	if err != nil {
		return false, err
	}
	try, err := s.failures.begin(from, string(key))
	if err != nil {
		return false, err
	}
	if len(password) > maxPassword {
		try.end(true)
		return false, nil
	}
	found, err := s.verifyOne(ctx, user.Password, password)
	try.end(err == nil && !found.match)
	return found.match, err
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
	if err == nil {
		return nil
	}
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
	// Proof is the present password, where the address changes, or, of whoever has none, what confirmAdding wants: with the
	// address one could set the password anew, and a browser that was left open is not to be worth an account.
	Proof Proof
}

// ChangeProfile changes what else there is to the caller. Another address is not confirmed, and a link to confirm it goes to it
// where the server sends mail; the one before, if it was, is told. Errors: CodeInvalid with the field, "password" included,
// and "display_name" for one that Profiles would not show; CodeRateLimited, also for too many addresses; for an address of
// whoever has no password those of confirmAdding.
func (s *Service) ChangeProfile(ctx context.Context, by Login, edit ProfileEdit, from netip.Addr) (earshot.User, error) {
	if err := checkPerson(edit.Email, edit.DisplayName); err != nil {
		return earshot.User{}, err
	}
	if edit.DisplayName != nil {
		if err := s.checkPose(ctx, by.User.ID, *edit.DisplayName); err != nil {
			return earshot.User{}, err
		}
	}
	change, log := earshot.UserChange{DisplayName: edit.DisplayName}, []earshot.Action(nil)
	readdressed := edit.Email != nil && *edit.Email != by.User.Email
	if readdressed {
		if err := s.confirmOwner(ctx, by, edit.Proof, from); err != nil {
			return earshot.User{}, err
		}
		if err := s.mayMail(&by.User, *edit.Email); err != nil {
			return earshot.User{}, err
		}
		unproven := false
		change.Email, change.EmailConfirmed = edit.Email, &unproven
		log = append(log, earshot.Entry(ctx, earshot.VerbChangeEmail, by.User.Username))
	}
	changed, err := s.stores.Edit.ChangeUser(ctx, by.User.ID, change, log...)
	if err != nil || !readdressed {
		return changed, err
	}
	s.tellOfAddress(&by.User)
	return changed, s.sendConfirmation(ctx, &changed)
}

// DeleteSelf deletes the account of whoever is logged in and shows that they are who they are. Rooms stay, without an owner.
// Errors: as those of confirmAdding; CodeLimit for the last superuser.
func (s *Service) DeleteSelf(ctx context.Context, by Login, proof Proof, from netip.Addr) error {
	if err := s.confirmAdding(ctx, by, proof, from); err != nil {
		return err
	}
	return s.stores.Own.DeleteSelf(ctx, by.User.ID, by.User.Password)
}

// PersonalData gives all that is stored about the caller. Of what was said there is nothing, for nothing is kept.
func (s *Service) PersonalData(ctx context.Context, by Login) (earshot.PersonalData, error) {
	return s.stores.Own.PersonalData(ctx, by.User.ID)
}
