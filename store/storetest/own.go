package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

func setPassword(t *testing.T, s Stores) {
	ana, ben := addUser(t, s, "ana"), addUser(t, s, "ben")
	before := newUser("").Password
	session := func(user earshot.UserID, name string) earshot.BrowserSession {
		return earshot.BrowserSession{Hash: hash(name), User: user, CreatedAt: kept(noon()), ExpiresAt: kept(noon()).Add(time.Hour), UsedAt: kept(noon())}
	}
	for _, name := range []string{"own", "phone", "work"} {
		ok(t, "log in", logIn(t.Context(), s, session(ana, name)))
	}
	ok(t, "log in", logIn(t.Context(), s, session(ben, "ben")))
	fresh := session(ana, "fresh")
	change := earshot.PasswordChange{User: ana, Checked: before, Fresh: "new", From: hash("own"), Session: &fresh}

	for what, c := range map[string]earshot.PasswordChange{
		"another password":       {User: ana, Checked: "other", Fresh: "new", Session: &fresh},
		"nobody":                 {User: 1 << 40, Checked: before, Fresh: "new", Session: &fresh},
		"a log-in that ended":    {User: ana, Checked: before, Fresh: "new", From: hash("gone"), Session: &fresh},
		"somebody else's log-in": {User: ana, Checked: before, Fresh: "new", From: hash("ben"), Session: &fresh},
	} {
		_, err := s.Own.SetPassword(t.Context(), c)
		refused(t, what, err, earshot.CodeConflict)
	}
	_, err := s.Own.SetPassword(t.Context(), earshot.PasswordChange{User: ana, Checked: before, Fresh: "a\x00b"})
	refused(t, "unstorable", err, earshot.CodeInvalid, "password")
	taken := session(ana, "ben")
	_, err = s.Own.SetPassword(t.Context(), earshot.PasswordChange{User: ana, Checked: before, Fresh: "new", Session: &taken})
	refused(t, "a secret in use", err, earshot.CodeConflict)
	for _, name := range []string{"own", "phone", "work", "ben"} { // nothing of what was refused has been done
		_, err := s.Sessions.BrowserSession(t.Context(), hash(name))
		ok(t, name, err)
	}

	ended, err := s.Own.SetPassword(t.Context(), change)
	ok(t, "set", err)
	want(t, "ended", len(ended), 2)
	want(t, "ended the phone and work", slices.Contains(ended, hash("phone")) && slices.Contains(ended, hash("work")), true)
	for name, there := range map[string]bool{"own": false, "phone": false, "work": false, "ben": true, "fresh": true} {
		_, err := s.Sessions.BrowserSession(t.Context(), hash(name))
		want(t, name, err == nil, there)
	}
	got, err := s.Sessions.BrowserSession(t.Context(), fresh.Hash)
	ok(t, "the fresh one", err)
	want(t, "the fresh one", got, fresh)
	u, err := s.Users.User(t.Context(), ana)
	ok(t, "user", err)
	want(t, "password", string(u.Password), "new")
	notes, err := s.Edit.AccountChanges(t.Context(), 100)
	ok(t, "notes", err)
	for _, n := range notes {
		want(t, "the own log-in goes on, so it is not noted", n.Credential == hash("own"), false)
	}
	want(t, "notes", len(notes), 2)
	_, err = s.Own.SetPassword(t.Context(), change)
	refused(t, "again", err, earshot.CodeConflict)
	_, err = s.Own.SetPassword(t.Context(), earshot.PasswordChange{User: ana, Checked: "new", Fresh: "newer"})
	ok(t, "without a session", err)

	off := false
	_, err = s.Edit.ChangeUser(t.Context(), ana, earshot.UserChange{IsActive: &off})
	ok(t, "deactivate", err)
	_, err = s.Own.SetPassword(t.Context(), earshot.PasswordChange{User: ana, Checked: "newer", Fresh: "newest"})
	refused(t, "not active", err, earshot.CodeConflict)
}

// raceForAPassword is a reset link that is used many times at once.
func raceForAPassword(t *testing.T, s Stores) {
	ana := addUser(t, s, "ana")
	race(t, 20, earshot.CodeConflict, func(ctx context.Context, i int) error {
		_, err := s.Own.SetPassword(ctx, earshot.PasswordChange{
			User: ana, Checked: newUser("").Password, Fresh: earshot.PasswordHash(fmt.Sprint("new", i)),
		})
		return err
	})
}

func usersByEmail(t *testing.T, s Stores) {
	for name, email := range map[string]string{
		"ana": "Ana@Example.org", "anna": "ana@example.org", "ben": "ben@example.org", "none": "", "åsa": "Åsa@example.org",
		"wild": "a_a@example.org", "percent": "%@example.org",
	} {
		u := newUser(name)
		u.Email, u.EmailConfirmed = email, true
		_, err := s.Users.CreateUsers(t.Context(), []earshot.NewUser{u})
		ok(t, "create", err)
	}
	// By name these come first, and the address is not theirs, or of no use to them.
	says, gone := newUser("a says so"), newUser("a was here")
	says.Email, gone.Email, gone.EmailConfirmed, gone.IsActive = "ana@example.org", "ana@example.org", true, false
	_, err := s.Users.CreateUsers(t.Context(), []earshot.NewUser{says, gone})
	ok(t, "create", err)
	for email, expect := range map[string][]string{
		"ana@example.org": {"ana", "anna"}, "ANA@EXAMPLE.ORG": {"ana", "anna"}, "ben@example.org": {"ben"},
		"Åsa@EXAMPLE.org": {"åsa"}, "": nil, "nobody@example.org": nil, "a_a@example.org": {"wild"}, "%@example.org": {"percent"},
		"' OR '1'='1": nil, "a\x00b@example.org": nil, "\xff@example.org": nil, "an%@example.org": nil, "ana@example.org ": nil,
	} {
		got, err := s.Own.UsersByEmail(t.Context(), email, 10)
		ok(t, email, err)
		var list []string
		for i := range got {
			list = append(list, got[i].Username)
		}
		wantAll(t, email, list, expect)
	}
	got, err := s.Own.UsersByEmail(t.Context(), "ana@example.org", 1)
	ok(t, "one", err)
	want(t, "at most one", len(got), 1)
	want(t, "whose it is", got[0].Username, "ana")
}

func confirmEmail(t *testing.T, s Stores) {
	ana := addUser(t, s, "ana")
	refused(t, "another address", s.Own.ConfirmEmail(t.Context(), ana, "ana@example.org"), earshot.CodeConflict, "email")
	change(t, s, ana, earshot.UserChange{Email: ptr("ana@example.org"), EmailConfirmed: ptr(false)})
	refused(t, "of nobody", s.Own.ConfirmEmail(t.Context(), 1<<40, "ana@example.org"), earshot.CodeConflict)
	refused(t, "unstorable", s.Own.ConfirmEmail(t.Context(), ana, "a\x00"), earshot.CodeConflict)
	for range 2 {
		ok(t, "confirm", s.Own.ConfirmEmail(t.Context(), ana, "ana@example.org"))
	}
	u, err := s.Users.User(t.Context(), ana)
	ok(t, "user", err)
	want(t, "confirmed", u.EmailConfirmed, true)
}

func deleteSelf(t *testing.T, s Stores) {
	boss, ana := addUser(t, s, "boss"), addUser(t, s, "ana")
	password := newUser("").Password
	change(t, s, boss, earshot.UserChange{IsSuperuser: ptr(true)})
	refused(t, "another password", s.Own.DeleteSelf(t.Context(), ana, "other"), earshot.CodeConflict)
	refused(t, "nobody", s.Own.DeleteSelf(t.Context(), 1<<40, password), earshot.CodeConflict)
	refused(t, "the last superuser", s.Own.DeleteSelf(t.Context(), boss, password), earshot.CodeLimit)
	change(t, s, ana, earshot.UserChange{IsSuperuser: ptr(true), IsActive: ptr(false)})
	refused(t, "another one is not active", s.Own.DeleteSelf(t.Context(), boss, password), earshot.CodeLimit)
	change(t, s, ana, earshot.UserChange{IsActive: ptr(true)})
	ok(t, "one of two", s.Own.DeleteSelf(t.Context(), boss, password))
	_, err := s.Users.User(t.Context(), boss)
	refused(t, "gone", err, earshot.CodeNotFound)
	change(t, s, ana, earshot.UserChange{IsSuperuser: ptr(false)})
	ok(t, "one who is none", s.Own.DeleteSelf(t.Context(), ana, password))
	notes, err := s.Edit.AccountChanges(t.Context(), 100)
	ok(t, "notes", err)
	want(t, "noted", notes[len(notes)-1].User, ana)
}

func raceOfTheLastSuperusers(t *testing.T, s Stores) {
	ids := make([]earshot.UserID, 5)
	for i := range ids {
		ids[i] = addUser(t, s, fmt.Sprint("boss", i))
		change(t, s, ids[i], earshot.UserChange{IsSuperuser: ptr(true)})
	}
	// Of as many as all of them one stays: n-1 go.
	errs := make(chan error, len(ids))
	var group sync.WaitGroup
	for _, id := range ids {
		group.Go(func() { errs <- s.Own.DeleteSelf(context.WithoutCancel(t.Context()), id, newUser("").Password) })
	}
	group.Wait()
	stayed := 0
	for range ids {
		if err := <-errs; err != nil {
			refused(t, "the last", err, earshot.CodeLimit)
			stayed++
		}
	}
	want(t, "stayed", stayed, 1)
}

func personalData(t *testing.T, s Stores) {
	ana := addUser(t, s, "ana")
	_, err := s.Own.PersonalData(t.Context(), 1<<40)
	refused(t, "nobody", err, earshot.CodeNotFound)
	change(t, s, ana, earshot.UserChange{Email: ptr("ana@example.org"), DisplayName: ptr("Ana"), Grant: earshot.PermissionsOf(earshot.PermAddRoom)})
	ok(t, "log in", logIn(t.Context(), s, earshot.BrowserSession{
		Hash: hash("s"), User: ana, CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour), Device: "Firefox", UsedAt: noon(),
	}))
	ok(t, "token", s.Tokens.CreateTokens(t.Context(), []earshot.Token{{Hash: hash("t"), User: ana, CreatedAt: noon()}}))
	ok(t, "invitation", s.Invitations.CreateInvitation(t.Context(), earshot.Invitation{Hash: hash("i"), CreatedBy: ana, ExpiresAt: noon(), UsesLeft: 3}, nil))
	room := addRoom(t, s, newRoom("hers", ana))
	other := addRoom(t, s, newRoom("other", 0))
	for _, r := range []earshot.RoomID{room, other} {
		ok(t, "member", s.Members.AddMember(t.Context(), r, ana))
	}
	group, err := s.Groups.CreateGroup(t.Context(), earshot.Group{Name: "Crew"}, "crew")
	ok(t, "group", err)
	ok(t, "group", s.Groups.SetGroupMember(t.Context(), group, ana, true))
	ok(t, "avatar", s.Profiles.SetAvatar(t.Context(), ana, earshot.Avatar{MediaType: "image/png", Tag: "t", Picture: []byte("picture"), ChangedAt: noon()}))
	data, err := s.Own.PersonalData(t.Context(), ana)
	ok(t, "data", err)
	account := data["account"][0]
	for field, expect := range map[string]any{
		"username": "ana", "email": "ana@example.org", "display_name": "Ana", "is_active": true, "is_superuser": false,
		"has_password": false, "date_joined": kept(noon()), "last_login": kept(noon()), "is_email_confirmed": false,
	} {
		if account[field] != expect {
			t.Errorf("%s: %#v, want %#v", field, account[field], expect)
		}
	}
	if _, there := account["password"]; there {
		t.Error("the hash of the password is in it")
	}
	for section, expect := range map[string]string{
		"permissions": "[map[permission:add_room]]", "groups": "[map[name:Crew]]", "imported": "[]",
		"memberships": fmt.Sprintf("[map[id:%d name:hers] map[id:%d name:other]]", room, other),
		"invitations": fmt.Sprintf("[map[expires_at:%v uses_left:3]]", kept(noon())),
	} {
		want(t, section, fmt.Sprint(data[section]), expect)
	}
	want(t, "rooms", len(data["rooms"]), 1)
	want(t, "session", data["sessions"][0]["expires_at"], any(kept(noon().Add(time.Hour))))
	want(t, "session's device", data["sessions"][0]["device"], any("Firefox"))
	want(t, "token", data["tokens"][0]["created_at"], any(kept(noon())))
	if picture, is := data["avatar"][0]["picture"].([]byte); !is || !bytes.Equal(picture, []byte("picture")) {
		t.Errorf("the picture is %v", data["avatar"])
	}
}

func serverSecret(t *testing.T, s Stores) {
	var first []byte
	for i := range 3 {
		got, err := s.Secrets.ServerSecret(t.Context(), "links", []byte{byte(i), 0, 255})
		ok(t, "secret", err)
		if i == 0 {
			first = got
		}
		want(t, "the same", string(got), string(first))
	}
	other, err := s.Secrets.ServerSecret(t.Context(), "other", []byte("other"))
	ok(t, "other", err)
	want(t, "other", string(other), "other")
}
