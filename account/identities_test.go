package account

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

func TestLink(t *testing.T) {
	t.Parallel()
	h := newOpenHouse(t)
	ana := h.add(t, "ana")
	h.add(t, "bob")
	refused(t, "link", h.linkTo(t, "ana", newcomer("x")), "")
	refused(t, "the same again", h.linkTo(t, "ana", newcomer("x")), "")
	refused(t, "somebody else's", h.linkTo(t, "bob", newcomer("x")), earshot.CodeConflict, "taken")
	out, err := h.arrive(t, newcomer("x"))
	refused(t, "log in", err, "")
	if out.Login.User.ID != ana.ID {
		t.Errorf("%+v", out)
	}
	by := out.Login
	wrong := Proof{Password: "wrong horse"}
	_, _, err = h.BeginLink(t.Context(), by, "sso", wrong, addr("192.0.2.1"))
	refused(t, "link without proof", err, earshot.CodeInvalid, "password")
	list, err := h.Identities(t.Context(), ana.ID)
	refused(t, "list", err, "")
	refused(t, "unlink without proof", h.Unlink(t.Context(), by, list[0].ID, wrong, addr("192.0.2.1")), earshot.CodeInvalid, "password")
	proof := Proof{Password: goodPassword}
	refused(t, "unlink what is not", h.Unlink(t.Context(), by, 99, proof, addr("192.0.2.1")), earshot.CodeNotFound)
	byToken := by
	byToken.ByToken = true
	refused(t, "by a token", h.Unlink(t.Context(), byToken, list[0].ID, proof, addr("192.0.2.1")), earshot.CodeForbidden)
	refused(t, "unlink", h.Unlink(t.Context(), by, list[0].ID, proof, addr("192.0.2.1")), "")
	_, err = h.arrive(t, newcomer("x"))
	refused(t, "after", err, earshot.CodeForbidden, "unknown")
	for _, verb := range []earshot.Verb{earshot.VerbLinkIdentity, earshot.VerbUnlinkIdentity} {
		log, err := h.Actions(t.Context(), nil, earshot.ActionQuery{Verb: verb, Subject: "ana"})
		refused(t, "log", err, "")
		if len(log) != 1 || log[0].Details["issuer"] != testIssuer {
			t.Errorf("%s: %+v", verb, log)
		}
	}
}

// TestLinkOfAnother begins a link in one log-in, and comes back in another, or in none.
func TestLinkOfAnother(t *testing.T) {
	t.Parallel()
	h := newOpenHouse(t)
	h.add(t, "ana")
	h.add(t, "bob")
	mine, theirs := h.logIn(t, "ana"), h.logIn(t, "bob")
	another := h.logIn(t, "ana")
	h.fake.say(newcomer("x"))
	for what, session := range map[string]string{
		"somebody else's": theirs, "none": "", "made up": "es_x", "another of the same": another,
	} {
		by, err := h.BySession(t.Context(), mine)
		refused(t, "session", err, "")
		secret, _, err := h.BeginLink(t.Context(), by, "sso", Proof{Password: goodPassword}, addr("192.0.2.1"))
		refused(t, "begin", err, "")
		_, err = h.FinishOpenID(t.Context(), OpenIDReturn{
			Provider: "sso", Secret: secret, Session: session, State: openIDSecrets(secret).State, Code: "code",
		}, addr("192.0.2.1"))
		refused(t, what, err, earshot.CodeUnauthenticated, "over")
	}
	_, err := h.arrive(t, newcomer("x"))
	refused(t, "nobody was linked", err, earshot.CodeForbidden, "unknown")
}

// TestNothingLeft keeps the last way in, and wants a log-in of a moment ago of whoever has nothing else to show.
func TestNothingLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newOpenHouse(t, create)
		out, err := h.arrive(t, newcomer("ana"))
		refused(t, "arrive", err, "")
		list, err := h.Identities(t.Context(), out.Login.User.ID)
		refused(t, "list", err, "")
		refused(t, "the last", h.Unlink(t.Context(), out.Login, list[0].ID, Proof{}, addr("192.0.2.1")), earshot.CodeConflict, "identity")
		_, _, err = h.BeginLink(t.Context(), out.Login, "sso", Proof{}, addr("192.0.2.1"))
		refused(t, "soon after the log-in", err, "")
		time.Sleep(freshAge + time.Minute)
		_, _, err = h.BeginLink(t.Context(), out.Login, "sso", Proof{}, addr("192.0.2.1"))
		refused(t, "later", err, earshot.CodeForbidden, "login")
		refused(t, "later", h.Unlink(t.Context(), out.Login, list[0].ID, Proof{}, addr("192.0.2.1")), earshot.CodeForbidden, "login")
	})
}

// TestLinkByEmail links nobody by an address, but where the settings say so and both sides know whose it is.
func TestLinkByEmail(t *testing.T) {
	t.Parallel()
	confirmed := func(u earshot.User) earshot.UserChange {
		email, yes := u.Username+"@example.org", true
		return earshot.UserChange{Email: &email, EmailConfirmed: &yes}
	}
	for what, c := range map[string]struct {
		set    bool
		claims func(*OpenIDClaims)
		change func(*earshot.UserChange)
		linked bool
	}{
		"all is well":      {true, nil, nil, true},
		"in another case":  {true, func(c *OpenIDClaims) { c.Email = "ANA@Example.org" }, nil, true},
		"not set":          {false, nil, nil, false},
		"not verified":     {true, func(c *OpenIDClaims) { c.EmailVerified = false }, nil, false},
		"no address":       {true, func(c *OpenIDClaims) { c.Email = "" }, nil, false},
		"not confirmed":    {true, nil, func(c *earshot.UserChange) { no := false; c.EmailConfirmed = &no }, false},
		"of the staff":     {true, nil, func(c *earshot.UserChange) { yes := true; c.IsStaff = &yes }, false},
		"a superuser":      {true, nil, func(c *earshot.UserChange) { yes := true; c.IsSuperuser = &yes }, false},
		"with permissions": {true, nil, func(c *earshot.UserChange) { c.Grant = earshot.PermissionsOf(earshot.PermViewLog) }, false},
		"not active":       {true, nil, func(c *earshot.UserChange) { no := false; c.IsActive = &no }, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := newOpenHouse(t, func(p *Provider) { p.LinkByEmail = c.set })
			ana := h.add(t, "ana")
			change := confirmed(ana)
			if c.change != nil {
				c.change(&change)
			}
			_, err := h.store.ChangeUser(t.Context(), ana.ID, change)
			refused(t, "change", err, "")
			person := newcomer("ana")
			if c.claims != nil {
				c.claims(&person)
			}
			out, err := h.arrive(t, person)
			if c.linked {
				refused(t, what, err, "")
				if out.Login.User.ID != ana.ID {
					t.Errorf("%+v", out)
				}
				return
			}
			refused(t, what, err, earshot.CodeForbidden, "unknown")
		})
	}
	h := newOpenHouse(t, func(p *Provider) { p.LinkByEmail = true })
	for _, name := range []string{"ana", "bob"} {
		u := h.add(t, name)
		change, email := confirmed(u), "ana@example.org"
		change.Email = &email
		_, err := h.store.ChangeUser(t.Context(), u.ID, change)
		refused(t, "change", err, "")
	}
	_, err := h.arrive(t, newcomer("ana"))
	refused(t, "two have the address", err, earshot.CodeForbidden, "unknown")
	bob, err := h.UserByName(t.Context(), "bob")
	refused(t, "bob", err, "")
	_, err = h.store.ChangeUser(t.Context(), bob.ID, earshot.UserChange{EmailConfirmed: ptr(false)})
	refused(t, "change", err, "")
	_, err = h.arrive(t, newcomer("ana"))
	refused(t, "one has it, and another only says so", err, "")
}

// TestSecondFactorOfLinked asks for the second factor unless the provider's is to be trusted.
func TestSecondFactorOfLinked(t *testing.T) {
	t.Parallel()
	h := newOpenHouse(t)
	h.add(t, "ana")
	phone, _ := h.enrol(t, "ana", "192.0.2.1")
	user, err := h.UserByName(t.Context(), "ana")
	refused(t, "user", err, "")
	person := newcomer("x")
	_, err = h.store.CreateIdentity(t.Context(), earshot.Identity{User: user.ID, Issuer: testIssuer, Subject: person.Subject, CreatedAt: now()},
		1, earshot.Entry(t.Context(), earshot.VerbLinkIdentity, "ana"))
	refused(t, "link", err, "")
	for i, c := range []struct {
		trust SecondFactorTrust
		many  bool
		asked bool
	}{
		{"", true, true},
		{TrustNever, true, true},
		{TrustTold, false, true},
		{TrustTold, true, false},
		{TrustAlways, false, false},
	} {
		h.cfg.Providers[0].SecondFactor, person.ManyFactors = c.trust, c.many
		out, err := h.arrive(t, person)
		second, asked := AsSecondFactor(err)
		if asked != c.asked || asked != (out.Secret == "") {
			t.Errorf("%+v: %v, %+v", c, err, out)
		}
		if asked {
			_, login, err := h.SecondStep(t.Context(), second.Ticket, phone.recovery[i], addr("192.0.2.1"))
			refused(t, "second step", err, "")
			if login.User.ID != user.ID {
				t.Errorf("%+v", login)
			}
		}
	}
}

// TestStanding puts people into groups and ranks as the provider says at each log-in, and leaves all others alone.
func TestStanding(t *testing.T) {
	t.Parallel()
	h := newOpenHouse(t, create, func(p *Provider) {
		p.Groups = map[string][]string{"mods": {"Moderators", "Chess"}, "chess": {"chess"}, "x": {"Nowhere"}}
		p.Staff, p.Superusers = []string{"crew"}, []string{"chief"}
	})
	for _, name := range []string{"Moderators", "Chess", "Own"} {
		_, err := h.CreateGroup(t.Context(), name, 0)
		refused(t, "group", err, "")
	}
	person := newcomer("ana")
	for i, c := range []struct {
		values       []string
		groups       string
		staff, super bool
	}{
		{[]string{"mods", "what", ""}, "Chess Moderators", false, false},
		{[]string{"chess", "crew"}, "Chess Own", true, false},
		{[]string{"chess", "x"}, "Chess Own", false, false},
		{[]string{"chief"}, "Own", false, true},
		{nil, "Own", false, false},
		{[]string{"MODS", "Moderators", "Own"}, "Own", false, false},
	} {
		person.Groups = c.values
		out, err := h.arrive(t, person)
		refused(t, "arrive", err, "")
		u := h.user(t, out.Login.User.ID)
		groups, err := h.GroupsOf(t.Context(), u.ID)
		refused(t, "groups", err, "")
		var have []string
		for _, g := range groups {
			have = append(have, g.Name)
		}
		if strings.Join(have, " ") != c.groups || u.IsStaff != c.staff || u.IsSuperuser != c.super {
			t.Errorf("%v: %q, %v %v", c.values, have, u.IsStaff, u.IsSuperuser)
		}
		if i == 0 { // what the settings do not name is nobody's business
			refused(t, "own", h.SetGroupMember(t.Context(), "Own", "ana", true), "")
		}
	}
	log, err := h.Actions(t.Context(), nil, earshot.ActionQuery{Verb: earshot.VerbChangeUser, Subject: "ana"})
	refused(t, "log", err, "")
	if len(log) != 5 || log[len(log)-1].Details["join"] != "Chess Moderators" || log[0].Actor.Name != "ana" {
		t.Errorf("%d: %+v", len(log), log)
	}
	if len(h.complaints) == 0 {
		t.Error("nobody was told of the group that there is not")
	}
}

// TestLastSuperuser stays one, whatever the provider says.
func TestLastSuperuser(t *testing.T) {
	t.Parallel()
	h := newOpenHouse(t, func(p *Provider) { p.Staff, p.Superusers = []string{"crew"}, []string{"chief"} })
	refused(t, "link", h.linkTo(t, "root", newcomer("root")), "")
	person := newcomer("root")
	person.Groups = []string{"crew"}
	out, err := h.arrive(t, person)
	refused(t, "arrive", err, "")
	if u := h.user(t, out.Login.User.ID); !u.IsSuperuser || !u.IsStaff {
		t.Errorf("%+v", u)
	}
	if len(h.complaints) != 1 {
		t.Errorf("%q", h.complaints)
	}
}
