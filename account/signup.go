package account

import (
	"context"
	"crypto/subtle"
	"net/netip"
	"strconv"
	"time"

	"github.com/earshot-chat/earshot"
)

// SignUp is what a person gives to make an account.
type SignUp struct {
	Username, Password string
	// Invitation is the secret of an invitation link, where one is needed.
	Invitation string
}

// SignUp makes an account, if the policy lets the person, and begins a browser session.
//
// Errors: CodeForbidden if the policy or the invitation does not let them; CodeInvalid, with the field, for a name or a
// password that is not allowed; CodeConflict for a name that is taken, or looks like that of somebody on the staff;
// CodeRateLimited and CodeBusy as with LogIn.
func (s *Service) SignUp(ctx context.Context, in SignUp, from netip.Addr) (secret string, login Login, err error) {
	if s.cfg.SignUp == SignUpClosed {
		return "", Login{}, earshot.Errorf(earshot.CodeForbidden, "Accounts are made by the administrators of this server.")
	}
	// A sign-up counts once it has hashed a password, and when it was answered that a name is taken: otherwise it would be
	// a quick way to try who is here.
	try, err := s.signUps.begin(from, "")
	if err != nil {
		return "", Login{}, err
	}
	hashed := false
	defer func() { try.end(hashed || isCode(err, earshot.CodeConflict)) }()

	var invitation earshot.SecretHash
	if s.cfg.SignUp == SignUpInvite {
		if invitation, err = s.checkInvitation(ctx, in.Invitation, from); err != nil {
			return "", Login{}, err
		}
	}
	user, err := s.newUser(ctx, in.Username, in.Password)
	if err != nil {
		return "", Login{}, err
	}
	if err := s.checkLookAlike(ctx, user.Username, user.Keys); err != nil {
		return "", Login{}, err
	}
	hashed = true
	if user.Password, err = s.hasher.hash(ctx, in.Password); err != nil {
		return "", Login{}, err
	}
	if s.cfg.SignUp == SignUpInvite {
		user.ID, err = s.stores.Invitations.CreateInvitedUser(ctx, invitation, now(), user)
	} else {
		user.ID, err = createOne(ctx, s.stores.Users, user)
	}
	if err != nil {
		return "", Login{}, err
	}
	return s.begin(ctx, user.User)
}

// newUser checks the name and the password of a new account, before the dear step of hashing it.
func (s *Service) newUser(ctx context.Context, username, password string) (earshot.NewUser, error) {
	name, keys, err := checkName(username)
	if err != nil {
		return earshot.NewUser{}, err
	}
	if err := s.checkPassword(password, personal{username: name}); err != nil {
		return earshot.NewUser{}, err
	}
	switch _, err := s.stores.Users.UserByName(ctx, keys.Name); {
	case err == nil:
		return earshot.NewUser{}, &earshot.Error{Code: earshot.CodeConflict, Field: "username", Message: "The name " + name + " is taken."}
	case !isCode(err, earshot.CodeNotFound):
		return earshot.NewUser{}, err
	}
	return earshot.NewUser{User: earshot.User{Username: name, IsActive: true, DateJoined: now()}, Keys: keys}, nil
}

func createOne(ctx context.Context, users earshot.UserStore, user earshot.NewUser) (earshot.UserID, error) {
	ids, err := users.CreateUsers(ctx, []earshot.NewUser{user})
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// checkInvitation looks at an invitation before more is done for whoever holds it. The store looks again when it is
// used, for then it may be used up.
func (s *Service) checkInvitation(ctx context.Context, secret string, from netip.Addr) (earshot.SecretHash, error) {
	try, err := s.failures.begin(from, "")
	if err != nil {
		return earshot.SecretHash{}, err
	}
	hash, err := s.validInvitation(ctx, secret)
	try.end(isCode(err, earshot.CodeForbidden))
	return hash, err
}

func (s *Service) validInvitation(ctx context.Context, secret string) (earshot.SecretHash, error) {
	refuse := earshot.Errorf(earshot.CodeForbidden, "The invitation is unknown, used up or expired.")
	if secret == "" {
		refuse = earshot.Errorf(earshot.CodeForbidden, "An invitation is needed to sign up on this server.")
	}
	refuse.Field = "invitation"
	hash, ok := hashSecret(invitationPrefix, secret)
	if !ok {
		return earshot.SecretHash{}, refuse
	}
	inv, err := s.stores.Invitations.Invitation(ctx, hash)
	switch {
	case isCode(err, earshot.CodeNotFound):
		return earshot.SecretHash{}, refuse
	case err != nil:
		return earshot.SecretHash{}, err
	case inv.UsesLeft <= 0, !now().Before(inv.ExpiresAt):
		return earshot.SecretHash{}, refuse
	}
	return hash, nil
}

// The bounds of an invitation.
const (
	maxInvitationUses = 1000
	maxInvitationAge  = 30 * 24 * time.Hour
)

// Invite makes an invitation for so many people and so long: 1 to 1000 uses, more than nothing to 30 days. by is the user
// who invites, who needs earshot.PermAddInvitation (CodeForbidden otherwise), or zero on the command line.
func (s *Service) Invite(ctx context.Context, by earshot.UserID, uses int, ttl time.Duration) (secret string, expires time.Time, err error) {
	if uses < 1 || uses > maxInvitationUses {
		return "", time.Time{}, earshot.FieldError("uses", "An invitation is for 1 to %d people.", maxInvitationUses)
	}
	if ttl < time.Millisecond || ttl > maxInvitationAge {
		return "", time.Time{}, earshot.FieldError("days", "An invitation holds for at most %d days.", maxInvitationAge/(24*time.Hour))
	}
	if by != 0 {
		user, err := s.activeUser(ctx, by)
		if err != nil {
			return "", time.Time{}, err
		}
		if !user.May(earshot.PermAddInvitation) {
			return "", time.Time{}, earshot.Errorf(earshot.CodeForbidden, "You may not invite people to this server.")
		}
	}
	secret, hash := newSecret(invitationPrefix)
	expires = now().Add(ttl).Truncate(time.Millisecond)
	err = s.stores.Invitations.CreateInvitation(ctx, earshot.Invitation{Hash: hash, CreatedBy: by, ExpiresAt: expires, UsesLeft: uses})
	if err != nil {
		return "", time.Time{}, err
	}
	return secret, expires, s.record(ctx, earshot.Entry(ctx, earshot.VerbCreateInvitation, "",
		"uses", strconv.Itoa(uses), "until", expires.Format(time.RFC3339)))
}

// SetupNeeded tells whether there is no user yet, so that the first one is to be made with SetUp.
func (s *Service) SetupNeeded(ctx context.Context) (bool, error) {
	if s.setUp.Load() {
		return false, nil
	}
	n, err := s.stores.Users.CountUsers(ctx)
	if err != nil {
		return false, err
	}
	if n > 0 {
		s.setUp.Store(true)
	}
	return n == 0, nil
}

// SetupCode gives the one-time code of this process, in four groups of five letters and digits, to be shown to whoever
// started the server and to nobody else.
func (s *Service) SetupCode() string { return s.setupCode }

// SetUp makes the first user, a superuser on the staff, for whoever has the set-up code, and begins a browser session.
// The code's dashes, and whether its letters are capitals, do not matter.
//
// Errors: CodeConflict with the field "setup" once there is a user; CodeForbidden for a wrong code; CodeInvalid as with
// SignUp; CodeRateLimited, for wrong codes only, and CodeBusy as with LogIn.
func (s *Service) SetUp(ctx context.Context, code, username, password string, from netip.Addr) (secret string, login Login, err error) {
	conflict := &earshot.Error{Code: earshot.CodeConflict, Field: "setup", Message: "This server has been set up already."}
	if s.setUp.Load() {
		return "", Login{}, conflict
	}
	// The right code is let through however many wrong ones came from the address, so that nobody can lock it out: it has
	// 100 bits, which nobody guesses. Wrong ones are turned away before the store is asked.
	right := subtle.ConstantTimeCompare([]byte(typedCode(code)), []byte(typedCode(s.setupCode))) == 1
	var try *attempt
	if !right {
		if try, err = s.failures.begin(from, ""); err != nil {
			return "", Login{}, err
		}
	}
	needed, err := s.SetupNeeded(ctx)
	if try != nil {
		try.end(err == nil && needed)
	}
	if err != nil {
		return "", Login{}, err
	}
	if !needed {
		return "", Login{}, conflict
	}
	if !right {
		return "", Login{}, &earshot.Error{
			Code: earshot.CodeForbidden, Field: "code",
			Message: "The set-up code is wrong. The server prints it when it starts.",
		}
	}
	user, err := s.newUser(ctx, username, password)
	if err != nil {
		return "", Login{}, err
	}
	user.IsStaff, user.IsSuperuser = true, true
	if user.Password, err = s.hasher.hash(ctx, password); err != nil {
		return "", Login{}, err
	}
	if user.ID, err = s.stores.Users.CreateFirstUser(ctx, user); err != nil {
		return "", Login{}, err
	}
	s.setUp.Store(true)
	return s.begin(ctx, user.User)
}
