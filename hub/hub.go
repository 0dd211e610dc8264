// Package hub is the heart: it knows the rooms that are live, the sessions in them, and brings every event of a room to
// every session that is in it, in one order, and to nobody else.
//
// A transport connects a session for a user and calls its methods; the hub calls the transport's Conn back with frames
// that are ready to be written. All rules of who hears and who may speak live here, so that every transport has the same.
//
// # Locks
//
// Taken in this order, never the other way; nothing outside the package is called under one of them, but for the Conn and
// the Encoding of a transport, which neither block nor call back:
//
//	Session.mu   the rooms of one session
//	lane.mu      who hears in one lane of a room, held while its frames are written
//	room.mu      the state of one room; the relay's room lock is outside it (Deliver runs under that one)
//	Hub.mu       which rooms and users are live
package hub

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/earshot-chat/earshot"
)

// CreatePolicy says who may create rooms.
type CreatePolicy string

// The policies.
const (
	CreateEveryone CreatePolicy = "everyone"
	CreateStaff    CreatePolicy = "staff"
)

// Config bounds what users may do.
type Config struct {
	// MaxText is the longest text of a message, in bytes.
	MaxText int
	// MaxRooms is how many rooms a session may be in at once.
	MaxRooms int
	// SessionsPerUser is how many sessions a user may have at once.
	SessionsPerUser int
	// PostsPerSecond and PostsBurst bound the posts of a user, over all sessions.
	PostsPerSecond float64
	PostsBurst     int
	// JoinsPerSecond and JoinsBurst bound how often a user joins rooms or asks for their occupants, over all sessions: 0 is
	// the default, which is more than a person's, and enough for many tabs with many rooms that all come back at once.
	JoinsPerSecond float64
	JoinsBurst     int
	// FramesPerSecond and FramesBurst bound what a user's clients send in all, answered or refused, over all sessions,
	// posts within their own bound not counted: 0 is the default. Whoever goes over it is cut off: no client of good faith
	// comes near it, and each refusal would cost the others time.
	FramesPerSecond float64
	FramesBurst     int
	// RoomsPerUser is how many rooms a user who is not on the staff may own: 0 is the default, 50.
	RoomsPerUser int
	// CreateRooms says who may create rooms.
	CreateRooms CreatePolicy
	// ResumeWindow is for how long a session outlives its connection, and for how long what is said is kept for it, in
	// memory only; 0 keeps neither.
	ResumeWindow time.Duration
	// Grace is how long the occupant of a lost connection is not told as departed.
	Grace time.Duration
	// RoomWindowBytes and WindowBytes are how much is kept for those who come back, in one room and in all rooms together: 0 is the default.
	RoomWindowBytes int
	WindowBytes     int64
}

// DefaultConfig gives bounds that people do not notice.
func DefaultConfig() Config {
	return Config{
		MaxText: earshot.MaxText, MaxRooms: 100, SessionsPerUser: 50,
		PostsPerSecond: 20, PostsBurst: 100, JoinsPerSecond: 20, JoinsBurst: 1000, FramesPerSecond: 200, FramesBurst: 4000,
		RoomsPerUser: 50, CreateRooms: CreateEveryone,
		ResumeWindow: time.Minute, Grace: 10 * time.Second, RoomWindowBytes: 1 << 20, WindowBytes: 64 << 20,
	}
}

// Options is what a hub is made of.
type Options struct {
	Relay   earshot.Relay
	Rooms   earshot.RoomStore
	Members earshot.MemberStore
	// Sanctions may be nil: nobody is banned from a room or muted then.
	Sanctions earshot.SanctionStore
	// Actions may be nil: that somebody was kicked is not written down then.
	Actions earshot.ActionStore
	// Notes may be nil: Follow does nothing then. With it there must be Sanctions.
	Notes  earshot.RoomNoteStore
	Config Config
	// Log may be nil: nothing is logged then.
	Log *slog.Logger
}

// Encoding turns events into the frames of a transport. Two Conns with equal Encodings get the same bytes, made once; so
// an Encoding must be comparable.
type Encoding interface {
	// AppendEvent appends the event's frame, or nothing if the transport has none for it.
	AppendEvent(dst []byte, ev *earshot.Event) []byte
}

// Conn is the connection that carries a session, as the hub sees it. Its methods are called from several goroutines, and
// under the hub's locks: they must not block and must not call the hub.
type Conn interface {
	// Encoding is asked within Join and Return, and holds for the events of that room for as long as the session is in it.
	Encoding() Encoding
	// Write takes frames made by Encoding, in the order in which they are to go out. It does not keep the bytes: they are
	// used again after it returned. A connection that cannot take them closes itself.
	Write(frames []byte)
	// Removed tells the client that it is no longer in the room, and why.
	Removed(room earshot.RoomID, why *earshot.Error)
	// Muted tells the client that its user may say nothing in the room until the mute's end, or, if that is past, that the
	// user may again.
	Muted(room earshot.RoomID, mute earshot.Sanction)
	// Close ends the connection after what was written before; the transport then calls Session.End.
	Close(why earshot.CloseReason)
}

// Hub holds all that is live. New makes one.
type Hub struct {
	cfg     Config
	relay   earshot.Relay
	rooms   earshot.RoomStore
	members earshot.MemberStore
	// sanctions and actions may be nil.
	sanctions earshot.SanctionStore
	actions   earshot.ActionStore
	notes     earshot.RoomNoteStore
	log       *slog.Logger
	fan       *fanout
	// windows is what the rooms keep for those who come back, nonces what was posted lately.
	windows memory
	nonces  *nonces
	// said counts messages.
	said atomic.Uint64

	mu      sync.Mutex
	live    map[earshot.RoomID]*room
	users   map[earshot.UserID]*user
	revoked map[earshot.SecretHash]time.Time
	changed map[earshot.UserID]rights
	sweptAt time.Time // when changed was last gone through
	ranges  *earshot.Ranges
	kicks   kicks
	// profiles are of the users whose profile was told lately, each with what is still to be told.
	profiles map[earshot.UserID]*earshot.Profile
	closed   bool
}

// user is one who has a session now, and what all sessions of one user share.
type user struct {
	// info is the user as of the last connect or change: it is what rules are asked about. A session keeps the one it
	// began with, for the name.
	info atomic.Pointer[person]
	// status is what the sessions' come to, under Hub.mu.
	status   level
	sessions []*Session // under Hub.mu
	// What the user may still do.
	posts, joins, frames budget
}

// now is the user with the rights of now.
func (u *user) now() *person { return u.info.Load() }

// New makes a hub with fan-out workers of its own, one for each core; Close ends them.
func New(opts Options) *Hub {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	cfg := opts.Config.withDefaults()
	return &Hub{
		cfg: cfg, relay: opts.Relay, rooms: opts.Rooms, members: opts.Members, log: log,
		sanctions: opts.Sanctions, actions: opts.Actions, notes: opts.Notes,
		fan:     newFanout(runtime.GOMAXPROCS(0)),
		windows: memory{most: cfg.WindowBytes},
		nonces:  newNonces(max(cfg.ResumeWindow, nonceTime)),
		live:    make(map[earshot.RoomID]*room),
		users:   make(map[earshot.UserID]*user),
		revoked: make(map[earshot.SecretHash]time.Time),
		changed: make(map[earshot.UserID]rights), profiles: make(map[earshot.UserID]*earshot.Profile),
	}
}

// withDefaults fills in what 0 means.
func (c Config) withDefaults() Config {
	def := DefaultConfig()
	if c.JoinsPerSecond == 0 {
		c.JoinsPerSecond, c.JoinsBurst = def.JoinsPerSecond, def.JoinsBurst
	}
	if c.FramesPerSecond == 0 {
		c.FramesPerSecond, c.FramesBurst = def.FramesPerSecond, def.FramesBurst
	}
	if c.RoomsPerUser <= 0 {
		c.RoomsPerUser = def.RoomsPerUser
	}
	if c.RoomWindowBytes <= 0 {
		c.RoomWindowBytes = def.RoomWindowBytes
	}
	if c.WindowBytes <= 0 {
		c.WindowBytes = def.WindowBytes
	}
	return c
}

// Config gives the bounds that the hub was made with.
func (h *Hub) Config() Config { return h.cfg }

// Epoch names the numbering of all rooms (earshot.Relay).
func (h *Hub) Epoch() string { return h.relay.Epoch() }

// Connect begins a session of the user over the connection that attach gives it; attach is called, at once, before anybody
// else can see the session. The credential is what opened it: when that ends (EndLogin), so does
// the session. The user must have been authenticated within the last revocationMemory. The transport calls the
// session's methods one at a time, and End when the connection is gone. Errors: CodeLimit when the user has too many
// sessions, CodeRateLimited when its clients sent too much, CodeUnauthenticated when the credential ended meanwhile, CodeBanned, CodeStopping.
func (h *Hub) Connect(
	info earshot.User, credential earshot.SecretHash, attach func(*Session) Conn,
) (*Session, error) {
	s := &Session{hub: h, credential: credential, token: newToken()}
	s.conn = attach(s)
	h.makeRoom(info.ID)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errStopping()
	}
	if _, ended := h.revoked[credential]; ended {
		return nil, earshot.Errorf(earshot.CodeUnauthenticated, "This log-in has ended.")
	}
	if err := h.asChanged(&info); err != nil {
		return nil, err
	}
	if err := h.barred(s, &info); err != nil {
		return nil, err
	}
	u := h.users[info.ID]
	if u == nil {
		u = &user{}
		h.users[info.ID] = u
	}
	if u.frames.empty(time.Now(), h.cfg.FramesPerSecond, h.cfg.FramesBurst) {
		return nil, earshot.Errorf(earshot.CodeRateLimited, "You are sending more than this server takes.")
	}
	if len(u.sessions) >= h.cfg.SessionsPerUser {
		return nil, earshot.Errorf(earshot.CodeLimit, "You have %d connections open; close one first.", len(u.sessions))
	}
	if known, who := u.now(), personOf(&info); known == nil || *known != who {
		u.info.Store(&who)
	}
	u.sessions = append(u.sessions, s)
	s.user, s.info = u, u.now()
	return s, nil
}

// makeRoom ends the session of the user that lost its connection first, if the user has as many sessions as may be: those
// that wait for a return must not keep out one that is here.
func (h *Hub) makeRoom(id earshot.UserID) {
	h.mu.Lock()
	var oldest *Session
	if u := h.users[id]; u != nil && len(u.sessions) >= h.cfg.SessionsPerUser {
		for _, s := range u.sessions {
			if l := s.loss.Load(); l != nil && (oldest == nil || l.at.Before(oldest.loss.Load().at)) {
				oldest = s
			}
		}
	}
	h.mu.Unlock()
	if oldest != nil {
		oldest.End()
	}
}

// disconnect forgets the session, and the user with the last one.
func (h *Hub) disconnect(s *Session) {
	if h.removeSession(s) {
		h.restatus(s.user) // what the others' statuses come to may be something else
	}
}

// removeSession takes the session off its user's list; it tells whether the user has others.
func (h *Hub) removeSession(s *Session) (others bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	u := s.user
	for i, other := range u.sessions {
		if other == s {
			last := len(u.sessions) - 1
			u.sessions[i], u.sessions[last] = u.sessions[last], nil
			u.sessions = u.sessions[:last]
			break
		}
	}
	if len(u.sessions) > 0 || h.users[s.info.ref.ID] != u {
		return len(u.sessions) > 0
	}
	// Whoever has sent too much must not begin anew by connecting anew: such a user is remembered for a while.
	if wait := u.frames.spent(time.Now(), h.cfg.FramesPerSecond, h.cfg.FramesBurst); wait > 0 {
		time.AfterFunc(wait, func() { h.forget(s.info.ref.ID, u) })
		return false
	}
	delete(h.users, s.info.ref.ID)
	return false
}

// forget drops a user who has no session.
func (h *Hub) forget(id earshot.UserID, u *user) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(u.sessions) == 0 && h.users[id] == u {
		delete(h.users, id)
	}
}

// Stats counts what is live.
type Stats struct {
	Sessions int
	Users    int
	Rooms    int
}

// Stats counts what is live now.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	st := Stats{Users: len(h.users), Rooms: len(h.live)}
	for _, u := range h.users {
		st.Sessions += len(u.sessions)
	}
	return st
}

// Connections counts the sessions whose connection is not lost.
func (h *Hub) Connections() int {
	return len(h.sessions(func(s *Session) bool { return !s.lost() }))
}

// Said is how many messages were said here since the hub began.
func (h *Hub) Said() uint64 { return h.said.Load() }

// WindowBytes is how much memory is held for those who come back.
func (h *Hub) WindowBytes() int64 { return h.windows.used.Load() }

// Close stops the hub: it closes the relay first, so that from then on no post is acknowledged; lets what was
// acknowledged out to everyone in the rooms; and closes every connection with CloseStopping. It does not wait for the
// connections to end: that is the transports' part.
func (h *Hub) Close(_ context.Context) error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	h.mu.Unlock()

	err := h.relay.Close()
	h.nonces.close()
	h.fan.close()
	for _, r := range h.liveRooms() {
		r.flush()
	}
	for _, s := range h.sessions(func(*Session) bool { return true }) {
		s.conn.Close(earshot.CloseStopping)
		s.rest()
	}
	for _, r := range h.liveRooms() {
		r.rest()
	}
	return err
}

// stopping tells whether Close was called.
func (h *Hub) stopping() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

func (h *Hub) liveRooms() []*room {
	h.mu.Lock()
	defer h.mu.Unlock()
	rooms := make([]*room, 0, len(h.live))
	for _, r := range h.live {
		rooms = append(rooms, r)
	}
	return rooms
}

// sessions gives those sessions of all users that keep says.
func (h *Hub) sessions(keep func(*Session) bool) []*Session {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []*Session
	for _, u := range h.users {
		for _, s := range u.sessions {
			if keep(s) {
				found = append(found, s)
			}
		}
	}
	return found
}

func errStopping() error { return earshot.Errorf(earshot.CodeStopping, "The server is stopping.") }
