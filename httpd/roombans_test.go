package httpd

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
)

// TestRoomBans pages through the bans of all rooms, and looks for some of them.
func TestRoomBans(t *testing.T) {
	h := newHouse(t, nil)
	owner, warden := h.user("owner", nil), h.user("warden", nil).grant(earshot.PermModerateRoom)
	for i := range 3 {
		access := map[bool]earshot.Access{true: earshot.AccessPrivate, false: earshot.AccessPublic}[i == 0]
		_, room := owner.room(fmt.Sprint("room", i), access)
		for _, name := range []string{"ben", "cai"} {
			if i == 0 {
				h.user(name, nil)
			}
			owner.wants(http.StatusOK, http.MethodPut, fmt.Sprintf("/api/v1/rooms/%d/bans/%s", room.ID, name), fmt.Sprintf(`{"reason":"for %s","seconds":%d}`, name, 3600*i))
			owner.wants(http.StatusOK, http.MethodPut, fmt.Sprintf("/api/v1/rooms/%d/mutes/%s", room.ID, name), `{}`)
		}
	}
	for query, want := range map[string]string{
		"": "room2 cai, room2 ben, room1 cai, room1 ben, room0 cai, room0 ben", "search=BEN": "room2 ben, room1 ben, room0 ben",
		"search=room1": "room1 cai, room1 ben", "search=for+c": "room2 cai, room1 cai, room0 cai", "search=owner": "room2 cai, room2 ben, room1 cai, room1 ben, room0 cai, room0 ben", "search=%25": "",
	} {
		for _, limit := range []int{1, 2, 200} {
			var found []string
			for next := ""; ; {
				page := read[roomBansReply](t, warden.wants(http.StatusOK, http.MethodGet, fmt.Sprintf("/api/v1/rooms/all/bans?limit=%d&%s&after=%s", limit, query, next), ""))
				for _, b := range page.Bans {
					found = append(found, b.Room.Name+" "+b.User.Name)
					if b.By == nil || b.By.Name != "owner" || (b.Until == nil) != (b.Room.Name == "room0") {
						t.Errorf("%+v", b)
					}
				}
				if next = url.QueryEscape(page.Next); next == "" {
					break
				}
			}
			if got := strings.Join(found, ", "); got != want {
				t.Errorf("%s by %d: %s", query, limit, got)
			}
		}
	}
	warden = h.user("another", nil).grant(earshot.PermModerateRoom) // each has so many calls a second
	for _, after := range []string{"x", "1", "1.2", "1.2.3.4", "+1.2.3", "1.2.3 ", "01.2.3", "-", "1.2.99999999999999999999", "'; --", "%00"} {
		warden.refused(earshot.CodeInvalid, http.MethodGet, "/api/v1/rooms/all/bans?after="+url.QueryEscape(after), "")
	}
	warden.refused(earshot.CodeInvalid, http.MethodGet, "/api/v1/rooms/all/bans?search="+strings.Repeat("x", 2001), "")
	warden.refused(earshot.CodeMalformed, http.MethodGet, "/api/v1/rooms/all/bans?room=1", "")
	owner.refused(earshot.CodeForbidden, http.MethodGet, "/api/v1/rooms/all/bans", "")
	h.user("viewer", nil).grant(earshot.PermViewRoom).refused(earshot.CodeForbidden, http.MethodGet, "/api/v1/rooms/all/bans", "")
}
