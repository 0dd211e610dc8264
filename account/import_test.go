package account

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

func foreignUser(foreign int64, name string, change ...func(*earshot.ForeignUser)) earshot.ForeignUser {
	u := earshot.ForeignUser{Foreign: foreign, User: earshot.User{Username: name, Password: elsewherePassword, IsActive: true, DateJoined: time.Unix(1, 0)}}
	for _, c := range change {
		c(&u)
	}
	return u
}

// bring imports and gives the report, and what was left out as text.
func (h *house) bring(t *testing.T, from earshot.Foreign, dryRun bool) (ImportReport, string) {
	t.Helper()
	report, err := h.Import(t.Context(), h.store, h.store, from, dryRun)
	refused(t, "import", err, "")
	var text strings.Builder
	for _, l := range report.LeftOut {
		fmt.Fprintf(&text, "%s %d %s: %s\n", l.Kind, l.Foreign, l.Name, l.Why)
	}
	return report, text.String()
}

// Names are held to the rules whoever brings them, and staff have theirs before those who look like them.
func TestImportNames(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "here")
	h.add(t, "nina", staff)
	boss := func(u *earshot.ForeignUser) { u.IsStaff = true }
	from := earshot.Foreign{Users: []earshot.ForeignUser{
		foreignUser(9, "ANA"), foreignUser(3, "ana"), foreignUser(4, "Ａna"), foreignUser(5, "раula"), foreignUser(6, "paula", boss), foreignUser(7, "HERE"),
		foreignUser(8, "N1NA"), foreignUser(10, "admin", boss), foreignUser(11, "root"), foreignUser(12, "ana\x00"), foreignUser(13, "\xff"), foreignUser(14, ""),
		foreignUser(15, strings.Repeat("x", 1<<20)), foreignUser(16, "a\u200bb"), foreignUser(17, "bob", func(u *earshot.ForeignUser) {
			u.Password, u.Email, u.DisplayName = "\xff\x00", "\xff@\x00", strings.Repeat("x", 1<<20)
		}),
	}}
	report, left := h.bring(t, from, false)
	if report.Users != (ImportCounts{Created: 4, LeftOut: 11}) {
		t.Errorf("%+v\n%s", report.Users, left)
	}
	for _, want := range []string{
		"user 4 Ａna: the name is that of another user", "user 9 ANA: the name is that of another user", "user 5 раula: the name is reserved, or looks",
		"user 7 HERE: there is a user of that name here", "user 8 N1NA: the name is reserved, or looks", "user 11 root: the name is reserved",
		"password 17 bob: ", "email 17 bob: ", "display_name 17 bob: ", "user 13 \uFFFD: ",
	} {
		if !strings.Contains(left, want) {
			t.Errorf("not told: %s\n%.3000s", want, left)
		}
	}
	if len(left) > 10_000 {
		t.Errorf("the report has %d bytes", len(left))
	}
	_, _, err := h.LogIn(t.Context(), "ana", goodPassword, addr("192.0.2.1"))
	refused(t, "log in", err, "")
	bob, err := h.UserByName(t.Context(), "bob")
	refused(t, "bob", err, "")
	if bob.Password.Usable() || bob.Email != "" || bob.DisplayName != "" {
		t.Errorf("%+v", bob)
	}
}

// Somebody who has logged in here has a hash of here. It stays until the password is changed there.
func TestImportKeepsWhatIsNewer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	from := earshot.Foreign{Users: []earshot.ForeignUser{foreignUser(1, "ana")}, Groups: []earshot.ForeignGroup{{Foreign: 1, Group: earshot.Group{Name: "g"}}}}
	if report, _ := h.bring(t, from, true); report.Users.Created != 1 {
		t.Errorf("%+v", report)
	}
	if _, err := h.UserByName(t.Context(), "ana"); earshot.CodeOf(err) != earshot.CodeNotFound {
		t.Errorf("a dry run made somebody: %v", err)
	}
	h.bring(t, from, false)
	secret := h.logIn(t, "ana")
	from.Users[0].Email, from.Users[0].Groups = "ana@example.org", []int64{1, 2}
	if report, _ := h.bring(t, from, false); report.Users.Updated != 1 || report.Groups.Unchanged != 1 {
		t.Errorf("%+v", report)
	}
	ana, err := h.UserByName(t.Context(), "ana")
	refused(t, "ana", err, "")
	if ana.Email != "ana@example.org" || !strings.HasPrefix(string(ana.Password), "argon2$") {
		t.Errorf("%+v", ana)
	}
	_, err = h.BySession(t.Context(), secret)
	refused(t, "the log-in", err, "")
	from.Users[0].Password, from.Users[0].Username = "!", "anna"
	if report, left := h.bring(t, from, false); report.Users.Updated != 1 || !strings.Contains(left, "name 1 anna: the user was renamed there") {
		t.Errorf("%+v\n%s", report, left)
	}
	_, err = h.BySession(t.Context(), secret)
	refused(t, "the log-in after a change of password there", err, earshot.CodeUnauthenticated)
	refused(t, "delete", h.DeleteUser(t.Context(), "ana"), "")
	refused(t, "delete", h.DeleteGroup(t.Context(), "g"), "")
	if report, left := h.bring(t, from, false); report.Users.LeftOut != 1 || report.Groups.LeftOut != 1 || !strings.Contains(left, deletedHere) {
		t.Errorf("%+v\n%s", report, left)
	}
}
