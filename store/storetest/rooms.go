package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

func rooms(t *testing.T, s Stores) {
	owner := addUser(t, s, "ana")
	room := newRoom("Lobby", owner)
	room.Topic, room.Access = "What's up?", earshot.AccessStaff
	room.ID = addRoom(t, s, room)
	room.CreatedAt = kept(room.CreatedAt)
	got, err := s.Rooms.Room(t.Context(), room.ID)
	ok(t, "get", err)
	want(t, "get", got, room)

	changed := room
	changed.Title, changed.Topic, changed.Access, changed.Owner = "Title", "", earshot.AccessPrivate, 0
	changed.Name, changed.CreatedAt = "other", room.CreatedAt.AddDate(1, 0, 0)
	ok(t, "update", s.Rooms.UpdateRoom(t.Context(), changed))
	changed.Name, changed.CreatedAt = room.Name, room.CreatedAt
	got, err = s.Rooms.Room(t.Context(), room.ID)
	ok(t, "get", err)
	want(t, "updated", got, changed)

	changed.Owner = 1 << 40
	refused(t, "owned by an unknown user", s.Rooms.UpdateRoom(t.Context(), changed), earshot.CodeNotFound)
	_, err = s.Rooms.CreateRoom(t.Context(), newRoom("new", 1<<40), "new", 0)
	refused(t, "made by an unknown user", err, earshot.CodeNotFound)

	ok(t, "delete", s.Rooms.DeleteRoom(t.Context(), room.ID))
	_, err = s.Rooms.Room(t.Context(), room.ID)
	refused(t, "get what was deleted", err, earshot.CodeNotFound)
	if again := addRoom(t, s, newRoom("Lobby", owner)); again == room.ID {
		t.Errorf("the number %d of a deleted room is another's now", again)
	}
}

func roomNames(t *testing.T, s Stores) {
	all, err := s.Rooms.Rooms(t.Context())
	ok(t, "list nothing", err)
	want(t, "rooms of an empty store", len(all), 0)
	inOrder := []string{"Alpha", "beta", "BETA-2", "ça", "日本", "😀"} // by key, byte for byte, as UTF-8 orders
	shuffled := slices.Clone(inOrder)
	slices.Reverse(shuffled)
	for _, name := range shuffled {
		addRoom(t, s, newRoom(name, 0))
	}
	for _, name := range []string{"ALPHA", "Beta", "Ça"} {
		_, err := s.Rooms.CreateRoom(t.Context(), newRoom(name, 0), names.Key(name), 0)
		refused(t, name, err, earshot.CodeConflict, "name")
	}
	all, err = s.Rooms.Rooms(t.Context())
	ok(t, "list", err)
	var listed []string
	for _, r := range all {
		listed = append(listed, r.Name)
	}
	slices.SortFunc(inOrder, func(a, b string) int { return compare(names.Key(a), names.Key(b)) })
	wantAll(t, "by name", listed, inOrder)
}

func roomsOfOneOwner(t *testing.T, s Stores) {
	const most, atOnce = 5, 20
	ana, bob := addUser(t, s, "ana"), addUser(t, s, "bob")
	addRoom(t, s, newRoom("bob's", bob))
	errs := make([]error, atOnce)
	var group sync.WaitGroup
	for i := range atOnce {
		group.Go(func() {
			name := fmt.Sprint("room", i)
			_, errs[i] = s.Rooms.CreateRoom(t.Context(), newRoom(name, ana), names.Key(name), most)
		})
	}
	group.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		refused(t, "over the limit", err, earshot.CodeLimit)
	}
	want(t, "rooms of one owner", made, most)
	for what, room := range map[string]earshot.Room{"another's": newRoom("x", bob), "nobody's": newRoom("y", 0)} {
		_, err := s.Rooms.CreateRoom(t.Context(), room, names.Key(room.Name), most)
		ok(t, what, err)
	}
	addRoom(t, s, newRoom("without a limit", ana))
	_, err := s.Rooms.CreateRoom(t.Context(), newRoom("unknown", 1<<40), "unknown", most)
	refused(t, "of an unknown user", err, earshot.CodeNotFound)
}

func compare(a, b earshot.NameKey) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func roomNotFound(t *testing.T, s Stores) {
	for _, id := range []earshot.RoomID{0, -1, 1 << 40} {
		_, err := s.Rooms.Room(t.Context(), id)
		refused(t, "get", err, earshot.CodeNotFound)
		room := newRoom("x", 0)
		room.ID = id
		refused(t, "update", s.Rooms.UpdateRoom(t.Context(), room), earshot.CodeNotFound)
		refused(t, "delete", s.Rooms.DeleteRoom(t.Context(), id), earshot.CodeNotFound)
	}
}

func members(t *testing.T, s Stores) {
	ana, bob, carl := addUser(t, s, "Ana"), addUser(t, s, "bob"), addUser(t, s, "Carl")
	private := newRoom("private", ana)
	private.Access = earshot.AccessPrivate
	room, public := addRoom(t, s, private), addRoom(t, s, newRoom("public", ana))
	for _, u := range []earshot.UserID{carl, bob, ana, bob} {
		ok(t, "add", s.Members.AddMember(t.Context(), room, u))
	}
	ok(t, "add to a public room", s.Members.AddMember(t.Context(), public, bob))
	who := func(room earshot.RoomID) []string {
		users, err := s.Members.Members(t.Context(), room)
		ok(t, "members", err)
		var list []string
		for _, u := range users {
			list = append(list, u.Username)
		}
		return list
	}
	is := func(u earshot.UserID) bool {
		is, err := s.Members.IsMember(t.Context(), room, u)
		ok(t, "is member", err)
		return is
	}
	wantAll(t, "members by name", who(room), []string{"Ana", "bob", "Carl"})
	want(t, "bob is one", is(bob), true)
	inRooms, err := s.Members.MemberRooms(t.Context(), bob)
	ok(t, "rooms", err)
	wantAll(t, "private rooms of bob", inRooms, []earshot.RoomID{room})

	ok(t, "remove", s.Members.RemoveMember(t.Context(), room, bob))
	ok(t, "remove again", s.Members.RemoveMember(t.Context(), room, bob))
	want(t, "bob is none", is(bob), false)
	wantAll(t, "members", who(room), []string{"Ana", "Carl"})

	ok(t, "delete the room", s.Rooms.DeleteRoom(t.Context(), room))
	want(t, "ana is in no deleted room", is(ana), false)
	wantAll(t, "members of a deleted room", who(room), nil)
	inRooms, err = s.Members.MemberRooms(t.Context(), ana)
	ok(t, "rooms", err)
	wantAll(t, "private rooms of ana", inRooms, nil)
	wantAll(t, "members of the other room", who(public), []string{"bob"})
}

func membersOfWhat(t *testing.T, s Stores) {
	user, room := addUser(t, s, "ana"), addRoom(t, s, newRoom("room", 0))
	for _, c := range []struct {
		room earshot.RoomID
		user earshot.UserID
	}{{1 << 40, user}, {room, 1 << 40}, {0, 0}} {
		refused(t, fmt.Sprint("add ", c), s.Members.AddMember(t.Context(), c.room, c.user), earshot.CodeNotFound)
		ok(t, "remove", s.Members.RemoveMember(t.Context(), c.room, c.user))
		is, err := s.Members.IsMember(t.Context(), c.room, c.user)
		ok(t, "is member", err)
		want(t, "is member", is, false)
	}
}
