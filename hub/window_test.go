package hub

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/earshot-chat/earshot"
)

func someEvents() []earshot.Event {
	at := time.UnixMilli(1_700_000_000_123)
	ana, nobody := earshot.UserRef{ID: 7, Name: "ana"}, earshot.UserRef{}
	return []earshot.Event{
		{Kind: earshot.KindMessage, Room: 3, Seq: 1, At: at, Author: ana, Nonce: "n", Text: []byte("héllo\x00")},
		{Kind: earshot.KindMessage, Room: 3, Seq: 1 << 63, At: at, Author: nobody, Text: bytes.Repeat([]byte("x"), 70_000)},
		{Kind: earshot.KindEntered, Room: 3, Seq: 2, At: at, Users: []earshot.UserRef{ana, {ID: 8, Name: "ben"}}, Count: 2},
		{Kind: earshot.KindDeparted, Room: 3, Seq: 3, At: at, Users: []earshot.UserRef{ana}, Count: 0, More: 5},
		{Kind: earshot.KindRoomChanged, Room: 3, Seq: 4, At: at, Changed: &earshot.Room{
			ID: 3, Name: "lobby", Title: "Lobby", Topic: "ä", Access: earshot.AccessStaff, Owner: 7,
		}},
		{Kind: earshot.KindRoomClosed, Room: 3, Seq: 5, At: at},
		{Kind: earshot.KindMessage, Room: 3, Seq: 6, At: at, Author: ana, Nonce: "n", Text: []byte("so"), Of: 1 << 63, Size: -2},
		{Kind: earshot.KindMessage, Room: 3, Seq: 7, At: at, Author: ana, Nonce: "n", Text: []byte("so"), Size: 2},
		{Kind: earshot.KindEdited, Room: 3, Seq: 8, At: at, Author: ana, Text: []byte("or so"), Of: 6},
		{Kind: earshot.KindTakenBack, Room: 3, Seq: 9, At: at, Author: ana, Text: []byte{}, Of: 6},
		{Kind: earshot.KindReaction, Room: 3, Seq: 10, At: at, Author: ana, Text: []byte("\U0001F600"), Of: 6, On: true},
	}
}

func TestRecords(t *testing.T) {
	for _, ev := range someEvents() {
		b := appendRecord(nil, &ev)
		if len(b) > recordSpace(&ev) {
			t.Errorf("kind %d takes %d bytes, and space for %d", ev.Kind, len(b), recordSpace(&ev))
		}
		got, ok := readRecord(b, 3)
		if !ok || recordSize(b) != len(b) || !reflect.DeepEqual(got, ev) {
			t.Errorf("%+v\nreads as %+v, %v", ev, got, ok)
		}
		wipeRecord(b)
		wipeRecord(b)
		wiped := ev
		wiped.Text = nil
		if got, ok := readRecord(b, 3); !ok || !reflect.DeepEqual(got, wiped) || (len(ev.Text) > 0 && bytes.Contains(b, ev.Text)) {
			t.Errorf("%+v\nwiped reads as %+v, %v", ev, got, ok)
		}
		// Cut off anywhere it is no record, and nothing panics.
		for n := range min(len(b), 500) {
			if recordSize(b[:n]) != 0 {
				t.Errorf("%d of %d bytes are a record of kind %d", n, len(b), ev.Kind)
			}
		}
	}
	var crowd []earshot.UserRef
	for i := range 100 {
		crowd = append(crowd, earshot.UserRef{ID: earshot.UserID(i), Name: strings.Repeat("x", i)})
	}
	b := appendRecord(nil, &earshot.Event{Kind: earshot.KindEntered, Users: crowd, Count: 100})
	if got, ok := readRecord(b, 1); !ok || len(got.Users) != earshot.MaxNamed || got.More != 80 {
		t.Errorf("a crowd reads as %d and %d more", len(got.Users), got.More)
	}
}

func FuzzReadRecord(f *testing.F) {
	for _, ev := range someEvents() {
		if b := appendRecord(nil, &ev); len(b) < 1000 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		size := recordSize(b)
		if size == 0 {
			return
		}
		ev, ok := readRecord(b[:size], 1)
		if !ok {
			return
		}
		defer wipeRecord(b[:size])
		if recordOf(b) != ev.Of && (ev.Kind == earshot.KindEdited || ev.Kind == earshot.KindTakenBack) {
			t.Errorf("%d is found as %d", ev.Of, recordOf(b))
		}
		if len(ev.Users) > len(b) || len(ev.Text) > len(b) {
			t.Errorf("%d bytes read as %d users and %d of text", len(b), len(ev.Users), len(ev.Text))
		}
	})
}

// TestWindow holds the window to a plain list of what it should have.
func TestWindow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		roomMost := rapid.IntRange(100, 60_000).Draw(rt, "room's bound")
		all := &memory{most: int64(rapid.IntRange(100, 100_000).Draw(rt, "bound of all"))}
		var w, other window
		now := int64(1_000_000)
		seq := uint64(rapid.IntRange(0, 3).Draw(rt, "first"))
		type said struct {
			seq uint64
			at  int64
		}
		var log []said
		for range rapid.IntRange(1, 200).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "what") {
			case 0:
				now += int64(rapid.IntRange(0, 5000).Draw(rt, "passes"))
				w.expire(time.UnixMilli(now-3000), all)
			case 1:
				other.add(&earshot.Event{Kind: earshot.KindMessage, Seq: 1, Text: make([]byte, 3000)}, 50_000, all)
			default:
				seq++
				text := bytes.Repeat([]byte("s"), rapid.IntRange(0, 3000).Draw(rt, "length"))
				w.add(&earshot.Event{Kind: earshot.KindMessage, Seq: seq, At: time.UnixMilli(now), Text: text}, roomMost, all)
				log = append(log, said{seq, now})
			}
			if w.bytes > roomMost || all.used.Load() > all.most || all.used.Load() != int64(w.bytes+other.bytes) {
				rt.Fatalf("%d bytes in a room of %d; %d of %d in all", w.bytes, roomMost, all.used.Load(), all.most)
			}
		}
		from := uint64(rapid.IntRange(0, int(seq)).Draw(rt, "seen"))
		oldest := w.oldest(seq + 1)
		next := max(oldest, from+1)
		w.since(from, 1, func(ev *earshot.Event) bool {
			if ev.Seq != next || strings.Trim(string(ev.Text), "s") != "" {
				rt.Fatalf("%d instead of %d, %q", ev.Seq, next, ev.Text)
			}
			next++
			return true
		})
		if next != max(seq, from)+1 {
			rt.Fatalf("ended before %d, %d were said", next, seq)
		}
		// What is kept is the newest, and what is old is gone.
		w.expire(time.UnixMilli(now-3000), all)
		for _, s := range log {
			if s.at < now-3000 && s.seq >= w.oldest(seq+1) {
				rt.Fatalf("%d of %d ms ago is kept", s.seq, now-s.at)
			}
		}
		w.clear(all)
		other.clear(all)
		if all.used.Load() != 0 || w.chunks != nil {
			rt.Fatalf("%d bytes left", all.used.Load())
		}
	})
}

// TestWindowClears looks into the memory that a window lets go.
func TestWindowClears(t *testing.T) {
	all := &memory{most: 1 << 20}
	var w window
	var chunks [][]byte
	for i := range 100 {
		text := fmt.Appendf(nil, "a secret %d", i)
		w.add(&earshot.Event{Kind: earshot.KindMessage, Seq: uint64(i + 1), At: time.UnixMilli(int64(i)), Text: text}, 1<<20, all)
		if c := w.chunks[len(w.chunks)-1].buf; i == 0 || &c[0] != &chunks[len(chunks)-1][0] {
			chunks = append(chunks, c[:cap(c)])
		}
	}
	kept := func() (n int) {
		for _, c := range chunks {
			n += bytes.Count(c, []byte("secret"))
		}
		return n
	}
	if got := kept(); got != 100 {
		t.Fatalf("%d of 100 in memory", got)
	}
	if oldest, left := w.expire(time.UnixMilli(60), all); !left || oldest != time.UnixMilli(60) || kept() != 40 {
		t.Errorf("after 60 expired the oldest is %v (%v), and %d are in memory", oldest, left, kept())
	}
	w.clear(all)
	if got := kept(); got != 0 {
		t.Errorf("%d in memory after all were let go", got)
	}
}

// TestWindowWipes looks into the memory of a window from which messages are taken, and holds what it still gives to what it
// should.
func TestWindowWipes(t *testing.T) {
	all := &memory{most: 1 << 20}
	var w window
	add := func(ev earshot.Event) { w.add(&ev, 1<<20, all) }
	const said = 100
	for i := range uint64(said) {
		add(earshot.Event{Kind: earshot.KindMessage, Seq: i + 1, Text: fmt.Appendf(nil, "a secret %d.", i+1)})
	}
	// Every third is edited twice, every fifth taken back.
	seq, kept := uint64(said), said
	for i := uint64(1); i <= said; i++ {
		for n := range uint64(2) {
			if i%3 == 0 {
				seq++
				w.wipe(i)
				add(earshot.Event{Kind: earshot.KindEdited, Seq: seq, Of: i, Text: fmt.Appendf(nil, "a secret %d.", i+n*1000)})
			}
		}
		if i%5 == 0 {
			seq++
			w.wipe(i)
			add(earshot.Event{Kind: earshot.KindTakenBack, Seq: seq, Of: i})
			kept--
		}
	}
	memory := func() (n int) {
		for _, c := range w.chunks {
			n += bytes.Count(c.buf[:cap(c.buf)], []byte("secret"))
		}
		return n
	}
	if got := memory(); got != kept {
		t.Errorf("%d texts in memory, want %d", got, kept)
	}
	next := uint64(0)
	w.since(0, 1, func(ev *earshot.Event) bool {
		next++
		of := ev.Seq
		if ev.Kind != earshot.KindMessage {
			of = ev.Of
		}
		last := ev.Kind == earshot.KindMessage && of%3 != 0 || bytes.HasSuffix(ev.Text, fmt.Appendf(nil, " %d.", of+1000))
		if ev.Seq != next || (len(ev.Text) > 0) != (last && of%5 != 0) {
			t.Errorf("%d is %+v, %q", next, ev.Kind, ev.Text)
		}
		return true
	})
	if next != seq {
		t.Errorf("%d of %d events", next, seq)
	}
	for _, i := range []uint64{1, 5, 15} {
		if ev, found, takenBack := w.find(i, 1); !found || ev.Seq != i || takenBack != (i%5 == 0) {
			t.Errorf("%d is found as %d, %v, taken back %v", i, ev.Seq, found, takenBack)
		}
	}
	for _, i := range []uint64{0, seq + 1, 1 << 63} {
		if _, found, _ := w.find(i, 1); found {
			t.Errorf("%d is found", i)
		}
		w.wipe(i)
	}
	if got := memory(); got != kept {
		t.Errorf("%d texts in memory after nothing was wiped, want %d", got, kept)
	}
}

// BenchmarkResumeLookup finds and encodes what a client missed: the last of so many events that the room keeps.
func BenchmarkResumeLookup(b *testing.B) {
	for _, kept := range []int{10, 1000, 5000} {
		b.Run(fmt.Sprint(kept), func(b *testing.B) {
			all := &memory{most: 1 << 30}
			var w window
			for i := range kept {
				w.add(&earshot.Event{
					Kind: earshot.KindMessage, Seq: uint64(i + 1), Author: earshot.UserRef{ID: 7, Name: "ana"}, Nonce: "0123456789abcdef",
					Text: bytes.Repeat([]byte("x"), 100),
				}, 1<<30, all)
			}
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				w.since(uint64(kept-1), 1, func(*earshot.Event) bool { n++; return true })
				if n != 1 {
					b.Fatal(n)
				}
			}
		})
	}
}

// TestNoncesAreForgotten leaves nobody who posts: what is remembered goes all the same.
func TestNoncesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNonces(time.Minute)
		defer n.close()
		for i := range 100 {
			key := n.key(1, 1, fmt.Sprint(i))
			if _, err := n.claim(key); err != nil {
				t.Fatal(err)
			}
			n.settle(key, Posted{Seq: uint64(i + 1), At: time.Now()})
			time.Sleep(time.Second) // the bubble's clock
		}
		n.mu.Lock()
		if got := len(n.posted); got < 59 || got > 62 {
			t.Errorf("%d remembered, want a minute's", got)
		}
		n.mu.Unlock()
		time.Sleep(2 * time.Minute)
		n.mu.Lock()
		defer n.mu.Unlock()
		if len(n.posted) != 0 || n.queue != nil || n.timer != nil {
			t.Errorf("%d remembered two minutes after the last", len(n.posted))
		}
	})
}
