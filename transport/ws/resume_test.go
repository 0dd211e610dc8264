package ws_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/wire"
)

// hello reads the first frame and gives its token.
func (c *client) hello() string {
	c.t.Helper()
	found := regexp.MustCompile(`"resume":"([^"]*)"`).FindStringSubmatch(c.reads(`"type":"hello"`))
	if found == nil {
		c.t.Fatal("a hello without a token")
	}
	return found[1]
}

// enter connects the user and enters the room.
func (h *house) enter(user string, room earshot.RoomID) (c *client, token string) {
	h.t.Helper()
	c = h.dial(user)
	token = c.hello()
	c.send(`{"type":"join","ref":1,"room":%d}`, room)
	c.until(`"entered"`)
	return c, token
}

// sessions waits until so many are left.
func (h *house) sessions(want int) {
	h.t.Helper()
	h.Settled(fmt.Sprintf("so many sessions are left: %d", want), func() bool { return h.hub.Stats().Sessions == want })
}

// TestResumeSlowly comes back to a megabyte with a client that reads it bit by bit: it gets all of it, though no more than
// a quarter may wait for it.
func TestResumeSlowly(t *testing.T) {
	links(t, func(t *testing.T, opts setup) {
		opts.WriteBuffer = 256 << 10
		h := newHouse(t, opts, func(c *hub.Config) {
			c.PostsPerSecond, c.PostsBurst, c.RoomWindowBytes = 1e6, 1e6, 8<<20
			c.ResumeWindow, c.Grace = time.Hour, time.Hour // however long saying all that takes
		})
		h.addUsers("ana", "ben")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		ana, token := h.enter("ana", room)
		ben, _ := h.enter("ben", room)
		ana.until(`"name":"ben"`)
		ana.cut()
		const posts = 600
		text := strings.Repeat("x", 8000) // 4.8 MB: more than the system's own buffers hold
		for i := range posts {
			ben.send(`{"type":"post","ref":%d,"room":%d,"nonce":"n%d","text":"%s"}`, i+2, room, i, text)
			ben.until(fmt.Sprintf(`"nonce":"n%d","text"`, i)) // heard, not only acknowledged: so it is never far behind
		}
		back := h.dial("ana")
		back.hello()
		back.send(`{"type":"resume","ref":1,"token":"%s","seen":[{"room":%d,"seq":2}]}`, token, room)
		back.reads(`"type":"resumed"`, fmt.Sprintf(`"rooms":[%d]`, room))
		back.reads(`"type":"returned"`, `"lost":0`)
		for i := range posts {
			back.reads(fmt.Sprintf(`"seq":%d`, i+3), fmt.Sprintf(`"nonce":"n%d"`, i))
		}
		ben.send(`{"type":"post","ref":999,"room":%d,"nonce":"last","text":"x"}`, room)
		back.reads(`"nonce":"last"`)
	})
}

// TestPartings ends connections in every way there is: which of them one can come back from.
func TestPartings(t *testing.T) {
	for name, tc := range map[string]struct {
		part func(*client)
		back bool
	}{
		"cut":          {(*client).cut, true},
		"going away":   {func(c *client) { _ = c.conn.Close(websocket.StatusGoingAway, "") }, true},
		"no status":    {func(c *client) { _ = c.conn.Close(websocket.StatusNoStatusRcvd, "") }, true},
		"goodbye":      {func(c *client) { _ = c.conn.Close(websocket.StatusNormalClosure, "") }, false},
		"not UTF-8":    {func(c *client) { c.send("%s", "\xff") }, false},
		"binary frame": {func(c *client) { _ = c.conn.Write(c.t.Context(), websocket.MessageBinary, []byte("x")) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			links(t, func(t *testing.T, opts setup) {
				h := newHouse(t, opts, nil)
				h.addUsers("ana")
				room := h.addRoom("ana", "lobby", earshot.AccessPublic)
				ana, token := h.enter("ana", room)
				tc.part(ana)
				if !tc.back {
					h.sessions(0)
				}
				back := h.dial("ana")
				back.hello()
				back.send(`{"type":"resume","ref":1,"token":"%s","seen":[{"room":%d,"seq":1}]}`, token, room)
				if tc.back {
					back.reads(`"type":"resumed"`)
					back.reads(`"type":"returned"`)
				} else {
					back.reads(`"code":"not_found"`, `"field":"token"`)
				}
			})
		})
	}
}

// TestResumeOfALiveConnection closes the old connection with its code.
func TestResumeOfALiveConnection(t *testing.T) {
	links(t, func(t *testing.T, opts setup) {
		h := newHouse(t, opts, nil)
		h.addUsers("ana")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		ana, token := h.enter("ana", room)
		back := h.dial("ana")
		back.hello()
		back.send(`{"type":"resume","ref":1,"token":"%s","seen":[{"room":%d,"seq":1}]}`, token, room)
		back.reads(`"type":"resumed"`)
		back.reads(`"type":"returned"`)
		ana.closes(4002)
		h.sessions(1)
	})
}

// TestHostileResume gives tokens and lists of every bad kind; the connection goes on.
func TestHostileResume(t *testing.T) {
	h := newHouse(t, setup{}, nil)
	h.addUsers("ana", "eve")
	room := h.addRoom("ana", "lobby", earshot.AccessPublic)
	ana, token := h.enter("ana", room)
	eve := h.dial("eve")
	eve.hello()
	var many []wire.Seen
	for i := range 2000 {
		many = append(many, wire.Seen{Room: int64(i), Seq: uint64(i)})
	}
	long, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	for i, tc := range []struct{ rest, want string }{
		{``, "malformed"},
		{`,"token":""`, "malformed"},
		{`,"token":5`, "malformed"},
		{`,"token":"x","seen":{}`, "malformed"},
		{`,"token":"x","seen":[{"room":-1,"seq":-1}]`, "malformed"},
		{`,"token":"x","seen":[{"room":1,"seq":1e99}]`, "malformed"},
		{`,"token":"x","seen":[{"room":1,"seq":1,"more":1}]`, "malformed"},
		{`,"token":"` + strings.Repeat("A", 22) + `"`, "not_found"},
		{`,"token":"` + strings.Repeat("A", 30_000) + `"`, "not_found"},
		{`,"token":"` + token + `"`, "not_found"}, // another's
		{`,"token":"` + token + `","seen":` + string(long), "not_found"},
		{`,"token":"\u0000"`, "not_found"},
	} {
		eve.send(`{"type":"resume","ref":%d%s}`, i+1, tc.rest)
		eve.reads(`"code":"`+tc.want+`"`, fmt.Sprintf(`"ref":%d`, i+1))
	}
	// Ana noticed nothing; and her own token, with a list of rooms that she is not in, costs her nothing but her place.
	ana.send(`{"type":"ping","ref":7}`)
	ana.reads(`"ref":7`)
	ana.cut()
	back := h.dial("ana")
	back.hello()
	back.send(`{"type":"resume","ref":1,"token":"%s","seen":%s}`, token, long)
	back.reads(`"type":"resumed"`, `"rooms":[1]`)
	back.reads(`"type":"returned"`)
}
