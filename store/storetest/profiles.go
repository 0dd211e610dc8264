package storetest

import (
	"bytes"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

func avatars(t *testing.T, s Stores) {
	ana := addUser(t, s, "Ana")
	_, err := s.Profiles.Avatar(t.Context(), "ana")
	refused(t, "none", err, earshot.CodeNotFound)
	for i, picture := range [][]byte{{0, 1, 2, 255}, bytes.Repeat([]byte{7}, 200_000)} {
		a := earshot.Avatar{MediaType: "image/png", Tag: string(rune('a' + i)), Picture: picture, ChangedAt: kept(noon())}
		ok(t, "set", s.Profiles.SetAvatar(t.Context(), ana, a))
		got, err := s.Profiles.Avatar(t.Context(), "ana")
		ok(t, "get", err)
		if !bytes.Equal(got.Picture, picture) || got.Tag != a.Tag || got.MediaType != a.MediaType || !got.ChangedAt.Equal(a.ChangedAt) {
			t.Errorf("got %s %s %d bytes %v", got.MediaType, got.Tag, len(got.Picture), got.ChangedAt)
		}
	}
	refused(t, "of nobody", s.Profiles.SetAvatar(t.Context(), 1<<40, earshot.Avatar{Picture: []byte{1}}), earshot.CodeNotFound)
	for _, key := range []earshot.NameKey{"nobody", "", "a\x00", "\xff", "' OR 1=1 --"} {
		_, err := s.Profiles.Avatar(t.Context(), key)
		refused(t, string(key), err, earshot.CodeNotFound)
	}
	for range 2 {
		ok(t, "delete", s.Profiles.DeleteAvatar(t.Context(), ana))
	}
	_, err = s.Profiles.Avatar(t.Context(), "ana")
	refused(t, "deleted", err, earshot.CodeNotFound)
	ok(t, "set", s.Profiles.SetAvatar(t.Context(), ana, earshot.Avatar{Tag: "x", Picture: []byte{1}}))
	ok(t, "delete the user", s.Edit.DeleteUser(t.Context(), ana))
	_, err = s.Profiles.Avatar(t.Context(), "ana")
	refused(t, "of one who is gone", err, earshot.CodeNotFound)
}

func profiles(t *testing.T, s Stores) {
	ana, ben, cleo := addUser(t, s, "ana"), addUser(t, s, "ben"), addUser(t, s, "cleo")
	change(t, s, ana, earshot.UserChange{DisplayName: ptr("Ana María")})
	ok(t, "set", s.Profiles.SetAvatar(t.Context(), ben, earshot.Avatar{Tag: "tag", Picture: []byte{1}}))
	got, err := s.Profiles.Profiles(t.Context(), []earshot.UserID{cleo, ben, 1 << 40, ana, 0, -1, ana})
	ok(t, "profiles", err)
	wantAll(t, "profiles", got, []earshot.Profile{{ID: ana, DisplayName: "Ana María"}, {ID: ben, Avatar: "tag"}, {ID: cleo}})
	got, err = s.Profiles.Profiles(t.Context(), nil)
	ok(t, "none", err)
	want(t, "none", len(got), 0)
}

func invitationGroups(t *testing.T, s Stores) {
	var ids []earshot.GroupID
	for _, name := range []string{"crew", "band"} {
		id, err := s.Groups.CreateGroup(t.Context(), earshot.Group{Name: name, Permissions: 1}, earshot.NameKey(name))
		ok(t, "group", err)
		ids = append(ids, id)
	}
	inv := earshot.Invitation{Hash: hash("i"), ExpiresAt: noon().Add(time.Hour), UsesLeft: 3}
	refused(t, "an unknown group", s.Invitations.CreateInvitation(t.Context(), inv, []earshot.GroupID{ids[0], 1 << 40}), earshot.CodeNotFound)
	_, err := s.Invitations.Invitation(t.Context(), inv.Hash)
	refused(t, "nothing was kept", err, earshot.CodeNotFound)
	ok(t, "create", s.Invitations.CreateInvitation(t.Context(), inv, append(ids, ids[0])))
	groups, err := s.Invitations.InvitationGroups(t.Context(), inv.Hash)
	ok(t, "groups", err)
	wantAll(t, "groups", groups, []earshot.Group{{ID: ids[1], Name: "band", Permissions: 1}, {ID: ids[0], Name: "crew", Permissions: 1}})
	id, err := s.Invitations.CreateInvitedUser(t.Context(), inv.Hash, noon(), newUser("ana"))
	ok(t, "use", err)
	groups, err = s.Groups.GroupsOf(t.Context(), id)
	ok(t, "groups of", err)
	want(t, "groups of", len(groups), 2)
	// A group that is deleted is left out; a name that is taken puts nobody anywhere.
	ok(t, "delete", s.Groups.DeleteGroup(t.Context(), ids[0]))
	_, err = s.Invitations.CreateInvitedUser(t.Context(), inv.Hash, noon(), newUser("ana"))
	refused(t, "taken", err, earshot.CodeConflict)
	id, err = s.Invitations.CreateInvitedUser(t.Context(), inv.Hash, noon(), newUser("ben"))
	ok(t, "use", err)
	groups, err = s.Groups.GroupsOf(t.Context(), id)
	ok(t, "groups of", err)
	want(t, "the other group", len(groups), 1)
	groups, err = s.Invitations.InvitationGroups(t.Context(), hash("unknown"))
	ok(t, "of an unknown one", err)
	want(t, "of an unknown one", len(groups), 0)
}

func listedInvitations(t *testing.T, s Stores) {
	ana, now := addUser(t, s, "ana"), kept(noon())
	group, err := s.Groups.CreateGroup(t.Context(), earshot.Group{Name: "crew"}, "crew")
	ok(t, "group", err)
	for i, by := range []earshot.UserID{ana, 0, ana} {
		groups := []earshot.GroupID{group}
		if i == 1 {
			groups = nil
		}
		inv := earshot.Invitation{Hash: hash("i", i), CreatedBy: by, ExpiresAt: now.Add(time.Duration(i) * time.Hour), UsesLeft: i}
		ok(t, "create", s.Invitations.CreateInvitation(t.Context(), inv, groups))
	}
	list := func(by earshot.UserID) []earshot.ListedInvitation {
		got, err := s.Invitations.Invitations(t.Context(), by)
		ok(t, "list", err)
		return got
	}
	all := list(0)
	want(t, "all", len(all), 3)
	for i, inv := range all {
		want(t, "hash", inv.Hash, hash("i", i))
		want(t, "uses", inv.UsesLeft, i)
		want(t, "by", inv.By, []string{"ana", "", "ana"}[i])
		want(t, "groups", len(inv.Groups), []int{1, 0, 1}[i])
		want(t, "expires", inv.ExpiresAt, now.Add(time.Duration(i)*time.Hour))
	}
	want(t, "of ana", len(list(ana)), 2)
	want(t, "of nobody", len(list(1<<40)), 0)
	ok(t, "withdraw", s.Invitations.DeleteInvitation(t.Context(), hash("i", 2)))
	refused(t, "withdraw again", s.Invitations.DeleteInvitation(t.Context(), hash("i", 2)), earshot.CodeNotFound)
	_, err = s.Invitations.CreateInvitedUser(t.Context(), hash("i", 2), now, newUser("ben"))
	refused(t, "use", err, earshot.CodeForbidden)
	n, err := s.Invitations.DeleteExpiredInvitations(t.Context(), now.Add(time.Hour))
	ok(t, "sweep", err)
	want(t, "swept", n, 2)
	want(t, "left", len(list(0)), 0)
}

func namesakes(t *testing.T, s Stores) {
	var ids []earshot.UserID
	for _, u := range []struct {
		name         string
		staff, super bool
	}{{"Ana", false, false}, {"paula", true, false}, {"pau1a", false, true}, {"paulа", false, false}} {
		one := newUser(u.name)
		one.Keys = earshot.UserKeys{Name: names.Key(u.name), Skeleton: names.Skeleton(u.name)}
		one.IsStaff, one.IsSuperuser = u.staff, u.super
		made, err := s.Users.CreateUsers(t.Context(), []earshot.NewUser{one})
		ok(t, "create", err)
		ids = append(ids, made[0])
	}
	paula := names.Skeleton("paula")
	for what, c := range map[string]struct {
		keys      []earshot.NameKey
		skeletons []string
		want      []earshot.UserID
	}{
		"nothing":                 {nil, nil, nil},
		"by its key":              {[]earshot.NameKey{"ana"}, nil, ids[:1]},
		"by its key, not by look": {[]earshot.NameKey{"paula"}, []string{names.Skeleton("ana")}, ids[1:2]},
		"staff by look":           {nil, []string{paula}, ids[1:3]},
		"both, and twice":         {[]earshot.NameKey{"ana", "paula", "ana"}, []string{paula, paula}, ids[:3]},
		"what no name is":         {[]earshot.NameKey{"", "%", "a\x00", "\xff", "' OR 1=1 --", "ANA"}, []string{"", "%", "\x00", "\xff"}, nil},
		"one bad among good":      {[]earshot.NameKey{"\xff", "ana"}, []string{"\x00", paula}, ids[:3]},
	} {
		got, err := s.Profiles.Namesakes(t.Context(), c.keys, c.skeletons)
		ok(t, what, err)
		var found []earshot.UserID
		for _, one := range got {
			found = append(found, one.ID)
			if one.Keys.Name == "" || one.Keys.Skeleton == "" {
				t.Errorf("%s: %+v", what, one)
			}
		}
		wantAll(t, what, found, c.want)
	}
}
