package openid

import (
	"context"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// LogOutURL implements account.OpenID (OpenID Connect RP-Initiated Logout 1.0, section 2). The client's name goes with it, for
// providers that want to know whose the address to come back to is where there is no hint.
func (p *Provider) LogOutURL(ctx context.Context, hint, state string) (string, error) {
	f, err := p.find(ctx)
	if err != nil || f.endSession == nil {
		return "", err
	}
	to := *f.endSession
	query := to.Query() // it may have some already, which stay (section 2)
	query.Set("client_id", p.opts.ClientID)
	query.Set("post_logout_redirect_uri", p.opts.LoggedOut)
	query.Set("state", state)
	if hint != "" {
		query.Set("id_token_hint", hint)
	}
	to.RawQuery = query.Encode()
	return to.String(), nil
}

// endSessionURL reads where a provider logs people out; nil if it does not say, or says something that no browser is to be sent to.
func endSessionURL(text string, secure bool) *url.URL {
	u, err := url.Parse(text)
	if is, fault := isSecure(text); err != nil || fault != nil || (secure && !is) || u.User != nil {
		return nil
	}
	u.Fragment, u.RawFragment = "", ""
	return u
}

const (
	// logOutEvent is what a logout token is known by (OpenID Connect Back-Channel Logout 1.0, section 2.4).
	logOutEvent = "http://schemas.openid.net/event/backchannel-logout"
	// maxLogOutAge is how old a logout token may be: its time and one's own may differ, and it may have been tried before.
	maxLogOutAge = 5 * time.Minute
	// maxLogOutToken is the longest one, in bytes.
	maxLogOutToken = 16 << 10
)

// LoggedOut implements account.OpenID. What is checked is what section 2.6 wants, but whether the token came before.
func (p *Provider) LoggedOut(ctx context.Context, token string) (account.OpenIDLogOut, error) {
	none := account.OpenIDLogOut{}
	if token == "" || len(token) > maxLogOutToken {
		return none, refused("a logout token of %d bytes", len(token))
	}
	f, err := p.find(ctx)
	if err != nil {
		return none, err
	}
	// Its end is looked at below: programs of before the standard was final give none.
	read, err := f.inner.Verifier(&oidc.Config{ClientID: p.opts.ClientID, SkipExpiryCheck: true}).Verify(oidc.ClientContext(ctx, p.client), token)
	if err != nil {
		if fault := fetching(err); fault != nil {
			return none, away(fault)
		}
		return none, refused("the logout token: %.200s", err.Error())
	}
	var all said
	if err := read.Claims(&all); err != nil {
		return none, refused("the logout token is no object of claims")
	}
	return all.logOut(read)
}

// logOut checks what a logout token says that was signed by the provider and for this server.
func (s said) logOut(token *oidc.IDToken) (account.OpenIDLogOut, error) {
	events, _ := s["events"].(map[string]any)
	_, is := events[logOutEvent].(map[string]any)
	_, nonce := s["nonce"] // prohibited, so that no ID token is taken for one
	out := account.OpenIDLogOut{ID: s.text("jti"), Subject: s.text("sub"), Session: s.text("sid"), At: token.IssuedAt}
	age := time.Since(token.IssuedAt)
	switch {
	case !is || nonce:
		return out, refused("the logout token is a token for something else")
	case out.ID == "":
		return out, refused("the logout token has no jti")
	case token.IssuedAt.IsZero() || age > maxLogOutAge || age < -time.Minute,
		s["exp"] != nil && time.Since(token.Expiry) > time.Minute:
		return out, refused("the logout token is not of now")
	case !keepable(s["sub"]) || !keepable(s["sid"]) || out.Subject+out.Session == "":
		return out, refused("the logout token names nobody")
	}
	return out, nil
}

// keepable tells a claim that is a text of a kind that a log-in has, or is not there.
func keepable(claim any) bool {
	if claim == nil {
		return true
	}
	text, ok := claim.(string)
	return ok && earshot.IsSubject(text)
}
