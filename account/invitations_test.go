package account

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

func TestInviteIntoGroups(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.SignUp = SignUpInvite
	h := newHouse(t, cfg).quick()
	for name, p := range map[string]earshot.PermissionSet{
		"crew": earshot.PermissionsOf(earshot.PermAddRoom), "powers": earshot.PermissionsOf(earshot.PermDeleteUser), "none": 0,
	} {
		_, err := h.CreateGroup(t.Context(), name, p)
		refused(t, "group", err, "")
	}
	user := func(name string, p ...earshot.Permission) earshot.User {
		h.add(t, name)
		u, err := h.ChangeUser(t.Context(), name, UserEdit{Grant: earshot.PermissionsOf(p...)})
		refused(t, "grant", err, "")
		return u
	}
	boss := h.add(t, "boss", func(a *NewAccount) { a.Superuser = true })
	plain, inviter := user("plain"), user("inviter", earshot.PermAddInvitation)
	manager := user("manager", earshot.PermAddInvitation, earshot.PermChangeUser, earshot.PermAddRoom)
	for what, c := range map[string]struct {
		by     earshot.UserID
		groups []string
		code   earshot.Code
		field  string
	}{
		"the command line":         {0, []string{"CREW", "powers"}, "", ""},
		"a superuser":              {boss.ID, []string{"crew", "powers", "none"}, "", ""},
		"who may not invite":       {plain.ID, []string{"crew"}, earshot.CodeForbidden, ""},
		"who may only invite":      {inviter.ID, []string{"none"}, earshot.CodeForbidden, "groups"},
		"who may only invite, one": {inviter.ID, nil, "", ""},
		"what one has":             {manager.ID, []string{"crew", "none"}, "", ""},
		"what one has not":         {manager.ID, []string{"crew", "powers"}, earshot.CodeForbidden, "groups"},
		"no group":                 {boss.ID, []string{"nothing"}, earshot.CodeInvalid, "groups"},
		"no group, not to be told": {plain.ID, []string{"nothing"}, earshot.CodeForbidden, ""},
		"too many":                 {boss.ID, strings.Split(strings.Repeat("crew ", 21), " "), earshot.CodeInvalid, "groups"},
		"a long name":              {boss.ID, []string{strings.Repeat("a", 1<<20)}, earshot.CodeInvalid, "groups"},
	} {
		_, _, err := h.Invite(t.Context(), c.by, 1, time.Hour, c.groups...)
		refused(t, what, err, c.code, c.field)
	}
	secret, _, err := h.Invite(t.Context(), manager.ID, 3, time.Hour, "crew")
	refused(t, "invite", err, "")
	signUp := func(name string) error {
		_, _, err := h.SignUp(t.Context(), SignUp{Username: name, Password: goodPassword, Invitation: secret}, addr("192.0.2.1"))
		return err
	}
	refused(t, "sign up", signUp("ana"), "")
	ana, err := h.UserByName(t.Context(), "ana")
	refused(t, "ana", err, "")
	if !ana.May(earshot.PermAddRoom) {
		t.Error("ana is not in the group")
	}
	// An invitation is worth what its maker may do now, not then.
	crew, err := h.Group(t.Context(), "crew")
	refused(t, "group", err, "")
	_, err = h.ChangeGroup(t.Context(), "crew", GroupEdit{Grant: earshot.PermissionsOf(earshot.PermDeleteUser)})
	refused(t, "change", err, "")
	refused(t, "the group can do more by now", signUp("ben"), earshot.CodeForbidden, "invitation")
	_, err = h.ChangeGroup(t.Context(), "crew", GroupEdit{Revoke: earshot.PermissionsOf(earshot.PermDeleteUser)})
	refused(t, "change", err, "")
	refused(t, "and back", signUp("ben"), "")
	h.deactivate(t, manager)
	refused(t, "the maker is not active", signUp("cleo"), earshot.CodeForbidden, "invitation")
	if crew.ID == 0 {
		t.Error("no group")
	}
}

// An invitation is worth the same where everybody may sign up: it puts people into groups, and is used up.
func TestInvitationToAnOpenServer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, Config{SignUp: SignUpOpen}).quick()
	if _, err := h.CreateGroup(t.Context(), "crew", earshot.PermissionsOf(earshot.PermAddRoom)); err != nil {
		t.Fatal(err)
	}
	secret, _, err := h.Invite(t.Context(), 0, 1, time.Hour, "crew")
	refused(t, "invite", err, "")
	signUp := func(name, invitation string) error {
		_, _, err := h.SignUp(t.Context(), SignUp{Username: name, Password: goodPassword, Invitation: invitation}, addr("192.0.2.1"))
		return err
	}
	refused(t, "with an invitation", signUp("ana", secret), "")
	if ana, err := h.UserByName(t.Context(), "ana"); err != nil || !ana.May(earshot.PermAddRoom) {
		t.Errorf("%+v, %v", ana, err)
	}
	refused(t, "with one that is used up", signUp("ben", secret), earshot.CodeForbidden, "invitation")
	refused(t, "with one that is none", signUp("ben", "ei_x"), earshot.CodeForbidden, "invitation")
	refused(t, "without", signUp("ben", ""), "")
}

func TestInvitationsAreListedAndWithdrawn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := DefaultConfig()
		cfg.SignUp = SignUpInvite
		h := newHouse(t, cfg).quick()
		boss := h.add(t, "boss", func(a *NewAccount) { a.Superuser = true })
		ana, ben := h.add(t, "ana", staff), h.add(t, "ben", staff)
		var secrets []string
		for i, by := range []earshot.UserID{ana.ID, ben.ID, 0} {
			secret, _, err := h.Invite(t.Context(), by, 2, time.Duration(i+1)*time.Hour)
			refused(t, "invite", err, "")
			secrets = append(secrets, secret)
		}
		list := func(u earshot.User, want int) []earshot.ListedInvitation {
			t.Helper()
			got, err := h.Invitations(t.Context(), u)
			if err != nil || len(got) != want {
				t.Errorf("%s: %v, %v", u.Username, got, err)
			}
			return got
		}
		list(ben, 1)
		hers := list(ana, 1)[0]
		all := list(boss, 3)
		if all[0].By != "ana" || all[2].By != "" || all[0].UsesLeft != 2 {
			t.Errorf("%+v", all)
		}
		refused(t, "another's", h.Withdraw(t.Context(), ben, hers.Hash), earshot.CodeNotFound)
		refused(t, "one's own", h.Withdraw(t.Context(), ana, hers.Hash), "")
		refused(t, "again", h.Withdraw(t.Context(), ana, hers.Hash), earshot.CodeNotFound)
		refused(t, "anybody's", h.Withdraw(t.Context(), boss, all[1].Hash), "")
		for _, secret := range secrets[:2] {
			_, _, err := h.SignUp(t.Context(), SignUp{Username: "new", Password: goodPassword, Invitation: secret}, addr("192.0.2.1"))
			refused(t, "sign up", err, earshot.CodeForbidden, "invitation")
		}
		time.Sleep(4 * time.Hour)
		list(boss, 1)
		_, err := h.SweepExpired(t.Context())
		refused(t, "sweep", err, "")
		list(boss, 0)
	})
}
