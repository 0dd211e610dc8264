package hub_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

// Who is no longer staff hears nothing more from staff-only rooms, and goes on hearing the others.
func TestUserChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, ben := h.user("ana", staff), h.user("ben", staff)
		office, hall := h.room(ana, "office", earshot.AccessStaff), h.room(ana, "hall", earshot.AccessPublic)
		den := h.room(ben, "den", earshot.AccessPrivate)
		a, b := h.connect(ana), h.connect(ben)
		for _, room := range []earshot.RoomID{office, hall} {
			a.join(room)
			b.join(room)
			synctest.Wait() // rooms have no order among each other
		}
		b.join(den)
		synctest.Wait()
		a.say(office, "before")
		if err := h.UserChanged(t.Context(), ben); err != nil { // nothing has
			t.Error(err)
		}
		ben.IsStaff = false
		if err := h.UserChanged(t.Context(), ben); err != nil {
			t.Error(err)
		}
		a.say(office, "after")
		a.say(hall, "in the hall")
		b.hears("1#2 entered ben, 2 inside", "2#2 entered ben, 2 inside", "3#1 entered ben, 1 inside", "1#3 ana: before", "removed from 1: forbidden", "2#3 ana: in the hall")
		_, err := b.tryJoin(office)
		wantCode(t, err, earshot.CodeNotFound)
		if u := b.User(); u.IsStaff || u.Username != "ben" {
			t.Errorf("%+v", u)
		}
		// A handshake that was authenticated before the change gets what the change left.
		ben.IsStaff = true
		late, err := h.tryConnect(ben, earshot.SecretHash{99})
		wantCode(t, err, "")
		_, err = late.tryJoin(office)
		wantCode(t, err, earshot.CodeNotFound)
		// And back: no connection is needed for it.
		if err := h.UserChanged(t.Context(), ben); err != nil {
			t.Error(err)
		}
		b.join(office)

		ben.IsActive = false
		if err := h.UserChanged(t.Context(), ben); err != nil {
			t.Error(err)
		}
		if b.reason() != earshot.CloseRevoked || late.reason() != earshot.CloseRevoked {
			t.Errorf("closed with %v and %v", b.reason(), late.reason())
		}
		ben.IsActive = true // as a handshake saw it before
		_, err = h.tryConnect(ben, earshot.SecretHash{98})
		wantCode(t, err, earshot.CodeUnauthenticated)
		if ids := h.Users(); len(ids) != 1 || ids[0] != ana.ID {
			t.Errorf("users: %v", ids)
		}
		time.Sleep(6 * time.Minute) // what a handshake says counts again
		if _, err := h.tryConnect(ben, earshot.SecretHash{97}); err != nil {
			t.Error(err)
		}
		if err := h.UserChanged(t.Context(), earshot.User{ID: 1 << 40, IsActive: true}); err != nil {
			t.Error(err)
		}
	})
}

// What one may do with rooms of others is a matter of permissions, and of each by itself.
func TestPermissionsOnRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana, guest := h.user("ana"), h.user("guest")
		title := "new"
		try := func(by earshot.User) map[string]earshot.Code {
			room := h.room(ana, "den"+by.Username, earshot.AccessPrivate)
			if err := h.AddMember(t.Context(), ana, room, guest); err != nil {
				t.Fatal(err)
			}
			_, see := h.Room(t.Context(), by, room)
			_, members := h.Members(t.Context(), by, room)
			_, change := h.ChangeRoom(t.Context(), by, room, hub.RoomChange{Title: &title})
			codes := map[string]earshot.Code{
				"see": earshot.CodeOf(see), "members": earshot.CodeOf(members), "change": earshot.CodeOf(change),
				"remove": earshot.CodeOf(h.RemoveMember(t.Context(), by, room, guest)), "add": earshot.CodeOf(h.AddMember(t.Context(), by, room, guest)),
			}
			codes["delete"] = earshot.CodeOf(h.DeleteRoom(t.Context(), by, room))
			return codes
		}
		all := []string{"see", "members", "change", "remove", "add", "delete"}
		for p, may := range map[earshot.Permission]string{
			earshot.PermViewRoom: "see members", earshot.PermChangeRoom: "see members change remove add", earshot.PermDeleteRoom: "see members delete",
			earshot.PermModerateRoom: "see members remove", earshot.PermAddRoom: "", earshot.PermManageBots: "", "superuser": "see members change remove add delete",
			"staff": "", "inactive": "",
		} {
			by := h.user(string(p), func(u *earshot.User) {
				u.Inherited, u.IsSuperuser, u.IsStaff = earshot.PermissionsOf(p), p == "superuser", p == "staff"
				if p == "inactive" {
					u.IsSuperuser, u.IsActive, u.Permissions = true, false, earshot.StaffPermissions()
				}
			})
			codes := try(by)
			for _, what := range all {
				allowed := slices.Contains(strings.Fields(may), what)
				if (codes[what] == "") != allowed {
					t.Errorf("%s: %s gives %q", p, what, codes[what])
				}
				if may == "" && codes[what] != earshot.CodeNotFound {
					t.Errorf("%s: %s tells of a room that is not to be known: %q", p, what, codes[what])
				}
			}
		}
	})
}

// A log-in that gets a new secret keeps its sessions, and no others.
func TestMoveLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, nil)
		ana := h.user("ana")
		before, after := earshot.SecretHash{1}, earshot.SecretHash{2}
		tab, err := h.tryConnect(ana, before)
		wantCode(t, err, "")
		phone, err := h.tryConnect(ana, earshot.SecretHash{3})
		wantCode(t, err, "")
		h.MoveLogin(before, after)
		_, err = h.tryConnect(ana, before) // a handshake that was authenticated just before
		wantCode(t, err, earshot.CodeUnauthenticated)
		h.EndLogin(before)
		if tab.reason() != 0 || phone.reason() != 0 {
			t.Errorf("closed with %v and %v", tab.reason(), phone.reason())
		}
		h.EndLogin(after)
		if tab.reason() != earshot.CloseRevoked || phone.reason() != 0 {
			t.Errorf("closed with %v and %v", tab.reason(), phone.reason())
		}
	})
}
