// Package openid speaks with a provider of OpenID Connect (https://openid.net/specs/openid-connect-core-1_0.html) by the
// authorization code flow, for package account. It keeps what the provider says of itself, and nothing of people.
package openid

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/earshot-chat/earshot/account"
)

// Options is what a Provider is made of.
type Options struct {
	// Issuer is the provider's address, to the byte as it calls itself: https, or http on this machine.
	Issuer string
	// ClientID and Secret are what the provider knows this server by. Without a secret the provider has only PKCE to go by.
	ClientID, Secret string
	// Redirect is where the provider sends browsers back to; it knows the address, too.
	Redirect string
	// LoggedOut is where it sends them when it has logged people out; it knows that address, too.
	LoggedOut string
	// Scopes are asked for besides openid.
	Scopes []string
	// GroupsClaim is where the person's groups stand: a claim, or a path to one with dots, such as realm_access.roles. Empty for
	// nowhere.
	GroupsClaim string
	// Roots are the authorities that the provider's certificate is known by; nil for those of the system.
	Roots *x509.CertPool
	// Timeout is for one request to the provider: 8 seconds by default.
	Timeout time.Duration
}

const (
	defaultTimeout = 8 * time.Second
	// retryAfter is for how long a provider that could not be reached is not asked again: whoever comes meanwhile hears so at once.
	retryAfter = 3 * time.Second
)

// Provider implements account.OpenID. It is safe for concurrent use.
type Provider struct {
	opts   Options
	client *http.Client
	// finding is held while the provider is asked what it is; what it said, or when it last said nothing, is under it.
	finding  sync.Mutex
	found    *found
	failedAt time.Time
	failure  error
}

// found is what a provider says of itself.
type found struct {
	inner *oidc.Provider
	oauth oauth2.Config
	// tellsIssuer tells that every answer names the issuer (RFC 9207).
	tellsIssuer bool
	// endSession is where people log out; nil where they do not.
	endSession *url.URL
}

var _ account.OpenID = (*Provider)(nil)

// New makes a Provider. The provider is asked nothing before the first log-in, so that one that is away keeps no server from
// starting.
func New(opts Options) *Provider {
	if opts.Timeout <= 0 {
		opts.Timeout = defaultTimeout
	}
	return &Provider{opts: opts, client: newClient(opts.Roots, opts.Timeout)}
}

// Close lets go of connections that wait for the next request.
func (p *Provider) Close() { p.client.CloseIdleConnections() }

// Issuer implements account.OpenID.
func (p *Provider) Issuer() string { return p.opts.Issuer }

// AuthURL implements account.OpenID.
func (p *Provider) AuthURL(ctx context.Context, begun account.OpenIDSecrets) (string, error) {
	f, err := p.find(ctx)
	if err != nil {
		return "", err
	}
	return f.oauth.AuthCodeURL(begun.State, oidc.Nonce(begun.Nonce), oauth2.S256ChallengeOption(begun.Verifier)), nil
}

// find gives what the provider says of itself, and asks it if it has not said it yet.
func (p *Provider) find(ctx context.Context) (*found, error) {
	p.finding.Lock()
	defer p.finding.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if p.failure != nil && time.Since(p.failedAt) < retryAfter {
		return nil, p.failure
	}
	// Whoever asks first asks for those who wait, too, and may go away.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.opts.Timeout)
	defer cancel()
	f, err := p.discover(ctx)
	if err != nil {
		p.failedAt, p.failure = time.Now(), err
		return nil, err
	}
	p.found, p.failure = f, nil
	return f, nil
}

// metadata is what is read of a provider's description (OpenID Connect Discovery 1.0, section 3).
type metadata struct {
	oidc.ProviderConfig
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	Challenges  []string `json:"code_challenge_methods_supported"`
	TellsIssuer bool     `json:"authorization_response_iss_parameter_supported"`
	EndSession  string   `json:"end_session_endpoint"`
}

// discover asks the provider what it is.
func (p *Provider) discover(ctx context.Context) (*found, error) {
	var m metadata
	if err := p.getJSON(ctx, strings.TrimSuffix(p.opts.Issuer, "/")+"/.well-known/openid-configuration", &m); err != nil {
		return nil, away(fmt.Errorf("asking %s what it is: %w", p.opts.Issuer, err))
	}
	if m.IssuerURL != p.opts.Issuer { // section 4.3
		return nil, away(fmt.Errorf("the issuer is set as %q, and calls itself %.200q", p.opts.Issuer, m.IssuerURL))
	}
	secure, err := isSecure(p.opts.Issuer)
	if err != nil {
		return nil, away(err)
	}
	for name, address := range map[string]string{
		"authorization_endpoint": m.AuthURL, "token_endpoint": m.TokenURL, "jwks_uri": m.JWKSURL, "userinfo_endpoint": m.UserInfoURL,
	} {
		if address == "" && name == "userinfo_endpoint" {
			continue
		}
		if is, err := isSecure(address); err != nil || (secure && !is) {
			return nil, away(fmt.Errorf("the %s of %s is no address of https", name, p.opts.Issuer))
		}
	}
	m.Algorithms = strong(m.Algorithms)
	scopes := append([]string{oidc.ScopeOpenID}, p.opts.Scopes...)
	return &found{
		inner: m.NewProvider(oidc.ClientContext(ctx, p.client)),
		oauth: oauth2.Config{
			ClientID: p.opts.ClientID, ClientSecret: p.opts.Secret, RedirectURL: p.opts.Redirect, Scopes: scopes,
			Endpoint: oauth2.Endpoint{AuthURL: m.AuthURL, TokenURL: m.TokenURL, AuthStyle: p.authStyle(m.AuthMethods)},
		},
		tellsIssuer: m.TellsIssuer, endSession: endSessionURL(m.EndSession, secure),
	}, nil
}

// strong gives the algorithms by which an ID token may be signed: those with a public key that the provider says it uses, or the
// one that every provider must have (section 3: RS256). HMAC is none of them, nor is none: what only the provider can
// sign is what it has signed.
func strong(said []string) []string {
	known := []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
	}
	var algorithms []string
	for _, k := range known {
		if slices.Contains(said, k) {
			algorithms = append(algorithms, k)
		}
	}
	if len(algorithms) == 0 {
		return []string{oidc.RS256}
	}
	return algorithms
}

// authStyle says how this server shows the provider its secret. It is not found out by trying: a code is good once. In the body
// where the provider takes it there: of Basic, programs disagree how what is in it is written (RFC 6749, section 2.3.1).
func (p *Provider) authStyle(methods []string) oauth2.AuthStyle {
	if p.opts.Secret == "" || slices.Contains(methods, "client_secret_post") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader // section 3: what holds where nothing is said
}

// isSecure tells whether an address is of https; one that is of neither https nor http is an error.
func isSecure(address string) (bool, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return false, errors.New("that is no address of https")
	}
	return u.Scheme == "https", nil
}

func away(err error) error { return fmt.Errorf("%w: %w", account.ErrProviderAway, err) }

func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %w", account.ErrProviderRefused, fmt.Errorf(format, args...))
}
