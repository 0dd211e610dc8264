package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/earshot-chat/earshot"
)

// Factor is a kind of second factor.
type Factor string

// The factors.
const (
	// FactorTOTP is a code of six digits from an authenticator.
	FactorTOTP Factor = "totp"
	// FactorRecovery is a recovery code.
	FactorRecovery Factor = "recovery"
)

// SecondFactorError is the answer to the right name and password of a user who has a second factor. It is an error so that
// nobody who does not know of it takes it for a log-in. Its code is earshot.CodeSecondFactor.
type SecondFactorError struct {
	// Ticket is what SecondStep takes. It is worth nothing without a second factor, and is bound to the user and to the
	// password that was checked.
	Ticket string
	// Factors are those the user has.
	Factors   []Factor
	ExpiresAt time.Time
}

// Error gives the sentence.
func (e *SecondFactorError) Error() string { return e.Unwrap().Error() }

// Unwrap gives the error by which its code is found.
func (*SecondFactorError) Unwrap() error {
	return earshot.Errorf(earshot.CodeSecondFactor, "A second factor is needed to log in.")
}

const (
	loginTicket  = "login"
	ticketPrefix = "ek_"
	// loginTicketAge is how long the second step may take, and loginTicketTries how many wrong codes it may.
	loginTicketAge   = 5 * time.Minute
	loginTicketTries = 5
	// codesPerHour is how many wrong codes one address has for one user, at once and again in each hour, addressFactor times
	// as many for all users, and guessesPerHour all addresses together for one user. There is no bound for all users together.
	codesPerHour   = 20
	addressFactor  = 5
	guessesPerHour = 20
	guessesAtAll   = math.MaxInt32
)

// factors gives the second factors of a user.
func (s *Service) factors(ctx context.Context, user earshot.UserID) ([]Factor, error) {
	var list []Factor
	totp, err := s.stores.TOTP.TOTP(ctx, user)
	switch {
	case err == nil && totp.Confirmed:
		list = append(list, FactorTOTP)
	case err != nil && !isCode(err, earshot.CodeNotFound):
		return nil, err
	}
	keys, err := s.stores.Passkeys.Passkeys(ctx, user)
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 {
		list = append(list, FactorPasskey)
	}
	if len(list) == 0 {
		return nil, nil // recovery codes stand in for a factor and are none by themselves
	}
	n, err := s.stores.Recovery.CountRecoveryCodes(ctx, user)
	if n > 0 {
		list = append(list, FactorRecovery)
	}
	return list, err
}

// askSecondFactor gives a *SecondFactorError if the user, who may have come by a provider, has a second factor.
func (s *Service) askSecondFactor(ctx context.Context, user earshot.User, from *arrival) error {
	factors, err := s.factors(ctx, user.ID)
	if err != nil || len(factors) == 0 {
		return err
	}
	secret, hash := newSecret(ticketPrefix)
	sealed, err := from.seal(secret)
	if err != nil {
		return err
	}
	expires := now().Add(loginTicketAge)
	ticket := earshot.Ticket{Hash: hash, Kind: loginTicket, User: user.ID, Data: append(passwordPrint(user.Password), sealed...), ExpiresAt: expires}
	if err := s.stores.Tickets.CreateTicket(ctx, ticket); err != nil {
		return err
	}
	return &SecondFactorError{Ticket: secret, Factors: factors, ExpiresAt: expires}
}

// passwordPrint is what a ticket keeps of the password that was checked: a hash of its hash.
func passwordPrint(p earshot.PasswordHash) []byte {
	sum := sha256.Sum256([]byte(p))
	return sum[:]
}

// firstStep gives the user of a log-in that awaits its second step, as look finds its ticket, and by whom at a provider they
// came, nil for nobody. The user is still the one that was checked, with the same password.
func (s *Service) firstStep(ctx context.Context, ticket string,
	look func(context.Context, earshot.SecretHash, string, time.Time) (earshot.Ticket, error),
) (earshot.User, *arrival, error) {
	hash, ok := hashSecret(ticketPrefix, ticket)
	if !ok {
		return earshot.User{}, nil, errTicketOver()
	}
	begun, err := look(ctx, hash, loginTicket, now())
	if err != nil {
		return earshot.User{}, nil, notFoundIsOver(err)
	}
	user, err := s.stores.Users.User(ctx, begun.User)
	if err != nil {
		return earshot.User{}, nil, notFoundIsOver(err)
	}
	if !user.IsActive || len(begun.Data) < sha256.Size ||
		subtle.ConstantTimeCompare(begun.Data[:sha256.Size], passwordPrint(user.Password)) != 1 {
		return earshot.User{}, nil, errTicketOver()
	}
	from, err := unsealArrival(begun.Data[sha256.Size:], ticket)
	return user, from, err
}

// SecondStep goes on with a log-in that awaits its second factor: code is one from the user's authenticator, or a recovery
// code. Errors: CodeUnauthenticated for a ticket that is over, with the field "ticket", so that one is to begin anew, and
// for a wrong code or one that was used, with the field "code"; CodeRateLimited.
//
// Wrong codes are counted by ticket, by address, and by user. The last does not hold for an address at which the user is
// logged in, nor for recovery codes, which nobody guesses: whoever has somebody's password cannot lock the owner out by it.
func (s *Service) SecondStep(ctx context.Context, ticket, code string, from netip.Addr) (secret string, login Login, err error) {
	hash, ok := hashSecret(ticketPrefix, ticket)
	if !ok {
		return "", Login{}, errTicketOver()
	}
	begun, err := s.stores.Tickets.Ticket(ctx, hash, loginTicket, now())
	if err != nil {
		return "", Login{}, notFoundIsOver(err)
	}
	try, err := s.codes.begin(from, fmt.Sprint(begun.User))
	if err != nil {
		return "", Login{}, err
	}
	user, by, err := s.checkSecond(ctx, ticket, code, from)
	try.end(isCode(err, earshot.CodeUnauthenticated))
	if err != nil {
		return "", Login{}, err
	}
	// Of several that come at once with one ticket, one gets it.
	if _, err := s.stores.Tickets.TakeTicket(ctx, hash, loginTicket, now()); err != nil {
		return "", Login{}, notFoundIsOver(err)
	}
	secret, login, err = s.beginSessionBy(ctx, user, earshot.WayOwn, by)
	return secret, login, notFoundIsOver(err)
}

// checkSecond counts a try of the ticket, and checks the code. It gives the user, who is still the one that was checked, and by
// whom at a provider they came.
func (s *Service) checkSecond(ctx context.Context, ticket, code string, from netip.Addr) (user earshot.User, by *arrival, err error) {
	counted := func(ctx context.Context, hash earshot.SecretHash, kind string, at time.Time) (earshot.Ticket, error) {
		return s.stores.Tickets.TryTicket(ctx, hash, kind, at, loginTicketTries)
	}
	if user, by, err = s.firstStep(ctx, ticket, counted); err != nil {
		return earshot.User{}, nil, err
	}
	if recovery, ok := recoveryHash(code); ok {
		err = s.stores.Recovery.UseRecoveryCode(ctx, user.ID, recovery)
		return user, by, wrongCode(err, earshot.CodeNotFound)
	}
	return user, by, s.checkCode(ctx, user.ID, code, from)
}

// checkCode checks a code from the authenticator, and uses it up.
func (s *Service) checkCode(ctx context.Context, user earshot.UserID, code string, from netip.Addr) error {
	known, err := s.isKnown(ctx, user, from)
	if err != nil {
		return err
	}
	if known {
		return s.useCode(ctx, user, code)
	}
	return s.guessCode(ctx, user, code, "log in",
		"Too many wrong codes were tried for this account. Use a recovery code, log in from where you were before, or wait.")
}

// guessCode is useCode for whoever may be a stranger: wrong codes are counted by user and by what for, whatever address they come
// from, and tooMany is said when there were guessesPerHour.
func (s *Service) guessCode(ctx context.Context, user earshot.UserID, code, what, tooMany string) error {
	try, err := s.guesses.begin(netip.Addr{}, what+" "+fmt.Sprint(user))
	if err != nil {
		limited := *earshot.AsError(err)
		limited.Message = tooMany
		return &limited
	}
	err = s.useCode(ctx, user, code)
	try.end(isCode(err, earshot.CodeUnauthenticated))
	return err
}

// useCode uses a code up, if it is the right one. How many are tried is for the caller to bound.
func (s *Service) useCode(ctx context.Context, user earshot.UserID, code string) error {
	totp, err := s.stores.TOTP.TOTP(ctx, user)
	if err != nil {
		return wrongCode(err, earshot.CodeNotFound)
	}
	step, ok := matchTOTP(totp.Secret, code, now())
	if !ok || !totp.Confirmed {
		return errWrongCode()
	}
	return wrongCode(s.stores.TOTP.UseTOTP(ctx, user, step), earshot.CodeConflict)
}

// isKnown tells whether the user is logged in with a browser at the address.
func (s *Service) isKnown(ctx context.Context, user earshot.UserID, from netip.Addr) (bool, error) {
	address := Client{Address: from}.address()
	sessions, err := s.stores.Sessions.BrowserSessions(ctx, user)
	for _, b := range sessions {
		if address != "" && b.Address == address && now().Before(b.ExpiresAt) {
			return true, nil
		}
	}
	return false, err
}

// wrongCode makes the answer to a wrong code of an error with a code.
func wrongCode(err error, code earshot.Code) error {
	if isCode(err, code) {
		return errWrongCode()
	}
	return err
}

func errWrongCode() error {
	return &earshot.Error{Code: earshot.CodeUnauthenticated, Field: "code", Message: "The code is wrong, or was used already."}
}

func errTicketOver() error {
	return &earshot.Error{Code: earshot.CodeUnauthenticated, Field: "ticket", Message: "That took too long, or was tried too often. Log in anew."}
}

func notFoundIsOver(err error) error {
	if isCode(err, earshot.CodeNotFound) {
		return errTicketOver()
	}
	return err
}

// Proof shows that whoever is logged in is the user, and not somebody at their browser: the password, or, of a user who has
// none, a code of the second factor; or, of whoever has one, a passkey.
type Proof struct {
	Password, Code string
	// Ticket is that of BeginProof, and Response what the browser gave; both are empty where no passkey is shown.
	Ticket   string
	Response []byte
}

// confirm checks a proof. Errors: CodeForbidden by a token; CodeInvalid with the field for a wrong one; CodeRateLimited and
// CodeBusy as LogIn.
func (s *Service) confirm(ctx context.Context, by Login, proof Proof, from netip.Addr) error {
	if by.ByToken {
		return errNotByToken()
	}
	if proof.Ticket != "" {
		return s.confirmPasskey(ctx, by, proof, from)
	}
	user, err := s.activeUser(ctx, by.User.ID)
	if err != nil {
		return err
	}
	if !user.Password.Usable() {
		try, err := s.codes.begin(from, fmt.Sprint(user.ID))
		if err != nil {
			return err
		}
		err = s.guessCode(ctx, user.ID, proof.Code, "prove", "Too many wrong codes were tried. Wait a little, and end the log-ins that are not yours.")
		try.end(isCode(err, earshot.CodeUnauthenticated))
		if isCode(err, earshot.CodeUnauthenticated) {
			return earshot.FieldError("code", "The code is wrong, or was used already.")
		}
		return err
	}
	right, err := s.tryOwnPassword(ctx, &user, proof.Password, from)
	if err == nil && !right {
		return earshot.FieldError("password", "The password is wrong.")
	}
	return err
}

// AsSecondFactor gives what err says of a second factor, if it does.
func AsSecondFactor(err error) (*SecondFactorError, bool) {
	return errors.AsType[*SecondFactorError](err)
}
