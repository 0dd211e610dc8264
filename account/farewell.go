package account

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/netip"
	"time"

	"github.com/go-json-experiment/json"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/earshot-chat/earshot"
)

// arrival is by whom at a provider a log-in is begun. A nil one is by nobody.
type arrival struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
	Session string `json:"session,omitempty"`
	// Token is the ID token, for the provider to know the log-in by when the person logs out; empty where nobody is sent there.
	Token string `json:"token,omitempty"`
}

// maxHint is the longest ID token that is kept, in bytes: it goes into an address, and servers take some 8 kB of one.
const maxHint = 4096

// arrival is what is kept of what the provider said.
func (p *Provider) arrival(c *OpenIDClaims) *arrival {
	a := &arrival{Issuer: p.OpenID.Issuer(), Subject: c.Subject}
	if earshot.IsSubject(c.Session) {
		a.Session = c.Session
	}
	if p.LogOut && len(c.Token) <= maxHint {
		a.Token = c.Token
	}
	return a
}

// origin is what a log-in with this secret keeps of it.
func (a *arrival) origin(secret string) (*earshot.Origin, error) {
	if a == nil {
		return nil, nil //nolint:nilnil // no origin is what it has
	}
	o := &earshot.Origin{Issuer: a.Issuer, Subject: a.Subject, Session: a.Session}
	if a.Token == "" {
		return o, nil
	}
	var err error
	o.Hint, err = seal(secret, []byte(a.Token))
	return o, err
}

// seal is what a ticket with this secret keeps of it: nothing of nobody.
func (a *arrival) seal(secret string) ([]byte, error) {
	if a == nil {
		return nil, nil
	}
	text, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	return seal(secret, text)
}

// unsealArrival reads what seal made.
func unsealArrival(sealed []byte, secret string) (*arrival, error) {
	if len(sealed) == 0 {
		return nil, nil //nolint:nilnil // nobody is what was kept
	}
	text, err := unseal(secret, sealed)
	if err != nil {
		return nil, err
	}
	var a arrival
	return &a, json.Unmarshal(text, &a)
}

// sealing makes AES-256-GCM with a key that follows from the secret, of which the database has a hash only: what stands there
// opens for the browser that holds the secret, and for nobody who has a copy of the database.
func sealing(secret string) (cipher.AEAD, error) {
	sum := hmac.New(sha256.New, []byte(secret))
	sum.Write([]byte("earshot openid hint"))
	block, err := aes.NewCipher(sum.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func seal(secret string, text []byte) ([]byte, error) {
	aead, err := sealing(secret)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, text, nil), nil //nolint:gosec // G407: it makes a random nonce itself
}

func unseal(secret string, sealed []byte) ([]byte, error) {
	aead, err := sealing(secret)
	if err != nil {
		return nil, err
	}
	text, err := aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return nil, errors.New("what was sealed with a secret does not open with it")
	}
	return text, nil
}

// endLogIn ends a browser session and what hangs on it, and gives by whom it was begun.
func (s *Service) endLogIn(ctx context.Context, secret string) (earshot.Origin, error) {
	hash, ok := hashSecret(sessionPrefix, secret)
	if !ok {
		return earshot.Origin{}, nil
	}
	from, err := s.stores.Sessions.DeleteBrowserSession(ctx, hash)
	if err != nil {
		return earshot.Origin{}, err
	}
	s.ended(hash)
	return from, nil
}

// WayOut is where a browser goes to log out at the provider by which its log-in was begun.
type WayOut struct {
	URL string
	// Secret is what the browser keeps until it comes back, out of the reach of scripts, for CameBack.
	Secret string
}

// LogOutThere is LogOut, and gives the way to log out at the provider, too; the zero one where there is none: for who came by
// no provider, or by one whose settings do not say so, or that is away. The session here has ended whatever becomes of that.
func (s *Service) LogOutThere(ctx context.Context, secret string) (WayOut, error) {
	from, err := s.endLogIn(ctx, secret)
	if err != nil || from.Issuer == "" {
		return WayOut{}, err
	}
	p := s.providerOf(from.Issuer)
	if p == nil || !p.LogOut {
		return WayOut{}, nil
	}
	hint := ""
	if len(from.Hint) > 0 {
		text, err := unseal(secret, from.Hint)
		if err != nil {
			s.complain(ctx, p, err)
		}
		hint = string(text)
	}
	kept, _ := newSecret(openIDPrefix)
	url, err := p.OpenID.LogOutURL(ctx, hint, stateOut(kept))
	if err == nil && url == "" {
		err = errors.New("log_out is set, but the provider has no end_session_endpoint of https")
	}
	if err != nil {
		s.complain(ctx, p, err)
		return WayOut{}, nil // who logs out is logged out
	}
	return WayOut{URL: url, Secret: kept}, nil
}

// stateOut is what goes with the browser to the provider that logs it out.
func stateOut(secret string) string {
	sum := hmac.New(sha256.New, []byte(secret))
	sum.Write([]byte("earshot openid log-out"))
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}

// CameBack tells whether a browser with this secret comes from the provider to which LogOutThere sent it.
func (*Service) CameBack(secret, state string) bool {
	_, ok := hashSecret(openIDPrefix, secret)
	return ok && subtle.ConstantTimeCompare([]byte(state), []byte(stateOut(secret))) == 1
}

// OpenIDLogOut is what a logout token says, proven to be said by the provider, lately, to this server.
type OpenIDLogOut struct {
	// ID is the token's own name, of any length.
	ID string
	// Subject and Session are the person and the provider's own log-in; one of them may be empty.
	Subject, Session string
	// At is when the token was made.
	At time.Time
}

const (
	// clockSkew is by how much the clocks of a provider and of this server may differ.
	clockSkew = time.Minute
	// wrongLogOutsPerMinute is how many logout tokens that are none one address may bring. As many may be looked at at once.
	wrongLogOutsPerMinute = 60
)

// farewells are the logout tokens that were acted on lately, by a hash of their names.
type farewells = lru.Cache[[sha256.Size]byte, struct{}]

// LogOutFrom ends the browser sessions that a provider began and says to be over, with what hangs on them, at once, and tells
// how many. Those that began after the token was made, by however much the clocks may differ, stay: it is not of them. One that
// comes again does nothing, so that it does not end who came back within that. Errors: CodeNotFound with
// the field "provider"; CodeInvalid with "logout_token"; CodeBusy, with "unreachable" where the provider's keys cannot be had;
// CodeRateLimited after many wrong tokens.
func (s *Service) LogOutFrom(ctx context.Context, provider, token string, from netip.Addr) (int, error) {
	p, err := s.provider(provider)
	if err != nil {
		return 0, err
	}
	try, err := s.logOuts.begin(from, "")
	if err != nil {
		return 0, err
	}
	leave, err := s.enterRedeeming()
	if err != nil {
		try.end(false)
		return 0, err
	}
	defer leave()
	said, err := p.OpenID.LoggedOut(ctx, token)
	try.end(err != nil) // also where its keys cannot be had: they are asked for whenever a key is not known
	if err != nil {
		err = s.providerFault(ctx, p, err)
		if isCode(err, earshot.CodeForbidden) {
			err = earshot.FieldError("logout_token", "The logout token is not to be believed.")
		}
		return 0, err
	}
	id := sha256.Sum256([]byte(p.OpenID.Issuer() + "\x00" + said.ID))
	if s.farewells.Contains(id) {
		return 0, nil
	}
	ended, err := s.stores.Origins.EndSessionsFrom(ctx, p.OpenID.Issuer(), said.Subject, said.Session, said.At.Add(clockSkew))
	if err != nil {
		return 0, err
	}
	s.endAll(ended)
	s.farewells.Add(id, struct{}{})
	return len(ended), nil
}

// newFarewells is empty. Of more logout tokens than are tracked the oldest is forgotten, and would be acted on again for as long
// as it is of now.
func newFarewells() *farewells {
	tokens, _ := lru.New[[sha256.Size]byte, struct{}](tracked) // it fails for a size below one only
	return tokens
}

// enterRedeeming takes one of the places of those who wait for a provider; CodeBusy if there is none.
func (s *Service) enterRedeeming() (leave func(), err error) {
	select {
	case s.redeeming <- struct{}{}:
		return func() { <-s.redeeming }, nil
	default:
		return nil, &earshot.Error{Code: earshot.CodeBusy, Message: "Too many people log in at this moment. Try again.", RetryAfter: time.Second}
	}
}
