package account

import (
	"context"
	"crypto/subtle"
	"net/netip"

	"github.com/earshot-chat/earshot"
)

// SignUp is what a person gives to make an account.
type SignUp struct {
	Username, Password string
	// Email may be empty, unless it is to be confirmed.
	Email string
	// Invitation is the secret of an invitation link, where one is needed. Where none is, it may be empty.
	Invitation string
}

// SignUp makes an account, if the policy lets the person, and begins a browser session. Where the address has to be
// confirmed first, it sends the link, and the secret is empty.
//
// Errors: CodeForbidden if the policy or the invitation does not let them; CodeInvalid, with the field, for a name or a
// password that is not allowed; CodeConflict for a name that is taken, or looks like that of somebody on the staff;
// CodeRateLimited and CodeBusy as with LogIn.
func (s *Service) SignUp(ctx context.Context, in SignUp, from netip.Addr) (secret string, login Login, err error) {
	if s.cfg.SignUp == SignUpClosed {
		return "", Login{}, earshot.Errorf(earshot.CodeForbidden, "Accounts are made by the administrators of this server.")
	}
	if s.ConfirmsSignUp() && in.Email == "" {
		return "", Login{}, earshot.FieldError("email", "An address of mail is needed to sign up on this server.")
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
	invited := s.cfg.SignUp == SignUpInvite || in.Invitation != ""
	if invited {
		if invitation, err = s.checkInvitation(ctx, in.Invitation, from); err != nil {
			return "", Login{}, err
		}
	}
	user, err := s.newUser(ctx, in.Username, in.Password, in.Email)
	if err != nil {
		return "", Login{}, err
	}
	if err := s.checkLookAlike(ctx, user.Username, user.Keys); err != nil {
		return "", Login{}, err
	}
	if err := s.mayMail(&user.User, user.Email); err != nil {
		return "", Login{}, err
	}
	hashed = true
	if user.Password, err = s.hasher.hash(ctx, in.Password); err != nil {
		return "", Login{}, err
	}
	if invited {
		user.ID, err = s.stores.Invitations.CreateInvitedUser(ctx, invitation, now(), user)
	} else {
		user.ID, err = createOne(ctx, s.stores.Users, user)
	}
	if err != nil {
		return "", Login{}, err
	}
	_ = s.sendConfirmation(ctx, &user.User) // who gets no mail gets another at the first log-in
	if s.unproven(&user.User) {
		return "", Login{User: user.User}, nil
	}
	return s.begin(ctx, user.User)
}

// newUser checks what is given about a new account, before the dear step of hashing the password.
func (s *Service) newUser(ctx context.Context, username, password, email string) (earshot.NewUser, error) {
	name, keys, err := checkName(username)
	if err != nil {
		return earshot.NewUser{}, err
	}
	if err := checkPerson(&email, nil); err != nil {
		return earshot.NewUser{}, err
	}
	if err := s.checkPassword(password, personal{username: name, email: email}); err != nil {
		return earshot.NewUser{}, err
	}
	switch _, err := s.stores.Users.UserByName(ctx, keys.Name); {
	case err == nil:
		return earshot.NewUser{}, &earshot.Error{Code: earshot.CodeConflict, Field: "username", Message: "The name " + name + " is taken."}
	case !isCode(err, earshot.CodeNotFound):
		return earshot.NewUser{}, err
	}
	return earshot.NewUser{User: earshot.User{Username: name, Email: email, IsActive: true, DateJoined: now()}, Keys: keys}, nil
}

func createOne(ctx context.Context, users earshot.UserStore, user earshot.NewUser, log ...earshot.Action) (earshot.UserID, error) {
	ids, err := users.CreateUsers(ctx, []earshot.NewUser{user}, log...)
	if err != nil {
		return 0, err
	}
	return ids[0], nil
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
	user, err := s.newUser(ctx, username, password, "")
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
