package earshot_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
)

func TestPermissionSets(t *testing.T) {
	all := earshot.Permissions()
	for i, p := range all {
		set := earshot.PermissionsOf(p)
		for j, other := range all {
			if set.Has(other) != (i == j) {
				t.Errorf("the set of %s has %s: %t", p, other, set.Has(other))
			}
		}
		if !p.Valid() {
			t.Errorf("%s is none", p)
		}
	}
	if got := earshot.PermissionsOf(all...).List(); !slices.Equal(got, all) {
		t.Errorf("all: %v", got)
	}
	for _, p := range []earshot.Permission{"", "ADD_ROOM", "add_rooms", "add_room "} {
		if p.Valid() || earshot.PermissionsOf(p) != 0 || earshot.PermissionsOf(all...).Has(p) {
			t.Errorf("%q is a permission", p)
		}
	}
}

func TestMay(t *testing.T) {
	add := earshot.PermissionsOf(earshot.PermAddRoom)
	for what, c := range map[string]struct {
		user         earshot.User
		room, delete bool
	}{
		"nothing":            {earshot.User{IsActive: true}, false, false},
		"granted":            {earshot.User{IsActive: true, Permissions: add}, true, false},
		"by a group":         {earshot.User{IsActive: true, Inherited: add}, true, false},
		"staff":              {earshot.User{IsActive: true, IsStaff: true}, false, false},
		"superuser":          {earshot.User{IsActive: true, IsSuperuser: true}, true, true},
		"inactive":           {earshot.User{Permissions: add, Inherited: add}, false, false},
		"inactive superuser": {earshot.User{IsSuperuser: true}, false, false},
	} {
		if c.user.May(earshot.PermAddRoom) != c.room || c.user.May(earshot.PermDeleteRoom) != c.delete {
			t.Errorf("%s: %t, %t", what, c.user.May(earshot.PermAddRoom), c.user.May(earshot.PermDeleteRoom))
		}
	}
}

func TestPersonalTexts(t *testing.T) {
	for _, email := range []string{"", "a@b", "Ana.B+c@mail.example.org", "ана@почта.example", strings.Repeat("a", 252) + "@b"} {
		if err := earshot.ValidateEmail(email); err != nil {
			t.Errorf("%q: %v", email, err)
		}
	}
	for _, email := range []string{"a", "@", "a@", "@b", "a b@c", "a@b c", "<a@b>", "a@b,c@d", "a@b\n", "a@b\x00", "\xff@b", "a@\u202eb", strings.Repeat("a", 253) + "@b"} {
		if err := earshot.ValidateEmail(email); earshot.CodeOf(err) != earshot.CodeInvalid || earshot.AsError(err).Field != "email" {
			t.Errorf("%.40q: %v", email, err)
		}
	}
	for _, name := range []string{"", "Ana María", "李 小龙", strings.Repeat("ä", 300)} {
		if err := earshot.ValidateDisplayName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"a\nb", "a\u202eb", "\x00", "\xff", strings.Repeat("a", 301)} {
		if err := earshot.ValidateDisplayName(name); earshot.CodeOf(err) != earshot.CodeInvalid {
			t.Errorf("%.40q: %v", name, err)
		}
	}
	for name, code := range map[string]earshot.Code{"Helpers and others": "", "": earshot.CodeInvalid, " ": earshot.CodeInvalid, "a\nb": earshot.CodeInvalid, strings.Repeat("a", 151): earshot.CodeInvalid} {
		group := earshot.Group{Name: name}
		if err := group.Validate(); earshot.CodeOf(err) != code {
			t.Errorf("%.40q: %v", name, err)
		}
	}
}
