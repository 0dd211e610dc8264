package hub

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/earshot-chat/earshot"
)

// Session is one client's part in the conversation: who it is and the rooms it is in. Hub.Connect makes one.
type Session struct {
	hub        *Hub
	conn       Conn
	user       *user
	info       *person
	credential earshot.SecretHash // changed under mu and Hub.mu
	token      token
	// from is where the client comes from, for bans of addresses. Set before anybody else sees the session. It takes no more
	// memory: what a session takes is rounded up to 144 bytes without it, too.
	from earshot.Source

	mu    sync.Mutex
	rooms []*membership
	ended bool
	// presence is what the client said of itself.
	presence level
	// loss is set when the connection is lost, under mu.
	loss atomic.Pointer[loss]
}

// loss is what there is to know of a session without a connection. Its timer is under the session's mu.
type loss struct {
	at time.Time
	// timer waits for the end of the grace time, and then for that of the session.
	timer *time.Timer
}

// rest stops the timer.
func (l *loss) rest() {
	if l != nil && l.timer != nil {
		l.timer.Stop()
	}
}

// membership is a session's place in a room.
type membership struct {
	session *Session
	room    *room
	// since is the number of the room's last event when the session entered: it may hear what comes after it.
	since uint64
	// lane is where the session hears; nil while it has no connection, and then at is the place in room.away. Set under
	// lane.mu and room.mu.
	lane *lane
	// at is the place in lane.members, under lane.mu.
	at int32
	// counted tells that the place counts towards who is inside, under room.mu: after the grace time it does not.
	counted bool
	// typedAt is when typing was last passed on; only the session's own commands use it, one at a time.
	typedAt int64 // milliseconds since 1970
}

// person is what a session needs of the account, and no more: 32 bytes where an earshot.User is five times that, and no password's
// hash stays in memory for the length of a visit.
type person struct {
	ref                      earshot.UserRef
	active, staff, superuser bool
	// moderator tells that the user keeps order in every room: PermModerateRoom.
	moderator bool
}

func personOf(u *earshot.User) person {
	return person{
		ref: u.Ref(), active: u.IsActive, staff: u.IsStaff, superuser: u.IsSuperuser, moderator: u.May(earshot.PermModerateRoom),
	}
}

// user gives the person as the rules take it.
func (p *person) user() earshot.User {
	u := earshot.User{
		ID: p.ref.ID, Username: p.ref.Name, IsActive: p.active, IsStaff: p.staff, IsSuperuser: p.superuser,
	}
	if p.moderator {
		u.Permissions = earshot.PermissionsOf(earshot.PermModerateRoom)
	}
	return u
}

// CameFrom notes the address that the session's client comes from, for bans of addresses: to be called within attach
// (Connect).
func (s *Session) CameFrom(addr netip.Addr) { s.from = earshot.SourceOf(addr) }

// User tells whose session it is: id, name, and the flags that the user has now.
func (s *Session) User() earshot.User { return s.user.now().user() }

// Joined is a room as it is at the moment of joining.
type Joined struct {
	Room earshot.Room
	// Seq is the number of the room's last event: the session hears all that come after it, and none before.
	Seq uint64
	Page
}

// Page is a part of a room's occupants, by name.
type Page struct {
	Occupants []earshot.Occupant
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
// where there is no such room or the user may not know of it, CodeBanned, CodeKicked, CodeLocked, CodeLimit, CodeStopping.
func (s *Session) Join(ctx context.Context, id earshot.RoomID, answer func(Joined)) error {
	if err := s.mayJoin(1, "You are joining rooms faster than this server allows."); err != nil {
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
	s.present() // before anybody is told of the entrance
	err = r.admit(ctx, s, true, func(rules uint64) (bool, error) { return r.enter(s, rules, answer) })
	if err != nil {
		s.hub.release(r)
		return err
	}
	r.announce()
	s.tellMuted(r)
	return nil
}

// Look gives a room that the user may know of, without entering it. It counts as a join. Errors: CodeNotFound,
// CodeRateLimited.
func (s *Session) Look(ctx context.Context, id earshot.RoomID) (earshot.Room, error) {
	if err := s.mayJoin(1, "You are asking faster than this server allows."); err != nil {
		return earshot.Room{}, err
	}
	return s.hub.known(ctx, s.User(), id)
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
// the room. Errors: CodeNotInRoom, CodeInvalid, CodeTooLarge, CodeMuted, CodeLocked, CodeRateLimited (in slow mode with the
// field "slow_seconds"), CodeBusy, CodeStopping. A draft whose nonce the user posted in this room
// lately is not said again: it gets the first one's answer.
func (s *Session) Post(ctx context.Context, id earshot.RoomID, draft earshot.Draft) (Posted, error) {
	m := s.membership(id)
	if m == nil {
		return Posted{}, errNotInRoom()
	}
	if err := draft.Validate(s.hub.cfg.MaxText); err != nil {
		return Posted{}, err
	}
	if draft.Nonce == "" { // a transport whose clients have none
		return s.publish(ctx, m, draft)
	}
	key := s.hub.nonces.key(s.info.ref.ID, id, draft.Nonce)
	if posted, err := s.hub.nonces.claim(key); err != nil || posted.Seq != 0 {
		return posted, err
	}
	posted, err := s.publish(ctx, m, draft)
	s.hub.nonces.settle(key, posted)
	return posted, err
}

// publish says a message that was not said before.
func (s *Session) publish(ctx context.Context, m *membership, draft earshot.Draft) (Posted, error) {
	if draft.Reply != 0 {
		if err := m.room.reached(m, "reply", draft.Reply); err != nil {
			return Posted{}, err
		}
	}
	posted, err := s.say(ctx, m, &earshot.Event{
		Kind: earshot.KindMessage, Text: draft.Text, Nonce: draft.Nonce, Of: draft.Reply,
		Size: int8(draft.Size), //nolint:gosec // validated
	})
	if err == nil {
		m.typedAt = 0 // what is typed after a message is another one
	}
	return posted, err
}

// say publishes what the session's user says, in whatever form, within what the user may say and the server can carry.
func (s *Session) say(ctx context.Context, m *membership, ev *earshot.Event) (Posted, error) {
	now, who := time.Now(), s.user.now()
	if ev.Kind != earshot.KindTakenBack { // one may always say less
		if err := m.room.maySpeak(who, now); err != nil {
			return Posted{}, err
		}
	}
	if err := s.mayPost(now); err != nil {
		return Posted{}, err
	}
	if m.room.congested() {
		return Posted{}, &earshot.Error{
			Code: earshot.CodeBusy, Message: "More is said here than the server can carry; try again.", RetryAfter: time.Second,
		}
	}
	ev.Room, ev.At, ev.Author = m.room.id, now.Truncate(time.Millisecond), s.info.ref
	receipt, err := s.publishInTurn(ctx, m.room, who, ev, now)
	if err != nil {
		return Posted{}, err
	}
	if ev.Kind == earshot.KindMessage {
		s.hub.said.Add(1)
	}
	// The author is in the room and is counted among those who hear it.
	return Posted{Seq: receipt.Seq, At: ev.At, Heard: max(receipt.Heard-1, 0)}, nil
}

// publishInTurn publishes; a message in slow mode only if it is the user's turn.
func (s *Session) publishInTurn(ctx context.Context, r *room, who *person, ev *earshot.Event, now time.Time) (earshot.Receipt, error) {
	if ev.Kind != earshot.KindMessage || r.order.Load() == nil {
		return s.hub.relay.Publish(ctx, ev)
	}
	giveBack, err := r.takeTurn(who, now)
	if err != nil {
		return earshot.Receipt{}, err
	}
	receipt, err := s.hub.relay.Publish(ctx, ev)
	if err != nil {
		giveBack()
	}
	return receipt, err
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

// mayJoin takes from what the user may join and ask, over all sessions.
func (s *Session) mayJoin(rooms int, message string) error {
	cfg := &s.hub.cfg
	return refusal(s.user.joins.takeMany(time.Now(), cfg.JoinsPerSecond, cfg.JoinsBurst, rooms), message)
}

// Frame counts one frame that the session's client sent, whatever it is. False means that the user's clients send more
// than the server takes: the transport then closes the connection with CloseAbuse.
func (s *Session) Frame() bool {
	cfg := &s.hub.cfg
	return s.user.frames.take(time.Now(), cfg.FramesPerSecond, cfg.FramesBurst) == 0
}

// Occupants gives the next page of the room's occupants, those named after this. Errors: CodeNotInRoom.
func (s *Session) Occupants(id earshot.RoomID, after string) (Page, error) {
	m := s.membership(id)
	if m == nil {
		return Page{}, errNotInRoom()
	}
	if err := s.mayJoin(1, "You are asking faster than this server allows."); err != nil {
		return Page{}, err
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.room.page(after), nil
}

// End leaves all rooms and forgets the session: nobody comes back to it. It may be called more than once, from anywhere.
func (s *Session) End() {
	for _, m := range s.stop() {
		m.room.leave(m)
	}
}

// stop ends the session and gives the places that it had, which are the caller's to give up.
func (s *Session) stop() []*membership {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return nil
	}
	s.ended = true
	rooms := s.rooms
	s.rooms = nil
	s.loss.Load().rest()
	s.mu.Unlock()
	s.hub.disconnect(s)
	return rooms
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
