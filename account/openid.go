package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/netip"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/earshot-chat/earshot"
)

// OpenID speaks with one provider of OpenID Connect.
type OpenID interface {
	// Issuer is the provider's own address, by which what it says is kept.
	Issuer() string
	// AuthURL gives the address at the provider to which the browser goes. ErrProviderAway.
	AuthURL(ctx context.Context, begun OpenIDSecrets) (string, error)
	// Redeem turns the code that the browser brought back into what the provider says of the person; issuer is who the browser
	// says that it comes from, if it does (RFC 9207). ErrProviderAway, ErrProviderRefused.
	Redeem(ctx context.Context, begun OpenIDSecrets, code, issuer string) (OpenIDClaims, error)
	// LogOutURL gives the address at which the provider logs people out (OpenID Connect RP-Initiated Logout 1.0), and from which
	// it sends them back with the state; empty where the provider has none. hint is the ID token of the log-in, or empty.
	// ErrProviderAway.
	LogOutURL(ctx context.Context, hint, state string) (string, error)
	// LoggedOut reads a logout token (OpenID Connect Back-Channel Logout 1.0). ErrProviderAway, ErrProviderRefused.
	LoggedOut(ctx context.Context, token string) (OpenIDLogOut, error)
}

// What goes wrong with a provider. Both are wrapped with what the log is told.
var (
	// ErrProviderAway: it cannot be reached, or does not speak as it should. To try again later makes sense.
	ErrProviderAway = errors.New("the provider cannot be reached, or does not answer as one")
	// ErrProviderRefused: what came is not to be believed.
	ErrProviderRefused = errors.New("what the provider says is not to be believed")
)

// OpenIDSecrets is what belongs to one log-in by a provider, and binds what comes back to what was asked.
type OpenIDSecrets struct {
	// State goes with the browser (RFC 6749, section 10.12), Nonce into the ID token (OpenID Connect Core 1.0, section 3.1.2.1),
	// and Verifier to the provider behind the browser's back (RFC 7636).
	State, Nonce, Verifier string
}

// OpenIDClaims is what a provider says of a person, proven to be said by it, now, to this server.
type OpenIDClaims struct {
	// Subject is the provider's own name for the person.
	Subject string
	// Username, Name and Email are as the provider has them: of any length and form.
	Username, Name, Email string
	// EmailVerified tells that the provider knows the address to be the person's.
	EmailVerified bool
	// Groups are the values of the claim that is set for groups.
	Groups []string
	// ManyFactors tells that the person has shown the provider several factors (RFC 8176: mfa).
	ManyFactors bool
	// Session is the provider's name for its own log-in, of any form; Token is the ID token itself.
	Session, Token string
}

const (
	openIDPrefix     = "eo_"
	openIDTicket     = "openid"
	openIDLinkTicket = "openid link"
	// OpenIDAge is how long somebody may take at the provider.
	OpenIDAge = 10 * time.Minute
)

// begunOpenID is what a ticket keeps of a log-in by a provider. The secrets follow from the browser's and are not in it.
type begunOpenID struct {
	Provider string `json:"provider"`
	// Next is where the person wanted to go.
	Next string `json:"next"`
	// Session is the browser session that a link was begun in, in hexadecimal; empty for a log-in.
	Session string `json:"session,omitempty"`
}

// openIDSecrets derives what belongs to one log-in from the secret that the browser keeps in a cookie. So none of it is
// stored, and what comes back is known to be this browser's before anything is looked up.
func openIDSecrets(secret string) OpenIDSecrets {
	derive := func(what string) string {
		sum := hmac.New(sha256.New, []byte(secret))
		sum.Write([]byte("earshot openid " + what))
		return base64.RawURLEncoding.EncodeToString(sum.Sum(nil)) // 43 letters: RFC 7636 wants at least as many
	}
	return OpenIDSecrets{State: derive("state"), Nonce: derive("nonce"), Verifier: derive("verifier")}
}

// errOpenID says why a log-in by a provider did not go on; the field is the reason, for the page to have words of its own.
func errOpenID(code earshot.Code, reason, message string) *earshot.Error {
	return &earshot.Error{Code: code, Field: reason, Message: message}
}

// provider gives the one of an id.
func (s *Service) provider(id string) (*Provider, error) {
	for i := range s.cfg.Providers {
		if s.cfg.Providers[i].ID == id {
			return &s.cfg.Providers[i], nil
		}
	}
	return nil, errOpenID(earshot.CodeNotFound, "provider", "There is no such provider.")
}

// Providers gives those that people may log in by.
func (s *Service) Providers() []Provider { return s.cfg.Providers }

// BeginOpenID begins a log-in by a provider: url is where the browser is to go, and secret what it keeps until it comes back,
// out of the reach of scripts. next is where the person wants to go then. Errors: CodeNotFound with the field "provider";
// CodeConflict with "setup" while there is no user; CodeBusy with "unreachable"; CodeRateLimited.
func (s *Service) BeginOpenID(ctx context.Context, provider, next string, from netip.Addr) (secret, url string, err error) {
	p, err := s.provider(provider)
	if err != nil {
		return "", "", err
	}
	switch needed, err := s.SetupNeeded(ctx); {
	case err != nil:
		return "", "", err
	case needed:
		return "", "", errOpenID(earshot.CodeConflict, "setup", "This server has not been set up yet.")
	}
	try, err := s.starts.begin(from, "")
	if err != nil {
		return "", "", err
	}
	try.end(true)
	return s.beginOpenID(ctx, p, openIDTicket, 0, begunOpenID{Provider: p.ID, Next: next})
}

// BeginLink begins to link whoever is logged in, and shows that they are who they are, to a person at a provider, as
// BeginOpenID begins a log-in. Errors as those of confirmAdding; CodeNotFound with the field "provider"; CodeBusy.
func (s *Service) BeginLink(ctx context.Context, by Login, provider string, proof Proof, from netip.Addr) (secret, url string, err error) {
	if err := s.confirmAdding(ctx, by, proof, from); err != nil {
		return "", "", err
	}
	p, err := s.provider(provider)
	if err != nil {
		return "", "", err
	}
	return s.beginOpenID(ctx, p, openIDLinkTicket, by.User.ID, begunOpenID{Provider: p.ID, Session: hex.EncodeToString(by.Credential[:])})
}

func (s *Service) beginOpenID(ctx context.Context, p *Provider, kind string, user earshot.UserID, begun begunOpenID) (secret, url string, err error) {
	secret, hash := newSecret(openIDPrefix)
	if url, err = p.OpenID.AuthURL(ctx, openIDSecrets(secret)); err != nil {
		return "", "", s.providerFault(ctx, p, err)
	}
	data, err := json.Marshal(begun)
	if err != nil {
		return "", "", err
	}
	err = s.stores.Tickets.CreateTicket(ctx, earshot.Ticket{
		Hash: hash, Kind: kind, User: user, Data: data, ExpiresAt: now().Add(OpenIDAge),
	})
	return secret, url, err
}

// providerFault tells the log what is wrong with a provider, and gives what the person is told.
func (s *Service) providerFault(ctx context.Context, p *Provider, err error) error {
	switch {
	case errors.Is(err, ErrProviderAway):
		s.complain(ctx, p, err)
		e := errOpenID(earshot.CodeBusy, "unreachable", p.Label+" does not answer now. Log in another way, or try again later.")
		e.Err = err
		return e
	case errors.Is(err, ErrProviderRefused):
		s.complain(ctx, p, err)
		e := errOpenID(earshot.CodeForbidden, "refused", "What "+p.Label+" said could not be checked. Try again, or tell those who run this server.")
		e.Err = err
		return e
	}
	return err
}

// complain tells whoever runs the server.
func (s *Service) complain(ctx context.Context, p *Provider, err error) {
	if s.cfg.Complain != nil {
		s.cfg.Complain(ctx, p.ID, err)
	}
}

// OpenIDReturn is what a browser brings back from a provider.
type OpenIDReturn struct {
	// Provider is the one that the browser's address names.
	Provider string
	// Secret is what BeginOpenID gave; Session is the secret of the browser session, for a link.
	Secret, Session string
	// State, Code, Issuer and Error are what stands in the address (RFC 6749, section 4.1.2; RFC 9207).
	State, Code, Issuer, Error string
}

// OpenIDOutcome is what became of it.
type OpenIDOutcome struct {
	// Secret is that of the browser session that has begun; empty for a link.
	Secret string
	Login  Login
	// Next is where the person wanted to go, and Linking tells a link from a log-in: both are told with errors, too, if it is
	// known what was begun.
	Next    string
	Linking bool
}

// FinishOpenID goes on with what BeginOpenID or BeginLink began. An answer is taken once, and from the browser that began.
//
// Errors have as their field the reason: "over" (not begun in this browser, too long ago, or taken already), "cancelled",
// "unreachable", "refused", "unknown" (nobody's account), "domain", "inactive", "taken" (linked to another user), "many". Besides:
// CodeBanned, CodeRateLimited, and *SecondFactorError, with which SecondStep goes on.
func (s *Service) FinishOpenID(ctx context.Context, in OpenIDReturn, from netip.Addr) (OpenIDOutcome, error) {
	over := errOpenID(earshot.CodeUnauthenticated, "over", "That took too long, was begun in another browser, or came twice. Begin anew.")
	hash, ok := hashSecret(openIDPrefix, in.Secret)
	if !ok {
		return OpenIDOutcome{}, over
	}
	secrets := openIDSecrets(in.Secret)
	if subtle.ConstantTimeCompare([]byte(in.State), []byte(secrets.State)) != 1 {
		return OpenIDOutcome{}, over // what was begun goes on: another page must not be able to end it
	}
	user, begun, err := s.takeOpenID(ctx, hash)
	if isCode(err, earshot.CodeNotFound) {
		return OpenIDOutcome{}, over
	}
	if err != nil {
		return OpenIDOutcome{}, err
	}
	out := OpenIDOutcome{Next: begun.Next, Linking: user != 0}
	if begun.Provider != in.Provider { // one provider's answer is not another's (RFC 9700, section 4.4)
		return out, over
	}
	p, err := s.provider(begun.Provider)
	if err != nil {
		return out, over
	}
	if in.Error != "" {
		return out, s.openIDAnswer(ctx, p, in.Error)
	}
	leave, err := s.enterRedeeming()
	if err != nil {
		return out, err
	}
	defer leave()
	claims, err := p.OpenID.Redeem(ctx, secrets, in.Code, in.Issuer)
	if err != nil {
		return out, s.providerFault(ctx, p, err)
	}
	if !p.admits(&claims) {
		return out, errOpenID(earshot.CodeForbidden, "domain", "Your address of mail at "+p.Label+" is not one that is let in here.")
	}
	if out.Linking {
		return out, s.link(ctx, p, &claims, user, begun.Session, in.Session)
	}
	out.Secret, out.Login, err = s.arrive(ctx, p, &claims, from)
	return out, err
}

// takeOpenID takes the ticket of whichever kind.
func (s *Service) takeOpenID(ctx context.Context, hash earshot.SecretHash) (earshot.UserID, begunOpenID, error) {
	ticket, err := s.stores.Tickets.TakeTicket(ctx, hash, openIDTicket, now())
	if isCode(err, earshot.CodeNotFound) {
		ticket, err = s.stores.Tickets.TakeTicket(ctx, hash, openIDLinkTicket, now())
	}
	if err != nil {
		return 0, begunOpenID{}, err
	}
	var begun begunOpenID
	return ticket.User, begun, json.Unmarshal(ticket.Data, &begun)
}

// openIDAnswer makes the error of what a provider answered instead of a code (RFC 6749, section 4.1.2.1).
func (s *Service) openIDAnswer(ctx context.Context, p *Provider, answer string) error {
	switch answer {
	case "access_denied":
		return errOpenID(earshot.CodeForbidden, "cancelled", "You did not let "+p.Label+" log you in here.")
	case "server_error", "temporarily_unavailable":
		return s.providerFault(ctx, p, ErrProviderAway)
	case "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope", "login_required", "interaction_required", "consent_required":
		return s.providerFault(ctx, p, errors.Join(ErrProviderRefused, errors.New("it answered "+answer)))
	}
	return s.providerFault(ctx, p, ErrProviderRefused) // whatever else stands there is not for a log
}
