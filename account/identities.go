package account

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"

	"github.com/earshot-chat/earshot"
)

const (
	// MaxIdentities is how many a user may have.
	MaxIdentities = 20
	// redeemAtOnce is how many log-ins by providers are looked at at the same time: each waits for another server.
	redeemAtOnce = 32
)

// Identities gives those of the user, the oldest first.
func (s *Service) Identities(ctx context.Context, user earshot.UserID) ([]LinkedIdentity, error) {
	all, err := s.stores.Identities.Identities(ctx, user)
	if err != nil {
		return nil, err
	}
	list := make([]LinkedIdentity, len(all))
	for i := range all {
		list[i].Identity = all[i]
		if p := s.providerOf(all[i].Issuer); p != nil {
			list[i].Provider, list[i].Label = p.ID, p.Label
		}
	}
	return list, nil
}

// providerOf gives the provider of an issuer, nil if it is not asked any more.
func (s *Service) providerOf(issuer string) *Provider {
	i := slices.IndexFunc(s.cfg.Providers, func(p Provider) bool { return p.OpenID.Issuer() == issuer })
	if i < 0 {
		return nil
	}
	return &s.cfg.Providers[i]
}

// Unlink takes an identity from whoever is logged in and shows that they are who they are. Errors as those of confirmAdding;
// CodeNotFound; CodeConflict with the field "identity" if nothing would be left to log in by.
func (s *Service) Unlink(ctx context.Context, by Login, id int64, proof Proof, from netip.Addr) error {
	if err := s.confirmAdding(ctx, by, proof, from); err != nil {
		return err
	}
	s.removing.Lock()
	defer s.removing.Unlock()
	have, err := s.stores.Identities.Identities(ctx, by.User.ID)
	if err != nil {
		return err
	}
	issuer := ""
	if i := slices.IndexFunc(have, func(i earshot.Identity) bool { return i.ID == id }); i >= 0 {
		issuer = have[i].Issuer
	}
	entry := earshot.Entry(ctx, earshot.VerbUnlinkIdentity, by.User.Username, "issuer", issuer)
	return s.stores.Identities.DeleteIdentity(ctx, by.User.ID, id, s.issuers(), entry)
}

// issuers are those of the providers that the server asks.
func (s *Service) issuers() []string {
	list := make([]string, len(s.cfg.Providers))
	for i := range s.cfg.Providers {
		list[i] = s.cfg.Providers[i].OpenID.Issuer()
	}
	return list
}

// leavesAWayIn refuses to take the passkey of that number from a user who would have nothing left to log in by.
func (s *Service) leavesAWayIn(ctx context.Context, user *earshot.User, passkey int64) error {
	if user.Password.Usable() {
		return nil
	}
	keys, err := s.stores.Passkeys.Passkeys(ctx, user.ID)
	if err != nil || len(keys) != 1 || keys[0].ID != passkey {
		return err
	}
	linked, err := s.stores.Identities.Identities(ctx, user.ID)
	issuers := s.issuers()
	if err != nil || slices.ContainsFunc(linked, func(i earshot.Identity) bool { return slices.Contains(issuers, i.Issuer) }) {
		return err
	}
	return &earshot.Error{
		Code: earshot.CodeConflict, Field: "passkey",
		Message: "Nothing would be left by which you could log in. Set a password, or add another passkey, before you remove this one.",
	}
}

// link links the user who began it to the person, if the browser is still logged in as it was then.
func (s *Service) link(ctx context.Context, p *Provider, c *OpenIDClaims, user earshot.UserID, begunIn, secret string) error {
	login, err := s.BySession(ctx, secret)
	if isCode(err, earshot.CodeUnauthenticated) {
		return errOpenID(earshot.CodeUnauthenticated, "over", "You are not logged in any more.")
	}
	if err != nil {
		return err
	}
	same := subtle.ConstantTimeCompare([]byte(hex.EncodeToString(login.Credential[:])), []byte(begunIn)) == 1
	if !same || login.User.ID != user {
		return errOpenID(earshot.CodeUnauthenticated, "over", "You are not logged in as you were when you began.")
	}
	ctx = earshot.Doing(ctx, earshot.Doer{User: login.User.Ref(), Road: earshot.RoadPage})
	_, err = s.stores.Identities.CreateIdentity(ctx, p.identity(c, user), MaxIdentities, linked(ctx, p, login.User.Username))
	switch {
	case isCode(err, earshot.CodeConflict):
		if known, have := s.stores.Identities.Identity(ctx, p.OpenID.Issuer(), c.Subject); have == nil && known.User == user {
			return nil // it is so already
		}
		return errOpenID(earshot.CodeConflict, "taken", "Another account here is linked to that person already.")
	case isCode(err, earshot.CodeLimit):
		return errOpenID(earshot.CodeLimit, "many", fmt.Sprintf("You have %d linked accounts, which is the most there can be.", MaxIdentities))
	}
	return err
}

// linked tells the log of a link.
func linked(ctx context.Context, p *Provider, username string) earshot.Action {
	return earshot.Entry(ctx, earshot.VerbLinkIdentity, username, "issuer", p.OpenID.Issuer())
}

// identity is what is kept of the person.
func (p *Provider) identity(c *OpenIDClaims, user earshot.UserID) earshot.Identity {
	return earshot.Identity{User: user, Issuer: p.OpenID.Issuer(), Subject: c.Subject, Name: knownAs(c), CreatedAt: now()}
}
