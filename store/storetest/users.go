package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/names"
)

func userRoundTrip(t *testing.T, s Stores) {
	full := newUser("Ana")
	full.Password = "argon2$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"
	full.IsStaff, full.IsSuperuser, full.LastLogin = true, true, noon().Add(time.Hour)
	full.EmailConfirmed = true
	full.Email, full.DisplayName, full.Permissions = "ana@example.org", "Ana María", earshot.PermissionsOf(earshot.Permissions()...)
	plain := newUser("bob")
	plain.IsActive = false

	ids, err := s.Users.CreateUsers(t.Context(), []earshot.NewUser{full, plain})
	ok(t, "create", err)
	if len(ids) != 2 || ids[0] == ids[1] || ids[0] <= 0 || ids[1] <= 0 {
		t.Fatalf("ids: %v", ids)
	}
	for i, u := range []earshot.NewUser{full, plain} {
		expect := u.User
		expect.ID, expect.DateJoined = ids[i], kept(u.DateJoined)
		if !u.LastLogin.IsZero() {
			expect.LastLogin = kept(u.LastLogin)
		}
		byID, err := s.Users.User(t.Context(), ids[i])
		ok(t, "by id", err)
		want(t, "by id", byID, expect)
		byName, err := s.Users.UserByName(t.Context(), u.Keys.Name)
		ok(t, "by name", err)
		want(t, "by name", byName, expect)
	}
	n, err := s.Users.CountUsers(t.Context())
	ok(t, "count", err)
	want(t, "count", n, 2)
	ids, err = s.Users.CreateUsers(t.Context(), nil)
	ok(t, "create nobody", err)
	want(t, "create nobody", len(ids), 0)
}

func usersAllOrNone(t *testing.T, s Stores) {
	addUser(t, s, "Ana")
	for what, batch := range map[string][]string{
		"taken":             {"ANA"},
		"taken, in a batch": {"carl", "ana", "dora"},
		"twice in a batch":  {"carl", "dora", "CARL"},
	} {
		var users []earshot.NewUser
		for _, name := range batch {
			users = append(users, newUser(name))
		}
		_, err := s.Users.CreateUsers(t.Context(), users)
		refused(t, what, err, earshot.CodeConflict, "username")
	}
	many := make([]earshot.NewUser, 0, 1001)
	for i := range 1000 {
		many = append(many, newUser(fmt.Sprint("user", i)))
	}
	_, err := s.Users.CreateUsers(t.Context(), append(many, newUser("aNa")))
	refused(t, "the last of 1001", err, earshot.CodeConflict, "username")
	n, err := s.Users.CountUsers(t.Context())
	ok(t, "count", err)
	want(t, "users after refused batches", n, 1)
	addUser(t, s, "carl")
}

func userNotFound(t *testing.T, s Stores) {
	addUser(t, s, "ana")
	for _, id := range []earshot.UserID{0, -1, 1 << 40, 1<<63 - 1} {
		_, err := s.Users.User(t.Context(), id)
		refused(t, fmt.Sprint("user ", id), err, earshot.CodeNotFound)
	}
	for _, key := range []earshot.NameKey{"", "anna", "ANA", "an", "ana ", "%", "a%", "_na", "ana\x00", "\xff"} {
		_, err := s.Users.UserByName(t.Context(), key)
		refused(t, fmt.Sprintf("name %q", key), err, earshot.CodeNotFound)
	}
}

func usersBySkeleton(t *testing.T, s Stores) {
	var users []earshot.NewUser
	for name, kind := range map[string][2]bool{
		"paula": {true, false}, "pau1a": {false, true}, "рaula": {true, true}, "PAULA.": {true, true}, "paulа": {false, false},
	} {
		u := newUser(name)
		u.IsStaff, u.IsSuperuser = kind[0], kind[1]
		users = append(users, u)
	}
	_, err := s.Users.CreateUsers(t.Context(), users)
	ok(t, "create", err)
	got, err := s.Users.UsersBySkeleton(t.Context(), names.Skeleton("paula"), 4)
	ok(t, "users", err)
	want(t, "the last of those that look like paula", got[len(got)-1].Username, "paulа") // who is not on the staff
	var found []string
	for _, u := range got {
		found = append(found, u.Username)
	}
	slices.Sort(found)
	wantAll(t, "users that look like paula", found, []string{"pau1a", "paula", "paulа", "рaula"})
	if got, err = s.Users.UsersBySkeleton(t.Context(), names.Skeleton("paula"), 1); err != nil || len(got) != 1 || (!got[0].IsStaff && !got[0].IsSuperuser) {
		t.Errorf("the first of them: %+v, %v", got, err)
	}
	for _, none := range []string{"", "nobody", "%", "\x00", "\xff"} {
		got, err := s.Users.UsersBySkeleton(t.Context(), none, 4)
		ok(t, "users", err)
		want(t, fmt.Sprintf("users that look like %q", none), len(got), 0)
	}
}

func firstUser(t *testing.T, s Stores) {
	n, err := s.Users.CountUsers(t.Context())
	ok(t, "count", err)
	want(t, "users of an empty store", n, 0)
	first := newUser("root")
	first.IsSuperuser = true
	id, err := s.Users.CreateFirstUser(t.Context(), first)
	ok(t, "first", err)
	got, err := s.Users.User(t.Context(), id)
	ok(t, "user", err)
	want(t, "first is superuser", got.IsSuperuser, true)
	_, err = s.Users.CreateFirstUser(t.Context(), newUser("second"))
	refused(t, "second", err, earshot.CodeConflict, "setup")
	_, err = s.Users.CreateFirstUser(t.Context(), first)
	refused(t, "the same again", err, earshot.CodeConflict, "setup")
}

func tenThousand(t *testing.T, s Stores) {
	const n = 10_000
	users := make([]earshot.NewUser, n)
	for i := range users {
		users[i] = newUser(fmt.Sprintf("user%05d", i))
	}
	begin := time.Now()
	ids, err := s.Users.CreateUsers(t.Context(), users)
	ok(t, "create", err)
	t.Logf("%d users in %v", n, time.Since(begin))
	made := make([]earshot.Token, n)
	for i, id := range ids {
		made[i] = earshot.Token{Hash: hash("token", i), User: id, CreatedAt: noon()}
	}
	begin = time.Now()
	ok(t, "tokens", s.Tokens.CreateTokens(t.Context(), made))
	t.Logf("%d tokens in %v", n, time.Since(begin))
	count, err := s.Users.CountUsers(t.Context())
	ok(t, "count", err)
	want(t, "count", count, n)
	for i := 0; i < n; i += 997 { // the ids belong to the names in order
		u, err := s.Users.User(t.Context(), ids[i])
		ok(t, "user", err)
		want(t, "name", u.Username, users[i].Username)
		token, err := s.Tokens.Token(t.Context(), hash("token", i))
		ok(t, "token", err)
		want(t, "token's user", token.User, ids[i])
	}
}

// Texts that mean something to some layer between here and the disk.
func odd() []string {
	return []string{
		`'; DROP TABLE auth_user; --`, `" OR ""="`, `\'`, `''`, `$1`, `?`, `:name`, `@x`, `%_%`, `{}`, `a;b`, "tab\tline\nend\r\n",
		`NULL`, `Robert');--`, "日本語", "😀👩‍👩‍👧‍👦", "עברית", "e\u0301", "é", "\u202eevil", "\ufeffbom", " ", "", "\u2028",
		strings.Repeat("長", 5000), "\U0010ffff", "`x`", "/*x*/", "$$x$$", "\x01\x7f",
	}
}

func oddTexts(t *testing.T, s Stores) {
	var users []earshot.NewUser
	for _, text := range odd() {
		u := newUser(text)
		u.Password, u.Email, u.DisplayName = earshot.PasswordHash(text), text, text
		u.IsStaff = true
		u.Keys = earshot.UserKeys{Name: earshot.NameKey(text), Skeleton: text}
		users = append(users, u)
	}
	ids, err := s.Users.CreateUsers(t.Context(), users)
	ok(t, "create", err)
	for i, text := range odd() {
		u, err := s.Users.UserByName(t.Context(), earshot.NameKey(text))
		ok(t, "by name", err)
		want(t, "id", u.ID, ids[i])
		want(t, "username", u.Username, text)
		want(t, "password", string(u.Password), text)
		want(t, "email and display name", u.Email+u.DisplayName, text+text)
		found, err := s.Users.Users(t.Context(), earshot.UserQuery{Search: earshot.NameKey(text), After: "", Limit: 100})
		ok(t, "search", err)
		want(t, "found", slices.ContainsFunc(found, func(f earshot.User) bool { return f.ID == u.ID }), true)
		group, err := s.Groups.CreateGroup(t.Context(), earshot.Group{Name: text}, earshot.NameKey(text))
		ok(t, "group", err)
		named, err := s.Groups.GroupByName(t.Context(), earshot.NameKey(text))
		ok(t, "group by name", err)
		want(t, "group", named, earshot.Group{ID: group, Name: text})
		staff, err := s.Users.UsersBySkeleton(t.Context(), text, 4)
		ok(t, "staff", err)
		want(t, "staff with the skeleton", len(staff), 1)

		room := earshot.Room{Name: text, Title: text, Topic: text, Access: earshot.AccessPublic, CreatedAt: kept(noon())}
		room.ID, err = s.Rooms.CreateRoom(t.Context(), room, earshot.NameKey(text), 0)
		ok(t, "room", err)
		got, err := s.Rooms.Room(t.Context(), room.ID)
		ok(t, "room", err)
		want(t, "room", got, room)
	}
}

func unstorableTexts(t *testing.T, s Stores) {
	for _, text := range []string{"a\x00b", "\xff", "a\xc3", "\xed\xa0\x80"} {
		u := newUser("fine")
		u.Username = text
		_, err := s.Users.CreateUsers(t.Context(), []earshot.NewUser{u})
		refused(t, fmt.Sprintf("user %q", text), err, earshot.CodeInvalid, "username")
		u = newUser("fine")
		u.Keys.Name = earshot.NameKey(text)
		_, err = s.Users.CreateFirstUser(t.Context(), u)
		refused(t, fmt.Sprintf("key %q", text), err, earshot.CodeInvalid, "username")
		for field, room := range map[string]earshot.Room{"name": {Name: text}, "title": {Title: text}, "topic": {Topic: text}} {
			_, err := s.Rooms.CreateRoom(t.Context(), room, "fine", 0)
			refused(t, fmt.Sprintf("%s %q", field, text), err, earshot.CodeInvalid, field)
		}
		_, err = s.Rooms.CreateRoom(t.Context(), newRoom("fine", 0), earshot.NameKey(text), 0)
		refused(t, fmt.Sprintf("room's key %q", text), err, earshot.CodeInvalid, "name")
	}
	n, err := s.Users.CountUsers(t.Context())
	ok(t, "count", err)
	want(t, "count", n, 0)
	user := addUser(t, s, "fine")
	for _, text := range []string{"a\x00b", "\xff"} {
		for field, c := range map[string]earshot.UserChange{
			"email": {Email: &text}, "display_name": {DisplayName: &text}, "password": {Password: ptr(earshot.PasswordHash(text))},
		} {
			_, err := s.Edit.ChangeUser(t.Context(), user, c)
			refused(t, fmt.Sprintf("%s %q", field, text), err, earshot.CodeInvalid, field)
		}
		_, err := s.Groups.CreateGroup(t.Context(), earshot.Group{Name: text}, "fine")
		refused(t, fmt.Sprintf("group %q", text), err, earshot.CodeInvalid, "group")
		_, err = s.Groups.GroupByName(t.Context(), earshot.NameKey(text))
		refused(t, fmt.Sprintf("group's key %q", text), err, earshot.CodeNotFound)
		for _, q := range []earshot.UserQuery{{Search: earshot.NameKey(text)}, {After: earshot.NameKey(text)}} {
			found, err := s.Users.Users(t.Context(), q)
			ok(t, "search", err)
			want(t, fmt.Sprintf("found by %q", text), len(found), 0)
		}
	}
}
