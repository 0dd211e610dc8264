//go:build unix

package privacy

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/earshot-chat/earshot/wire"
)

// The kinds of canaries. What is said must not be found anywhere; what identifies somebody neither, but it may stand in
// memory; topics are what a server is there to keep, and show that a search finds what there is.
const (
	plain      kind = "plain"
	packed     kind = "packed" // long enough for the server to compress it, and sent compressed
	fragmented kind = "in fragments"
	early      kind = "with the handshake"
	slow       kind = "to a slow reader"
	missed     kind = "missed and replayed"
	unfinished kind = "unfinished"
	refused    kind = "refused"
	malformed  kind = "malformed"
	nonce      kind = "nonce"
	secret     kind = "secret"
	request    kind = "request"
	topic      kind = "topic"
	control    kind = "control"
)

// people prepares users with tokens and rooms, and gives the tokens. The topics of the rooms are canaries.
func (p place) people(t *testing.T, b *book, users, rooms int) []string {
	t.Helper()
	names := make([]string, users)
	for i := range names {
		names[i] = fmt.Sprintf("user%02d", i)
	}
	list := strings.Join(names, "\n") + "\n"
	p.tool(t, list, "user", "create", "--from", "-")
	p.tool(t, "", "user", "create", "--admin", "--from", p.write(t, "boss "+b.word(secret)+"\n"))
	tokens := strings.Fields(p.tool(t, list+"boss\n", "token", "create", "--from", "-"))
	for _, token := range tokens {
		b.known(secret, token)
	}
	for i := range rooms {
		p.tool(t, "", "room", "create", fmt.Sprintf("room%d", i), "--topic", b.text(topic, 100))
	}
	return tokens
}

// crowd is users who are in all of a number of rooms.
type crowd struct {
	s      *server
	book   *book
	people []*client
	rooms  []int64
	nonces int
}

// gather connects everybody, half of them with compression, and has them enter.
func gather(s *server, b *book, tokens []string, rooms int) *crowd {
	s.t.Helper()
	c := &crowd{s: s, book: b}
	for room := range rooms {
		c.rooms = append(c.rooms, int64(room+1))
	}
	for i, token := range tokens {
		one := dial(s.t, b, s.url, token, i%2 == 1).hello()
		for _, room := range c.rooms {
			one.must(wire.FrameJoined, wire.Command{Type: wire.CommandJoin, Room: room})
		}
		c.people = append(c.people, one)
	}
	return c
}

// nonce is the next one.
func (c *crowd) nonce() string {
	c.nonces++
	return fmt.Sprintf("n%d", c.nonces)
}

// talk has n messages said in turn, of several lengths, some of them typed at first and one in ten posted twice.
func (c *crowd) talk(n int) {
	c.s.t.Helper()
	for i := range n {
		who, room := c.people[i%len(c.people)], c.rooms[i%len(c.rooms)]
		k, size := plain, 20+i%300
		if who.packs && i%4 == 1 {
			k, size = packed, 600+i%3000
		}
		text, nonce := c.book.text(k, size), c.nonce()
		if i%5 == 0 {
			who.frames(wire.Append(nil, &wire.Command{Type: wire.CommandTyping, Room: room}))
		}
		for range 1 + (i%10)/9 {
			if h := who.post(room, nonce, text); h.Type != wire.FramePosted {
				c.s.t.Fatalf("a post was answered with %s", h.raw)
			}
		}
	}
}

// mustPost has somebody say something.
func (c *crowd) mustPost(room int64, text string) {
	c.s.t.Helper()
	if h := c.people[0].post(room, c.nonce(), text); h.Type != wire.FramePosted {
		c.s.t.Fatalf("a post was answered with %s", h.raw)
	}
}

// fragments has n messages come in pieces, and some never whole.
func (c *crowd) fragments(n int) {
	c.s.t.Helper()
	for i := range n {
		who, room := c.people[i%len(c.people)], c.rooms[i%len(c.rooms)]
		who.ref++
		cmd := wire.Command{
			Type: wire.CommandPost, Ref: who.ref, Room: room, Nonce: c.nonce(), Text: wire.Text(c.book.text(fragmented, 400)),
		}
		who.frames(wire.Append(nil, &cmd), 30, 100)
		if h := who.await(func(h heard) bool { return h.Ref == cmd.Ref }); h.Type != wire.FramePosted {
			c.s.t.Fatalf("a post was answered with %s", h.raw)
		}
	}
	for i := range n / 4 {
		lost := c.people[i%len(c.people)]
		whole := lost.cut(wire.Append(nil, &wire.Command{
			Type: wire.CommandPost, Ref: 1, Room: 1, Nonce: "x", Text: wire.Text(c.book.text(unfinished, 600)),
		}), 200)
		all := ws.MustCompileFrame(whole[0])
		if i%2 == 0 { // a whole fragment, and a part of the next
			all = append(all, ws.MustCompileFrame(whole[1])[:40]...)
		} else { // a part of the first
			all = all[:len(all)-10]
		}
		if _, err := lost.conn.Write(all); err != nil {
			c.s.t.Fatal(err)
		}
		c.people[i%len(c.people)] = lost.comeBack(c.s.url)
	}
}

// misuse posts what is refused, and what ends connections.
func (c *crowd) misuse(n int) {
	c.s.t.Helper()
	wants := func(code string, h heard) {
		c.s.t.Helper()
		if h.Code != code {
			c.s.t.Errorf("answered with %s, not %s", h.raw, code)
		}
	}
	who := c.people[0]
	for i := range n {
		wants("not_in_room", who.post(999, c.nonce(), c.book.text(refused, 200)))
		wants("too_large", who.post(1, c.nonce(), strings.TrimSpace(c.book.text(refused, 9000))))
		wants("invalid", who.post(1, c.book.word(nonce)+"\x7f", c.book.text(refused, 200)))
		wants("not_found", who.ask(wire.Command{Type: wire.CommandResume, Token: c.book.word(refused)}))
		wants("invalid", who.ask(wire.Command{Type: wire.CommandStatus, Status: c.book.word(refused)}))
		for _, broken := range []string{
			`{"type":"post","ref":%d,"room":1,"nonce":"n","text":"%s","more":1}`,
			`{"type":"post","ref":%d,"room":1,"nonce":"n","text":["%s"]}`,
			`{"type":"post","ref":%d,"room":"%s","nonce":"n","text":""}`,
			`{"type":"post","ref":%d,"%s":1}`,
			`{"type":"post","ref":%d,"text":"%s`,
			`{"type":"post","ref":%d,"text":"\q%s"}`,
		} {
			who.frames(fmt.Appendf(nil, broken, 1_000_000+i, c.book.text(malformed, 200)))
			h := who.await(func(h heard) bool { return h.Type == wire.FrameError })
			wants("malformed", h)
			if found, _ := c.book.search(strings.NewReader(string(h.raw))); found.canaries() != 0 {
				c.s.t.Errorf("the refusal repeats what was sent: %s", h.raw)
			}
		}
		c.talk(6) // so that the faults do not outnumber what is right
	}
	for _, f := range []ws.Frame{
		ws.NewBinaryFrame([]byte(c.book.text(malformed, 300))),
		ws.NewTextFrame([]byte(c.book.text(malformed, 300) + "\xff")),
		ws.NewTextFrame([]byte(c.book.text(malformed, 70000))),
		ws.NewFrame(ws.OpText, false, []byte(c.book.text(malformed, 300))),
		ws.NewFrame(ws.OpContinuation, true, []byte(c.book.text(malformed, 300))),
	} {
		one := dial(c.s.t, c.book, c.s.url, who.token, false).hello()
		_ = ws.WriteFrame(one.conn, ws.MaskFrame(f)) // it may be closed before it is all written
		if !f.Header.Fin {
			one.vanish()
		}
		<-one.over
	}
}

// losses has people lose their connections, hear what they missed, and sends commands together with handshakes.
func (c *crowd) losses(n int) {
	c.s.t.Helper()
	for i := range n {
		at := (2 * i) % len(c.people)
		gone, speaker := c.people[at], c.people[(at+1)%len(c.people)]
		gone.vanish()
		text := c.book.text(missed, 100+i%500)
		if h := speaker.post(c.rooms[i%len(c.rooms)], c.nonce(), text); h.Type != wire.FramePosted {
			c.s.t.Fatalf("a post was answered with %s", h.raw)
		}
		back := gone.comeBack(c.s.url)
		if !until(c.s.t, func() bool {
			back.mu.Lock()
			defer back.mu.Unlock()
			return back.heard > 0
		}) {
			c.s.t.Fatal("what was missed is not heard")
		}
		c.people[at] = back

		commands := [][]byte{}
		for _, cmd := range []wire.Command{
			{Type: wire.CommandJoin, Ref: 1, Room: 1},
			{Type: wire.CommandPost, Ref: 2, Room: 1, Nonce: c.nonce(), Text: wire.Text(c.book.text(early, 300))},
		} {
			commands = append(commands, ws.MustCompileFrame(ws.MaskFrameWith(ws.NewTextFrame(wire.Append(nil, &cmd)), [4]byte{})))
		}
		hasty := dial(c.s.t, c.book, c.s.url, speaker.token, false, commands...)
		if h := hasty.await(func(h heard) bool { return h.Ref == 2 }); h.Type != wire.FramePosted {
			c.s.t.Fatalf("a post was answered with %s", h.raw)
		}
		hasty.vanish()
	}
}

// administration changes rooms, and calls the REST API with canaries where they do not belong.
func (c *crowd) administration(token string) {
	c.s.t.Helper()
	want := func(status int, method, path, body string) {
		c.s.t.Helper()
		got, answer := c.s.call(method, path, token, body)
		if got != status {
			c.s.t.Errorf("%s %s: %d %s", method, path, got, answer)
		}
		if found, _ := c.book.search(strings.NewReader(answer)); found.only(request).canaries() != 0 {
			c.s.t.Errorf("%s %s repeats what was sent: %s", method, path, answer)
		}
	}
	canary := func() string { return c.book.word(request) }
	want(http.StatusOK, http.MethodPatch, "/api/v1/rooms/1", `{"topic":"`+c.book.text(topic, 60)+`"}`)
	want(http.StatusCreated, http.MethodPost, "/api/v1/rooms", `{"name":"brief"}`)
	want(http.StatusBadRequest, http.MethodPost, "/api/v1/rooms", `{"name":"x","`+canary()+`":1}`)
	want(http.StatusBadRequest, http.MethodPost, "/api/v1/rooms", `{"name":["`+canary()+`"]}`)
	want(http.StatusBadRequest, http.MethodPost, "/api/v1/rooms", canary())
	want(http.StatusUnprocessableEntity, http.MethodPost, "/api/v1/rooms", `{"name":"x x`+canary()+`"}`)
	want(http.StatusNotFound, http.MethodGet, "/api/v1/rooms/"+canary(), "")
	want(http.StatusNotFound, http.MethodGet, "/api/v1/"+canary(), "")
	want(http.StatusOK, http.MethodGet, "/rooms/"+canary()+"?said="+canary(), "")
	want(http.StatusUnauthorized, http.MethodPost, "/api/v1/login", `{"username":"boss","password":"`+c.book.word(secret)+`"}`)
	got, _ := c.s.call(http.MethodGet, "/api/v1/me", c.book.word(secret), "")
	if got != http.StatusUnauthorized {
		c.s.t.Errorf("a token of nobody: %d", got)
	}
	last := c.rooms[len(c.rooms)-1]
	want(http.StatusNoContent, http.MethodDelete, fmt.Sprintf("/api/v1/rooms/%d", last), "")
	c.rooms = slices.DeleteFunc(c.rooms, func(room int64) bool { return room == last })
	for _, one := range c.people {
		if !until(c.s.t, func() bool {
			one.mu.Lock()
			defer one.mu.Unlock()
			return one.seq[last] == 0
		}) {
			c.s.t.Fatal("the end of a room is not heard")
		}
	}
}

// moved has everybody come back after their server has handed over.
func (c *crowd) moved() {
	c.s.t.Helper()
	for i, one := range c.people {
		<-one.over
		c.people[i] = one.comeBack(c.s.url)
	}
}
