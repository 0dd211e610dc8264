package sse_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/transport/sse"
)

func TestConversation(t *testing.T) {
	versions(t, func(t *testing.T, h *house) {
		h.addUsers("ana", "ben")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		ana, ben := h.listen("ana", ""), h.listen("ben", "?room=lobby")
		if ana.hello.Session == "" || ana.hello.Session == ben.hello.Session || ana.hello.User.Name != "ana" || ana.hello.Resume == "" {
			t.Fatalf("hello is %+v", ana.hello)
		}
		for name, want := range map[string]string{
			"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no",
		} {
			if got := ana.http.Header.Get(name); got != want {
				t.Errorf("%s is %q", name, got)
			}
		}
		ben.reads("joined")
		ben.reads("entered")
		ana.does(`{"type":"join","ref":1,"room":%d}`, room)
		if f := ana.reads("joined"); f.Ref != 1 || f.Count != 2 {
			t.Errorf("%+v", f)
		}
		ana.reads("entered")
		ben.reads("entered")
		// Several commands in one request are answered in their order.
		ana.does(`{"type":"post","ref":2,"room":%d,"nonce":"a1","text":"one"}

			{"type":"post","ref":3,"room":%d,"nonce":"a2","text":"two\n\nid: 7\n\ndata: three"}
			{"type":"nonsense","ref":4}
			{"type":"ping","ref":5}`, room, room)
		var refs []int64
		for len(refs) < 4 {
			if f, err := ana.read(); err != nil {
				t.Fatal(err)
			} else if f.Type != "message" {
				refs = append(refs, f.Ref)
			}
		}
		if got := fmt.Sprint(refs); got != "[2 3 4 5]" {
			t.Errorf("answered in the order %s", got)
		}
		if f := ben.reads("message"); f.Text != "one" || f.User.Name != "ana" {
			t.Errorf("%+v", f)
		}
		if f := ben.reads("message"); f.Text != "two\n\nid: 7\n\ndata: three" {
			t.Errorf("%+v", f)
		}
		ben.does(`{"type":"leave","ref":9,"room":%d}`, room)
		ben.reads("left")
		if status, text := h.tell(http.MethodDelete, "ben", "", "", "Earshot-Session", ben.hello.Session); status != http.StatusNoContent {
			t.Errorf("%d %s", status, text)
		}
		ben.ends(1000)
		if status, text := ben.sends(`{"type":"ping","ref":1}`); status != http.StatusBadRequest || text != "not_found" {
			t.Errorf("after the end: %d %s", status, text)
		}
	})
}

// TestOrder has several people talk at once: everybody hears everything, once, in one order.
func TestOrder(t *testing.T) {
	versions(t, func(t *testing.T, h *house) {
		people := []string{"ana", "ben", "cy"}
		h.addUsers(people...)
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		const each = 30
		streams := make([]*listener, len(people))
		for i, name := range people {
			streams[i] = h.listen(name, "?room=lobby")
			streams[i].reads("joined")
		}
		said := make(chan struct{}, len(people))
		for _, l := range streams {
			go func() {
				defer func() { said <- struct{}{} }()
				for n := range each {
					l.does(`{"type":"post","ref":%d,"room":%d,"nonce":"n%d","text":"%s %d"}`, n+1, room, n, l.user, n)
				}
			}()
		}
		var first []string
		for i, l := range streams {
			var texts []string
			for len(texts) < each*len(people) {
				texts = append(texts, l.until("message").Text)
			}
			if i == 0 {
				first = texts
			} else if strings.Join(texts, "\n") != strings.Join(first, "\n") {
				t.Errorf("%s heard\n%v\nand %s\n%v", people[0], first, l.user, texts)
			}
		}
		for range people {
			<-said
		}
	})
}

// TestNothingFromBefore: what was said before one entered does not come, however one asks.
func TestNothingFromBefore(t *testing.T) {
	versions(t, func(t *testing.T, h *house) {
		h.addUsers("ana", "ben")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		ana := h.listen("ana", "?room=lobby")
		ana.reads("joined")
		ana.does(`{"type":"post","ref":2,"room":%d,"nonce":"a1","text":"early"}`, room)
		ana.until("message")
		ben := h.listen("ben", "?room=lobby")
		ben.reads("joined")
		ben.reads("entered")
		// An id of one's own that claims to have heard less than one did.
		id := strings.Split(ben.id, ".")[0]
		ben.cut()
		ben = h.listen("ben", "", "Last-Event-ID", fmt.Sprintf("%s.%d:0", id, room))
		ben.reads("resumed")
		ben.reads("returned")
		ana.does(`{"type":"post","ref":3,"room":%d,"nonce":"a2","text":"late"}`, room)
		for {
			if f := ben.until("message"); f.Text == "late" {
				return
			} else if f.Text == "early" {
				t.Fatal("ben heard what was said before he came")
			}
		}
	})
}

func TestText(t *testing.T) {
	versions(t, func(t *testing.T, h *house) {
		h.addUsers("ana", "ben")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		ben := h.connect("ben", "?room=lobby", "Accept", "text/plain")
		want := func(line string) {
			t.Helper()
			if got, err := ben.in.ReadString('\n'); got != line+"\n" {
				t.Fatalf("read %q (%v), want %q", got, err, line)
			}
		}
		want("* you are in lobby, with 0 others")
		want("* ben entered")
		if got := ben.http.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
			t.Error(got)
		}
		if status, text := h.tell(http.MethodPost, "ana", "?room=lobby", "héllo\nben: forged \x1b[2J\u202e"); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		// Who tells of entrances may still be about it while she speaks.
		var read []string
		for range 3 {
			line, err := ben.in.ReadString('\n')
			if err != nil {
				t.Fatalf("after %q: %v", read, err)
			}
			read = append(read, line)
		}
		spoken := slices.DeleteFunc(slices.Clone(read), func(line string) bool { return line == "* ana entered\n" })
		if !slices.Equal(spoken, []string{"ana: héllo\n", "  ben: forged \uFFFD[2J\uFFFD\n"}) {
			t.Fatalf("read %q", read)
		}
		if err := h.hub.DeleteRoom(t.Context(), h.users["ana"], room); err != nil {
			t.Fatal(err)
		}
		want("* the room was deleted")
	})
}

// TestPacked has a stream compressed: each thing that is said can be read at once, and the whole is a whole file.
func TestPacked(t *testing.T) {
	versions(t, func(t *testing.T, h *house) {
		h.addUsers("ana")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		ana := h.connect("ana", "?room=lobby", "Accept-Encoding", "br;q=1, gzip;q=0.5")
		if got := ana.http.Header.Get("Content-Encoding"); got != "gzip" {
			t.Fatalf("content-encoding is %q", got)
		}
		unpacked, err := gzip.NewReader(ana.http.Body)
		if err != nil {
			t.Fatal(err)
		}
		ana.in = bufio.NewReader(unpacked)
		ana.hello = ana.reads("hello")
		ana.reads("joined")
		for n, text := range []string{"short", strings.Repeat("long ", 1000), strings.Repeat("ab", 4000), "short again"} {
			ana.does(`{"type":"post","ref":%d,"room":%d,"nonce":"a%d","text":"%s"}`, n+1, room, n, text)
			if f := ana.until("message"); f.Text != text {
				t.Errorf("heard %.30q of %d", f.Text, len(f.Text))
			}
		}
		h.hub.EndUser(h.users["ana"].ID)
		ana.ends(4500)
		if _, err := io.ReadAll(unpacked); err != nil {
			t.Errorf("the file is not whole: %v", err)
		}
	})
}

func TestNotPacked(t *testing.T) {
	h := newHouse(t, false, sse.Options{}, nil)
	h.addUsers("ana")
	for _, accept := range []string{"gzip;q=0", "gzip; q=0.000", "identity", "*", "br"} {
		l := h.listen("ana", "", "Accept-Encoding", accept)
		if got := l.http.Header.Get("Content-Encoding"); got != "" {
			t.Errorf("%s: content-encoding is %q", accept, got)
		}
	}
}

// TestForgets: when nothing more is said, what net/http's buffers hold of it is written over, once.
func TestForgets(t *testing.T) {
	h := newHouse(t, false, sse.Options{Ping: 20 * time.Millisecond}, nil)
	h.addUsers("ana")
	room := h.addRoom("ana", "lobby", earshot.AccessPublic)
	ana := h.listen("ana", "?room=lobby")
	ana.does(`{"type":"post","ref":1,"room":%d,"nonce":"a1","text":"hello"}`, room)
	ana.until("message")
	longest := 0
	for pings, over := 0, 0; pings < 10; {
		line, err := ana.in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case strings.HasPrefix(line, ":"):
			over += len(line)
			longest = max(longest, over)
		case strings.Contains(line, `"ping"`):
			pings++
			over = 0
		}
		if pings > 2 && over > 0 {
			t.Fatal("it goes on although nothing is said")
		}
	}
	if longest <= 4<<10 {
		t.Errorf("%d bytes were written over", longest)
	}
}

// TestOutlivesTheServersTimes listens for longer than the server allows an answer to take.
func TestOutlivesTheServersTimes(t *testing.T) {
	const within, ping = 5 * time.Second, 250 * time.Millisecond // a handshake must not take as long
	for name, second := range map[string]bool{"HTTP1": false, "HTTP2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouseWithin(t, second, within, sse.Options{Ping: ping}, nil)
			h.addUsers("ana")
			room := h.addRoom("ana", "lobby", earshot.AccessPublic)
			ana := h.listen("ana", "?room=lobby")
			ana.reads("joined")
			for signs := 0; signs < int(5*within/(4*ping)); {
				line, err := ana.in.ReadString('\n')
				if err != nil {
					t.Fatalf("after %d signs of life: %v", signs, err)
				}
				if strings.Contains(line, `"type":"ping"`) {
					signs++
				}
			}
			ana.does(`{"type":"post","ref":1,"room":%d,"nonce":"a","text":"still here"}`, room)
			if f := ana.until("message"); f.Text != "still here" {
				t.Errorf("%+v", f)
			}
		})
	}
}
