package hub

import (
	"context"
	"sync"
	"time"

	"github.com/earshot-chat/earshot"
)

// typingEvery is how often a session's typing is passed on. Clients show it for five seconds.
const typingEvery = 2 * time.Second

// Session is one client's part in the conversation: who it is and the rooms it is in. Hub.Connect makes one.
type Session struct {
	hub        *Hub
	conn       Conn
	user       *user
	info       *earshot.User
	credential earshot.SecretHash

	mu    sync.Mutex
	rooms []*membership
	ended bool
}

// membership is a session's place in a room.
type membership struct {
	session *Session
	room    *room
	lane    *lane
	// at is the place in lane.members, under lane.mu.
	at int
	// typedAt is when typing was last passed on; only the session's own commands use it, one at a time.
	typedAt int64 // milliseconds since 1970
}

// User tells whose session it is.
func (s *Session) User() earshot.User { return *s.info }

// Joined is a room as it is at the moment of joining.
type Joined struct {
	Room earshot.Room
	// Seq is the number of the room's last event: the session hears all that come after it, and none before.
	Seq uint64
	Page
}

// Page is a part of a room's occupants, by name.
type Page struct {
	Occupants []earshot.UserRef
	// Count is how many are inside in all.
	Count int
	// More tells that others follow.
	More bool
}

// Posted acknowledges a message.
type Posted struct {
	Seq uint64
	At  time.Time
	// Heard is how many people besides the author were there.
	Heard int
}

// Join enters the room. It calls answer, once and under locks (it must only write to the connection), before any event
// of the room reaches the connection: what answer tells and the events after it fit together without a seam. A session
// that is in the room already gets the answer again. May ask the store, so it may take its time. Errors: CodeNotFound
// where there is no such room or the user may not know of it, CodeLimit, CodeStopping.
func (s *Session) Join(ctx context.Context, id earshot.RoomID, answer func(Joined)) error {
	if err := s.mayJoin("You are joining rooms faster than this server allows."); err != nil {
		return err
	}
	s.mu.Lock()
	m, in, ended := s.find(id), len(s.rooms), s.ended
	s.mu.Unlock()
	switch {
	case ended:
		return errEnded()
	case m != nil:
		return m.room.repeat(m, answer)
	case in >= s.hub.cfg.MaxRooms:
		return earshot.Errorf(earshot.CodeLimit, "You can be in %d rooms at once; leave one first.", s.hub.cfg.MaxRooms)
	}
	r, err := s.hub.acquire(ctx, id)
	if err != nil {
		return err
	}
	if err := r.admit(ctx, s, answer); err != nil {
		s.hub.release(r)
		return err
	}
	r.announce()
	return nil
}

// Leave leaves the room; no event of it is written to the connection after it returned. Errors: CodeNotInRoom.
func (s *Session) Leave(id earshot.RoomID) error {
	s.mu.Lock()
	m := s.find(id)
	s.forget(m)
	s.mu.Unlock()
	if m == nil {
		return errNotInRoom()
	}
	m.room.leave(m)
	return nil
}

// Post says something in a room. When it returns without error, the message has its place and reaches everyone who is in
// the room. Errors: CodeNotInRoom, CodeInvalid, CodeTooLarge, CodeRateLimited, CodeBusy, CodeStopping.
func (s *Session) Post(ctx context.Context, id earshot.RoomID, draft earshot.Draft) (Posted, error) {
	m := s.membership(id)
	if m == nil {
		return Posted{}, errNotInRoom()
	}
	if err := draft.Validate(s.hub.cfg.MaxText); err != nil {
		return Posted{}, err
	}
	now := time.Now()
	if err := s.mayPost(now); err != nil {
		return Posted{}, err
	}
	if m.room.congested() {
		return Posted{}, &earshot.Error{
			Code: earshot.CodeBusy, Message: "More is said here than the server can carry; try again.", RetryAfter: time.Second,
		}
	}
	at := now.Truncate(time.Millisecond)
	receipt, err := s.hub.relay.Publish(ctx, &earshot.Event{
		Kind: earshot.KindMessage, Room: id, At: at, Author: s.info.Ref(), Text: draft.Text, Nonce: draft.Nonce,
	})
	if err != nil {
		return Posted{}, err
	}
	m.typedAt = 0 // what is typed after a message is another one
	// The author is in the room and is counted among those who hear it.
	return Posted{Seq: receipt.Seq, At: at, Heard: max(receipt.Heard-1, 0)}, nil
}

// mayPost takes one from what the user may post, over all sessions. What it takes is given back to what the user may
// send: posts have a bound of their own.
func (s *Session) mayPost(now time.Time) error {
	cfg := &s.hub.cfg
	wait := s.user.posts.take(now, cfg.PostsPerSecond, cfg.PostsBurst)
	if wait == 0 {
		s.user.frames.give(now, cfg.FramesPerSecond)
	}
	return refusal(wait, "You are posting faster than this server allows.")
}

// mayJoin takes one from what the user may join and ask, over all sessions.
func (s *Session) mayJoin(message string) error {
	cfg := &s.hub.cfg
	return refusal(s.user.joins.take(time.Now(), cfg.JoinsPerSecond, cfg.JoinsBurst), message)
}

// Frame counts one frame that the session's client sent, whatever it is. False means that the user's clients send more
// than the server takes: the transport then closes the connection with CloseAbuse.
func (s *Session) Frame() bool {
	cfg := &s.hub.cfg
	return s.user.frames.take(time.Now(), cfg.FramesPerSecond, cfg.FramesBurst) == 0
}

// Typing tells the others that the user types. More often than every two seconds (a post in between begins anew), and in rooms of over largeRoom, it
// tells nobody and is no error. Errors: CodeNotInRoom, CodeStopping.
func (s *Session) Typing(ctx context.Context, id earshot.RoomID) error {
	m := s.membership(id)
	if m == nil {
		return errNotInRoom()
	}
	now := time.Now()
	if now.UnixMilli()-m.typedAt < typingEvery.Milliseconds() || m.room.large() {
		return nil
	}
	m.typedAt = now.UnixMilli()
	_, err := s.hub.relay.Publish(ctx, &earshot.Event{Kind: earshot.KindTyping, Room: id, At: now, Author: s.info.Ref()})
	return err
}

// Occupants gives the next page of the room's occupants, those named after this. Errors: CodeNotInRoom.
func (s *Session) Occupants(id earshot.RoomID, after string) (Page, error) {
	m := s.membership(id)
	if m == nil {
		return Page{}, errNotInRoom()
	}
	if err := s.mayJoin("You are asking faster than this server allows."); err != nil {
		return Page{}, err
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.room.page(after), nil
}

// End leaves all rooms and forgets the session. It may be called more than once, from anywhere.
func (s *Session) End() {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.ended = true
	rooms := s.rooms
	s.rooms = nil
	s.mu.Unlock()
	for _, m := range rooms {
		m.room.leave(m)
	}
	s.hub.disconnect(s)
}

// membership finds the session's place in a room, nil if it has none.
func (s *Session) membership(id earshot.RoomID) *membership {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(id)
}

// find looks a room up among the session's; they are few, so a slice is smaller and faster than a map. Under s.mu.
func (s *Session) find(id earshot.RoomID) *membership {
	for _, m := range s.rooms {
		if m.room.id == id {
			return m
		}
	}
	return nil
}

// forget takes a place off the session's list, if it is there. Under s.mu.
func (s *Session) forget(m *membership) {
	for i, other := range s.rooms {
		if other == m {
			last := len(s.rooms) - 1
			s.rooms[i], s.rooms[last] = s.rooms[last], nil
			s.rooms = s.rooms[:last]
			return
		}
	}
}

func errNotInRoom() error {
	return &earshot.Error{Code: earshot.CodeNotInRoom, Field: "room", Message: "You are not in that room; join it first."}
}

func errEnded() error { return earshot.Errorf(earshot.CodeUnauthenticated, "This session has ended.") }
