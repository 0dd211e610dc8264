package openid

import (
	"errors"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/internal/openid/openidtest"
)

// TestClaims reads what providers say of people, in every form.
func TestClaims(t *testing.T) {
	t.Parallel()
	at := openidtest.New(t)
	for name, c := range map[string]struct {
		person, info openidtest.Claims
		claim, want  string
	}{
		"one group":         {openidtest.Claims{"groups": "a"}, nil, "groups", "a"},
		"no groups":         {openidtest.Claims{}, nil, "groups", ""},
		"a number":          {openidtest.Claims{"groups": 1}, nil, "groups", ""},
		"an object":         {openidtest.Claims{"groups": openidtest.Claims{"a": true}}, nil, "groups", ""},
		"null":              {openidtest.Claims{"groups": nil}, nil, "groups", ""},
		"mixed":             {openidtest.Claims{"groups": []any{"a", 1, nil, []string{"b"}, "c"}}, nil, "groups", "a c"},
		"a path":            {openidtest.Claims{"realm_access": openidtest.Claims{"roles": []string{"a"}}}, nil, "realm_access.roles", "a"},
		"a path to nowhere": {openidtest.Claims{"realm_access": "x"}, nil, "realm_access.roles", ""},
		"a name with dots":  {openidtest.Claims{"https://x.org/groups": []string{"a"}}, nil, "https://x.org/groups", "a"},
		"by userinfo":       {openidtest.Claims{}, openidtest.Claims{"sub": "17", "groups": []string{"a"}}, "groups", "a"},
		"by both":           {openidtest.Claims{"groups": []string{"a"}}, openidtest.Claims{"sub": "17", "groups": []string{"b"}}, "groups", "a"},
	} {
		person := openidtest.Claims{"sub": "17", "preferred_username": "ana", "name": "x", "email": "x@example.org"}
		for k, v := range c.person {
			person[k] = v
		}
		at.LogIn(person)
		info := c.info
		if info == nil {
			info = openidtest.Claims{"sub": "17"}
		}
		at.Inform(info)
		got, err := run(t, provider(t, at, func(o *Options) { o.GroupsClaim = c.claim }), at)
		if err != nil || strings.Join(got.Groups, " ") != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, c := range map[string]struct {
		verified any
		want     bool
	}{"true": {true, true}, "text": {"true", true}, "false": {false, false}, "no": {"false", false}, "one": {1, false}, "list": {[]bool{true}, false}} {
		person := ana()
		person["email_verified"] = c.verified
		at.LogIn(person)
		if got, err := run(t, provider(t, at), at); err != nil || got.EmailVerified != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestVerifiedAddress wants the verification of one address to be that of no other, wherever the two come from.
func TestVerifiedAddress(t *testing.T) {
	t.Parallel()
	at := openidtest.New(t)
	for name, c := range map[string]struct {
		person, info openidtest.Claims
		email        string
		verified     bool
	}{
		"the token's": {
			openidtest.Claims{"email": "ana@example.org"},
			openidtest.Claims{"email": "eve@example.org", "email_verified": true},
			"ana@example.org", false,
		},
		"not the token's": {
			openidtest.Claims{"email_verified": true},
			openidtest.Claims{"email": "eve@example.org", "email_verified": false},
			"eve@example.org", false,
		},
		"nobody's": {openidtest.Claims{"email_verified": true}, openidtest.Claims{"email": "eve@example.org"}, "eve@example.org", false},
		"both of userinfo": {
			openidtest.Claims{"email": nil}, openidtest.Claims{"email": "eve@example.org", "email_verified": true}, "eve@example.org", true,
		},
		"lists": {openidtest.Claims{"email": []string{"ana@example.org"}, "email_verified": true}, openidtest.Claims{}, "", false},
	} {
		c.person["sub"], c.info["sub"] = "17", "17"
		at.LogIn(c.person)
		at.Inform(c.info)
		if got, err := run(t, provider(t, at), at); err != nil || got.EmailVerified != c.verified || got.Email != c.email {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	at.LogIn(openidtest.Claims{"sub": "17", "email": "ana@example.org"})
	at.Inform(openidtest.Claims{"sub": "1", "email_verified": true})
	if got, err := run(t, provider(t, at), at); !errors.Is(err, account.ErrProviderRefused) {
		t.Errorf("userinfo of another: %+v, %v", got, err)
	}
}
