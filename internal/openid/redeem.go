package openid

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

// Redeem implements account.OpenID. What is checked of the ID token is what section 3.1.3.7 of OpenID Connect Core wants.
func (p *Provider) Redeem(ctx context.Context, begun account.OpenIDSecrets, code, issuer string) (account.OpenIDClaims, error) {
	none := account.OpenIDClaims{}
	f, err := p.find(ctx)
	if err != nil {
		return none, err
	}
	if (issuer != "" || f.tellsIssuer) && issuer != p.opts.Issuer { // RFC 9207, section 2.4
		return none, refused("the answer comes from another issuer than %s", p.opts.Issuer)
	}
	if code == "" {
		return none, refused("the answer has no code")
	}
	ctx = context.WithValue(oidc.ClientContext(ctx, p.client), oauth2.HTTPClient, p.client)
	token, err := f.oauth.Exchange(ctx, code, oauth2.VerifierOption(begun.Verifier))
	if err != nil {
		return none, exchangeFault(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return none, refused("there was no ID token with the access token")
	}
	said, err := p.verify(ctx, f, raw, token.AccessToken, begun.Nonce)
	if err != nil {
		return none, err
	}
	if err := p.complete(ctx, f, said, token); err != nil {
		return none, err
	}
	claims := said.claims(p.opts.GroupsClaim)
	claims.Token = raw
	return claims, nil
}

// exchangeFault tells a provider that refuses the code from one that does not answer as it should. Of an answer nothing is told
// but the code of the error, if it is one.
func exchangeFault(err error) error {
	answer, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return away(withoutQuery(err))
	}
	if answer.Response != nil && answer.Response.StatusCode >= 500 {
		return away(errors.New("it answered a code with the status " + answer.Response.Status))
	}
	if plain(answer.ErrorCode) {
		return refused("it refused the code: %s", answer.ErrorCode)
	}
	return refused("it refused the code")
}

// plain tells a word such as invalid_grant, which a log can hold, from whatever else somebody sends.
func plain(word string) bool {
	return word != "" && len(word) < 50 && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// withoutQuery takes what could be secret off an error of the client.
func withoutQuery(err error) error {
	if fault, ok := errors.AsType[*url.Error](err); ok {
		return fault.Err
	}
	if errors.Is(err, errTooLong) {
		return errTooLong
	}
	return errors.New("it did not answer a code with a token")
}

// said is what a provider says of a person: an object of JSON, as the claims are many and their types are not to be relied on.
type said map[string]any

// verify checks the ID token, and gives what is in it.
func (p *Provider) verify(ctx context.Context, f *found, raw, access, nonce string) (said, error) {
	token, err := f.inner.Verifier(&oidc.Config{ClientID: p.opts.ClientID}).Verify(ctx, raw)
	if err != nil {
		if fault := fetching(err); fault != nil {
			return nil, away(fault)
		}
		return nil, refused("the ID token: %.200s", err.Error())
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1 {
		return nil, refused("the ID token was made for another log-in")
	}
	if token.AccessTokenHash != "" && token.VerifyAccessToken(access) != nil {
		return nil, refused("the ID token was made for another access token")
	}
	var all said
	if err := token.Claims(&all); err != nil {
		return nil, refused("the ID token is no object of claims")
	}
	if !earshot.IsSubject(all.text("sub")) { // token.Subject may stand there as "SUB"
		return nil, refused("the ID token has no subject that can be kept")
	}
	party, given := all["azp"]
	if (given || len(token.Audience) > 1) && party != any(p.opts.ClientID) {
		return nil, refused("the ID token was made for another client")
	}
	return all, nil
}

// fetching gives why the provider's keys could not be had, nil if that is not what went wrong.
func fetching(err error) error {
	if fault, ok := errors.AsType[*url.Error](err); ok {
		return fault
	}
	// Not typed: an answer that is none, or too long.
	if strings.Contains(err.Error(), "fetching keys") || strings.Contains(err.Error(), errTooLong.Error()) {
		return errors.New("its keys could not be read")
	}
	return nil
}

// complete asks the provider for what the ID token leaves out, if it says where (section 5.3): many have little more than the
// subject in it. What the token says goes before.
func (p *Provider) complete(ctx context.Context, f *found, all said, token *oauth2.Token) error {
	missing := all["email"] == nil || (all["preferred_username"] == nil && all["name"] == nil) ||
		(p.opts.GroupsClaim != "" && all.at(p.opts.GroupsClaim) == nil)
	if !missing || f.inner.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := f.inner.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		if fault, ok := errors.AsType[*url.Error](err); ok {
			return away(fault.Err)
		}
		return away(errors.New("it did not say who the person is"))
	}
	if info.Subject != all.text("sub") { // section 5.3.2: MUST be verified
		return refused("its userinfo is of another person than its ID token")
	}
	var more said
	if err := info.Claims(&more); err != nil {
		return away(errors.New("its userinfo is no object of claims"))
	}
	// An address and whether it was verified belong together.
	if all["email"] != nil {
		delete(more, "email_verified")
	} else {
		delete(all, "email_verified")
	}
	for claim, value := range more {
		if all[claim] == nil {
			all[claim] = value
		}
	}
	return nil
}

// text gives a claim that is a text; empty for anything else.
func (s said) text(claim string) string {
	text, _ := s[claim].(string)
	return text
}

// truth gives a claim that is true, or the text "true", which some providers write.
func (s said) truth(claim string) bool { return s[claim] == true || s[claim] == "true" }

// at gives the claim of that name or, if there is none, the one at the end of the path.
func (s said) at(path string) any {
	if value, have := s[path]; have {
		return value
	}
	var value any = map[string]any(s)
	for step := range strings.SplitSeq(path, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[step]
	}
	return value
}

// texts gives a claim that is a list of texts, or one text; of a list what is none is left out, and anything else is no list.
func (s said) texts(path string) []string {
	var list []string
	switch value := s.at(path).(type) {
	case string:
		list = append(list, value)
	case []any:
		for _, v := range value {
			if text, ok := v.(string); ok {
				list = append(list, text)
			}
		}
	}
	return list
}

func (s said) claims(groups string) account.OpenIDClaims {
	c := account.OpenIDClaims{
		Subject: s.text("sub"), Username: s.text("preferred_username"), Name: s.text("name"),
		Email: s.text("email"), EmailVerified: s.text("email") != "" && s.truth("email_verified"),
		ManyFactors: slices.Contains(s.texts("amr"), "mfa"), // RFC 8176, section 2
		Session:     s.text("sid"),
	}
	if groups != "" {
		c.Groups = s.texts(groups)
	}
	return c
}
