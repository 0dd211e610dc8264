package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

const testIssuer = "https://id.example.org"

// fakeOpenID is a provider of whom nothing but its word is looked at: internal/openid looks at the rest.
type fakeOpenID struct {
	mu     sync.Mutex
	claims OpenIDClaims
	fault  error
	// asked are the secrets that it was asked with.
	asked []OpenIDSecrets
	// outs are the logout tokens that it knows, and away tells that it does not answer about logging out.
	outs map[string]OpenIDLogOut
	away bool
	// hold has whoever redeems wait, and arrived tells of each.
	hold, arrived chan struct{}
}

func (f *fakeOpenID) Issuer() string { return testIssuer }

func (f *fakeOpenID) AuthURL(_ context.Context, begun OpenIDSecrets) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, begun)
	return testIssuer + "/authorize?state=" + begun.State, f.fault
}

func (f *fakeOpenID) Redeem(_ context.Context, begun OpenIDSecrets, code, _ string) (OpenIDClaims, error) {
	if f.hold != nil {
		f.arrived <- struct{}{}
		<-f.hold
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault == nil && (code != "code" || !slices.Contains(f.asked, begun)) {
		return OpenIDClaims{}, ErrProviderRefused
	}
	return f.claims, f.fault
}

func (f *fakeOpenID) LogOutURL(_ context.Context, hint, state string) (string, error) {
	if f.away {
		return "", ErrProviderAway
	}
	return testIssuer + "/end?hint=" + hint + "&state=" + state, nil
}

func (f *fakeOpenID) LoggedOut(_ context.Context, token string) (OpenIDLogOut, error) {
	if f.away {
		return OpenIDLogOut{}, ErrProviderAway
	}
	out, ok := f.outs[token]
	if !ok {
		return OpenIDLogOut{}, ErrProviderRefused
	}
	out.ID = token
	return out, nil
}

func (f *fakeOpenID) say(c OpenIDClaims) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.claims = c
}

// openHouse is a house with a provider.
type openHouse struct {
	*house
	fake *fakeOpenID
	// complaints are what the log was told.
	complaints []string
}

func newOpenHouse(t *testing.T, change ...func(*Provider)) *openHouse {
	t.Helper()
	h := &openHouse{fake: &fakeOpenID{}}
	p := Provider{ID: "sso", Label: "Example", OpenID: h.fake}
	for _, c := range change {
		c(&p)
	}
	cfg := DefaultConfig()
	cfg.Providers = []Provider{p}
	cfg.Complain = func(_ context.Context, provider string, err error) {
		h.complaints = append(h.complaints, fmt.Sprint(provider, ": ", err))
	}
	h.house = newHouse(t, cfg).quick()
	h.add(t, "root", func(a *NewAccount) { a.Superuser = true }) // so that the server is set up
	return h
}

// begin begins a log-in, and gives what the browser brings back if all goes well.
func (h *openHouse) begin(t *testing.T) OpenIDReturn {
	t.Helper()
	secret, url, err := h.BeginOpenID(t.Context(), "sso", "/rooms/den", addr("192.0.2.1"))
	refused(t, "begin", err, "")
	return OpenIDReturn{Provider: "sso", Secret: secret, State: url[strings.Index(url, "=")+1:], Code: "code", Issuer: testIssuer}
}

// arrive logs the person in.
func (h *openHouse) arrive(t *testing.T, c OpenIDClaims) (OpenIDOutcome, error) {
	t.Helper()
	h.fake.say(c)
	return h.FinishOpenID(t.Context(), h.begin(t), addr("192.0.2.1"))
}

// link links a user who logs in with the password to the person.
func (h *openHouse) linkTo(t *testing.T, name string, c OpenIDClaims) error {
	t.Helper()
	session := h.logIn(t, name)
	by, err := h.BySession(t.Context(), session)
	refused(t, "session", err, "")
	h.fake.say(c)
	secret, url, err := h.BeginLink(t.Context(), by, "sso", Proof{Password: goodPassword}, addr("192.0.2.1"))
	refused(t, "begin a link", err, "")
	out, err := h.FinishOpenID(t.Context(), OpenIDReturn{
		Provider: "sso", Secret: secret, Session: session, State: url[strings.Index(url, "=")+1:], Code: "code",
	}, addr("192.0.2.1"))
	if !out.Linking || out.Secret != "" {
		t.Errorf("%+v", out)
	}
	return err
}

func create(p *Provider) { p.Create = true }

func newcomer(name string) OpenIDClaims {
	return OpenIDClaims{Subject: "sub-" + name, Username: name, Name: name + " N.", Email: name + "@example.org", EmailVerified: true}
}

func TestNewcomer(t *testing.T) {
	t.Parallel()
	h := newOpenHouse(t, create)
	out, err := h.arrive(t, newcomer("zoë"))
	refused(t, "arrive", err, "")
	u := out.Login.User
	if u.Username != "zoë" || u.DisplayName != "zoë N." || u.Email != "zoë@example.org" || !u.EmailConfirmed || u.Password.Usable() ||
		u.IsStaff || u.IsSuperuser || out.Next != "/rooms/den" || out.Linking {
		t.Errorf("%+v %+v", out, u)
	}
	login, err := h.BySession(t.Context(), out.Secret)
	refused(t, "session", err, "")
	if login.User.ID != u.ID {
		t.Errorf("%+v", login)
	}
	changed := newcomer("somebody else")
	changed.Subject = "sub-zoë"
	again, err := h.arrive(t, changed)
	refused(t, "arrive again", err, "")
	if again.Login.User.ID != u.ID || again.Login.User.Username != "zoë" || again.Secret == out.Secret {
		t.Errorf("%+v", again)
	}
	log, err := h.Actions(t.Context(), nil, earshot.ActionQuery{Verb: earshot.VerbCreateUser, Subject: "zoë"})
	refused(t, "log", err, "")
	if len(log) != 1 || log[0].Details["issuer"] != testIssuer || log[0].Road != earshot.RoadPage {
		t.Errorf("%+v", log)
	}
	list, err := h.Identities(t.Context(), u.ID)
	refused(t, "list", err, "")
	if len(list) != 1 || list[0].Name != "zoë@example.org" || list[0].Label != "Example" || list[0].Provider != "sso" || list[0].UsedAt.IsZero() {
		t.Errorf("%+v", list)
	}
}

func TestStrangers(t *testing.T) {
	t.Parallel()
	h := newOpenHouse(t)
	h.add(t, "ana")
	_, err := h.arrive(t, newcomer("ana")) // by whatever name and address
	refused(t, "nobody is linked", err, earshot.CodeForbidden, "unknown")
	if n, _ := h.Count(t.Context()); n != 2 {
		t.Errorf("%d users", n)
	}
	_, _, err = h.BeginOpenID(t.Context(), "other", "/", addr("192.0.2.1"))
	refused(t, "no such provider", err, earshot.CodeNotFound, "provider")

	empty := newHouse(t, h.cfg)
	_, _, err = empty.BeginOpenID(t.Context(), "sso", "/", addr("192.0.2.1"))
	refused(t, "before the server is set up", err, earshot.CodeConflict, "setup")
}

// TestNamesOfNewcomers makes usernames of whatever a provider says.
func TestNamesOfNewcomers(t *testing.T) {
	t.Parallel()
	h := newOpenHouse(t, create)
	h.add(t, "taken")
	h.add(t, "Boss", staff)
	n := 0
	for _, c := range []struct{ said, email, full, want string }{
		{"ana", "", "", "ana"},
		{"Ana", "", "", "Ana2"}, // by whatever case
		{"ana", "", "", "ana3"},
		{"taken", "", "", "taken2"},
		{"boss", "", "", "boss2"},
		{"B\u043e\u0455\u0455", "", "", "B\u043e\u0455\u04553"}, // looks like Boss, and with 2 like the one before: the rule of signing up
		{"admin", "", "", "admin2"},
		{"bob@corp.example.org", "", "", "bob"},
		{"", "eve@example.org", "", "eve"},
		{"", "", "Eve Adams", "Eve.Adams"},
		{"", "", "", "user"},
		{"\u202eevil\u202c", "", "", "evil"},
		{"a\u200db\u00adc", "", "", "abc"},
		{"<script>alert(1)</script>", "", "", "scriptalert1script"},
		{"../../etc", "", "", "etc"},
		{"..", "", "", "user2"},
		{"\u0301x", "", "", "x"},
		{"a b\tc\nd", "", "", "a.b.c.d"},
		{"zero\x00byte", "", "", "zerobyte"},
		{"bad\xffutf8", "", "", "badutf8"},
		{strings.Repeat("long", 2500), "", "", strings.Repeat("long", 10)},
		{strings.Repeat("\ufdfa", 3000), "", "", ""}, // each becomes 18 characters
		{strings.Repeat("e\u0301", 5000), "", "", ""},
		{"@only.example.org", "@", "\u202e", "user3"},
	} {
		n++
		out, err := h.arrive(t, OpenIDClaims{Subject: fmt.Sprint(n), Username: c.said, Email: c.email, Name: c.full})
		if err != nil || (c.want != "" && out.Login.User.Username != c.want) || len([]rune(out.Login.User.Username)) > maxArrivalName+1 {
			t.Errorf("%.40q: %q, %v", c.said, out.Login.User.Username, err)
		}
	}
	long := strings.Repeat("x", 10<<10)
	out, err := h.arrive(t, OpenIDClaims{Subject: "long", Username: "fay", Email: long + "@example.org", Name: long, EmailVerified: true})
	refused(t, "long texts", err, "")
	if u := out.Login.User; u.Email != "" || u.EmailConfirmed || u.DisplayName != "" {
		t.Errorf("%+v", u)
	}
	for range 15 { // past the numbers
		n++
		_, err := h.arrive(t, OpenIDClaims{Subject: fmt.Sprint(n), Username: "crowd"})
		refused(t, "a name that many have", err, "")
	}
}

// TestBrokenReturns has browsers bring back what was not begun in them, or was before.
func TestBrokenReturns(t *testing.T) {
	t.Parallel()
	h := newOpenHouse(t, create)
	h.fake.say(newcomer("ana"))
	finish := func(change func(*OpenIDReturn)) error {
		in := h.begin(t)
		change(&in)
		_, err := h.FinishOpenID(t.Context(), in, addr("192.0.2.1"))
		return err
	}
	other := h.begin(t)
	for what, change := range map[string]func(*OpenIDReturn){
		"no cookie":             func(in *OpenIDReturn) { in.Secret = "" },
		"a cookie of another":   func(in *OpenIDReturn) { in.Secret = other.Secret },
		"a made-up cookie":      func(in *OpenIDReturn) { in.Secret, _ = newSecret(openIDPrefix) },
		"a cookie of a session": func(in *OpenIDReturn) { in.Secret, _ = newSecret(sessionPrefix) },
		"no state":              func(in *OpenIDReturn) { in.State = "" },
		"another state":         func(in *OpenIDReturn) { in.State = other.State },
		"a state with more":     func(in *OpenIDReturn) { in.State += "x" },
		"another provider's":    func(in *OpenIDReturn) { in.Provider = "other" },
		"no provider":           func(in *OpenIDReturn) { in.Provider = "" },
		"made up, with its state": func(in *OpenIDReturn) {
			in.Secret, _ = newSecret(openIDPrefix)
			in.State = openIDSecrets(in.Secret).State
		},
	} {
		refused(t, what, finish(change), earshot.CodeUnauthenticated, "over")
	}
	in := h.begin(t)
	wrong := in
	wrong.State = "another page's"
	_, err := h.FinishOpenID(t.Context(), wrong, addr("192.0.2.1"))
	refused(t, "another page's", err, earshot.CodeUnauthenticated, "over")
	_, err = h.FinishOpenID(t.Context(), in, addr("192.0.2.1"))
	refused(t, "after another page's", err, "") // which must not end what was begun
	_, err = h.FinishOpenID(t.Context(), in, addr("192.0.2.1"))
	refused(t, "again", err, earshot.CodeUnauthenticated, "over")

	// Of several at once one is taken.
	in, n := h.begin(t), 0
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := h.FinishOpenID(t.Context(), in, addr("192.0.2.1")); err == nil {
				mu.Lock()
				n++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if n != 1 {
		t.Errorf("%d got in", n)
	}
	for answer, reason := range map[string]string{
		"access_denied": "cancelled", "server_error": "unreachable", "temporarily_unavailable": "unreachable", "invalid_scope": "refused",
		"<script>": "refused", strings.Repeat("x", 10<<10): "refused",
	} {
		err := finish(func(in *OpenIDReturn) { in.Error = answer })
		if earshot.AsError(err).Field != reason {
			t.Errorf("%.20q: %v", answer, err)
		}
	}
	for _, c := range h.complaints {
		if len(c) > 300 || strings.Contains(c, "script") {
			t.Errorf("the log was told %.100q", c)
		}
	}
}

func TestOpenIDIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newOpenHouse(t, create)
		h.fake.say(newcomer("ana"))
		in := h.begin(t)
		time.Sleep(OpenIDAge)
		_, err := h.FinishOpenID(t.Context(), in, addr("192.0.2.1"))
		refused(t, "too late", err, earshot.CodeUnauthenticated, "over")
		synctest.Wait()
	})
}

// TestKeptOut keeps out whoever a password would not let in, either.
func TestKeptOut(t *testing.T) {
	t.Parallel()
	h := newOpenHouse(t, create, func(p *Provider) { p.Domains = []string{"Example.org"} })
	out, err := h.arrive(t, newcomer("ana"))
	refused(t, "arrive", err, "")
	ban, err := h.Ban(t.Context(), nil, addr("192.0.2.9"), NewBan{Username: "ana"})
	refused(t, "ban", err, "")
	_, err = h.arrive(t, newcomer("ana"))
	refused(t, "banned", err, earshot.CodeBanned)
	_, err = h.LiftBan(t.Context(), nil, ban.ID)
	refused(t, "lift", err, "")
	h.deactivate(t, out.Login.User)
	_, err = h.arrive(t, newcomer("ana"))
	refused(t, "not active", err, earshot.CodeForbidden, "inactive")

	for what, email := range map[string]string{
		"another domain": "x@example.com", "a longer one": "x@evil-example.org", "below it": "x@sub.example.org", "two": "x@example.org@evil.org",
		"none": "", "no address": "example.org",
	} {
		c := newcomer("bob")
		c.Email = email
		_, err = h.arrive(t, c)
		refused(t, what, err, earshot.CodeForbidden, "domain")
	}
	c := newcomer("bob")
	c.EmailVerified = false
	_, err = h.arrive(t, c)
	refused(t, "not verified", err, earshot.CodeForbidden, "domain")
	for _, fault := range []struct {
		err    error
		code   earshot.Code
		reason string
	}{
		{ErrProviderAway, earshot.CodeBusy, "unreachable"},
		{ErrProviderRefused, earshot.CodeForbidden, "refused"},
	} {
		in := h.begin(t)
		h.fake.fault = fault.err
		_, err := h.FinishOpenID(t.Context(), in, addr("192.0.2.1"))
		refused(t, "fault", err, fault.code, fault.reason)
		_, _, err = h.BeginOpenID(t.Context(), "sso", "/", addr("192.0.2.1"))
		refused(t, "fault", err, fault.code, fault.reason)
		h.fake.fault = nil
	}
	if len(h.complaints) != 4 || !strings.HasPrefix(h.complaints[0], "sso: ") {
		t.Errorf("%q", h.complaints)
	}
}

// TestManyAtOnce has more people wait for a provider that is slow than may.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newOpenHouse(t, create)
		h.fake.say(newcomer("ana"))
		h.fake.hold, h.fake.arrived = make(chan struct{}), make(chan struct{})
		var group sync.WaitGroup
		for range redeemAtOnce {
			in := h.begin(t)
			group.Go(func() { _, _ = h.FinishOpenID(t.Context(), in, addr("192.0.2.1")) })
		}
		for range redeemAtOnce {
			<-h.fake.arrived
		}
		_, err := h.FinishOpenID(t.Context(), h.begin(t), addr("192.0.2.1"))
		refused(t, "one too many", err, earshot.CodeBusy)
		close(h.fake.hold)
		group.Wait()
		for i := range startsPerMinute {
			_, _, err := h.BeginOpenID(t.Context(), "sso", "/", addr("192.0.2.1"))
			if err != nil {
				refused(t, "too often", err, earshot.CodeRateLimited)
				return
			}
			if i == startsPerMinute-1 {
				t.Error("anybody may begin as often as they like")
			}
		}
	})
}
