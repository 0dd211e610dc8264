package account

import (
	"slices"
	"strings"

	"github.com/earshot-chat/earshot"
)

// SecondFactorTrust says whether a provider's own second factor takes the place of the one that a user has here.
type SecondFactorTrust string

// What may be believed. Any other value counts as TrustNever.
const (
	// TrustNever asks for the second factor here, whatever the provider says.
	TrustNever SecondFactorTrust = "never"
	// TrustTold asks for it unless the provider says that the person has shown it several factors.
	TrustTold SecondFactorTrust = "told"
	// TrustAlways leaves it to the provider.
	TrustAlways SecondFactorTrust = "always"
)

// Provider is a provider by which people may log in, and what is made of what it says of them.
type Provider struct {
	// ID stands in addresses; Label is what people read.
	ID, Label string
	OpenID    OpenID
	// Create makes an account for whoever has none.
	Create bool
	// LogOut has whoever came by the provider, and logs out here, go there to log out, too.
	LogOut bool
	// LinkByEmail links a user of before whose confirmed address is the one that the provider knows to be the person's.
	LinkByEmail bool
	// Domains are those of the addresses of mail, which the provider must know to be people's, that are let in; none is all.
	Domains []string
	// SecondFactor says whether a user with a second factor is asked for it.
	SecondFactor SecondFactorTrust
	// Groups are the groups here, by name, of each value of the claim for groups. At each log-in somebody is put into those, and
	// taken out of the other groups that stand here; groups that do not are left alone.
	Groups map[string][]string
	// Staff and Superusers are values of the claim that make somebody staff, or a superuser; who has none of them is not. Where
	// there are none the provider has no say in it.
	Staff, Superusers []string
}

// admits tells whether somebody has an address of one of the domains, if that is wanted.
func (p *Provider) admits(c *OpenIDClaims) bool {
	if len(p.Domains) == 0 {
		return true
	}
	_, domain, ok := cutLast(c.Email, "@")
	return ok && c.EmailVerified && slices.ContainsFunc(p.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
}

// cutLast is strings.Cut at the last of the separators.
func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}

// asksSecond tells whether the second factor of a user is asked for.
func (p *Provider) asksSecond(c *OpenIDClaims) bool {
	switch p.SecondFactor {
	case TrustAlways:
		return false
	case TrustTold:
		return !c.ManyFactors
	case TrustNever:
	}
	return true
}

// standing is what the provider's groups make of somebody.
type standing struct {
	// in and out are names of groups.
	in, out          []string
	staff, superuser *bool
}

// standing reads the person's groups. Values that nobody has set mean nothing.
func (p *Provider) standing(c *OpenIDClaims) standing {
	var st standing
	for _, value := range c.Groups {
		for _, group := range p.Groups[value] {
			if !slices.Contains(st.in, group) {
				st.in = append(st.in, group)
			}
		}
	}
	for _, groups := range p.Groups {
		for _, group := range groups {
			if !slices.Contains(st.in, group) && !slices.Contains(st.out, group) {
				st.out = append(st.out, group)
			}
		}
	}
	slices.Sort(st.in)
	slices.Sort(st.out)
	decided := func(values []string) *bool {
		if len(values) == 0 {
			return nil
		}
		is := slices.ContainsFunc(c.Groups, func(value string) bool { return slices.Contains(values, value) })
		return &is
	}
	st.staff, st.superuser = decided(p.Staff), decided(p.Superusers)
	return st
}

// LinkedIdentity is an identity as its user sees it.
type LinkedIdentity struct {
	earshot.Identity
	// Provider and Label are those of the provider; empty where the server does not ask it any more.
	Provider, Label string
}
