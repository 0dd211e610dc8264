package httpd

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/wire"
)

// room makes a room and gives its address.
func (s *someone) room(name string, access earshot.Access) (path string, made roomReply) {
	s.t.Helper()
	w := s.wants(http.StatusCreated, http.MethodPost, "/api/v1/rooms",
		fmt.Sprintf(`{"name":%q,"title":"The %s","topic":"","access":%q}`, name, name, access))
	made = read[roomReply](s.t, w)
	path = fmt.Sprintf("/api/v1/rooms/%d", made.ID)
	if w.Header().Get("Location") != path {
		s.t.Errorf("Location is %q", w.Header().Get("Location"))
	}
	return path, made
}

func (s *someone) roomNames() []string {
	s.t.Helper()
	var names []string
	for _, r := range read[roomsReply](s.t, s.wants(http.StatusOK, http.MethodGet, "/api/v1/rooms", "")).Rooms {
		names = append(names, r.Name)
	}
	return names
}

func TestRooms(t *testing.T) {
	h := newHouse(t, nil)
	ana, bob, boss := h.user("ana", nil), h.user("bob", nil), h.user("boss", staff)
	if names := ana.roomNames(); len(names) != 0 {
		t.Errorf("rooms at the start: %v", names)
	}
	path, made := ana.room("Garden", earshot.AccessPublic)
	if want := (roomReply{ID: made.ID, Name: "Garden", Title: "The Garden", Access: "public", Owner: int64(ana.id)}); made != want {
		t.Errorf("made %+v", made)
	}
	if got := read[roomReply](t, bob.wants(http.StatusOK, http.MethodGet, path, "")); got != made {
		t.Errorf("bob sees %+v", got)
	}
	ana.refused(earshot.CodeConflict, http.MethodPost, "/api/v1/rooms", `{"name":"garden","title":"x","access":"public"}`)
	bob.refused(earshot.CodeForbidden, http.MethodPatch, path, `{"topic":"mine now"}`)
	bob.refused(earshot.CodeForbidden, http.MethodDelete, path, "")
	if got := read[roomReply](t, ana.wants(http.StatusOK, http.MethodPatch, path, `{"topic":"roses"}`)); got.Topic != "roses" || got.Title != made.Title {
		t.Errorf("changed to %+v", got)
	}
	boss.wants(http.StatusOK, http.MethodPatch, path, `{"access":"staff"}`)
	bob.refused(earshot.CodeNotFound, http.MethodGet, path, "")
	boss.room("attic", earshot.AccessStaff)
	boss.room("hall", earshot.AccessPublic)
	if got := boss.roomNames(); !slices.Equal(got, []string{"attic", "Garden", "hall"}) {
		t.Errorf("staff sees %v", got)
	}
	if got := bob.roomNames(); !slices.Equal(got, []string{"hall"}) {
		t.Errorf("bob sees %v", got)
	}
	boss.wants(http.StatusNoContent, http.MethodDelete, path, "")
	boss.refused(earshot.CodeNotFound, http.MethodGet, path, "")
}

// TestPrivateRoom sees that whoever may not enter a private room gets, from every call, the answer for a room that does
// not exist.
func TestPrivateRoom(t *testing.T) {
	h := newHouse(t, nil)
	ana, bob, eve := h.user("ana", nil), h.user("bob@example.org", nil), h.user("eve", nil)
	path, _ := ana.room("den", earshot.AccessPrivate)
	bobs := path + "/members/" + url.PathEscape("bob@example.org")

	for _, at := range []string{path, "/api/v1/rooms/999999"} {
		for _, c := range []struct{ method, path, body string }{
			{http.MethodGet, at, ""},
			{http.MethodPatch, at, `{"topic":"x"}`},
			{http.MethodDelete, at, ""},
			{http.MethodGet, at + "/members", ""},
			{http.MethodPut, at + "/members/eve", ""},
			{http.MethodPut, at + "/members/nobody", ""},
			{http.MethodDelete, at + "/members/ana", ""},
			{http.MethodDelete, at + "/members/nobody", ""},
		} {
			// Not a word of the answer may differ.
			theirs, none := eve.call(c.method, c.path, c.body), eve.call(http.MethodGet, "/api/v1/rooms/999999", "")
			if theirs.Code != http.StatusNotFound || theirs.Body.String() != none.Body.String() {
				t.Errorf("%s %s: %d %s", c.method, c.path, theirs.Code, theirs.Body)
			}
		}
	}
	if got := eve.roomNames(); len(got) != 0 {
		t.Errorf("eve sees %v", got)
	}

	ana.wants(http.StatusNoContent, http.MethodPut, bobs, "")
	ana.wants(http.StatusNoContent, http.MethodPut, strings.Replace(bobs, "@", "%40", 1), "") // twice is once
	ana.refused(earshot.CodeNotFound, http.MethodPut, path+"/members/nobody", "")
	if got := read[membersReply](t, bob.wants(http.StatusOK, http.MethodGet, path+"/members", "")).Members; !slices.Equal(got,
		[]wire.User{{ID: int64(bob.id), Name: "bob@example.org"}}) {
		t.Errorf("members are %v", got)
	}
	if got := bob.roomNames(); !slices.Equal(got, []string{"den"}) {
		t.Errorf("bob sees %v", got)
	}
	bob.refused(earshot.CodeForbidden, http.MethodPut, path+"/members/eve", "")
	bob.wants(http.StatusNoContent, http.MethodDelete, bobs, "") // oneself
	bob.refused(earshot.CodeNotFound, http.MethodGet, path, "")
}

func TestRoomDefaultsAndOwner(t *testing.T) {
	h := newHouse(t, nil)
	ana := h.user("ana", nil)
	made := read[roomReply](t, ana.wants(http.StatusCreated, http.MethodPost, "/api/v1/rooms", `{"name":"den"}`))
	if made.Title != "den" || made.Access != "public" {
		t.Errorf("made %+v", made)
	}
	ana.refused(earshot.CodeConflict, http.MethodDelete, fmt.Sprintf("/api/v1/rooms/%d/members/ana", made.ID), "")
}

func TestRoomIDIsCanonical(t *testing.T) {
	h := newHouse(t, nil)
	ana := h.user("ana", nil)
	ana.room("one", earshot.AccessPublic)
	for _, id := range []string{"+1", "01", "-1", "0", "1.0", "0x1"} {
		ana.refused(earshot.CodeNotFound, http.MethodGet, "/api/v1/rooms/"+id, "")
	}
}

func TestRoomsPerUser(t *testing.T) {
	h := newHouse(t, func(_ *Options, _ *account.Config, c *hub.Config) { c.RoomsPerUser = 2 })
	ana, boss := h.user("ana", nil), h.user("boss", staff)
	path, _ := ana.room("one", earshot.AccessPublic)
	ana.room("two", earshot.AccessPublic)
	const three = `{"name":"three","title":"x","access":"public"}`
	if p := ana.refused(earshot.CodeLimit, http.MethodPost, "/api/v1/rooms", three); p.Status != http.StatusConflict {
		t.Errorf("answer: %+v", p)
	}
	ana.wants(http.StatusNoContent, http.MethodDelete, path, "")
	ana.wants(http.StatusCreated, http.MethodPost, "/api/v1/rooms", three)
	for i := range 4 {
		boss.room(fmt.Sprint("boss", i), earshot.AccessPublic)
	}
}

func TestRoomsByStaffOnly(t *testing.T) {
	h := newHouse(t, func(_ *Options, _ *account.Config, c *hub.Config) { c.CreateRooms = hub.CreateStaff })
	ana, boss := h.user("ana", nil), h.user("boss", staff)
	ana.refused(earshot.CodeForbidden, http.MethodPost, "/api/v1/rooms", `{"name":"x","title":"x","access":"public"}`)
	if read[meReply](t, ana.wants(http.StatusOK, http.MethodGet, "/api/v1/me", "")).CanCreateRooms {
		t.Error("ana is told that she may")
	}
	boss.room("x", earshot.AccessPublic)
}

func TestBadRooms(t *testing.T) {
	h := newHouse(t, nil)
	ana := h.user("ana", nil)
	for body, field := range map[string]string{
		`{}`: "name",
		`{"name":"a b","title":"x","access":"public"}`:                                          "name",
		`{"name":"` + strings.Repeat("a", 10_000) + `","title":"x","access":"public"}`:          "name",
		`{"name":"a\u202eb","title":"x","access":"public"}`:                                     "name",
		`{"name":"a","title":"","access":"public"}`:                                             "title",
		`{"name":"a","title":"x\u202ey","access":"public"}`:                                     "title",
		`{"name":"a","title":"x\u0000y","access":"public"}`:                                     "title",
		`{"name":"a","title":"x","topic":"` + strings.Repeat("t", 501) + `","access":"public"}`: "topic",
		`{"name":"a","title":"x","access":"secret"}`:                                            "access",
		`{"name":"a","title":"x","access":""}`:                                                  "access",
	} {
		if p := ana.refused(earshot.CodeInvalid, http.MethodPost, "/api/v1/rooms", body); p.Field != field {
			t.Errorf("%.60s: field %q, not %q", body, p.Field, field)
		}
	}
	path, _ := ana.room("a", earshot.AccessPublic)
	for _, body := range []string{`{"title":""}`, `{"access":"secret"}`, `{"topic":"a\nb"}`} {
		ana.refused(earshot.CodeInvalid, http.MethodPatch, path, body)
	}
	for _, id := range []string{"0", "-1", "x", "1.0", "99999999999999999999", "%31x", "1%2f2"} {
		ana.refused(earshot.CodeNotFound, http.MethodGet, "/api/v1/rooms/"+id, "")
	}
}

// operations gives what docs/openapi.yaml describes, which is every call of the API (TestEveryRouteIsDescribed).
func operations(t *testing.T) []*operation {
	t.Helper()
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(maps.Values(d.operations))
}

func fillIn(route string, room int64) string {
	return "/api/v1" + strings.NewReplacer("{id}", fmt.Sprint(room), "{username}", "ana", "{group}", "helpers").Replace(route)
}

func TestNotLoggedIn(t *testing.T) {
	h := newHouse(t, nil)
	_, made := h.user("ana", nil).room("hall", earshot.AccessPublic)
	for _, op := range operations(t) {
		method, route := op.call()
		for _, headers := range [][]string{
			nil,
			{"Authorization", "Bearer nonsense"},
			{"Authorization", "Bearer"},
			{"Authorization", "Basic YW5hOmFuYQ=="},
			{"Cookie", cookieName + "=nonsense"},
			{"Cookie", cookieName + "="},
		} {
			w := h.call(method, fillIn(route, made.ID), "", headers...)
			if op.open {
				if w.Code == http.StatusUnauthorized {
					t.Errorf("%s is described as open to anybody: %s", op.key, w.Body)
				}
				continue
			}
			if p := problemOf(t, w); p.Status != http.StatusUnauthorized || p.Code != "unauthenticated" {
				t.Errorf("%s with %v: %+v", op.key, headers, p)
			}
		}
	}
}

// TestBadBodies gives every call that takes a body everything that is wrong with bodies, mass assignment included.
func TestBadBodies(t *testing.T) {
	h := newHouse(t, nil)
	_, made := h.user("ana", nil).room("hall", earshot.AccessPublic)
	for i, op := range operations(t) {
		if op.body == nil || (*op.body)["application/json"] == nil {
			continue
		}
		method, route := op.call()
		path := fillIn(route, made.ID)
		boss := h.user(fmt.Sprint("boss", i), superuserWithPassword).forCall(path) // each has so many calls a second
		for _, body := range []string{
			`null`, `[]`, `"x"`, `{`, `{} {}`, `{"a":1}`, `{"username":"x","is_superuser":true,"id":7}`, `{"owner":1}`, `{"id":7}`,
			`{"title":"x","title":"y"}`, "{\"name\":\"\xff\"}", strings.Repeat(`{"a":`, 5000), strings.Repeat("[", 60_000),
		} {
			if p := boss.refused(earshot.CodeMalformed, method, path, body); p.Status != http.StatusBadRequest {
				t.Errorf("%s: %+v", op.key, p)
			}
		}
		if p := boss.refused(earshot.CodeTooLarge, method, path, `{"name":"`+strings.Repeat("x", 1<<20)+`"}`); p.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %+v", op.key, p)
		}
		for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"} {
			w := h.call(method, path, `{}`, append(boss.credential(), "Content-Type", kind)...)
			if p := problemOf(t, w); p.Code != "malformed" || p.Status != http.StatusUnsupportedMediaType {
				t.Errorf("%s as %q: %+v", op.key, kind, p)
			}
		}
	}
	if got := read[roomReply](t, h.user("boss", superuser).wants(http.StatusOK, http.MethodGet, fillIn("/rooms/{id}", made.ID), "")); got != made {
		t.Errorf("the room became %+v", got)
	}
}
