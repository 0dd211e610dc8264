package httpd

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/go-json-experiment/json"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/wire"
)

func (s *someone) upload(file []byte, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.house.call(http.MethodPut, "/api/v1/me/avatar", string(file),
		append([]string{"Authorization", "Bearer " + s.token, "Content-Type", "image/png"}, headers...)...)
}

func TestAvatar(t *testing.T) {
	h := newHouse(t, nil)
	ana, ben := h.user("Ana@example", nil), h.user("ben", nil)
	const path = "/api/v1/users/ana%40example/avatar"
	ben.refused(earshot.CodeNotFound, http.MethodGet, path, "")
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 400, 300))); err != nil {
		t.Fatal(err)
	}
	w := ana.upload(file.Bytes())
	set := read[profileReply](t, w)
	if w.Code != http.StatusOK || set.Avatar == "" || set.ID != int64(ana.id) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w = ben.wants(http.StatusOK, http.MethodGet, path, "")
	shown, kind, err := image.Decode(w.Body)
	if err != nil || shown.Bounds().Dx() != 256 || "image/"+kind != w.Header().Get("Content-Type") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v %s %v", shown.Bounds(), kind, err)
	}
	if tag, cache := w.Header().Get("ETag"), w.Header().Get("Cache-Control"); tag != `"`+set.Avatar+`"` || cache != "private, no-cache" {
		t.Errorf("%s %s", tag, cache)
	}
	if w := ben.wants(http.StatusOK, http.MethodGet, path+"?v="+set.Avatar, ""); w.Header().Get("Cache-Control") != "private, max-age=31536000, immutable" {
		t.Errorf("by its tag: %s", w.Header().Get("Cache-Control"))
	}
	if w := h.call(http.MethodGet, path, "", "Authorization", "Bearer "+ben.token, "If-None-Match", `"`+set.Avatar+`"`); w.Code != http.StatusNotModified {
		t.Errorf("known already: %d", w.Code)
	}
	if w := h.call(http.MethodGet, path+"?v="+set.Avatar, ""); w.Code != http.StatusUnauthorized || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("nobody: %d %s", w.Code, w.Header().Get("Cache-Control"))
	}
	profiles := read[struct {
		Profiles []profileReply `json:"profiles"`
	}](t, ben.wants(http.StatusOK, http.MethodGet, "/api/v1/profiles?id=1&id=2&id=99", "")).Profiles
	if len(profiles) != 2 || profiles[0].Avatar != set.Avatar || profiles[1].Avatar != "" {
		t.Errorf("%+v", profiles)
	}
	ben.refused(earshot.CodeInvalid, http.MethodGet, "/api/v1/profiles?id=x", "")
	ben.refused(earshot.CodeInvalid, http.MethodGet, "/api/v1/profiles?"+strings.Repeat("id=1&", account.MaxProfiles+1), "")
	ben.wants(http.StatusOK, http.MethodGet, "/api/v1/profiles", "")
	ana.wants(http.StatusNoContent, http.MethodDelete, "/api/v1/me/avatar", "")
	ana.wants(http.StatusNoContent, http.MethodDelete, "/api/v1/me/avatar", "")
	ben.refused(earshot.CodeNotFound, http.MethodGet, path, "")
}

// inside has the user in a room, and deaf to it.
func (s *someone) inside(room roomReply) {
	s.t.Helper()
	session, err := s.hub.Connect(earshot.User{ID: s.id, Username: s.name, IsActive: true}, earshot.SecretHash{1},
		func(*hub.Session) hub.Conn { return &deafConn{} })
	if err == nil {
		err = session.Join(s.t.Context(), earshot.RoomID(room.ID), func(hub.Joined) {})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// Who is in a room with somebody sees at once what that one shows, whoever changed it.
func TestProfileIsTold(t *testing.T) {
	h := newHouse(t, nil)
	boss, ana, cy, dora := h.user("boss", superuser), h.user("ana", nil), h.user("cy", nil), h.user("dora", nil)
	h.user("ben", password(goodPassword))
	_, room := ana.room("hall", earshot.AccessPublic)
	for _, one := range []*someone{ana, cy, dora} {
		one.inside(room)
	}
	conn := h.browse("ben", goodPassword).listen(listenAndServe(t, h.Server))
	if err := conn.Write(t.Context(), websocket.MessageText, fmt.Appendf(nil, `{"type":"join","ref":1,"room":%d}`, room.ID)); err != nil {
		t.Fatal(err)
	}
	if err := hear(t, conn, wire.FrameJoined); err != nil {
		t.Fatal(err)
	}
	hears := func(of *someone, name, avatar string) {
		t.Helper()
		for {
			_, data, err := conn.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var f wire.Profile
			if err := json.Unmarshal(data, &f); err != nil || f.Type != wire.FrameProfile {
				continue
			}
			want := wire.Profile{Type: "profile", Room: room.ID, User: wire.User{ID: int64(of.id), Name: of.name}, DisplayName: name, Avatar: avatar}
			if f != want {
				t.Errorf("%+v, not %+v", f, want)
			}
			return
		}
	}
	ana.wants(http.StatusOK, http.MethodPatch, "/api/v1/me", `{"display_name":"Ana María"}`)
	hears(ana, "Ana María", "")
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 40, 40))); err != nil {
		t.Fatal(err)
	}
	set := read[profileReply](t, cy.upload(file.Bytes()))
	hears(cy, "", set.Avatar)
	boss.wants(http.StatusOK, http.MethodPatch, "/api/v1/users/dora", `{"display_name":"Dora"}`)
	hears(dora, "Dora", "")
	ana.refused(earshot.CodeInvalid, http.MethodPatch, "/api/v1/me", `{"display_name":"Ben"}`)
}

func TestBadAvatars(t *testing.T) {
	h := newHouse(t, nil)
	ana := h.user("ana", nil)
	bomb := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xc3\x50\x00\x00\xc3\x50\x08\x06\x00\x00\x00\x3b\x2f\x3a\x5c\x00\x00\x00\x00IEND\xaeB`\x82")
	for what, c := range map[string]struct {
		file    []byte
		headers []string
		code    string
	}{
		"nothing":        {nil, nil, "invalid"},
		"text":           {[]byte("hello"), nil, "invalid"},
		"SVG":            {[]byte("<svg onload=alert(1)>"), []string{"Content-Type", "image/svg+xml"}, "invalid"},
		"50000 by 50000": {bomb, nil, "invalid"},
		"over 2 MB":      {bytes.Repeat([]byte{'x'}, account.MaxAvatarBytes+1), nil, "too_large"},
		"JSON":           {[]byte("{}"), []string{"Content-Type", "application/json"}, "malformed"},
		"a form":         {[]byte("x"), []string{"Content-Type", "multipart/form-data"}, "malformed"},
	} {
		if p := problemOf(t, ana.upload(c.file, c.headers...)); p.Code != c.code {
			t.Errorf("%s: %+v", what, p)
		}
	}
	ana.refused(earshot.CodeNotFound, http.MethodGet, "/api/v1/users/ana/avatar", "")
	for _, name := range []string{"nobody", "%2e%2e", "a%00b", "%ff", "'%20OR%201=1"} {
		ana.refused(earshot.CodeNotFound, http.MethodGet, "/api/v1/users/"+name+"/avatar", "")
	}
}
