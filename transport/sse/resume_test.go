package sse_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
	"github.com/earshot-chat/earshot/transport/sse"
)

// TestResumeByID comes back as EventSource does, and hears what it missed in two rooms, once and in order.
func TestResumeByID(t *testing.T) {
	versions(t, func(t *testing.T, h *house) {
		h.addUsers("ana", "ben")
		lobby, attic := h.addRoom("ana", "lobby", earshot.AccessPublic), h.addRoom("ana", "attic", earshot.AccessPublic)
		ana, ben := h.listen("ana", "?room=lobby&room=attic"), h.listen("ben", "?room=lobby&room=attic")
		say := func(room earshot.RoomID, text string) {
			t.Helper()
			ana.does(`{"type":"post","ref":1,"room":%d,"nonce":"%s","text":"%s"}`, room, text, text)
		}
		hears := func(texts ...string) {
			t.Helper()
			for _, text := range texts {
				if f := ben.until("message"); f.Text != text {
					t.Fatalf("heard %q, want %q", f.Text, text)
				}
			}
		}
		for range 2 {
			ben.until("joined")
		}
		say(lobby, "l1")
		hears("l1") // rooms have no order among each other
		say(attic, "a1")
		hears("a1")
		for round := range 3 {
			ben.cut()
			said := []string{fmt.Sprintf("l%d-missed", round), fmt.Sprintf("l%d-more", round), fmt.Sprintf("a%d-missed", round)}
			say(lobby, said[0])
			say(lobby, said[1])
			say(attic, said[2])
			before := ben.hello.Resume
			ben = h.listen("ben", "?room=lobby&room=attic", "Last-Event-ID", ben.id)
			if f := ben.reads("resumed"); len(f.Rooms) != 2 || f.Ref != 0 {
				t.Fatalf("%+v", f)
			}
			hears(said...)
			if strings.HasPrefix(ben.id, before) {
				t.Errorf("the id is still of the old session: %s", ben.id)
			}
		}
		say(lobby, "finally")
		hears("finally")
		// Nobody was told of any of it.
		for {
			f := ana.until("departed", "message")
			if f.Type == "departed" {
				t.Fatalf("%+v", f)
			}
			if f.Text == "finally" {
				return
			}
		}
	})
}

// TestResumeAgain: the answer to a return was lost on its way, and the client comes with the older id again.
func TestResumeAgain(t *testing.T) {
	versions(t, func(t *testing.T, h *house) {
		h.addUsers("ana", "ben")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		ana, ben := h.listen("ana", "?room=lobby"), h.listen("ben", "?room=lobby")
		ben.reads("joined")
		ben.reads("entered")
		id := ben.id
		ana.does(`{"type":"post","ref":1,"room":%d,"nonce":"a","text":"missed"}`, room)
		for range 4 {
			ben.cut()
			ben = h.listen("ben", "", "Last-Event-ID", id)
			ben.reads("resumed")
		}
		if f := ben.until("message"); f.Text != "missed" {
			t.Errorf("%+v", f)
		}
	})
}

// TestResumeByCommand goes on over another stream as the page does, and its id is the new session's.
func TestResumeByCommand(t *testing.T) {
	versions(t, func(t *testing.T, h *house) {
		h.addUsers("ana", "ben")
		room := h.addRoom("ana", "lobby", earshot.AccessPublic)
		ana, ben := h.listen("ana", "?room=lobby"), h.listen("ben", "?room=lobby")
		joined := ben.reads("joined")
		ben.cut()
		ana.does(`{"type":"post","ref":1,"room":%d,"nonce":"a","text":"missed"}`, room)
		again := h.listen("ben", "")
		again.does(`{"type":"resume","ref":7,"token":"%s","seen":[{"room":%d,"seq":%d}]}`, ben.hello.Resume, room, joined.Seq)
		if f := again.reads("resumed"); f.Ref != 7 || len(f.Rooms) != 1 {
			t.Errorf("%+v", f)
		}
		again.reads("returned")
		missed := again.until("message")
		if want := fmt.Sprintf("%s.%d:%d", again.hello.Resume, room, missed.Seq); again.id != want {
			t.Errorf("the id is %s, want %s", again.id, want)
		}
		// The old connection, had it still been there, is told.
		third := h.listen("ben", "")
		third.does(`{"type":"resume","ref":8,"token":"%s","seen":[{"room":%d,"seq":%d}]}`, again.hello.Resume, room, missed.Seq)
		again.ends(4002)
	})
}

// TestStaleIDs: whatever is no id of a living session of one's own begins a new one, and says so.
func TestStaleIDs(t *testing.T) {
	h := newHouse(t, false, sse.Options{}, nil)
	h.addUsers("ana", "ben")
	room := h.addRoom("ana", "lobby", earshot.AccessPublic)
	ana := h.listen("ana", "?room=lobby")
	ana.reads("joined")
	other := newHouse(t, false, sse.Options{}, nil)
	other.addUsers("ana", "ben")
	other.addRoom("ana", "lobby", earshot.AccessPublic)
	elsewhere := other.listen("ben", "?room=lobby")
	elsewhere.reads("joined")

	token, _, _ := strings.Cut(ana.id, ".")
	for name, id := range map[string]string{
		"empty":               "",
		"somebody else's":     ana.id,
		"of another epoch":    elsewhere.id,
		"no token":            ".1:1",
		"dots":                strings.Repeat(".", 1000),
		"a number":            "17",
		"no number":           token + ".x:y",
		"a negative number":   token + ".1:-1",
		"a huge number":       token + ".1:99999999999999999999",
		"half a room":         token + ".1",
		"many rooms":          token + strings.Repeat(".1:1", 5000),
		"a token in two":      token + "." + token,
		"no base64":           "!!!!.1:1",
		"long":                strings.Repeat("A", 20_000),
		"UTF-8":               "héllo.1:1",
		"a command":           `{"type":"resume"}`,
		"spaces":              " . : ",
		"the wrong separator": strings.ReplaceAll(token+".1:1", ".", ","),
	} {
		ben := h.listen("ben", "?room=lobby", "Last-Event-ID", id)
		if f := ben.reads("error"); f.Code != "not_found" || f.Ref != 0 {
			t.Errorf("%s: %+v", name, f)
		}
		if f := ben.reads("joined"); f.Room != int64(room) || !strings.HasPrefix(ben.id, ben.hello.Resume+".") {
			t.Errorf("%s: %+v %s", name, f, ben.id)
		}
		ben.cut()
	}
	ana.does(`{"type":"ping","ref":1}`) // nobody took her session
}

// TestNothingKept: where the server keeps no sessions there are no ids.
func TestNothingKept(t *testing.T) {
	h := newHouse(t, false, sse.Options{}, func(cfg *hub.Config) { cfg.ResumeWindow, cfg.Grace = 0, 0 })
	h.addUsers("ana")
	h.addRoom("ana", "lobby", earshot.AccessPublic)
	ana := h.listen("ana", "?room=lobby")
	ana.reads("joined")
	ana.reads("entered")
	if ana.id != "" || ana.hello.Resume != "" {
		t.Errorf("id %q, token %q", ana.id, ana.hello.Resume)
	}
}

// TestLostRight: who was put out of a private room while away does not hear it again.
func TestLostRight(t *testing.T) {
	h := newHouse(t, false, sse.Options{}, nil)
	h.addUsers("ana", "ben")
	room := h.addRoom("ana", "den", earshot.AccessPrivate)
	if err := h.hub.AddMember(t.Context(), h.users["ana"], room, h.users["ben"]); err != nil {
		t.Fatal(err)
	}
	ben := h.listen("ben", "?room=den")
	ben.reads("joined")
	ben.cut()
	if err := h.hub.RemoveMember(t.Context(), h.users["ana"], room, h.users["ben"]); err != nil {
		t.Fatal(err)
	}
	if status, text := h.tell(http.MethodGet, "ben", "?room=den", ""); status != http.StatusBadRequest || text != "not_found" {
		t.Errorf("%d %s", status, text)
	}
	back := h.listen("ben", "", "Last-Event-ID", ben.id)
	f, err := back.read()
	if err != nil || (f.Type != "error" && len(f.Rooms) != 0) {
		t.Errorf("%+v %v", f, err)
	}
}
