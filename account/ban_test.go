package account

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

// ban bans, as on the command line.
func (h *house) ban(t *testing.T, in NewBan) earshot.Ban {
	t.Helper()
	b, err := h.Ban(t.Context(), nil, netip.Addr{}, in)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Who is banned is told so with the right password, and with a wrong one or a name that nobody has what everybody is told.
func TestBannedUser(t *testing.T) {
	t.Parallel()
	h := newHouse(t, Config{})
	ids, err := h.CreateUsers(t.Context(), []NewAccount{{Username: "ana", Password: goodPassword, HasPassword: true}})
	if err != nil {
		t.Fatal(err)
	}
	from := netip.MustParseAddr("192.0.2.1")
	secret, _, err := h.LogIn(t.Context(), "ana", goodPassword, from)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := h.CreateTokens(t.Context(), []string{"ana"})
	if err != nil {
		t.Fatal(err)
	}
	b := h.ban(t, NewBan{Username: "ANA", Seconds: 3600, Reason: "spam\nand more"})
	if b.User.ID != ids[0] || b.By.ID != 0 {
		t.Errorf("%+v", b)
	}
	_, _, right := h.LogIn(t.Context(), "ana", goodPassword, from)
	_, session := h.BySession(t.Context(), secret)
	_, token := h.ByToken(t.Context(), tokens[0])
	for what, err := range map[string]error{"log-in": right, "session": session, "token": token} {
		e := earshot.AsError(err)
		if e.Code != earshot.CodeBanned || e.RetryAfter <= 0 || e.RetryAfter > time.Hour || !strings.Contains(e.Message, "spam and more") {
			t.Errorf("%s: %+v", what, e)
		}
	}
	_, _, wrong := h.LogIn(t.Context(), "ana", "not her password", from)
	_, _, nobody := h.LogIn(t.Context(), "nobody", "not her password", from)
	if earshot.CodeOf(wrong) != earshot.CodeUnauthenticated || wrong.Error() != nobody.Error() {
		t.Errorf("%v, %v", wrong, nobody)
	}
	if found, err := h.BanOf(t.Context(), "ana"); err != nil || found.ID != b.ID {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := h.LiftBan(t.Context(), nil, b.ID); err != nil {
		t.Error(err)
	}
	if _, err := h.BySession(t.Context(), secret); err != nil {
		t.Errorf("lifted: %v", err)
	}
	if _, err := h.LiftBan(t.Context(), nil, b.ID); earshot.CodeOf(err) != earshot.CodeNotFound {
		t.Error(err)
	}
}

// Who may ban whom from the server, and what cannot be banned.
func TestWhoBans(t *testing.T) {
	t.Parallel()
	h := newHouse(t, Config{})
	_, err := h.CreateUsers(t.Context(), []NewAccount{
		{Username: "user"}, {Username: "helper", Staff: true}, {Username: "boss", Superuser: true}, {Username: "chief", Superuser: true}, {Username: "clerk"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.ChangeUser(t.Context(), "clerk", UserEdit{Grant: earshot.PermissionsOf(earshot.PermChangeUser)}); err != nil {
		t.Fatal(err)
	}
	from := netip.MustParseAddr("192.0.2.7")
	for _, c := range []struct {
		by   string
		ban  NewBan
		code earshot.Code
	}{
		{"clerk", NewBan{Username: "user"}, ""},
		{"boss", NewBan{Username: "helper"}, ""},
		{"boss", NewBan{Username: "chief"}, ""},
		{"helper", NewBan{Username: "user"}, earshot.CodeForbidden},
		{"user", NewBan{Range: "198.51.100.0/24"}, earshot.CodeForbidden},
		{"clerk", NewBan{Username: "helper"}, earshot.CodeForbidden},
		{"clerk", NewBan{Username: "boss"}, earshot.CodeForbidden},
		{"clerk", NewBan{Username: "clerk"}, earshot.CodeConflict},
		{"boss", NewBan{Username: "boss"}, earshot.CodeConflict},
		{"clerk", NewBan{Username: "nobody"}, earshot.CodeNotFound},
		{"clerk", NewBan{}, earshot.CodeInvalid},
		{"clerk", NewBan{Username: "user", Range: "198.51.100.0/24"}, earshot.CodeInvalid},
		{"clerk", NewBan{Range: "192.0.0.0/16"}, earshot.CodeInvalid}, // clerk is there
		{"clerk", NewBan{Username: "user", Seconds: -1}, earshot.CodeInvalid},
		{"clerk", NewBan{Username: "user", Seconds: 1 << 62}, earshot.CodeInvalid},
		{"clerk", NewBan{Username: "user", Reason: strings.Repeat("x", 501)}, earshot.CodeInvalid},
		{"clerk", NewBan{Username: "user", Reason: "\x00"}, earshot.CodeInvalid},
	} {
		by, err := h.UserByName(t.Context(), c.by)
		if err != nil {
			t.Fatal(err)
		}
		ban, err := h.Ban(t.Context(), &by, from, c.ban)
		if earshot.CodeOf(err) != c.code {
			t.Errorf("%s bans %+v: %v, not %q", c.by, c.ban, err, c.code)
		}
		if err == nil {
			if _, err := h.LiftBan(t.Context(), &by, ban.ID); err != nil {
				t.Error(err)
			}
		}
	}
	user, err := h.UserByName(t.Context(), "user")
	if err != nil {
		t.Fatal(err)
	}
	_, list := h.Bans(t.Context(), &user, BanFilter{})
	_, lift := h.LiftBan(t.Context(), &user, 1)
	_, log := h.Actions(t.Context(), &user, earshot.ActionQuery{})
	for _, err := range []error{list, lift, log} {
		if earshot.CodeOf(err) != earshot.CodeForbidden {
			t.Error(err)
		}
	}
}

// Nobody bans who is not on the staff either, and may do something that they may not, or lets them in again.
func TestBansOfWhoMayDoMore(t *testing.T) {
	t.Parallel()
	h := newHouse(t, Config{})
	if _, err := h.CreateUsers(t.Context(), []NewAccount{{Username: "clerk"}, {Username: "janitor"}}); err != nil {
		t.Fatal(err)
	}
	for name, permission := range map[string]earshot.Permission{"clerk": earshot.PermChangeUser, "janitor": earshot.PermDeleteUser} {
		if _, err := h.ChangeUser(t.Context(), name, UserEdit{Grant: earshot.PermissionsOf(permission)}); err != nil {
			t.Fatal(err)
		}
	}
	clerk, err := h.UserByName(t.Context(), "clerk")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Ban(t.Context(), &clerk, netip.Addr{}, NewBan{Username: "janitor"}); earshot.CodeOf(err) != earshot.CodeForbidden {
		t.Errorf("ban: %v", err)
	}
	if _, err := h.LiftBan(t.Context(), &clerk, h.ban(t, NewBan{Username: "janitor"}).ID); earshot.CodeOf(err) != earshot.CodeForbidden {
		t.Errorf("lift: %v", err)
	}
}

// Bans are found by an address that is in their range, and odd filters find nothing.
func TestBansFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t, Config{})
	for _, r := range []string{"198.51.100.0/24", "198.51.0.0/16", "203.0.113.7", "2001:db8:1::/48"} {
		h.ban(t, NewBan{Range: r, Reason: "Flood"})
	}
	for search, want := range map[string]string{
		"198.51.100.9": "198.51.0.0/16 198.51.100.0/24", " ::ffff:198.51.1.1 ": "198.51.0.0/16", "203.0.113.7": "203.0.113.7/32",
		"2001:DB8:1:2::3": "2001:db8:1::/48", "2001:DB8:": "2001:db8:1::/48", "203.0.113.8": "", "fe80::1%eth0": "", "%": "", "_": "", `\`: "",
		"ＦＬＯＯＤ": "2001:db8:1::/48 203.0.113.7/32 198.51.0.0/16 198.51.100.0/24",
	} {
		bans, err := h.Bans(t.Context(), nil, BanFilter{Search: search})
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for i := range bans {
			found = append(found, bans[i].Range)
		}
		if got := strings.Join(found, " "); got != want {
			t.Errorf("%q finds %q, not %q", search, got, want)
		}
	}
	for field, filter := range map[string]BanFilter{"kind": {Kind: "room"}, "search": {Search: strings.Repeat("x", 2001)}} {
		if _, err := h.Bans(t.Context(), nil, filter); earshot.AsError(err).Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// A ban of addresses is handed on at once by the process that makes it, and by a server that follows another's.
func TestBar(t *testing.T) {
	t.Parallel()
	h := newHouse(t, Config{})
	in := netip.MustParseAddr("192.0.2.1")
	h.ban(t, NewBan{Range: "198.51.100.0/24"})
	handed := 0
	if err := h.Bar(t.Context(), func(*earshot.Ranges) { handed++ }); err != nil {
		t.Fatal(err)
	}
	if err := h.Admit(netip.MustParseAddr("198.51.100.9")); earshot.CodeOf(err) != earshot.CodeBanned {
		t.Error(err)
	}
	b := h.ban(t, NewBan{Range: "192.0.2.0/24", Seconds: 60})
	if e := earshot.AsError(h.Admit(in)); e.Code != earshot.CodeBanned || e.RetryAfter <= 0 || handed != 2 {
		t.Errorf("%+v, handed on %d times", e, handed)
	}
	other := New(h.stores, DefaultConfig(), nil) // as the command line
	if _, err := other.LiftBan(t.Context(), nil, b.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.Admit(in); err == nil {
		t.Error("nobody has told it yet")
	}
	if err := h.Follow(t.Context(), func(context.Context, earshot.User) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := h.Admit(in); err != nil {
		t.Errorf("lifted: %v", err)
	}
}

// What is done to accounts is written down, by whom and by which road, and nothing of what is secret or personal.
func TestActions(t *testing.T) {
	t.Parallel()
	h := newHouse(t, Config{})
	ctx := earshot.Doing(t.Context(), earshot.Doer{User: earshot.UserRef{ID: 7, Name: "root"}, Road: earshot.RoadToken})
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := h.CreateUsers(ctx, []NewAccount{{Username: "ana"}, {Username: "ben", Staff: true}})
	fail(err)
	email, secret, staff := "ana@secret.example", "a passphrase of ana's own", true
	_, err = h.ChangeUser(ctx, "ana", UserEdit{Email: &email, Password: &secret, IsStaff: &staff, Grant: earshot.PermissionsOf(earshot.PermViewLog)})
	fail(err)
	_, err = h.CreateGroup(ctx, "helpers", 0)
	fail(err)
	_, err = h.ChangeGroup(ctx, "helpers", GroupEdit{Grant: earshot.PermissionsOf(earshot.PermAddRoom)})
	fail(err)
	fail(h.SetGroupMember(ctx, "helpers", "ana", true))
	fail(h.SetGroupMember(ctx, "helpers", "ana", false))
	fail(h.DeleteGroup(ctx, "helpers"))
	tokens, err := h.CreateTokens(ctx, []string{"ana"})
	fail(err)
	fail(h.RevokeToken(ctx, tokens[0]))
	_, _, err = h.Invite(ctx, 0, 1, time.Hour)
	fail(err)
	b, err := h.Ban(ctx, nil, netip.Addr{}, NewBan{Username: "ana"})
	fail(err)
	_, err = h.LiftBan(ctx, nil, b.ID)
	fail(err)
	fail(h.DeleteUser(ctx, "ana"))
	entries, err := h.Actions(t.Context(), nil, earshot.ActionQuery{})
	fail(err)
	var got []string
	for i := range entries {
		e := &entries[len(entries)-1-i]
		text := strings.TrimSpace(fmt.Sprint(e.Verb, " ", e.Subject))
		got = append(got, text)
		if e.Actor.Name != "root" || e.Road != earshot.RoadToken {
			t.Errorf("%+v", e)
		}
		if all := fmt.Sprint(e); strings.Contains(all, "secret") || strings.Contains(all, "passphrase") || strings.Contains(all, tokens[0]) {
			t.Errorf("%+v", e)
		}
	}
	want := "create_user ana|create_user ben|change_user ana|create_group helpers|change_group helpers|add_to_group ana|remove_from_group ana|" +
		"delete_group helpers|create_token ana|delete_token ana|create_invitation|ban ana|unban ana|delete_user ana"
	if strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
	if _, err := h.Actions(t.Context(), nil, earshot.ActionQuery{Verb: "nonsense"}); earshot.CodeOf(err) != earshot.CodeInvalid {
		t.Error(err)
	}
	fail(h.Tidy(t.Context(), 1, 3))
	if entries, err = h.Actions(t.Context(), nil, earshot.ActionQuery{}); err != nil || len(entries) != 3 {
		t.Errorf("%d left, %v", len(entries), err)
	}
}
