package sse_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/sse"
)

// TestLine: a script enters and says lines; the others see it come once.
func TestLine(t *testing.T) {
	for _, second := range []bool{false, true} {
		h := newHouse(t, second, sse.Options{}, nil)
		h.addUsers("ana", "bot")
		room := h.addRoom("ana", "Lobby", earshot.AccessPublic)
		ana := h.listen("ana", "?room=lobby")
		ana.reads("joined")
		ana.reads("entered")
		ana.settles()
		lines := []string{"hello all", "twice", "twice", "two\nlines"}
		for i, line := range lines {
			where := []string{"LOBBY", fmt.Sprint(room)}[i%2]
			status, text := h.tell(http.MethodPost, "bot", "?room="+where, line+"\n", "Content-Type", "application/x-www-form-urlencoded")
			if status != http.StatusOK || !strings.Contains(text, `"type":"posted"`) || !strings.Contains(text, `"heard":1`) {
				t.Fatalf("%d %s", status, text)
			}
		}
		if f := ana.reads("entered"); f.Users[0].Name != "bot" {
			t.Errorf("%+v", f)
		}
		nonces := make(map[string]bool)
		for _, line := range lines {
			f := ana.reads("message")
			if f.Text != line || f.User.Name != "bot" || nonces[f.Nonce] {
				t.Errorf("%+v", f)
			}
			nonces[f.Nonce] = true
		}
	}
}

// TestLineLeaves: a script that says nothing more departs.
func TestLineLeaves(t *testing.T) {
	h := newHouse(t, false, sse.Options{}, func(cfg *hub.Config) { cfg.Grace = time.Millisecond })
	h.addUsers("ana", "bot")
	h.addRoom("ana", "lobby", earshot.AccessPublic)
	ana := h.listen("ana", "?room=lobby")
	ana.reads("joined")
	ana.settles()
	if status, text := h.tell(http.MethodPost, "bot", "?room=lobby", "hi"); status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	ana.until("message")
	if f := ana.reads("departed"); f.Users[0].Name != "bot" || f.Count != 1 {
		t.Errorf("%+v", f)
	}
	h.Settled("the script's session is over", func() bool { return h.hub.Stats().Sessions == 1 })
}

// TestLineAgain: a line that is sent again under its key is said once.
func TestLineAgain(t *testing.T) {
	h := newHouse(t, false, sse.Options{}, nil)
	h.addUsers("ana", "bot")
	h.addRoom("ana", "lobby", earshot.AccessPublic)
	ana := h.listen("ana", "?room=lobby")
	ana.reads("joined")
	var answers []string
	for range 3 {
		_, text := h.tell(http.MethodPost, "bot", "?room=lobby", "once", "Idempotency-Key", "k1")
		answers = append(answers, text)
	}
	if answers[0] != answers[1] || answers[1] != answers[2] {
		t.Errorf("%v", answers)
	}
	h.tell(http.MethodPost, "bot", "?room=lobby", "end")
	if f := ana.until("message"); f.Text != "once" || f.Nonce != "k1" {
		t.Errorf("%+v", f)
	}
	if f := ana.until("message"); f.Text != "end" {
		t.Errorf("%+v", f)
	}
}

// TestLineOfOneInside: who listens is in the room already; nobody is told of an entrance.
func TestLineOfOneInside(t *testing.T) {
	h := newHouse(t, false, sse.Options{}, func(cfg *hub.Config) { cfg.Grace = 0 })
	h.addUsers("ana")
	h.addRoom("ana", "lobby", earshot.AccessPublic)
	ana := h.listen("ana", "?room=lobby")
	ana.reads("joined")
	ana.reads("entered")
	for range 3 {
		if status, text := h.tell(http.MethodPost, "ana", "?room=lobby", "to myself"); !strings.Contains(text, `"heard":0`) {
			t.Errorf("%d %s", status, text)
		}
		ana.reads("message")
	}
}

// TestLinesInManyRooms: a script may speak in more rooms than a session may be in at once.
func TestLinesInManyRooms(t *testing.T) {
	h := newHouse(t, false, sse.Options{}, func(cfg *hub.Config) { cfg.MaxRooms = 2 })
	h.addUsers("ana")
	for n := range 5 {
		name := fmt.Sprintf("room%d", n)
		h.addRoom("ana", name, earshot.AccessPublic)
		for range 2 {
			if status, text := h.tell(http.MethodPost, "ana", "?room="+name, "hi"); status != http.StatusOK {
				t.Errorf("%s: %d %s", name, status, text)
			}
		}
	}
	if n := h.hub.Stats().Rooms; n != 2 {
		t.Errorf("in %d rooms", n)
	}
}

// TestLinesAtOnce says many lines at once, while the hub ends the log-in again and again: nothing is left over.
func TestLinesAtOnce(t *testing.T) {
	h := newHouse(t, false, sse.Options{}, func(cfg *hub.Config) { cfg.Grace = time.Millisecond })
	h.addUsers("ana")
	h.addRoom("ana", "lobby", earshot.AccessPublic)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 10 {
				if status, text := h.tell(http.MethodPost, "ana", "?room=lobby", "hi"); status == http.StatusInternalServerError {
					t.Errorf("%d %s", status, text)
				}
				h.hub.EndUser(h.users["ana"].ID)
			}
		})
	}
	all.Wait()
	h.Settled("no session is left", func() bool { return h.hub.Stats().Sessions == 0 })
}
