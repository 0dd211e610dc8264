package account

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
)

// here gives a log-in of the user, from an address.
func (h *house) here(t *testing.T, name, from string) Login {
	t.Helper()
	_, login, err := h.LogIn(WithClient(t.Context(), Client{Address: addr(from)}), name, goodPassword, addr(from))
	refused(t, "log in", err, "")
	return login
}

// offer makes a link.
func (h *house) offer(t *testing.T, by Login) string {
	t.Helper()
	token, link, err := h.OfferDevice(t.Context(), by, Proof{Password: goodPassword}, addr("192.0.2.1"))
	refused(t, "make a link", err, "")
	if link.State != DeviceOpen || strings.Contains(token, link.ID) || time.Until(link.ExpiresAt) > deviceAge {
		t.Errorf("%+v", link)
	}
	return token
}

// askIn asks with a link from a phone, and gives the ticket.
func (h *house) askIn(t *testing.T, token string) (string, error) {
	t.Helper()
	phone := Client{Address: addr("192.0.2.7"), UserAgent: "Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537"}
	ticket, _, err := h.AskDevice(WithClient(t.Context(), phone), token, addr("192.0.2.7"))
	return ticket, err
}

func (h *house) finish(t *testing.T, ticket string) (string, error) {
	t.Helper()
	secret, _, err := h.FinishDevice(t.Context(), ticket, addr("192.0.2.7"))
	return secret, err
}

// let lets in who asks.
func (h *house) let(t *testing.T, by Login, allow bool) {
	t.Helper()
	link, err := h.OfferedDevice(by)
	refused(t, "look", err, "")
	_, err = h.AnswerDevice(by, link.ID, allow)
	refused(t, "answer", err, "")
}

func TestDeviceLink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, DefaultConfig()).quick()
		h.add(t, "ana")
		// One who has a second factor: the device is let in by the one who showed it.
		_, by := h.enrol(t, "ana", "192.0.2.1")
		_, _, err := h.OfferDevice(t.Context(), by, Proof{Password: "wrong"}, addr("192.0.2.1"))
		refused(t, "without the password", err, earshot.CodeInvalid, "password")
		byToken := by
		byToken.ByToken = true
		_, _, err = h.OfferDevice(t.Context(), byToken, Proof{Password: goodPassword}, addr("192.0.2.1"))
		refused(t, "by a token", err, earshot.CodeForbidden, "scope")

		token := h.offer(t, by)
		for range 3 { // a preview of the link, say
			user, expires, err := h.LookAtDevice(t.Context(), token, addr("192.0.2.7"))
			if err != nil || user.Username != "ana" || time.Until(expires) <= 0 {
				t.Errorf("%+v %v: %v", user, expires, err)
			}
		}
		ticket, err := h.askIn(t, token)
		refused(t, "ask", err, "")
		link, err := h.OfferedDevice(by)
		if err != nil || link.State != DeviceAsked || link.Device != "Chrome on Android" || link.Address != "192.0.2.7" || len(link.Number) != 2 {
			t.Errorf("%+v: %v", link, err)
		}
		if secret, err := h.finish(t, ticket); err != nil || secret != "" {
			t.Errorf("in before anybody said so: %v", err)
		}
		_, err = h.AnswerDevice(by, "another", true)
		refused(t, "an answer to another link", err, earshot.CodeNotFound)
		h.let(t, by, true)
		secret, err := h.finish(t, ticket)
		refused(t, "finish", err, "")
		if login, err := h.BySession(t.Context(), secret); err != nil || login.User.Username != "ana" {
			t.Errorf("%+v: %v", login, err)
		}
		if link, err := h.OfferedDevice(by); err != nil || link.State != DeviceDone {
			t.Errorf("%+v: %v", link, err)
		}
		sessions, err := h.Sessions(t.Context(), by)
		ways := map[earshot.Way]int{}
		for _, s := range sessions {
			ways[s.Way]++
		}
		if err != nil || ways[earshot.WayLink] != 1 || ways[earshot.WayOwn] != 1 {
			t.Errorf("%+v: %v", sessions, err)
		}
		actions, err := h.Actions(t.Context(), nil, earshot.ActionQuery{Verb: earshot.VerbLinkDevice})
		if err != nil || len(actions) != 1 || actions[0].Actor.Name != "ana" || actions[0].Details["device"] != "Chrome on Android" {
			t.Errorf("the log: %+v: %v", actions, err)
		}
		_, err = h.finish(t, ticket)
		refused(t, "finish again", err, earshot.CodeUnauthenticated, "ticket")
		_, err = h.askIn(t, token)
		refused(t, "ask again", err, earshot.CodeForbidden, "token")
	})
}

// TestDeviceLinkAttacks tries links where they are worth nothing: not asked with, and not finished.
func TestDeviceLinkAttacks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		spoils := map[string]func(t *testing.T, h *house, by Login, secret string){
			"aged":        func(*testing.T, *house, Login, string) { time.Sleep(deviceAge) },
			"withdrawn":   func(_ *testing.T, h *house, by Login, _ string) { h.WithdrawDevice(by) },
			"another one": func(t *testing.T, h *house, by Login, _ string) { h.offer(t, by) },
			"logged out": func(t *testing.T, h *house, _ Login, secret string) {
				refused(t, "log out", h.LogOut(t.Context(), secret), "")
			},
			"the password changed here": func(t *testing.T, h *house, by Login, _ string) {
				_, _, err := h.ChangePassword(t.Context(), by, Proof{Password: goodPassword}, "another good one", addr("192.0.2.1"))
				refused(t, "change the password", err, "")
			},
			"not active": func(t *testing.T, h *house, by Login, _ string) { h.deactivate(t, by.User) },
			"deleted": func(t *testing.T, h *house, by Login, _ string) {
				refused(t, "delete", h.DeleteUser(t.Context(), by.User.Username), "")
			},
			"banned": func(t *testing.T, h *house, by Login, _ string) {
				_, err := h.Ban(t.Context(), nil, addr("192.0.2.1"), NewBan{Username: by.User.Username})
				refused(t, "ban", err, "")
			},
			"the log-in expired": func(t *testing.T, h *house, by Login, _ string) {
				err := h.store.ExtendBrowserSession(t.Context(), by.Credential, time.Now())
				refused(t, "expire", err, "")
			},
		}
		h := newHouse(t, DefaultConfig()).quick()
		for what, spoil := range spoils {
			h.spoiled(t, what, false, spoil)
			h.spoiled(t, what, true, spoil)
		}
	})
}

// spoiled makes a link, spoils it before it is asked with, or when it was let in, and wants it to be worth nothing.
func (h *house) spoiled(t *testing.T, what string, allowed bool, spoil func(t *testing.T, h *house, by Login, secret string)) {
	t.Helper()
	name := fmt.Sprintf("%s-%v", strings.ReplaceAll(what, " ", "-"), allowed)
	h.add(t, name)
	secret, by, err := h.LogIn(t.Context(), name, goodPassword, addr("192.0.2.1"))
	refused(t, "log in", err, "")
	token := h.offer(t, by)
	if allowed {
		ticket, err := h.askIn(t, token)
		refused(t, "ask", err, "")
		h.let(t, by, true)
		spoil(t, h, by, secret)
		secret, err = h.finish(t, ticket)
		if code := earshot.CodeOf(err); secret != "" || (code != earshot.CodeUnauthenticated && code != earshot.CodeBanned) {
			t.Errorf("%s: %v", what, err)
		}
	} else {
		spoil(t, h, by, secret)
		if _, err := h.askIn(t, token); what != "banned" { // who is banned cannot let anybody in
			refused(t, what, err, earshot.CodeForbidden, "token")
		}
	}
	if list, err := h.store.BrowserSessions(t.Context(), by.User.ID); err != nil || len(list) > 1 {
		t.Errorf("%s: %d log-ins, %v", what, len(list), err)
	}
}

// TestDeviceLinkOfOthers tries what is no link, and the answers of whoever did not make it.
func TestDeviceLinkOfOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, Config{AddressFailuresPerMinute: 8}).quick()
		h.add(t, "ana")
		h.add(t, "eve")
		by, there, eve := h.here(t, "ana", "192.0.2.1"), h.here(t, "ana", "192.0.2.2"), h.here(t, "eve", "192.0.2.3")
		token := h.offer(t, by)
		ticket, err := h.askIn(t, token)
		refused(t, "ask", err, "")
		link, err := h.OfferedDevice(by)
		refused(t, "look", err, "")
		for what, other := range map[string]Login{"another log-in of hers": there, "somebody else": eve} {
			_, err := h.OfferedDevice(other)
			refused(t, what, err, earshot.CodeNotFound)
			_, err = h.AnswerDevice(other, link.ID, true)
			refused(t, what, err, earshot.CodeNotFound)
			h.WithdrawDevice(other)
		}
		h.let(t, by, false)
		_, err = h.AnswerDevice(by, link.ID, true)
		refused(t, "another answer", err, earshot.CodeNotFound)
		_, err = h.finish(t, ticket)
		refused(t, "what was refused", err, earshot.CodeForbidden, "ticket")

		token = h.offer(t, by)
		for _, bad := range []string{"", "x", token + "x", token[:len(token)-1], token[:len(token)-2] + "AA", "ed_" + ticket[3:], strings.Repeat("x", 1<<16)} {
			_, _, err := h.LookAtDevice(t.Context(), bad, addr("192.0.2.9"))
			refused(t, "no link", err, earshot.CodeForbidden, "token")
		}
		_, _, err = h.FinishDevice(t.Context(), token, addr("192.0.2.9"))
		refused(t, "a link as a ticket", err, earshot.CodeUnauthenticated, "ticket")
		_, _, err = h.LookAtDevice(t.Context(), token, addr("192.0.2.9"))
		refused(t, "after so many", err, earshot.CodeRateLimited)
		_, err = h.BySession(t.Context(), token)
		refused(t, "a link as a log-in", err, earshot.CodeUnauthenticated)
	})
}

// TestDeviceLinkAtOnce asks many times at once with one link, and finishes many times with one ticket: one is let in.
func TestDeviceLinkAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, Config{AddressFailuresPerMinute: 1000}).quick()
	h.add(t, "ana")
	by := h.here(t, "ana", "192.0.2.1")
	token := h.offer(t, by)
	var tickets sync.Map
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if ticket, err := h.askIn(t, token); err == nil {
				tickets.Store(ticket, true)
			}
		})
	}
	group.Wait()
	h.let(t, by, true)
	var asked, in atomic.Int64
	tickets.Range(func(ticket, _ any) bool {
		asked.Add(1)
		for range 8 {
			group.Go(func() {
				if secret, err := h.finish(t, ticket.(string)); err == nil && secret != "" {
					in.Add(1)
				}
			})
		}
		return true
	})
	group.Wait()
	if asked.Load() != 1 || in.Load() != 1 {
		t.Errorf("%d asked, %d came in", asked.Load(), in.Load())
	}
}

// TestDeviceLinksAreBounded makes more links than are kept: the oldest go, with all that leads to them.
func TestDeviceLinksAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDevices()
		for user := range earshot.UserID(devicesAtOnce + 10) {
			var l deviceLink
			l.user, l.ExpiresAt = user, now().Add(deviceAge)
			_, l.hash = newSecret(linkedPrefix)
			d.put(&l)
			d.change(l.hash, func(l *deviceLink) bool { _, l.asking = newSecret(askingPrefix); return true })
		}
		if d.links.Len() != devicesAtOnce || len(d.bySecret) != 2*devicesAtOnce {
			t.Errorf("%d links, %d secrets", d.links.Len(), len(d.bySecret))
		}
		time.Sleep(deviceAge)
		d.sweep()
		if d.links.Len() != 0 || len(d.bySecret) != 0 {
			t.Errorf("%d links, %d secrets after their time", d.links.Len(), len(d.bySecret))
		}
	})
}
