package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

// from is a log-in that a provider began at noon.
func from(user earshot.UserID, name string, origin earshot.Origin) earshot.BrowserSession {
	return earshot.BrowserSession{
		Hash: hash(name), User: user, CreatedAt: kept(noon()), ExpiresAt: kept(noon()).Add(time.Hour), UsedAt: kept(noon()), Origin: &origin,
	}
}

// there tells which of the log-ins there are.
func there(t *testing.T, s Stores, list ...string) []string {
	t.Helper()
	var have []string
	for _, name := range list {
		_, err := s.Sessions.BrowserSession(t.Context(), hash(name))
		if err == nil {
			have = append(have, name)
		} else {
			refused(t, name, err, earshot.CodeNotFound)
		}
	}
	return have
}

func origins(t *testing.T, s Stores) {
	const issuer, other = "https://id.example.org", "https://other.example.org"
	ana, ben := addUser(t, s, "ana"), addUser(t, s, "ben")
	log := func(user earshot.UserID, name string, o earshot.Origin) {
		t.Helper()
		ok(t, name, logIn(t.Context(), s, from(user, name, o)))
	}
	all := []string{"desk", "phone", "mute", "other", "ben", "own"}
	log(ana, "desk", earshot.Origin{Issuer: issuer, Subject: "1", Session: "a", Hint: []byte{0, 255, 7}})
	log(ana, "phone", earshot.Origin{Issuer: issuer, Subject: "1", Session: "b"})
	log(ana, "mute", earshot.Origin{Issuer: issuer, Subject: "1"})
	log(ana, "other", earshot.Origin{Issuer: other, Subject: "1", Session: "a"})
	log(ben, "ben", earshot.Origin{Issuer: issuer, Subject: "2", Session: "c"})
	own := from(ana, "own", earshot.Origin{})
	own.Origin = nil
	ok(t, "own", logIn(t.Context(), s, own))
	for what, o := range map[string]earshot.Origin{
		"a zero byte": {Issuer: issuer, Subject: "a\x00"}, "not UTF-8": {Issuer: issuer, Subject: "1", Session: "\xff"},
	} {
		refused(t, what, logIn(t.Context(), s, from(ana, what, o)), earshot.CodeInvalid, "origin")
	}

	end := func(issuer, subject, session string, until time.Time) []earshot.SecretHash {
		t.Helper()
		ended, err := s.Origins.EndSessionsFrom(t.Context(), issuer, subject, session, until)
		ok(t, "end", err)
		return ended
	}
	noon := kept(noon())
	for what, c := range map[string][3]string{
		"nothing": {"", "", ""}, "no issuer": {"", "1", "a"}, "an issuer alone": {issuer, "", ""}, "nobody": {issuer, "3", ""},
		"another's session": {issuer, "2", "a"}, "no such session": {issuer, "1", "z"}, "SQL": {issuer, "' OR ''='", ""},
		"a zero byte": {issuer, "1\x00", ""}, "not UTF-8": {issuer, "", "\xff"}, "wild": {issuer, "%", ""},
	} {
		want(t, what, len(end(c[0], c[1], c[2], noon.Add(time.Hour))), 0)
	}
	want(t, "before it began", len(end(issuer, "1", "", noon.Add(-time.Millisecond))), 0)
	wantAll(t, "nothing has ended", there(t, s, all...), all)

	ended := end(issuer, "", "b", noon)
	want(t, "by session", len(ended) == 1 && ended[0] == hash("phone"), true)
	log(ana, "phone", earshot.Origin{Issuer: issuer, Subject: "1", Session: "b"})
	ended = end(issuer, "1", "b", noon)
	want(t, "by both", len(ended) == 1 && ended[0] == hash("phone"), true)
	ended = end(issuer, "1", "", noon)
	want(t, "by subject", len(ended) == 2 && slices.Contains(ended, hash("desk")) && slices.Contains(ended, hash("mute")), true)
	wantAll(t, "the rest", there(t, s, all...), []string{"other", "ben", "own"})

	log(ana, "desk", earshot.Origin{Issuer: issuer, Subject: "1", Session: "a", Hint: []byte{0, 255, 7}})
	o, err := s.Sessions.DeleteBrowserSession(t.Context(), hash("desk"))
	ok(t, "end one", err)
	want(t, "its origin", o.Issuer == issuer && o.Subject == "1" && o.Session == "a" && string(o.Hint) == "\x00\xff\x07", true)
	for _, name := range []string{"desk", "own", "nobody"} {
		o, err = s.Sessions.DeleteBrowserSession(t.Context(), hash(name))
		ok(t, name, err)
		want(t, name, o.Issuer+o.Subject+o.Session+string(o.Hint), "")
	}
	wantAll(t, "the rest", there(t, s, all...), []string{"other", "ben"})
	data, err := s.Own.PersonalData(t.Context(), ana)
	ok(t, "personal data", err)
	want(t, "told to who it is of", data["sessions"][0]["issuer"], any(other))
	_, secret := data["sessions"][0]["hint"]
	want(t, "but for what is sealed", secret, false)
}

// originKeptByPassword changes a password in a log-in that a provider began: the provider can end what goes on as it.
func originKeptByPassword(t *testing.T, s Stores) {
	ana := addUser(t, s, "ana")
	const issuer = "https://id.example.org"
	ok(t, "log in", logIn(t.Context(), s, from(ana, "own", earshot.Origin{Issuer: issuer, Subject: "1", Session: "a", Hint: []byte("x")})))
	fresh := from(ana, "fresh", earshot.Origin{})
	fresh.Origin = nil
	_, err := s.Own.SetPassword(t.Context(), earshot.PasswordChange{
		User: ana, Checked: newUser("").Password, Fresh: "new", From: hash("own"), Session: &fresh,
	})
	ok(t, "set", err)
	o, err := s.Sessions.DeleteBrowserSession(t.Context(), hash("fresh"))
	ok(t, "end", err)
	want(t, "origin", o.Issuer == issuer && o.Subject == "1" && o.Session == "a" && len(o.Hint) == 0, true)
}
