// Package passkey is the ceremonies of WebAuthn (https://www.w3.org/TR/webauthn-3/), for package account. It keeps nothing.
package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/earshot-chat/earshot/account"
)

// Ceremonies implements account.WebAuthn.
type Ceremonies struct {
	inner  *webauthn.WebAuthn
	domain string
}

var _ account.WebAuthn = (*Ceremonies)(nil)

// New makes the ceremonies of a server that is reached at base, and perhaps at others of the origins, and is called name
// by browsers. It gives nil where there can be none: passkeys belong to a name (the RP ID, section 5.1.2), and base has an
// address. The loopback's addresses count as localhost.
func New(base, name string, origins []string) (*Ceremonies, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	domain := u.Hostname()
	if ip := net.ParseIP(domain); ip != nil {
		if !ip.IsLoopback() {
			return nil, nil //nolint:nilnil // none is no error
		}
		domain = "localhost"
	}
	var own []string
	for _, origin := range append(slices.Clone(origins), base) {
		if o, err := url.Parse(origin); err == nil && o.Hostname() == domain && !slices.Contains(own, origin) {
			own = append(own, origin)
		}
	}
	if len(own) == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	inner, err := webauthn.New(&webauthn.Config{RPID: domain, RPDisplayName: name, RPOrigins: own})
	if err != nil {
		return nil, fmt.Errorf("passkeys for %s: %w", domain, err)
	}
	return &Ceremonies{inner: inner, domain: domain}, nil
}

// Domain is the name that the passkeys belong to.
func (c *Ceremonies) Domain() string { return c.domain }

// person is a user as the library wants it.
type person struct {
	account.PasskeyUser
	credentials []webauthn.Credential
}

func asPerson(u account.PasskeyUser) (*person, error) {
	p := &person{PasskeyUser: u, credentials: make([]webauthn.Credential, len(u.Credentials))}
	for i, text := range u.Credentials {
		if err := json.Unmarshal(text, &p.credentials[i]); err != nil {
			return nil, fmt.Errorf("a passkey that is kept: %w", err)
		}
	}
	return p, nil
}

// WebAuthnID gives the user handle.
func (p *person) WebAuthnID() []byte { return p.Handle }

// WebAuthnName gives the name.
func (p *person) WebAuthnName() string { return p.Name }

// WebAuthnDisplayName gives the name, too: others are not shown another.
func (p *person) WebAuthnDisplayName() string { return p.Name }

// WebAuthnCredentials gives the user's passkeys.
func (p *person) WebAuthnCredentials() []webauthn.Credential { return p.credentials }

// BeginRegistration implements account.WebAuthn.
func (c *Ceremonies) BeginRegistration(user account.PasskeyUser) (options, state []byte, err error) {
	p, err := asPerson(user)
	if err != nil {
		return nil, nil, err
	}
	creation, session, err := c.inner.BeginRegistration(p,
		webauthn.WithExclusions(webauthn.Credentials(p.credentials).CredentialDescriptors()),
		// So that it can be found without a name (section 5.4.6), and tells who holds it.
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		}),
		webauthn.WithConveyancePreference(protocol.PreferNoAttestation))
	if err != nil {
		return nil, nil, err
	}
	return marshal(creation.Response, session)
}

// FinishRegistration implements account.WebAuthn.
func (c *Ceremonies) FinishRegistration(user account.PasskeyUser, state, response []byte) (made account.PasskeyProof, err error) {
	p, err := asPerson(user)
	if err != nil {
		return account.PasskeyProof{}, err
	}
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return account.PasskeyProof{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return account.PasskeyProof{}, refused(err)
	}
	credential, err := c.inner.CreateCredential(p, session, parsed)
	if err != nil {
		return account.PasskeyProof{}, refused(err)
	}
	return proof(user.Handle, credential)
}

// BeginLogin implements account.WebAuthn.
func (c *Ceremonies) BeginLogin(user *account.PasskeyUser) (options, state []byte, err error) {
	var (
		assertion *protocol.CredentialAssertion
		session   *webauthn.SessionData
	)
	if user == nil {
		assertion, session, err = c.inner.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	} else {
		var p *person
		if p, err = asPerson(*user); err != nil {
			return nil, nil, err
		}
		assertion, session, err = c.inner.BeginLogin(p, webauthn.WithUserVerification(protocol.VerificationPreferred))
	}
	if err != nil {
		return nil, nil, err
	}
	return marshal(assertion.Response, session)
}

// BeginProof implements account.WebAuthn.
func (c *Ceremonies) BeginProof(user account.PasskeyUser) (options, state []byte, err error) {
	p, err := asPerson(user)
	if err != nil {
		return nil, nil, err
	}
	assertion, session, err := c.inner.BeginLogin(p, webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, nil, err
	}
	return marshal(assertion.Response, session)
}

// FinishLogin implements account.WebAuthn.
func (c *Ceremonies) FinishLogin(
	state, response []byte, find func(handle []byte) (account.PasskeyUser, error),
) (account.PasskeyProof, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return account.PasskeyProof{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return account.PasskeyProof{}, refused(err)
	}
	var fault error // of the store, which is no refusal
	lookUp := func(handle []byte) (*person, error) {
		user, err := find(handle)
		if err != nil {
			fault = err
			return nil, err
		}
		return asPerson(user)
	}
	var (
		credential *webauthn.Credential
		handle     = session.UserID
	)
	if len(handle) > 0 {
		var p *person
		if p, err = lookUp(handle); err == nil {
			credential, err = c.inner.ValidateLogin(p, session, parsed)
		}
	} else {
		var user webauthn.User
		user, credential, err = c.inner.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) { return lookUp(handle) }, session, parsed)
		if err == nil {
			handle = user.WebAuthnID()
		}
	}
	switch {
	case fault != nil:
		return account.PasskeyProof{}, fault
	case err != nil:
		return account.PasskeyProof{}, refused(err)
	case credential.Authenticator.CloneWarning: // section 6.1.1: the counter went back
		return account.PasskeyProof{}, refused(errors.New("the signature counter went back"))
	}
	return proof(handle, credential)
}

func proof(handle []byte, credential *webauthn.Credential) (account.PasskeyProof, error) {
	text, err := json.Marshal(credential)
	return account.PasskeyProof{Handle: handle, ID: credential.ID, Credential: text}, err
}

func marshal(options any, session *webauthn.SessionData) (text, state []byte, err error) {
	if text, err = json.Marshal(options); err != nil {
		return nil, nil, err
	}
	state, err = json.Marshal(session)
	return text, state, err
}

// refused marks what is the client's fault.
func refused(err error) error { return fmt.Errorf("%w: %w", account.ErrPasskeyRefused, err) }
