package multichat_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/hub"
)

// TestBothDoors has somebody on the example's protocol and somebody on earshot.v1 hear each other.
func TestBothDoors(t *testing.T) {
	h := newHouse(t, options(), nil)
	h.addUsers("ana", "ben")
	room := h.addRoom("lobby", earshot.AccessPublic)
	guest := h.dial("ben")
	guest.joins(`"1"`)
	page := h.page("ana", room)
	guest.wants(`{"msg_type":4,"room":"1","username":"ana"}`)
	guest.send(`{"command":"send","room":"1","message":"hello, \"page\""}`)
	page.reads(`"type":"message"`, `"name":"ben"`, `"nonce":""`, `"text":"hello, \"page\""`)
	guest.wants(`{"msg_type":0,"room":"1","username":"ben","message":"hello, \"page\""}`)
	page.send(`{"type":"post","ref":2,"room":1,"nonce":"a1","text":"hello, guest"}`)
	page.reads(`"type":"posted"`, `"heard":1`)
	guest.wants(`{"msg_type":0,"room":"1","username":"ana","message":"hello, guest"}`)
	page.send(`{"type":"typing","room":1}`)
	page.send(`{"type":"status","ref":3,"status":"dnd"}`)
	page.reads(`"type":"ok"`, `"ref":3`)
	page.send(`{"type":"leave","ref":4,"room":1}`)
	guest.wants(`{"msg_type":5,"room":"1","username":"ana"}`) // and nothing of typing and status
	// Who is here over both doors is one occupant: others are told once.
	again := h.page("ben", room)
	again.send(`{"type":"leave","ref":2,"room":1}`)
	again.reads(`"type":"left"`)
	guest.send(`{"command":"send","room":1,"message":"still here"}`)
	guest.wants(`{"msg_type":0,"room":"1","username":"ben","message":"still here"}`)
}

// TestCrowdEnters has more enter than are told one by one: nobody is told twice, and nobody of whom it is not true. How
// many enter in one announcement, and so how many go unnamed, is for the clock to say.
func TestCrowdEnters(t *testing.T) {
	const crowd = 130
	h := newHouse(t, options(), nil)
	userNames := []string{"ana"}
	for i := range crowd {
		userNames = append(userNames, fmt.Sprintf("user%03d", i))
	}
	h.addUsers(userNames...)
	room := h.addRoom("lobby", earshot.AccessPublic)
	ana := h.dial("ana")
	ana.joins("1")
	page := h.page("ana", room)
	for _, name := range userNames[1:] {
		c := h.dial(name)
		c.joins("1")
	}
	page.reads(`"type":"entered"`, `"count":131`)
	ana.send(`{"command":"send","room":1,"message":"all there"}`)
	told := make(map[string]bool)
	for {
		frame := ana.read()
		if strings.Contains(frame, `"message":"all there"`) {
			break
		}
		name, ours := strings.CutPrefix(frame, `{"msg_type":4,"room":1,"username":"`)
		name, _ = strings.CutSuffix(name, `"}`)
		if !ours || told[name] || name == "ana" || !slices.Contains(userNames, name) {
			t.Fatalf("read %s", frame)
		}
		told[name] = true
	}
	if len(told) < earshot.MaxNamed-1 { // at the least one entrance of all, which may name ana herself, too
		t.Errorf("told of %d: %v", len(told), told)
	}
}

// TestManyInOneEntrance: of an entrance of many, those are told whom it names.
func TestManyInOneEntrance(t *testing.T) {
	h := newHouse(t, options(), nil)
	h.addUsers("ana")
	room := h.addRoom("lobby", earshot.AccessPublic)
	ana := h.dial("ana")
	ana.joins("1")
	entrance := &earshot.Event{Kind: earshot.KindEntered, Room: room}
	for i := range earshot.MaxNamed + 1 {
		entrance.Users = append(entrance.Users, earshot.UserRef{ID: earshot.UserID(100 + i), Name: fmt.Sprintf("user%03d", i)})
	}
	if _, err := h.relay.Publish(t.Context(), entrance); err != nil {
		t.Fatal(err)
	}
	for _, u := range entrance.Users[:earshot.MaxNamed] {
		ana.wants(`{"msg_type":4,"room":1,"username":"%s"}`, u.Name)
	}
	ana.send(`{"command":"send","room":1,"message":"all there"}`)
	ana.wants(`{"msg_type":0,"room":1,"username":"ana","message":"all there"}`)
}

func TestCloseCodes(t *testing.T) {
	h := newHouse(t, options(), func(c *hub.Config) { c.SessionsPerUser = 1 })
	h.addUsers("ana", "ben")
	h.addRoom("lobby", earshot.AccessPublic)
	ana := h.dial("ana")
	ana.joins("1")
	h.dial("ana").closes(4100)
	h.hub.EndLogin(earshot.SecretHash{byte(h.users["ana"].ID)})
	if before := ana.closes(4500); !slices.Equal(before, []string{`{"error":"USER_HAS_TO_LOGIN"}`}) {
		t.Errorf("before the end came %v", before)
	}
	h.dial("ana").closes(4500)
	ben := h.dial("ben")
	ben.joins("1")
	go func() { _ = h.hub.Close(context.Background()) }()
	ben.closes(websocket.StatusGoingAway)
}

// TestGoodbyeAndLoss: whoever says goodbye has departed; whoever is cut off and comes back was not away for anybody.
func TestGoodbyeAndLoss(t *testing.T) {
	h := newHouse(t, options(), func(c *hub.Config) { c.Grace = time.Hour })
	h.addUsers("ana", "ben")
	h.addRoom("lobby", earshot.AccessPublic)
	ana := h.dial("ana")
	ana.joins("1")
	for _, code := range []websocket.StatusCode{websocket.StatusNormalClosure, websocket.StatusGoingAway, 4321} {
		ben := h.dial("ben")
		ben.joins("1")
		ana.wants(`{"msg_type":4,"room":1,"username":"ben"}`)
		// The library waits for the answer for five seconds and no longer: TestFrames waits.
		if err := ben.conn.Close(code, "bye"); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		ana.wants(`{"msg_type":5,"room":1,"username":"ben"}`)
	}
	ben := h.dial("ben")
	ben.joins("1")
	ana.wants(`{"msg_type":4,"room":1,"username":"ben"}`)
	_ = ben.conn.CloseNow()
	ben = h.dial("ben")
	ben.send(`{"command":"send","room":1,"message":"without joining"}`)
	ben.wants(`{"error":"ROOM_ACCESS_DENIED"}`) // a connection begins in no room
	ben.joins("1")
	ben.send(`{"command":"send","room":1,"message":"back"}`)
	ana.wants(`{"msg_type":0,"room":1,"username":"ben","message":"back"}`)
}
