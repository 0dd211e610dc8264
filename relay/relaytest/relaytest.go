// Package relaytest is the contract of earshot.Relay as tests: every relay must pass it.
package relaytest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/earshot-chat/earshot"
)

// Run holds the relays that open makes to the contract. Each call of open makes a fresh relay with an epoch of its own;
// Run closes it.
func Run(t *testing.T, open func(t *testing.T) earshot.Relay) {
	t.Helper()
	tests := []struct {
		name string
		run  func(*testing.T, earshot.Relay)
	}{
		{"numbers rise by one from 1, for each room", testNumbers},
		{"typing takes no number", testTyping},
		{"what is said about messages comes whole", testAboutMessages},
		{"numbers go on without a subscriber", testNumbersWithoutSubscriber},
		{"all subscribers see one order", testOneOrder},
		{"publish returns what was heard, after delivery", testHeard},
		{"only the room's own subscribers hear", testRoomsApart},
		{"nothing is delivered after cancel", testCancel},
		{"a closed relay refuses", testClose},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			relay := open(t)
			t.Cleanup(func() {
				if err := relay.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			tc.run(t, relay)
		})
	}
	t.Run("each relay has an epoch of its own", func(t *testing.T) {
		a, b := open(t), open(t)
		if a.Epoch() == "" || a.Epoch() == b.Epoch() {
			t.Errorf("epochs %q and %q", a.Epoch(), b.Epoch())
		}
		for _, r := range []earshot.Relay{a, b} {
			if err := r.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		}
	})
}

// log is a subscriber that notes what it hears; each delivery counts as so many people.
type log struct {
	mu     sync.Mutex
	people int
	events []earshot.Event
}

func (l *log) Deliver(ev *earshot.Event) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, *ev)
	return l.people
}

func (l *log) heard() []earshot.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

func subscribe(t *testing.T, r earshot.Relay, room earshot.RoomID, people int) (*log, func()) {
	t.Helper()
	l := &log{people: people}
	_, cancel, err := r.Subscribe(t.Context(), room, l)
	if err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	return l, cancel
}

func publish(t *testing.T, r earshot.Relay, room earshot.RoomID, kind earshot.Kind, text string) earshot.Receipt {
	t.Helper()
	receipt, err := r.Publish(t.Context(), &earshot.Event{Kind: kind, Room: room, Text: []byte(text)})
	if err != nil {
		t.Fatalf("publish: %v", err)
	}
	return receipt
}

func testNumbers(t *testing.T, r earshot.Relay) {
	for i := uint64(1); i <= 3; i++ {
		for _, room := range []earshot.RoomID{1, 2} {
			if got := publish(t, r, room, earshot.KindMessage, "x").Seq; got != i {
				t.Errorf("room %d: number %d, want %d", room, got, i)
			}
		}
	}
}

func testTyping(t *testing.T, r earshot.Relay) {
	l, _ := subscribe(t, r, 1, 1)
	publish(t, r, 1, earshot.KindMessage, "a")
	if got := publish(t, r, 1, earshot.KindTyping, "").Seq; got != 0 {
		t.Errorf("typing got number %d", got)
	}
	if got := publish(t, r, 1, earshot.KindMessage, "b").Seq; got != 2 {
		t.Errorf("number after typing is %d, want 2", got)
	}
	if got := l.heard(); len(got) != 3 || got[1].Kind != earshot.KindTyping || got[1].Seq != 0 {
		t.Errorf("heard %+v", got)
	}
}

func testAboutMessages(t *testing.T, r earshot.Relay) {
	l, _ := subscribe(t, r, 1, 1)
	ana := earshot.UserRef{ID: 7, Name: "ana"}
	events := []earshot.Event{
		{Kind: earshot.KindMessage, Author: ana, Text: []byte("a"), Nonce: "n", Of: 1 << 63, Size: -2},
		{Kind: earshot.KindEdited, Author: ana, Text: []byte("b"), Of: 4},
		{Kind: earshot.KindTakenBack, Author: ana, Of: 4},
		{Kind: earshot.KindReaction, Author: ana, Text: []byte("\U0001F600"), Of: 4, On: true},
		{Kind: earshot.KindSeen, Seen: map[earshot.UserID]uint64{7: 1 << 63, 8: 4}},
	}
	for i := range events {
		ev := events[i]
		ev.Room = 1
		if _, err := r.Publish(t.Context(), &ev); err != nil {
			t.Fatalf("publish: %v", err)
		}
	}
	heard := l.heard()
	if len(heard) != len(events) {
		t.Fatalf("heard %d of %d", len(heard), len(events))
	}
	for i, got := range heard {
		want := events[i]
		same := got.Kind == want.Kind && got.Author == want.Author && bytes.Equal(got.Text, want.Text) && got.Of == want.Of &&
			got.Size == want.Size && got.On == want.On && maps.Equal(got.Seen, want.Seen)
		if !same || (got.Seq != 0) != got.Kind.Numbered() {
			t.Errorf("heard %+v, want %+v", got, want)
		}
	}
}

func testNumbersWithoutSubscriber(t *testing.T, r earshot.Relay) {
	_, cancel := subscribe(t, r, 1, 1)
	publish(t, r, 1, earshot.KindMessage, "a")
	cancel()
	publish(t, r, 1, earshot.KindMessage, "b")
	l := &log{people: 1}
	head, _, err := r.Subscribe(t.Context(), 1, l)
	if err != nil || head != 2 {
		t.Errorf("subscribed at %d, error %v; want 2", head, err)
	}
	publish(t, r, 1, earshot.KindMessage, "c")
	if got := l.heard(); len(got) != 1 || got[0].Seq != 3 {
		t.Errorf("heard %+v, want number 3 only", got)
	}
}

func testOneOrder(t *testing.T, r earshot.Relay) {
	a, _ := subscribe(t, r, 1, 1)
	b, _ := subscribe(t, r, 1, 1)
	const posters, each = 8, 100
	var wg sync.WaitGroup
	for p := range posters {
		wg.Go(func() {
			for i := range each {
				ev := &earshot.Event{Kind: earshot.KindMessage, Room: 1, Text: []byte(fmt.Sprintf("%d/%d", p, i))}
				if _, err := r.Publish(context.Background(), ev); err != nil {
					t.Errorf("publish: %v", err)
				}
			}
		})
	}
	wg.Wait()
	heardA, heardB := a.heard(), b.heard()
	if len(heardA) != posters*each || len(heardB) != posters*each {
		t.Fatalf("heard %d and %d, want %d", len(heardA), len(heardB), posters*each)
	}
	for i := range heardA {
		if heardA[i].Seq != uint64(i+1) || heardB[i].Seq != uint64(i+1) || !bytes.Equal(heardA[i].Text, heardB[i].Text) {
			t.Fatalf("place %d: %d %q and %d %q", i+1, heardA[i].Seq, heardA[i].Text, heardB[i].Seq, heardB[i].Text)
		}
	}
}

func testHeard(t *testing.T, r earshot.Relay) {
	l, _ := subscribe(t, r, 1, 3)
	_, _ = subscribe(t, r, 1, 4)
	if got := publish(t, r, 1, earshot.KindMessage, "a"); got.Heard != 7 {
		t.Errorf("heard %d, want 7", got.Heard)
	}
	if len(l.heard()) != 1 {
		t.Error("publish returned before delivery")
	}
}

func testRoomsApart(t *testing.T, r earshot.Relay) {
	l, _ := subscribe(t, r, 1, 1)
	if got := publish(t, r, 2, earshot.KindMessage, "a"); got.Heard != 0 {
		t.Errorf("heard %d in a room without subscribers", got.Heard)
	}
	if got := l.heard(); len(got) != 0 {
		t.Errorf("heard %+v from another room", got)
	}
}

func testCancel(t *testing.T, r earshot.Relay) {
	l, cancel := subscribe(t, r, 1, 1)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := r.Publish(context.Background(), &earshot.Event{Kind: earshot.KindMessage, Room: 1}); err != nil {
					t.Errorf("publish: %v", err)
				}
			}
		}
	})
	cancel()
	n := len(l.heard())
	publish(t, r, 1, earshot.KindMessage, "after")
	if got := len(l.heard()); got != n {
		t.Errorf("%d deliveries after cancel returned", got-n)
	}
	cancel()
	close(stop)
	wg.Wait()
}

func testClose(t *testing.T, r earshot.Relay) {
	l, cancel := subscribe(t, r, 1, 1)
	if err := r.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	_, err := r.Publish(t.Context(), &earshot.Event{Kind: earshot.KindMessage, Room: 1})
	if earshot.CodeOf(err) != earshot.CodeStopping {
		t.Errorf("publish after close: %v", err)
	}
	if _, _, err := r.Subscribe(t.Context(), 1, l); earshot.CodeOf(err) != earshot.CodeStopping {
		t.Errorf("subscribe after close: %v", err)
	}
	cancel()
	if len(l.heard()) != 0 {
		t.Error("delivered after close")
	}
}
