package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
)

func ptr[T any](v T) *T { return &v }

func TestChangeUser(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	ana := h.add(t, "Ana")
	secret := h.logIn(t, "ana")
	tokens, err := h.CreateTokens(t.Context(), []string{"ana"})
	refused(t, "token", err, "")
	got, err := h.ChangeUser(t.Context(), "ANA", UserEdit{
		Email: ptr(" ana@example.org "), DisplayName: ptr("Ａna"), IsStaff: ptr(true), Grant: earshot.PermissionsOf(earshot.PermAddUser),
	})
	refused(t, "change", err, "")
	if got != h.user(t, ana.ID) || got.Email != "ana@example.org" || got.DisplayName != "Ana" || !got.IsStaff || !got.May(earshot.PermAddUser) {
		t.Errorf("%+v", got)
	}
	_, err = h.BySession(t.Context(), secret)
	refused(t, "the log-in", err, "")
	for what, c := range map[string]struct {
		edit  UserEdit
		field string
	}{
		"common":             {UserEdit{Password: ptr("password")}, "password"},
		"like the new email": {UserEdit{Password: ptr("maria@home.example"), Email: ptr("maria@home.example")}, "password"},
		"like the email":     {UserEdit{Password: ptr("example.org1")}, "password"},
		"huge":               {UserEdit{Password: ptr(strings.Repeat("a", 2000)), AnyPassword: true}, "password"},
		"no mail address":    {UserEdit{Email: ptr("ana")}, "email"},
		"a huge one":         {UserEdit{Email: ptr(strings.Repeat("\ufdfa", 100_000))}, "email"},
		"two lines":          {UserEdit{DisplayName: ptr("a\nb")}, "display_name"},
	} {
		_, err := h.ChangeUser(t.Context(), "ana", c.edit)
		refused(t, what, err, earshot.CodeInvalid, c.field)
	}
	_, err = h.ChangeUser(t.Context(), "nobody", UserEdit{})
	refused(t, "nobody", err, earshot.CodeNotFound)

	const next = "another horse"
	_, err = h.ChangeUser(t.Context(), "ana", UserEdit{Password: ptr(next)})
	refused(t, "password", err, "")
	_, err = h.BySession(t.Context(), secret)
	refused(t, "the log-in after it", err, earshot.CodeUnauthenticated)
	_, err = h.ByToken(t.Context(), tokens[0])
	refused(t, "the token after it", err, "")
	_, _, err = h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
	refused(t, "with the one before", err, earshot.CodeUnauthenticated)
	_, _, err = h.LogIn(t.Context(), "ana", next, addr("192.0.2.1"))
	refused(t, "with the new one", err, "")
	_, err = h.ChangeUser(t.Context(), "ana", UserEdit{Password: ptr("1"), AnyPassword: true})
	refused(t, "any password", err, "")
	_, err = h.ChangeUser(t.Context(), "ana", UserEdit{NoPassword: true})
	refused(t, "no password", err, "")
	_, _, err = h.LogIn(t.Context(), "ana", "1", addr("192.0.2.1"))
	refused(t, "with none", err, earshot.CodeUnauthenticated)
	refused(t, "delete", h.DeleteUser(t.Context(), "Ana"), "")
	refused(t, "delete again", h.DeleteUser(t.Context(), "Ana"), earshot.CodeNotFound)
	_, err = h.ByToken(t.Context(), tokens[0])
	refused(t, "the token of nobody", err, earshot.CodeUnauthenticated)
}

// What others change is acted on once, and again if it could not be.
func TestFollow(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	ana, bob := h.add(t, "ana"), h.add(t, "bob")
	login, err := h.BySession(t.Context(), h.logIn(t, "ana"))
	refused(t, "by session", err, "")
	var seen []earshot.User
	follow := func() error {
		seen = nil
		return h.Follow(t.Context(), func(_ context.Context, u earshot.User) error {
			seen = append(seen, u)
			return nil
		})
	}
	refused(t, "nothing", follow(), "")
	if len(seen) != 0 || len(h.cut()) != 0 {
		t.Errorf("nothing was changed: %v", seen)
	}
	_, err = h.ChangeUser(t.Context(), "ana", UserEdit{NoPassword: true})
	refused(t, "password", err, "")
	h.deactivate(t, ana)
	refused(t, "delete", h.DeleteUser(t.Context(), "bob"), "")
	failure := errors.New("no")
	if err := h.Follow(t.Context(), func(context.Context, earshot.User) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("a failure: %v", err)
	}
	refused(t, "follow", follow(), "")
	if len(seen) != 2 || seen[0].ID != ana.ID || seen[0].IsActive || seen[1] != (earshot.User{ID: bob.ID}) {
		t.Errorf("changed: %+v", seen)
	}
	if !slices.Contains(h.cut(), login.Credential) {
		t.Error("the log-in was not cut")
	}
	refused(t, "follow again", follow(), "")
	if len(seen) != 0 {
		t.Errorf("a second time: %+v", seen)
	}
	for range 3 * changesAtOnce / 2 { // more than are read at once
		h.deactivate(t, ana)
	}
	refused(t, "follow", follow(), "")
	if left, err := h.store.AccountChanges(t.Context(), 1); len(left) != 0 || err != nil || len(seen) != 2 {
		t.Errorf("%d left, %v; %d seen", len(left), err, len(seen))
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "ana")
	group, err := h.CreateGroup(t.Context(), "  Ｈelpers ", earshot.PermissionsOf(earshot.PermAddInvitation))
	refused(t, "create", err, "")
	if group.Name != "Helpers" {
		t.Errorf("%+v", group)
	}
	for _, name := range []string{"", " ", "a\nb", "\xff", strings.Repeat("x", 151), strings.Repeat("\ufdfa", 100_000)} {
		_, err := h.CreateGroup(t.Context(), name, 0)
		refused(t, fmt.Sprintf("%.20q", name), err, earshot.CodeInvalid, "group")
		_, err = h.Group(t.Context(), name)
		refused(t, fmt.Sprintf("%.20q", name), err, earshot.CodeNotFound)
	}
	_, err = h.CreateGroup(t.Context(), "HELPERS", 0)
	refused(t, "taken", err, earshot.CodeConflict, "group")
	may := func(p earshot.Permission) bool {
		u, err := h.UserByName(t.Context(), "ana")
		refused(t, "user", err, "")
		return u.May(p)
	}
	refused(t, "add", h.SetGroupMember(t.Context(), "helpers", "Ana", true), "")
	changed, err := h.ChangeGroup(t.Context(), "helpers", GroupEdit{Grant: earshot.PermissionsOf(earshot.PermAddRoom)})
	refused(t, "grant", err, "")
	if !may(earshot.PermAddInvitation) || !may(earshot.PermAddRoom) || len(changed.Permissions.List()) != 2 {
		t.Errorf("%+v", changed)
	}
	_, err = h.ChangeGroup(t.Context(), "helpers", GroupEdit{Revoke: earshot.PermissionsOf(earshot.PermAddRoom)})
	refused(t, "revoke", err, "")
	if may(earshot.PermAddRoom) {
		t.Error("what was revoked is still there")
	}
	for what, err := range map[string]error{
		"no group": h.SetGroupMember(t.Context(), "none", "ana", true), "no user": h.SetGroupMember(t.Context(), "helpers", "none", true),
		"delete none": h.DeleteGroup(t.Context(), "none"),
	} {
		refused(t, what, err, earshot.CodeNotFound)
	}
	refused(t, "remove", h.SetGroupMember(t.Context(), "helpers", "ana", false), "")
	refused(t, "delete", h.DeleteGroup(t.Context(), "HELPERS"), "")
	if may(earshot.PermAddInvitation) {
		t.Error("who is out of the group has its permission")
	}
}
