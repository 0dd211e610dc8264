// Package account decides who is who: it signs people up, logs them in, and tells who is behind a request.
//
// What it keeps lies behind the storage seams. It keeps no account and no log-in in memory, so one that is ended, by
// this process or another, is ended for the next request.
package account

import (
	"context"
	"errors"
	"hash/maphash"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/earshot-chat/earshot"
)

// SignUpPolicy says who may make an account.
type SignUpPolicy string

// The policies. Any other value counts as SignUpClosed.
const (
	// SignUpOpen lets anybody.
	SignUpOpen SignUpPolicy = "open"
	// SignUpInvite lets whoever holds an invitation.
	SignUpInvite SignUpPolicy = "invite"
	// SignUpClosed lets nobody: accounts are made by administrators.
	SignUpClosed SignUpPolicy = "closed"
)

// Valid tells whether p is one of the policies.
func (p SignUpPolicy) Valid() bool {
	switch p {
	case SignUpOpen, SignUpInvite, SignUpClosed:
		return true
	}
	return false
}

// Config is the settings of a Service. A number or duration that is zero or less means the default's.
type Config struct {
	// SignUp says who may make an account.
	SignUp SignUpPolicy
	// SessionAge is how long a browser session lives after it was last used, to within a day: 14 days by default.
	SessionAge time.Duration
	// HashersAtOnce is how many passwords are hashed at the same time, each taking 19 MiB and a core: the number of
	// cores, at most 4, by default.
	HashersAtOnce int
	// QueuedLogins is how many more may wait for that before the answer is earshot.CodeBusy: 64 by default.
	QueuedLogins int
	// FailuresPerMinute is how many failed log-ins one address has for one name, at once and again in each minute: 10
	// by default.
	FailuresPerMinute int
	// AddressFailuresPerMinute is the same for one address and all names together, wrong set-up codes and invitations
	// included: 30 by default. Addresses of IPv6 count by their /64.
	AddressFailuresPerMinute int
	// SignUpsPerHour is how many accounts one address may make, at once and again in each hour: 100 by default.
	SignUpsPerHour int
	// Issuer is what authenticators call the server: "Earshot" by default.
	Issuer string
	// WebAuthn is the ceremonies of passkeys; nil for none.
	WebAuthn WebAuthn
	// Mail is how mail is sent; the zero value sends none.
	Mail MailConfig
	// Providers are those of OpenID Connect by which people may log in.
	Providers []Provider
	// Complain is told what is wrong with a provider, by its id, for whoever runs the server; nil for nobody.
	Complain func(ctx context.Context, provider string, err error)
}

// DefaultConfig gives the settings of a server whose operator changed none.
func DefaultConfig() Config {
	return Config{
		SignUp:                   SignUpOpen,
		SessionAge:               14 * 24 * time.Hour,
		HashersAtOnce:            min(runtime.NumCPU(), 4),
		QueuedLogins:             64,
		FailuresPerMinute:        10,
		AddressFailuresPerMinute: 30,
		SignUpsPerHour:           100,
	}
}

// filled gives the settings with the defaults where there is none.
func (c Config) filled() Config {
	def := DefaultConfig()
	for _, f := range []struct{ have, def *int }{
		{&c.HashersAtOnce, &def.HashersAtOnce},
		{&c.QueuedLogins, &def.QueuedLogins},
		{&c.FailuresPerMinute, &def.FailuresPerMinute},
		{&c.AddressFailuresPerMinute, &def.AddressFailuresPerMinute},
		{&c.SignUpsPerHour, &def.SignUpsPerHour},
	} {
		if *f.have <= 0 {
			*f.have = *f.def
		}
	}
	if c.SessionAge <= 0 {
		c.SessionAge = def.SessionAge
	}
	if c.Mail.ResetAge <= 0 {
		c.Mail.ResetAge = time.Hour
	}
	if !c.SignUp.Valid() {
		c.SignUp = SignUpClosed
	}
	if c.Issuer == "" {
		c.Issuer = "Earshot"
	}
	return c
}

// Stores is where accounts and credentials are kept.
type Stores struct {
	Users       earshot.UserStore
	Passwords   earshot.PasswordStore
	Edit        earshot.UserEditStore
	Own         earshot.OwnAccountStore
	Secrets     earshot.SecretStore
	Profiles    earshot.ProfileStore
	Groups      earshot.GroupStore
	Sessions    earshot.BrowserSessionStore
	Tokens      earshot.TokenStore
	Invitations earshot.InvitationStore
	Bans        earshot.BanStore
	Actions     earshot.ActionStore
	TOTP        earshot.TOTPStore
	Recovery    earshot.RecoveryStore
	Passkeys    earshot.PasskeyStore
	Identities  earshot.IdentityStore
	Origins     earshot.OriginStore
	Tickets     earshot.TicketStore
	Factors     earshot.FactorStore
}

// Service is the rules of accounts. It is safe for concurrent use and has no goroutines of its own.
type Service struct {
	stores Stores
	cfg    Config
	ended  func(earshot.SecretHash)

	hasher   *hasher
	failures *throttle
	signUps  *throttle
	// codes bounds how many wrong codes of second factors an address tries, guesses how many are tried for a user.
	codes     *throttle
	starts    *throttle
	logOuts   *throttle
	farewells *farewells
	guesses   *throttle
	devices   *devices
	setupCode string
	// decoys spreads the names that nobody has over those that somebody has.
	decoys maphash.Seed
	// common gives the list of common passwords, which is unpacked when it is first asked for.
	common func() []string
	// resets are addresses for which somebody asked to set a password anew. resetTries bounds who asks, mails what is sent.
	resets            chan string
	resetTries, mails *throttle
	// easel is taken by whoever makes a picture small; picturing counts those who do or wait.
	easel     chan struct{}
	picturing atomic.Int64
	// redeeming is taken by whoever waits for a provider.
	redeeming chan struct{}
	// key is what links are signed with, nil until it is first needed. Under keyMu.
	keyMu sync.Mutex
	key   []byte
	// following keeps an older state of a user from being handed on after a newer one.
	following sync.Mutex
	// sessionUses and tokenUses wait to be written.
	sessionUses, tokenUses uses
	// setUp is true once there is known to be a user. There always is one from then on, so it is not asked again.
	setUp atomic.Bool

	// required is of whom a second factor is; nil until it is asked for, and when it was set anew. It is read under requiring.
	required  atomic.Pointer[earshot.Required]
	requiring sync.Mutex
	// removing is held from the look at what a user would have left until what is removed is gone: of two that are removed at
	// once each would be what is left when the other goes.
	removing sync.Mutex

	// ranges are the addresses that are banned; nil before Bar. barred is told of them, under barring.
	ranges  atomic.Pointer[earshot.Ranges]
	barring sync.Mutex
	barred  func(*earshot.Ranges)
}

// New makes the service. ended (may be nil) is called after a credential has ended, so that live sessions can be cut; it
// must not call back into the service.
func New(stores Stores, cfg Config, ended func(earshot.SecretHash)) *Service {
	cfg = cfg.filled()
	if ended == nil {
		ended = func(earshot.SecretHash) {}
	}
	return &Service{
		stores:    stores,
		cfg:       cfg,
		ended:     ended,
		hasher:    newHasher(cfg.HashersAtOnce, cfg.QueuedLogins),
		failures:  newThrottle(time.Minute, cfg.AddressFailuresPerMinute, cfg.FailuresPerMinute),
		signUps:   newThrottle(time.Hour, cfg.SignUpsPerHour, cfg.SignUpsPerHour),
		codes:     newThrottle(time.Hour, codesPerHour*addressFactor, codesPerHour),
		starts:    newThrottle(time.Minute, startsPerMinute, startsPerMinute),
		logOuts:   newThrottle(time.Minute, wrongLogOutsPerMinute, wrongLogOutsPerMinute),
		farewells: newFarewells(),
		guesses:   newThrottle(time.Hour, guessesAtAll, guessesPerHour),
		devices:   newDevices(),
		setupCode: newSetupCode(),
		decoys:    maphash.MakeSeed(),
		common:    sync.OnceValue(readCommon),
		easel:     make(chan struct{}, 1),
		redeeming: make(chan struct{}, redeemAtOnce),
		resets:    make(chan string, resetQueue),
		// Mails are counted by whom they concern, whoever caused them: all begin from no address.
		resetTries: newThrottle(time.Hour, resetsPerHour, resetsPerHour),
		mails:      newThrottle(time.Hour, mailsToAll, mailsToOne),
	}
}

// Login is who is behind a request.
type Login struct {
	User earshot.User
	// Credential is what the request was let in by; it is what the function given to New is called with.
	Credential earshot.SecretHash
	// ExpiresAt is when the browser session ends unless it is used, or when the token does; zero for one that does not.
	ExpiresAt time.Time
	// ByToken tells a token from a browser session, and Scopes what it may be used for: everything, for the latter.
	ByToken bool
	Scopes  earshot.ScopeSet
	// Extended is true if ExpiresAt has moved: the cookie is to be set anew.
	Extended bool
	// MustEnrol is true for who has no second factor where one is required: nothing is open to them but to set one up, and
	// to log out.
	MustEnrol bool
}

// LogIn checks a name and a password and begins a browser session, whose secret is always a new one. A password whose hash
// is of an algorithm or a cost that is not today's is hashed anew.
//
// Errors: CodeUnauthenticated, with one answer that takes one time, for an unknown name, a wrong or unusable password
// and an account that is not active; CodeBanned for a right one; CodeForbidden with the field "email" for the right password of somebody who has to
// confirm the address first; CodeRateLimited after too many failures from this address; CodeBusy while too many
// passwords are being checked. The last two say when to try again. Where the user has a second factor it is a
// *SecondFactorError, with CodeSecondFactor: SecondStep goes on from there.
func (s *Service) LogIn(ctx context.Context, username, password string, from netip.Addr) (secret string, login Login, err error) {
	key, keyErr := lookupKey(username)
	try, err := s.failures.begin(from, string(key))
	if err != nil {
		return "", Login{}, err
	}
	if keyErr != nil || len(password) > maxPassword {
		err = errWrongLogin() // no account can have these, so that it takes less time tells nothing
	} else {
		secret, login, err = s.logIn(ctx, key, password)
	}
	try.end(earshot.CodeOf(err) == earshot.CodeUnauthenticated)
	return secret, login, err
}

// logInTries is how often a log-in is tried whose user changed meanwhile: of several that come at once with a hash to be
// made anew, the first makes it.
const logInTries = 3

// logIn is LogIn for a name and a password that somebody could have. It is admitted to the hasher before the store is
// asked, so that too many cost nothing.
func (s *Service) logIn(ctx context.Context, key earshot.NameKey, password string) (string, Login, error) {
	if err := s.hasher.admit(); err != nil {
		return "", Login{}, err
	}
	defer s.hasher.leave()
	for range logInTries {
		user, err := s.authenticate(ctx, key, password)
		if err != nil {
			return "", Login{}, err
		}
		secret, login, err := s.begin(ctx, user)
		if earshot.CodeOf(err) != earshot.CodeNotFound {
			return secret, login, err
		}
	}
	return "", Login{}, errWrongLogin() // deactivated, or given another password, since authenticate looked
}

// authenticate gives the user of a name and a password. Whatever is wrong, one hash is computed.
func (s *Service) authenticate(ctx context.Context, key earshot.NameKey, password string) (earshot.User, error) {
	user, err := s.stores.Users.UserByName(ctx, key)
	if err != nil && earshot.CodeOf(err) != earshot.CodeNotFound {
		return earshot.User{}, err
	}
	// Hashes that came from elsewhere take another time than those made here. So that the time does not tell who is here,
	// a name that nobody has takes the time of some user's hash, always the same one's: as many take long as do among users.
	instead, err := s.stores.Passwords.SamplePassword(ctx, maphash.String(s.decoys, string(key)))
	if err != nil {
		return earshot.User{}, err
	}
	found, err := s.hasher.verify(ctx, user.Password, instead, password)
	if err != nil {
		return earshot.User{}, err
	}
	if !found.match || !user.IsActive {
		return earshot.User{}, errWrongLogin()
	}
	if s.unproven(&user) {
		if s.mayMail(&user, user.Email) == nil {
			_ = s.sendConfirmation(ctx, &user)
		}
		return earshot.User{}, errUnproven()
	}
	if found.stale {
		fresh, err := s.hasher.hashPatiently(ctx, password)
		if err != nil {
			return earshot.User{}, err
		}
		switch err := s.stores.Passwords.ReplacePassword(ctx, user.ID, user.Password, fresh); {
		case err == nil:
			user.Password = fresh
		case earshot.CodeOf(err) != earshot.CodeConflict: // else the log-in will not begin, and is tried again
			return earshot.User{}, err
		}
	}
	return user, nil
}

// maxSessions is how many browser sessions a user has at most: a new one ends the oldest. It is more than anybody's
// browsers, and bounds what log-ins without a log-out can fill the database with.
const maxSessions = 100

// begin goes on with a log-in of a user whose password was checked: to the second factor, if the user has one. CodeNotFound
// if it is another by now.
func (s *Service) begin(ctx context.Context, user earshot.User) (string, Login, error) {
	if err := s.askSecondFactor(ctx, user, nil); err != nil {
		return "", Login{}, err
	}
	return s.beginSessionBy(ctx, user, earshot.WayOwn, nil)
}

// beginSessionBy begins a browser session of a user of whom all was checked, and who came by whatever way; from is nil for whoever
// came by no provider. CodeNotFound if the password is another by now.
func (s *Service) beginSessionBy(ctx context.Context, user earshot.User, way earshot.Way, from *arrival) (string, Login, error) {
	if err := s.admit(ctx, &user); err != nil { // only now: who does not know all that was checked does not learn of it
		return "", Login{}, err
	}
	lacks, err := s.lacks(ctx, &user)
	if err != nil {
		return "", Login{}, err
	}
	secret, session := s.newSession(ctx, user.ID)
	session.Way = way
	if session.Origin, err = from.origin(secret); err != nil {
		return "", Login{}, err
	}
	ended, err := s.stores.Sessions.CreateBrowserSession(ctx, session, user.Password, maxSessions)
	if err != nil {
		return "", Login{}, err
	}
	s.endAll(ended)
	user.LastLogin = session.CreatedAt
	return secret, Login{
		User: user, Credential: session.Hash, ExpiresAt: session.ExpiresAt, Scopes: earshot.AllScopes(), MustEnrol: lacks,
	}, nil
}

// LogOut ends a browser session and what hangs on it. One that is not there is no error.
func (s *Service) LogOut(ctx context.Context, secret string) error {
	_, err := s.endLogIn(ctx, secret)
	return err
}

// extendAfter is how old the last extension of a browser session is when it is extended again: a write a day and not
// one with every request.
func (s *Service) extendAfter() time.Duration { return min(24*time.Hour, s.cfg.SessionAge/2) }

// BySession tells who is behind a browser session, and puts its end off if it was used. CodeUnauthenticated if there is
// no such session, or it has expired, or its user is not active; CodeBanned.
func (s *Service) BySession(ctx context.Context, secret string) (Login, error) {
	hash, ok := hashSecret(sessionPrefix, secret)
	if !ok {
		return Login{}, errNoLogin()
	}
	session, err := s.stores.Sessions.BrowserSession(ctx, hash)
	if err != nil {
		return Login{}, notFoundIsNoLogin(err)
	}
	now := now()
	if !now.Before(session.ExpiresAt) {
		return Login{}, errNoLogin()
	}
	user, err := s.activeUser(ctx, session.User)
	if err != nil {
		return Login{}, err
	}
	if err := s.writeSessionUses(ctx, s.sessionUses.note(hash, session.UsedAt, clientOf(ctx))); err != nil {
		return Login{}, err
	}
	login := Login{User: user, Credential: hash, ExpiresAt: session.ExpiresAt, Scopes: earshot.AllScopes()}
	if login.MustEnrol, err = s.lacks(ctx, &user); err != nil {
		return Login{}, err
	}
	if until := now.Add(s.cfg.SessionAge); until.Sub(session.ExpiresAt) >= s.extendAfter() {
		if err := s.stores.Sessions.ExtendBrowserSession(ctx, hash, until); err != nil {
			return Login{}, notFoundIsNoLogin(err)
		}
		login.ExpiresAt, login.Extended = until, true
	}
	return login, nil
}

func (s *Service) activeUser(ctx context.Context, id earshot.UserID) (earshot.User, error) {
	user, err := s.stores.Users.User(ctx, id)
	if err != nil {
		return earshot.User{}, notFoundIsNoLogin(err)
	}
	if !user.IsActive {
		return earshot.User{}, errNoLogin()
	}
	if err := s.admit(ctx, &user); err != nil {
		return earshot.User{}, err
	}
	return user, nil
}

func notFoundIsNoLogin(err error) error {
	if earshot.CodeOf(err) == earshot.CodeNotFound {
		return errNoLogin()
	}
	return err
}

// errNoLogin answers whoever shows no credential that holds. It does not say why it does not.
func errNoLogin() error { return earshot.Errorf(earshot.CodeUnauthenticated, "Log in first.") }

// errWrongLogin is the one answer to every failed log-in.
func errWrongLogin() error {
	return earshot.Errorf(earshot.CodeUnauthenticated, "The name or the password is wrong.")
}

// isCode tells whether err is an Error with the code, and not one that was made CodeInternal for having none.
func isCode(err error, code earshot.Code) bool {
	e, ok := errors.AsType[*earshot.Error](err)
	return ok && e.Code == code
}

// now is the time to the millisecond, as stores keep it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
