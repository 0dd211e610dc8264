package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

// arrive logs in whoever the provider says is there.
func (s *Service) arrive(ctx context.Context, p *Provider, c *OpenIDClaims, from netip.Addr) (string, Login, error) {
	user, err := s.whoArrives(ctx, p, c, from)
	if err != nil {
		return "", Login{}, err
	}
	inactive := errOpenID(earshot.CodeForbidden, "inactive", "Your account here may not log in. Ask those who run this server.")
	if !user.IsActive {
		return "", Login{}, inactive
	}
	ctx = earshot.Doing(ctx, earshot.Doer{User: user.Ref(), Road: earshot.RoadPage})
	if user, err = s.stand(ctx, p, c, user); err != nil {
		return "", Login{}, err
	}
	by := p.arrival(c)
	if p.asksSecond(c) {
		err = s.askSecondFactor(ctx, user, by)
	}
	var (
		secret string
		login  Login
	)
	if err == nil {
		secret, login, err = s.beginSessionBy(ctx, user, earshot.WayOwn, by)
	}
	if isCode(err, earshot.CodeNotFound) { // deactivated, or given another password, since it was looked
		return "", Login{}, inactive
	}
	return secret, login, err
}

// whoArrives gives the user who the person is here: one who is linked, one whom the settings say to link, or a new one.
func (s *Service) whoArrives(ctx context.Context, p *Provider, c *OpenIDClaims, from netip.Addr) (earshot.User, error) {
	known, err := s.stores.Identities.Identity(ctx, p.OpenID.Issuer(), c.Subject)
	if err == nil {
		if err := s.stores.Identities.UseIdentity(ctx, known.ID, now()); err != nil {
			return earshot.User{}, err
		}
		return s.stores.Users.User(ctx, known.User)
	}
	if !isCode(err, earshot.CodeNotFound) {
		return earshot.User{}, err
	}
	if user, ok, err := s.byEmail(ctx, p, c); ok || err != nil {
		return user, err
	}
	if !p.Create {
		return earshot.User{}, errOpenID(earshot.CodeForbidden, "unknown",
			"No account here is linked to you at "+p.Label+". Log in another way and link it in the settings, or ask those who run this server.")
	}
	try, err := s.signUps.begin(from, "")
	if err != nil {
		return earshot.User{}, err
	}
	user, err := s.createArrival(ctx, p, c)
	try.end(err == nil)
	return user, err
}

// byEmail finds, and links, the one user with the person's address: if the settings say so, if the provider knows the address to
// be the person's, and if it was confirmed here, too. Otherwise whoever signs up with the address of somebody else would wait
// for them to come. Whoever may do more than others links by hand: an address that is given to another is not to be worth that.
func (s *Service) byEmail(ctx context.Context, p *Provider, c *OpenIDClaims) (earshot.User, bool, error) {
	if !p.LinkByEmail || !c.EmailVerified || c.Email == "" || len(c.Email) > earshot.MaxEmail {
		return earshot.User{}, false, nil
	}
	found, err := s.stores.Own.UsersByEmail(ctx, c.Email, 2)
	if err != nil || len(found) != 1 {
		return earshot.User{}, false, err
	}
	user := found[0]
	if user.IsStaff || user.IsSuperuser || user.Permissions|user.Inherited != 0 {
		return earshot.User{}, false, nil
	}
	ctx = earshot.Doing(ctx, earshot.Doer{User: user.Ref(), Road: earshot.RoadPage})
	identity := p.identity(c, user.ID)
	identity.UsedAt = identity.CreatedAt
	_, err = s.stores.Identities.CreateIdentity(ctx, identity, MaxIdentities, linked(ctx, p, user.Username))
	return user, err == nil, err
}

// createArrival makes an account for the person, without a password.
func (s *Service) createArrival(ctx context.Context, p *Provider, c *OpenIDClaims) (earshot.User, error) {
	user := earshot.NewUser{User: earshot.User{Password: unusablePassword(), IsActive: true, DateJoined: now()}}
	if email, name := c.Email, ""; checkPerson(&email, &name) == nil {
		user.Email, user.EmailConfirmed = email, email != "" && c.EmailVerified
	}
	if email, name := "", c.Name; checkPerson(&email, &name) == nil && !strings.ContainsFunc(name, names.Invisible) {
		user.DisplayName = name
	}
	ctx = earshot.Doing(ctx, earshot.Doer{Road: earshot.RoadPage})
	base := usernameOf(c)
	for n := 1; n <= nameTries; n++ {
		var err error
		user.Username, user.Keys, err = checkName(numbered(base, n))
		if err == nil {
			err = s.checkLookAlike(ctx, user.Username, user.Keys)
		}
		if err == nil {
			identity := p.identity(c, 0)
			identity.UsedAt = identity.CreatedAt
			entry := earshot.Entry(ctx, earshot.VerbCreateUser, user.Username, "issuer", p.OpenID.Issuer())
			user.ID, err = s.stores.Identities.CreateIdentifiedUser(ctx, user, identity, entry)
		}
		switch {
		case err == nil:
			return user.User, nil
		case isCode(err, earshot.CodeConflict) && earshot.AsError(err).Field == "identity":
			// The same person in another tab was quicker.
			known, err := s.stores.Identities.Identity(ctx, p.OpenID.Issuer(), c.Subject)
			if err != nil {
				return earshot.User{}, err
			}
			return s.stores.Users.User(ctx, known.User)
		case !isCode(err, earshot.CodeConflict) && !isCode(err, earshot.CodeInvalid):
			return earshot.User{}, err
		}
	}
	return earshot.User{}, fmt.Errorf("no username was found for a person of %s", p.ID)
}

// nameTries is how many names are tried for a newcomer: some numbers, and then what nobody has.
const nameTries = 12

// numbered gives the n-th name to try.
func numbered(base string, n int) string {
	switch {
	case n == 1:
		return base
	case n <= nameTries-2:
		return fmt.Sprint(base, n)
	}
	return base + "-" + strings.ToLower(rand.Text()[:8])
}

// maxArrivalName is how long a name is made of what a provider says, in characters: with a number behind it there is room.
const maxArrivalName = 40

// usernameOf makes a name of what the provider says: of what the person is called there, or of the address, and never more of
// that than what is before the @. What no name may hold is left out.
func usernameOf(c *OpenIDClaims) string {
	for _, text := range []string{c.Username, c.Email, c.Name} {
		text, _, _ = strings.Cut(cutBytes(text, maxRawName), "@")
		var b strings.Builder
		for _, r := range names.Normalize(strings.ToValidUTF8(text, "")) {
			switch {
			case unicode.IsSpace(r):
				b.WriteByte('.')
			case !names.Invisible(r) && earshot.ValidateUsername("a"+string(r)) == nil:
				b.WriteRune(r)
			}
		}
		name := strings.TrimFunc(b.String(), func(r rune) bool { return strings.ContainsRune(".+-_", r) || unicode.Is(unicode.M, r) })
		if runes := []rune(name); len(runes) > maxArrivalName {
			name = string(runes[:maxArrivalName])
		}
		if name != "" {
			return name
		}
	}
	return "user"
}

// cutBytes gives the beginning of a text, at most so many bytes, with no half character at its end.
func cutBytes(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// knownAs is what the person is called at the provider, in one short line.
func knownAs(c *OpenIDClaims) string {
	for _, text := range []string{c.Email, c.Username, c.Name} {
		text = strings.TrimSpace(names.Normalize(strings.ToValidUTF8(cutBytes(text, earshot.MaxEmail), "")))
		if text != "" && earshot.ValidateDisplayName(text) == nil && !strings.ContainsFunc(text, names.Invisible) {
			return text
		}
	}
	return ""
}

// stand gives the user the groups and the rank that the provider's groups make, and writes what it changed into the log.
func (s *Service) stand(ctx context.Context, p *Provider, c *OpenIDClaims, user earshot.User) (earshot.User, error) {
	st := p.standing(c)
	have, err := s.GroupsOf(ctx, user.ID)
	if err != nil {
		return earshot.User{}, err
	}
	in, err := s.groupsThere(ctx, p, st.in)
	if err != nil {
		return earshot.User{}, err
	}
	out, err := s.groupsThere(ctx, p, st.out)
	if err != nil {
		return earshot.User{}, err
	}
	among := func(groups []earshot.Group, id earshot.GroupID) bool {
		return slices.ContainsFunc(groups, func(g earshot.Group) bool { return g.ID == id })
	}
	var edit UserEdit
	var change earshot.UserChange
	for _, g := range in {
		if !among(have, g.ID) {
			edit.Join, change.Join = append(edit.Join, g.Name), append(change.Join, g.ID)
		}
	}
	for _, g := range out { // one may stand in the settings twice, written differently
		if among(have, g.ID) && !among(in, g.ID) {
			edit.Leave, change.Leave = append(edit.Leave, g.Name), append(change.Leave, g.ID)
		}
	}
	if st.staff != nil && *st.staff != user.IsStaff {
		change.IsStaff = st.staff
	}
	if st.superuser != nil && *st.superuser != user.IsSuperuser {
		change.IsSuperuser = st.superuser
	}
	if len(change.Join)+len(change.Leave) == 0 && change.IsStaff == nil && change.IsSuperuser == nil {
		return user, nil
	}
	return s.restand(ctx, p, user, &edit, change)
}

// groupsThere gives the groups of the names, and says which are not there.
func (s *Service) groupsThere(ctx context.Context, p *Provider, list []string) ([]earshot.Group, error) {
	var groups []earshot.Group
	for _, name := range list {
		group, err := s.Group(ctx, name)
		switch {
		case err == nil:
			groups = append(groups, group)
		case isCode(err, earshot.CodeNotFound):
			s.complain(ctx, p, fmt.Errorf("the setting for groups names %q, and there is no such group", name))
		default:
			return nil, err
		}
	}
	return groups, nil
}

// restand makes the change. The last superuser stays one, whatever the provider says.
func (s *Service) restand(ctx context.Context, p *Provider, user earshot.User, edit *UserEdit, change earshot.UserChange) (earshot.User, error) {
	anybody := func(earshot.User) error { return nil }
	do := func() (earshot.User, error) {
		return s.stores.Edit.ChangeUserIf(ctx, user.ID, change, anybody, userChanged(ctx, user.Username, edit, &change))
	}
	changed, err := do()
	if isCode(err, earshot.CodeConflict) && change.IsSuperuser != nil {
		s.complain(ctx, p, errors.New("the last superuser would not be one any more: left as it is"))
		change.IsSuperuser = nil
		changed, err = do()
	}
	return changed, err
}
