package account

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

// TestAddingTakesAProof tries to add an authenticator without showing who is there.
func TestAddingTakesAProof(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		begin := func(by Login, proof Proof) error {
			t.Helper()
			_, err := h.BeginTOTP(t.Context(), by, proof, addr("192.0.2.1"))
			return err
		}
		h.add(t, "ana")
		by := h.here(t, "ana", "192.0.2.1")
		refused(t, "nothing", begin(by, Proof{}), earshot.CodeInvalid, "password")
		refused(t, "a code in the place of the password", begin(by, Proof{Code: "123456"}), earshot.CodeInvalid, "password")
		refused(t, "a wrong password", begin(by, Proof{Password: "wrong"}), earshot.CodeInvalid, "password")
		byToken := by
		byToken.ByToken = true
		refused(t, "by a token", begin(byToken, Proof{Password: goodPassword}), earshot.CodeForbidden, "scope")
		if _, err := h.store.TOTP(t.Context(), by.User.ID); earshot.CodeOf(err) != earshot.CodeNotFound {
			t.Errorf("something was begun: %v", err)
		}
		refused(t, "the password", begin(by, Proof{Password: goodPassword}), "")

		// One who has nothing to show: a log-in that has just begun, and in one's own way.
		ben := h.add(t, "ben")
		without := func(way earshot.Way) Login {
			t.Helper()
			_, login, err := h.beginSessionBy(t.Context(), h.user(t, ben.ID), way, nil)
			refused(t, "begin", err, "")
			return login
		}
		_, err := h.ChangeUser(t.Context(), "ben", UserEdit{NoPassword: true})
		refused(t, "no password", err, "")
		fresh := without(earshot.WayOwn)
		refused(t, "by a link", begin(without(earshot.WayLink), Proof{}), earshot.CodeForbidden, "login")
		refused(t, "just begun", begin(fresh, Proof{}), "")
		time.Sleep(freshAge + time.Second)
		refused(t, "begun a while ago", begin(fresh, Proof{}), earshot.CodeForbidden, "login")
	})
}

// TestLogOfLogIns wants in the log what changes how one logs in, and none of what is secret or personal.
func TestLogOfLogIns(t *testing.T) {
	t.Parallel()
	h := newHouse(t, DefaultConfig()).quick()
	h.add(t, "ana")
	_, by := h.enrol(t, "ana", "192.0.2.1")
	ctx := earshot.Doing(t.Context(), earshot.Doer{User: by.User.Ref(), Road: earshot.RoadPage})
	refused(t, "remove", h.RemoveTOTP(ctx, by, Proof{Password: goodPassword}, addr("192.0.2.1")), "")
	mail := "ana@example.org"
	_, err := h.ChangeProfile(ctx, by, ProfileEdit{Email: &mail, Proof: Proof{Password: goodPassword}}, addr("192.0.2.1"))
	refused(t, "address", err, "")
	_, _, err = h.ChangePassword(ctx, by, Proof{Password: goodPassword}, "another good one", addr("192.0.2.1"))
	refused(t, "password", err, "")
	link, _, err := h.ResetLink(ctx, nil, "ana")
	refused(t, "link", err, "")
	refused(t, "reset", h.ResetPassword(t.Context(), link, "yet another good one", addr("192.0.2.1")), "")
	refused(t, "factors", h.ResetSecondFactors(t.Context(), "ana"), "")
	refused(t, "require", h.RequireFactor(t.Context(), nil, earshot.RequiredOfStaff), "")
	all, err := h.Actions(t.Context(), nil, earshot.ActionQuery{})
	refused(t, "log", err, "")
	var verbs []earshot.Verb
	for i := range all {
		verbs = append(verbs, all[i].Verb)
		for name, value := range all[i].Details {
			if value == mail || value == goodPassword || value == link {
				t.Errorf("%s has %s=%s", all[i].Verb, name, value)
			}
		}
		if by := all[i].Actor.Name; all[i].Details["by"] == "link" && by != "ana" {
			t.Errorf("a password that was set by a link was set by %q", by)
		}
	}
	for _, want := range []earshot.Verb{
		earshot.VerbAddFactor, earshot.VerbRemoveFactor, earshot.VerbChangeEmail, earshot.VerbChangePassword, earshot.VerbRequireFactor,
	} {
		if !slices.Contains(verbs, want) {
			t.Errorf("no %s in %v", want, verbs)
		}
	}
}
