package httpd

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
)

type sanctionsPageReply struct {
	Bans  []sanctionReply `json:"bans"`
	Mutes []sanctionReply `json:"mutes"`
	More  bool            `json:"more"`
}

type bansPageReply struct {
	Bans []banReply `json:"bans"`
	More bool       `json:"more"`
}

// TestKeepingOrder goes through what moderators do by the API: who may, and what is answered.
func TestKeepingOrder(t *testing.T) {
	h := newHouse(t, nil)
	owner, ben, other := h.user("owner", nil), h.user("ben", nil), h.user("other", nil)
	boss, helper := h.user("boss", superuser), h.user("helper", staff)
	_, made := owner.room("hall", earshot.AccessPublic)
	path := func(rest string) string { return fmt.Sprintf("/api/v1/rooms/%d%s", made.ID, rest) }

	kicked := owner.wants(http.StatusOK, http.MethodPost, path("/kick"), `{"username":"BEN","seconds":5,"reason":"a\nb"}`).Body.String()
	if !strings.HasPrefix(kicked, fmt.Sprintf(`{"user":{"id":%d,"name":"ben"},"until":"2`, ben.id)) {
		t.Error(kicked)
	}
	for _, body := range []string{`{"username":"ben","seconds":0}`, `{"username":"ben","seconds":3601}`, `{"username":"ben","seconds":9223372036854775807}`, `{"username":"ben","seconds":-9223372036854775808}`, `{"username":"ben","reason":"` + strings.Repeat("x", 501) + `"}`} {
		owner.refused(earshot.CodeInvalid, http.MethodPost, path("/kick"), body)
	}
	owner.refused(earshot.CodeNotFound, http.MethodPost, path("/kick"), `{"username":"nobody"}`)
	owner.refused(earshot.CodeForbidden, http.MethodPost, path("/kick"), `{"username":"helper"}`)
	helper.refused(earshot.CodeConflict, http.MethodPost, path("/kick"), `{"username":"owner"}`)

	for _, kind := range []string{"bans", "mutes"} {
		one := path("/" + kind + "/ben")
		s := read[sanctionReply](t, owner.wants(http.StatusOK, http.MethodPut, one, `{"reason":"why"}`))
		if s.User.Name != "ben" || s.By == nil || s.By.Name != "owner" || s.Until != nil || s.Reason != "why" {
			t.Errorf("%+v", s)
		}
		s = read[sanctionReply](t, helper.wants(http.StatusOK, http.MethodPut, one, `{"seconds":60}`))
		if s.Until == nil || s.By.Name != "helper" {
			t.Errorf("%+v", s)
		}
		page := read[sanctionsPageReply](t, owner.wants(http.StatusOK, http.MethodGet, path("/"+kind), ""))
		if len(page.Bans)+len(page.Mutes) != 1 || page.More {
			t.Errorf("%+v", page)
		}
		for _, call := range [][3]string{{http.MethodGet, path("/" + kind)}, {http.MethodPut, path("/" + kind + "/other"), `{}`}, {http.MethodDelete, one}} {
			ben.refused(earshot.CodeForbidden, call[0], call[1], call[2])
		}
		owner.refused(earshot.CodeInvalid, http.MethodPut, one, `{"seconds":-1}`)
		owner.wants(http.StatusNoContent, http.MethodDelete, one, "")
		owner.wants(http.StatusNoContent, http.MethodDelete, one, "")
	}
	_, den := owner.room("den", earshot.AccessPrivate) // which others do not know of, and whom they name does not matter
	for _, name := range []string{"ben", "nobody"} {
		other.refused(earshot.CodeNotFound, http.MethodPut, fmt.Sprintf("/api/v1/rooms/%d/bans/%s", den.ID, name), `{}`)
	}

	room := read[roomReply](t, helper.wants(http.StatusOK, http.MethodPatch, path(""), `{"slow_seconds":5,"locked":"posts"}`))
	if room.SlowSeconds != 5 || room.Locked != "posts" {
		t.Errorf("%+v", room)
	}
	ben.refused(earshot.CodeForbidden, http.MethodPatch, path(""), `{"slow_seconds":0}`)
	for _, body := range []string{`{"slow_seconds":-1}`, `{"slow_seconds":21601}`, `{"locked":"x"}`} {
		boss.refused(earshot.CodeInvalid, http.MethodPatch, path(""), body)
	}
}

// TestBansOfServer bans a user and a range of addresses, and wants each road closed to them.
func TestBansOfServer(t *testing.T) {
	h := newHouse(t, nil)
	boss, helper := h.user("boss", superuser), h.user("helper", staff)
	ben := h.user("ben", password("correct horse battery"))
	for _, call := range [][3]string{{http.MethodGet, "/api/v1/bans"}, {http.MethodPost, "/api/v1/bans", `{"username":"ben"}`}, {http.MethodDelete, "/api/v1/bans/1"}, {http.MethodGet, "/api/v1/log"}} {
		helper.refused(earshot.CodeForbidden, call[0], call[1], call[2])
	}
	b := read[banReply](t, boss.wants(http.StatusCreated, http.MethodPost, "/api/v1/bans", `{"username":"ben","seconds":60,"reason":"spam"}`))
	if b.User == nil || b.User.Name != "ben" || b.Until == nil {
		t.Errorf("%+v", b)
	}
	if p := ben.refused(earshot.CodeBanned, http.MethodGet, "/api/v1/me", ""); p.Status != http.StatusForbidden || p.RetryMs <= 0 || !strings.Contains(p.Detail, "spam") {
		t.Errorf("%+v", p)
	}
	logIn := func(password string) problem {
		return problemOf(t, h.call(http.MethodPost, "/api/v1/login", `{"username":"ben","password":"`+password+`"}`))
	}
	if right, wrong := logIn("correct horse battery"), logIn("wrong horse battery"); right.Code != "banned" || wrong.Code != "unauthenticated" {
		t.Errorf("%+v, %+v", right, wrong)
	}
	page := read[bansPageReply](t, boss.wants(http.StatusOK, http.MethodGet, "/api/v1/bans", ""))
	if len(page.Bans) != 1 || page.Bans[0].ID != b.ID {
		t.Errorf("%+v", page)
	}
	for query, want := range map[string]int{"?kind=user": 1, "?kind=range": 0, "?search=BEN": 1, "?search=spa": 1, "?search=none": 0, fmt.Sprintf("?below=%d", b.ID): 0} {
		if page := read[bansPageReply](t, boss.wants(http.StatusOK, http.MethodGet, "/api/v1/bans"+query, "")); len(page.Bans) != want {
			t.Errorf("%s: %+v", query, page)
		}
	}
	for _, query := range []string{"below=x", "below=-1", "kind=room", "limit=0"} {
		boss.refused(earshot.CodeInvalid, http.MethodGet, "/api/v1/bans?"+query, "")
	}
	boss.refused(earshot.CodeMalformed, http.MethodGet, "/api/v1/bans?after=1", "")
	boss.wants(http.StatusNoContent, http.MethodDelete, fmt.Sprintf("/api/v1/bans/%d", b.ID), "")
	boss.refused(earshot.CodeNotFound, http.MethodDelete, fmt.Sprintf("/api/v1/bans/%d", b.ID), "")
	boss.refused(earshot.CodeNotFound, http.MethodDelete, "/api/v1/bans/x", "")
	ben.wants(http.StatusOK, http.MethodGet, "/api/v1/me", "")

	boss.refused(earshot.CodeInvalid, http.MethodPost, "/api/v1/bans", `{"range":"192.0.2.1"}`) // where a recorded request comes from
	boss.wants(http.StatusCreated, http.MethodPost, "/api/v1/bans", `{"range":"198.51.100.0/24"}`)
	from := func(method, path, remote string) int {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(`{"username":"ben","password":"x"}`))
		r.RemoteAddr = remote
		r.Header.Set("Authorization", "Bearer "+ben.token)
		r.Header.Set("Content-Type", "application/json")
		if path == "/ws" {
			for name, value := range map[string]string{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"} {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for path, method := range map[string]string{"/api/v1/me": http.MethodGet, "/api/v1/login": http.MethodPost, "/ws": http.MethodGet, "/events": http.MethodGet} {
		for _, remote := range []string{"198.51.100.9:1234", "[::ffff:198.51.100.9]:1234"} {
			if code := from(method, path, remote); code != http.StatusForbidden {
				t.Errorf("%s from %s: %d", path, remote, code)
			}
		}
	}
	if code := from(http.MethodGet, "/api/v1/server", "198.51.100.9:1"); code != http.StatusOK {
		t.Errorf("the page cannot even begin: %d", code)
	}
	if code := from(http.MethodGet, "/api/v1/me", "198.51.101.9:1"); code != http.StatusOK {
		t.Errorf("the next range: %d", code)
	}
}

// TestLog pages through the log of actions and filters it.
func TestLog(t *testing.T) {
	h := newHouse(t, nil)
	boss, ben := h.user("boss", superuser), h.user("ben", nil)
	ben.refused(earshot.CodeForbidden, http.MethodGet, "/api/v1/log", "")
	for i := range 101 {
		boss.wants(http.StatusCreated, http.MethodPost, "/api/v1/rooms", fmt.Sprintf(`{"name":"room%d"}`, i))
	}
	type answer struct {
		Actions []actionReply `json:"actions"`
		More    bool          `json:"more"`
	}
	ask := func(query string) answer {
		t.Helper()
		return read[answer](t, boss.wants(http.StatusOK, http.MethodGet, "/api/v1/log"+query, ""))
	}
	first := ask("?limit=100")
	if len(first.Actions) != 100 || !first.More || first.Actions[0].Subject != "room100" || first.Actions[0].By.Name != "boss" || first.Actions[0].Road != earshot.RoadToken {
		t.Errorf("%d, %t, %+v", len(first.Actions), first.More, first.Actions[0])
	}
	if rest := ask(fmt.Sprintf("?below=%d&actor=BOSS", first.Actions[99].ID)); len(rest.Actions) != 1 || rest.More {
		t.Errorf("%+v", rest)
	}
	if got := ask("?subject=ben&action=create_user&since=2020-01-01T00:00:00Z"); len(got.Actions) != 1 || got.Actions[0].By != nil || got.Actions[0].Road != earshot.RoadCommand {
		t.Errorf("%+v", got)
	}
	if got := ask("?subject=ROOM7"); len(got.Actions) != 1 {
		t.Errorf("%+v", got)
	}
	boss.wants(http.StatusOK, http.MethodPut, "/api/v1/rooms/8/bans/ben", `{}`)
	if got := ask("?subject=ROOM7"); len(got.Actions) != 2 || got.Actions[0].Room != "room7" || got.Actions[0].Subject != "ben" {
		t.Errorf("what was done in the room: %+v", got)
	}
	if got := ask("?limit=200"); len(got.Actions) < 104 || got.More {
		t.Errorf("all at once: %d, %t", len(got.Actions), got.More)
	}
	if got := ask("?before=2020-01-01T00:00:00Z"); len(got.Actions) != 0 {
		t.Errorf("%+v", got)
	}
	for _, query := range []string{"?below=x", "?below=-1", "?since=yesterday", "?before=1", "?action=nonsense", "?limit=201"} {
		boss.refused(earshot.CodeInvalid, http.MethodGet, "/api/v1/log"+query, "")
	}
}
