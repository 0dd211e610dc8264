package storetest

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
)

// runOrder tries what keeping order needs, as Run does.
func runOrder(t *testing.T, open func(t *testing.T) Stores) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Stores){
		"Sanctions": sanctions, "SanctionsOfAllRooms": sanctionsOfAllRooms, "SanctionsAtMost": sanctionsAtMost, "Bans": bans, "BansNoted": bansNoted,
		"Actions": actions, "ChangesLogged": changesLogged, "RoomNotes": roomNotes, "ActionsTrimmed": actionsTrimmed,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// entry is an entry for the log that is told by its subject.
func entry(subject string) earshot.Action {
	return earshot.Action{At: noon(), Road: earshot.RoadPage, Verb: earshot.VerbMute, Subject: subject}
}

// subjects gives the subjects of the entries that fit, the latest first.
func subjects(t *testing.T, s Stores, q earshot.ActionQuery) []string {
	t.Helper()
	entries, err := s.Actions.Actions(t.Context(), q)
	ok(t, "actions", err)
	var found []string
	for i := range entries {
		found = append(found, entries[i].Subject)
	}
	return found
}

func sanctions(t *testing.T, s Stores) {
	ana, ben, cai := addUser(t, s, "ana"), addUser(t, s, "Ben"), addUser(t, s, "cai")
	room, other := addRoom(t, s, newRoom("one", 0)), addRoom(t, s, newRoom("two", 0))
	now := kept(noon())
	put := func(kind earshot.SanctionKind, room earshot.RoomID, user earshot.UserID, until time.Time, reason string) error {
		return s.Sanctions.PutSanction(t.Context(), earshot.Sanction{
			Kind: kind, Room: room, User: earshot.UserRef{ID: user}, By: earshot.UserRef{ID: ana}, At: now, Until: until, Reason: reason,
		}, entry(fmt.Sprint(kind, user)))
	}
	in := func(room earshot.RoomID, kind earshot.SanctionKind, at time.Time, after earshot.NameKey, limit int) []string {
		t.Helper()
		got, err := s.Sanctions.Sanctions(t.Context(), room, kind, at, after, limit)
		ok(t, "sanctions", err)
		var found []string
		for _, p := range got {
			found = append(found, fmt.Sprint(p.Kind, " ", p.User.Name, " by ", p.By.Name, " ", p.Until.Sub(now), " ", p.Reason))
			want(t, "room", p.Room, room)
			want(t, "at", p.At, now)
		}
		return found
	}
	ok(t, "ban", put(earshot.SanctionBan, room, ben, now.Add(time.Hour), "two\nlines"))
	ok(t, "mute", put(earshot.SanctionMute, room, ben, now.Add(time.Minute), ""))
	ok(t, "mute", put(earshot.SanctionMute, room, cai, earshot.Forever(), "'; --"))
	ok(t, "elsewhere", put(earshot.SanctionMute, other, cai, now.Add(time.Minute), ""))
	ok(t, "again, for longer", put(earshot.SanctionMute, room, ben, now.Add(2*time.Minute), "x"))
	forever := fmt.Sprint(earshot.Forever().Sub(now))
	wantAll(t, "all", in(room, "", now, "", 0), []string{
		"ban Ben by ana 1h0m0s two\nlines", "mute Ben by ana 2m0s x", "mute cai by ana " + forever + " '; --",
	})
	wantAll(t, "mutes", in(room, earshot.SanctionMute, now, "", 1), []string{"mute Ben by ana 2m0s x"})
	wantAll(t, "the next page", in(room, earshot.SanctionMute, now, "ben", 1), []string{"mute cai by ana " + forever + " '; --"})
	wantAll(t, "later", in(room, "", now.Add(2*time.Minute), "", 0), []string{"ban Ben by ana 1h0m0s two\nlines", "mute cai by ana " + forever + " '; --"})
	refused(t, "no room", put(earshot.SanctionMute, 1<<40, ben, now, ""), earshot.CodeNotFound)
	refused(t, "no user", put(earshot.SanctionMute, room, 1<<40, now, ""), earshot.CodeNotFound)
	refused(t, "zero byte", put(earshot.SanctionMute, room, ben, now, "\x00"), earshot.CodeInvalid)

	lift := func(kind earshot.SanctionKind, user earshot.UserID) {
		t.Helper()
		ok(t, "lift", s.Sanctions.LiftSanction(t.Context(), kind, room, user, entry("lifted")))
	}
	before := len(subjects(t, s, earshot.ActionQuery{}))
	lift(earshot.SanctionBan, cai)
	want(t, "what was not there is not logged", len(subjects(t, s, earshot.ActionQuery{})), before)
	lift(earshot.SanctionMute, cai)
	want(t, "what was is", len(subjects(t, s, earshot.ActionQuery{Subject: "lifted"})), 1)
	wantAll(t, "left", in(room, earshot.SanctionMute, now, "", 0), []string{"mute Ben by ana 2m0s x"})

	ok(t, "whoever did it goes", s.Edit.DeleteUser(t.Context(), ana))
	wantAll(t, "by nobody", in(room, earshot.SanctionMute, now, "", 0), []string{"mute Ben by  2m0s x"})
	ok(t, "forget", s.Bans.ForgetSanctions(t.Context(), now.Add(time.Hour)))
	wantAll(t, "the ban is not over before", in(room, "", now, "", 0), []string{"ban Ben by  1h0m0s two\nlines"})
	changed, err := s.Rooms.Room(t.Context(), room)
	ok(t, "room", err)
	want(t, "as made", changed.Slow == 0 && changed.Lock == earshot.LockNone, true)
	changed.Slow, changed.Lock = 30, earshot.LockEntry
	ok(t, "change", s.Rooms.UpdateRoom(t.Context(), changed))
	got, err := s.Rooms.Room(t.Context(), room)
	ok(t, "room", err)
	want(t, "slow and locked", got, changed)
	ok(t, "the room goes", s.Rooms.DeleteRoom(t.Context(), room))
	wantAll(t, "of no room", in(room, "", now, "", 0), nil)
}

// sanctionsOfAllRooms looks through the bans of several rooms.
func sanctionsOfAllRooms(t *testing.T, s Stores) {
	ana, ben, cai := addUser(t, s, "ana"), addUser(t, s, "Ben"), addUser(t, s, "cai")
	one, two := addRoom(t, s, newRoom("one", 0)), addRoom(t, s, newRoom("Two", 0))
	now := kept(noon())
	put := func(kind earshot.SanctionKind, room earshot.RoomID, user earshot.UserID, at, until time.Time, reason string) {
		t.Helper()
		ok(t, "put", s.Sanctions.PutSanction(t.Context(), earshot.Sanction{
			Kind: kind, Room: room, User: earshot.UserRef{ID: user}, By: earshot.UserRef{ID: ana}, At: at, Until: until, Reason: reason,
		}, entry("x")))
	}
	put(earshot.SanctionBan, one, ben, now, earshot.Forever(), "Spam_")
	put(earshot.SanctionBan, two, ben, now, now.Add(time.Hour), "")
	put(earshot.SanctionBan, two, cai, now, earshot.Forever(), "")
	put(earshot.SanctionBan, one, cai, now.Add(-time.Minute), earshot.Forever(), "50% more")
	put(earshot.SanctionBan, one, ana, now.Add(-time.Hour), now, "over")
	put(earshot.SanctionMute, one, ana, now, earshot.Forever(), "a mute")
	find := func(search earshot.NameKey, at time.Time, limit int) (found []string) {
		t.Helper()
		q := earshot.SanctionQuery{Kind: earshot.SanctionBan, At: at, Search: search, Limit: limit}
		for {
			page, err := s.Sanctions.FindSanctions(t.Context(), q)
			ok(t, "find", err)
			for i := range page {
				found = append(found, page[i].RoomName+" "+page[i].User.Name)
				want(t, "by", page[i].By.Name, "ana")
			}
			if limit == 0 || len(page) < limit {
				return found
			}
			q.After = page[len(page)-1].Mark()
		}
	}
	all := []string{"Two cai", "Two Ben", "one Ben", "one cai"}
	for _, limit := range []int{0, 1, 2, 3, 5} {
		wantAll(t, fmt.Sprint("by ", limit), find("", now, limit), all)
	}
	wantAll(t, "later", find("", now.Add(time.Hour), 1), []string{"Two cai", "one Ben", "one cai"})
	wantAll(t, "by room", find("tw", now, 1), []string{"Two cai", "Two Ben"})
	wantAll(t, "by user", find("ben", now, 0), []string{"Two Ben", "one Ben"})
	wantAll(t, "by who did it", find("ana", now, 3), all)
	wantAll(t, "by the reason", find("spam_", now, 0), []string{"one Ben"})
	wantAll(t, "what stands for others does not", find("0% m", now, 0), []string{"one cai"})
	wantAll(t, "nor this", find("spam__", now, 0), nil)
	wantAll(t, "a quotation mark", find("' OR ''='", now, 0), nil)
	wantAll(t, "a zero byte", find("\x00", now, 0), nil)
}

// sanctionsAtMost fills a room.
func sanctionsAtMost(t *testing.T, s Stores) {
	users := make([]earshot.NewUser, earshot.MaxSanctions+1)
	for i := range users {
		users[i] = newUser(fmt.Sprint("user", i))
	}
	ids, err := s.Users.CreateUsers(t.Context(), users)
	ok(t, "users", err)
	room := addRoom(t, s, newRoom("one", 0))
	put := func(id earshot.UserID, at time.Time) error {
		return s.Sanctions.PutSanction(t.Context(), earshot.Sanction{
			Kind: earshot.SanctionBan, Room: room, User: earshot.UserRef{ID: id}, At: at, Until: noon().Add(time.Hour),
		}, entry("x"))
	}
	for _, id := range ids[1:] {
		ok(t, "ban", put(id, noon()))
	}
	refused(t, "one too many", put(ids[0], noon()), earshot.CodeLimit)
	ok(t, "one that is there", put(ids[1], noon()))
	ok(t, "when the others are over", put(ids[0], noon().Add(2*time.Hour)))
}

func bans(t *testing.T, s Stores) {
	ana, ben := addUser(t, s, "ana"), addUser(t, s, "Ben")
	now := kept(noon())
	put := func(user earshot.UserID, addresses string, until time.Time) earshot.Ban {
		t.Helper()
		b, err := s.Bans.PutBan(t.Context(), earshot.Ban{
			User: earshot.UserRef{ID: user}, Range: addresses, By: earshot.UserRef{ID: ana}, At: now, Until: until, Reason: "why",
		}, entry(addresses))
		ok(t, "ban", err)
		return b
	}
	got, err := s.Users.User(t.Context(), ben)
	ok(t, "user", err)
	want(t, "never banned", got.BannedUntil, time.Time{})
	first := put(ben, "", now.Add(time.Hour))
	want(t, "ban", first, earshot.Ban{
		ID: first.ID, User: earshot.UserRef{ID: ben, Name: "Ben"}, By: earshot.UserRef{ID: ana, Name: "ana"}, At: now, Until: now.Add(time.Hour), Reason: "why",
	})
	want(t, "the same ban, longer", put(ben, "", earshot.Forever()).ID, first.ID)
	got, err = s.Users.User(t.Context(), ben)
	ok(t, "user", err)
	want(t, "until", got.BannedUntil, earshot.Forever())
	want(t, "that is for good", earshot.IsForever(got.BannedUntil), true)

	net := put(0, "192.0.2.0/24", now.Add(time.Hour))
	want(t, "range", net.Range, "192.0.2.0/24")
	want(t, "again", put(0, "192.0.2.0/24", now.Add(time.Minute)).ID, net.ID)
	last := put(0, "2001:db8::/64", now.Add(time.Hour))
	bansFound(t, s, now, [2]int64{net.ID, last.ID})

	found, err := s.Bans.BanOf(t.Context(), 0, "192.0.2.0/24")
	ok(t, "of a range", err)
	want(t, "of a range", found.ID, net.ID)
	_, err = s.Bans.BanOf(t.Context(), ana, "")
	refused(t, "of one who is not banned", err, earshot.CodeNotFound)
	_, err = s.Bans.BanOf(t.Context(), 0, "\x00")
	refused(t, "of no range", err, earshot.CodeNotFound)
	_, err = s.Bans.PutBan(t.Context(), earshot.Ban{User: earshot.UserRef{ID: 1 << 40}, At: now, Until: now}, entry("x"))
	refused(t, "of nobody", err, earshot.CodeNotFound)

	lifted, err := s.Bans.LiftBan(t.Context(), first.ID, entry("lifted"))
	ok(t, "lift", err)
	want(t, "whose", lifted.User.Name, "Ben")
	_, err = s.Bans.LiftBan(t.Context(), first.ID, entry("lifted twice"))
	refused(t, "lift again", err, earshot.CodeNotFound)
	got, err = s.Users.User(t.Context(), ben)
	ok(t, "user", err)
	want(t, "lifted", got.BannedUntil, time.Time{})
	wantAll(t, "logged", subjects(t, s, earshot.ActionQuery{Limit: 2}), []string{"lifted", "2001:db8::/64"})
	put(ben, "", now.Add(time.Hour))
	ok(t, "delete", s.Edit.DeleteUser(t.Context(), ben))
	ok(t, "forget", s.Bans.ForgetSanctions(t.Context(), now.Add(2*time.Minute)))
	wantAll(t, "left", bansOf(t, s, earshot.BanQuery{At: now}), []string{"2001:db8::/64"})
}

// bansOf gives whom the bans are of that fit the query.
func bansOf(t *testing.T, s Stores, q earshot.BanQuery) (found []string) {
	t.Helper()
	all, err := s.Bans.Bans(t.Context(), q)
	ok(t, "bans", err)
	for i := range all {
		found = append(found, all[i].User.Name+all[i].Range)
	}
	return found
}

// bansFound looks for a user's ban and those of two ranges, which ana made in this order.
func bansFound(t *testing.T, s Stores, now time.Time, ids [2]int64) {
	t.Helper()
	const net4, net6 = "192.0.2.0/24", "2001:db8::/64"
	for what, c := range map[string]struct {
		query earshot.BanQuery
		found []string
	}{
		"all":                        {earshot.BanQuery{At: now}, []string{net6, net4, "Ben"}},
		"a page":                     {earshot.BanQuery{At: now, Below: ids[1], Limit: 1}, []string{net4}},
		"later":                      {earshot.BanQuery{At: now.Add(time.Minute)}, []string{net6, "Ben"}},
		"when over, too":             {earshot.BanQuery{}, []string{net6, net4, "Ben"}},
		"one":                        {earshot.BanQuery{ID: ids[0]}, []string{net4}},
		"users":                      {earshot.BanQuery{Kind: earshot.BanOfUser}, []string{"Ben"}},
		"ranges":                     {earshot.BanQuery{Kind: earshot.BanOfRange, At: now.Add(time.Minute)}, []string{net6}},
		"by name":                    {earshot.BanQuery{Search: "be"}, []string{"Ben"}},
		"by a part of a range":       {earshot.BanQuery{Search: "db8:"}, []string{net6}},
		"by who did it":              {earshot.BanQuery{Search: "ana", Limit: 2}, []string{net6, net4}},
		"by the reason":              {earshot.BanQuery{Search: "hy", Kind: earshot.BanOfUser}, []string{"Ben"}},
		"by ranges":                  {earshot.BanQuery{Search: "192.0.2.7", Ranges: []string{"192.0.2.7/32", net4, "'); --"}}, []string{net4}},
		"for nothing":                {earshot.BanQuery{Search: "nothing"}, nil},
		"for what stands for others": {earshot.BanQuery{Search: "%"}, nil},
		"for a quotation mark":       {earshot.BanQuery{Search: "' OR ''='"}, nil},
		"for a zero byte":            {earshot.BanQuery{Search: "\x00"}, nil},
	} {
		wantAll(t, what, bansOf(t, s, c.query), c.found)
	}
}

// bansNoted wants a server that runs to be told.
func bansNoted(t *testing.T, s Stores) {
	ana := addUser(t, s, "ana")
	noted := func() (users []earshot.UserID) {
		t.Helper()
		changes, err := s.Edit.AccountChanges(t.Context(), 100)
		ok(t, "changes", err)
		for _, c := range changes {
			want(t, "credential", c.Credential, earshot.SecretHash{})
			users = append(users, c.User)
		}
		ok(t, "forget", s.Edit.ForgetAccountChanges(t.Context(), changes))
		return users
	}
	b, err := s.Bans.PutBan(t.Context(), earshot.Ban{User: earshot.UserRef{ID: ana}, At: noon(), Until: noon()}, entry("x"))
	ok(t, "ban", err)
	wantAll(t, "a user", noted(), []earshot.UserID{ana})
	_, err = s.Bans.LiftBan(t.Context(), b.ID, entry("x"))
	ok(t, "lift", err)
	wantAll(t, "a user", noted(), []earshot.UserID{ana})
	b, err = s.Bans.PutBan(t.Context(), earshot.Ban{Range: "192.0.2.0/24", At: noon(), Until: noon()}, entry("x"))
	ok(t, "ban", err)
	_, err = s.Bans.LiftBan(t.Context(), b.ID, entry("x"))
	ok(t, "lift", err)
	wantAll(t, "addresses", noted(), []earshot.UserID{0, 0})

	// What keeping order is a matter of: groups, too.
	group, err := s.Groups.CreateGroup(t.Context(), earshot.Group{Name: "g"}, "g")
	ok(t, "group", err)
	ok(t, "in", s.Groups.SetGroupMember(t.Context(), group, ana, true))
	wantAll(t, "in", noted(), []earshot.UserID{ana})
	ok(t, "grant", s.Groups.ChangeGroup(t.Context(), group, earshot.GroupChange{Grant: earshot.PermissionsOf(earshot.PermAddRoom)}))
	wantAll(t, "another permission", noted(), nil)
	ok(t, "grant", s.Groups.ChangeGroup(t.Context(), group, earshot.GroupChange{Grant: earshot.PermissionsOf(earshot.PermModerateRoom)}))
	wantAll(t, "to keep order", noted(), []earshot.UserID{ana})
	ok(t, "delete", s.Groups.DeleteGroup(t.Context(), group))
	wantAll(t, "gone", noted(), []earshot.UserID{ana})
	refused(t, "gone", s.Groups.DeleteGroup(t.Context(), group), earshot.CodeNotFound)
}

func actions(t *testing.T, s Stores) {
	now := kept(noon())
	entries := []earshot.Action{
		{At: now, Actor: earshot.UserRef{ID: 7, Name: "Ana"}, Road: earshot.RoadPage, Verb: earshot.VerbKick, Subject: "Élan", Room: "lobby", Details: map[string]string{"reason": "a\n\"b\"", "until": "x"}},
		{At: now.Add(time.Second), Road: earshot.RoadCommand, Verb: earshot.VerbCreateUser, Subject: "ana"},
		{At: now.Add(2 * time.Second), Actor: earshot.UserRef{ID: 7, Name: "Ana"}, Road: earshot.RoadToken, Verb: earshot.VerbBan, Subject: "192.0.2.0/24"},
	}
	ok(t, "nothing", s.Actions.WriteActions(t.Context()))
	ok(t, "write", s.Actions.WriteActions(t.Context(), entries...))
	ok(t, "odd", s.Actions.WriteActions(t.Context(), earshot.Action{At: now.Add(3 * time.Second), Subject: "\x00\xff"}))
	for what, c := range map[string]struct {
		query earshot.ActionQuery
		found []string
	}{
		"all":        {earshot.ActionQuery{}, []string{"\uFFFD\uFFFD", "192.0.2.0/24", "ana", "Élan"}},
		"by":         {earshot.ActionQuery{Actor: "ANA"}, []string{"192.0.2.0/24", "Élan"}},
		"by nobody":  {earshot.ActionQuery{Actor: "' OR ''='"}, nil},
		"zero byte":  {earshot.ActionQuery{Actor: "\x00"}, nil},
		"to":         {earshot.ActionQuery{Subject: "élan"}, []string{"Élan"}},
		"in a room":  {earshot.ActionQuery{Subject: "LOBBY"}, []string{"Élan"}},
		"what":       {earshot.ActionQuery{Verb: earshot.VerbBan}, []string{"192.0.2.0/24"}},
		"since":      {earshot.ActionQuery{Since: now.Add(2 * time.Second)}, []string{"\uFFFD\uFFFD", "192.0.2.0/24"}},
		"before":     {earshot.ActionQuery{Before: now.Add(time.Second)}, []string{"Élan"}},
		"at most":    {earshot.ActionQuery{Limit: 1}, []string{"\uFFFD\uFFFD"}},
		"everything": {earshot.ActionQuery{Actor: "ana", Subject: "élan", Verb: earshot.VerbKick, Since: now, Before: now.Add(1)}, nil},
	} {
		wantAll(t, what, subjects(t, s, c.query), c.found)
	}
	page, err := s.Actions.Actions(t.Context(), earshot.ActionQuery{Limit: 3})
	ok(t, "page", err)
	page, err = s.Actions.Actions(t.Context(), earshot.ActionQuery{Below: page[2].ID})
	ok(t, "the next page", err)
	if len(page) != 1 {
		t.Fatalf("the next page: %+v", page)
	}
	got := page[0]
	want(t, "actor", got.Actor, entries[0].Actor)
	want(t, "the rest", fmt.Sprint(got.At, got.Road, got.Verb, got.Subject, got.Room), fmt.Sprint(now, earshot.RoadPage, earshot.VerbKick, "Élan", "lobby"))
	want(t, "details", maps.Equal(got.Details, entries[0].Details), true)
}

func actionsTrimmed(t *testing.T, s Stores) {
	now := kept(noon())
	all := make([]earshot.Action, 1000)
	for i := range all {
		all[i] = earshot.Action{At: now.Add(time.Duration(i) * time.Second), Subject: fmt.Sprint(i), Details: map[string]string{"reason": strings.Repeat("x", earshot.MaxReason)}}
	}
	ok(t, "write", s.Actions.WriteActions(t.Context(), all...))
	want(t, "a page", len(subjects(t, s, earshot.ActionQuery{Limit: 1 << 30})), earshot.MaxActions)
	ok(t, "by age", s.Actions.TrimActions(t.Context(), now.Add(990*time.Second), 100))
	want(t, "by age", len(subjects(t, s, earshot.ActionQuery{})), 10)
	ok(t, "by number", s.Actions.TrimActions(t.Context(), now, 2))
	wantAll(t, "by number", subjects(t, s, earshot.ActionQuery{}), []string{"999", "998"})
	ok(t, "nothing to do", s.Actions.TrimActions(t.Context(), now, 2))
	ok(t, "all", s.Actions.TrimActions(t.Context(), now, 0))
	wantAll(t, "none", subjects(t, s, earshot.ActionQuery{}), nil)
}
