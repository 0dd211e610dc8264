package hub

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"slices"
	"time"

	"github.com/earshot-chat/earshot"
)

// A session outlives its connection: Drop takes it off the lanes of its rooms and leaves its places there, away. What is
// said meanwhile stays in the rooms' windows. Another session, on a new connection of the same user, takes the places
// over by the token (Resume) and hears in each room first what it missed (Return). So a session object has one
// connection for its life, and what goes on is its places.

// token is what a client comes back with.
type token [16]byte

func newToken() (t token) {
	_, _ = rand.Read(t[:]) // never fails: crypto/rand
	return t
}

// Token gives what brings this session's places back over another connection, once; empty if the hub keeps no sessions.
func (s *Session) Token() string {
	if s.hub.cfg.ResumeWindow <= 0 {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(s.token[:])
}

// Seen is how far a client has heard a room.
type Seen struct {
	Room earshot.RoomID
	Seq  uint64
}

// Returned is a room as it is when a session hears it again. The missed events follow, up to Seq.
type Returned struct {
	Joined
	// Lost is how many of the missed events, the first ones, are no more.
	Lost uint64
}

// lost tells whether the session's connection is gone. Under s.mu.
func (s *Session) lost() bool { return s.loss.Load() != nil }

// Drop notes that the connection is lost. The session stays in its rooms for as long as the resume window and hears
// nothing; after the grace time its user departs. A session without rooms, or in a hub that keeps none, ends.
func (s *Session) Drop() {
	cfg := &s.hub.cfg
	s.mu.Lock()
	if s.ended || s.lost() {
		s.mu.Unlock()
		return
	}
	if len(s.rooms) == 0 || max(cfg.ResumeWindow, cfg.Grace) <= 0 {
		s.mu.Unlock()
		s.End()
		return
	}
	s.loss.Store(&loss{at: time.Now()})
	rooms := slices.Clone(s.rooms)
	s.wait(0)
	s.mu.Unlock()
	for _, m := range rooms {
		m.room.pull(m, func() { m.room.park(m) })
	}
	if cfg.Grace <= 0 {
		s.fade()
	}
}

// faded tells whether the session lost its connection for longer than the grace time: it is nowhere then. Under s.mu.
func (s *Session) faded() bool {
	l := s.loss.Load()
	return l != nil && time.Since(l.at) >= s.hub.cfg.Grace
}

// wait sets the timer for what comes next after the session was lost for so long. Under s.mu.
func (s *Session) wait(gone time.Duration) {
	cfg, l := &s.hub.cfg, s.loss.Load()
	if s.hub.stopping() {
		return
	}
	l.rest()
	end := max(cfg.ResumeWindow, cfg.Grace)
	if gone < cfg.Grace && cfg.Grace < end {
		l.timer = time.AfterFunc(cfg.Grace-gone, s.fade)
		return
	}
	l.timer = time.AfterFunc(max(end-gone, 0), s.End)
}

// rest stops the timer: the hub is closed, and nothing ends any more.
func (s *Session) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loss.Load().rest()
}

// rest stops the timer of the window.
func (r *room) rest() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.expiry != nil {
		r.expiry.Stop()
	}
}

// fade lets the user depart from the rooms, if no other session of the user is there. The places stay.
func (s *Session) fade() {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	rooms := slices.Clone(s.rooms)
	s.wait(s.hub.cfg.Grace)
	s.mu.Unlock()
	for _, m := range rooms {
		m.room.fade(m)
	}
	s.hub.restatus(s.user) // it no longer counts beside those that are there
}

// Resume takes over the places of the user's session with that token, which then is over; its connection, should it still
// seem to live, is closed with CloseReplaced. Rooms that are not in seen are left. It gives the rooms that the session now
// has, in seen's order: each wants a Return. Errors: CodeNotFound if there is no such session (any more), CodeConflict if
// this one is in a room already, CodeRateLimited.
func (s *Session) Resume(with string, seen []Seen) ([]earshot.RoomID, error) {
	old := s.user.find(s.hub, with)
	if old == nil || old == s {
		return nil, errOver()
	}
	s.mu.Lock()
	busy := len(s.rooms) > 0
	s.mu.Unlock()
	if busy {
		return nil, earshot.Errorf(earshot.CodeConflict, "Resume before joining a room.")
	}
	if err := s.mayJoin(max(len(seen), 1), "You are coming back more often than this server allows."); err != nil {
		return nil, err
	}
	old.mu.Lock()
	presence := old.presence
	old.mu.Unlock()
	s.mu.Lock()
	s.presence = presence // before the old one ends: so the user's status does not change
	s.mu.Unlock()
	places := old.stop()
	old.conn.Close(earshot.CloseReplaced)
	if places == nil {
		return nil, errOver()
	}
	return s.takeOver(places, seen), nil
}

// takeOver makes the places the session's own, away until they are returned to.
func (s *Session) takeOver(places []*membership, seen []Seen) []earshot.RoomID {
	wanted := make(map[earshot.RoomID]int, len(seen))
	for i, room := range seen {
		wanted[room.Room] = i
	}
	taken := make([]earshot.RoomID, len(seen))
	for _, m := range places {
		at, want := wanted[m.room.id]
		if !want || !s.take(m) {
			m.room.leave(m)
			continue
		}
		taken[at] = m.room.id
	}
	return slices.DeleteFunc(taken, func(id earshot.RoomID) bool { return id == 0 })
}

// take makes a place of the same user's this session's own; false if it is no more.
func (s *Session) take(old *membership) bool {
	r := old.room
	m := &membership{session: s, room: r}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	if !r.pull(old, func() {
		m.since, m.counted = old.since, old.counted
		r.park(m)
	}) {
		return false
	}
	s.rooms = append(s.rooms, m)
	return true
}

// Return has the session hear the room again, from the event after seen on, if it still may. What was missed is written
// in portions: while there is more, Return gives the number to go on from, and wants to be called again with it when the
// connection has taken its bytes. When it is done, everything that is said reaches the connection. It calls answer, which
// must only write to the connection, before the first portion, and again if events were lost while it waited. May ask
// the store. Errors: CodeNotFound where the user may no longer enter, CodeBanned, CodeKicked, CodeNotInRoom.
func (s *Session) Return(
	ctx context.Context, to Seen, again bool, answer func(Returned),
) (next Seen, done bool, err error) {
	m := s.membership(to.Room)
	if m == nil || m.room.laneOf(m) != nil {
		return to, false, errNotInRoom()
	}
	r := m.room
	err = r.admit(ctx, s, false, func(rules uint64) (bool, error) {
		return r.settle(m, rules, func() bool {
			if !r.isAway(m) {
				return false // put out meanwhile
			}
			to.Seq, done = r.replay(m, to.Seq, again, answer)
			return done
		})
	})
	switch {
	case err == nil:
		r.announce()
		if done {
			s.tellMuted(r)
		}
	case earshot.CodeOf(err) != earshot.CodeUnauthenticated:
		s.mu.Lock()
		s.forget(m)
		s.mu.Unlock()
		r.leave(m)
	}
	return to, done, err
}

// replayPortion is how many bytes of missed events are written at once: little enough that nobody in the room waits long
// meanwhile, and that it fits what a connection may have waiting.
const replayPortion = 64 << 10

// replay writes what was missed, or a portion of it, and gives the number of the last event that it wrote. If that is
// all there is, the place is no longer away. Under all locks of settle.
func (r *room) replay(m *membership, seen uint64, again bool, answer func(Returned)) (last uint64, all bool) {
	s := m.session
	// Whatever the client says that it has seen: nothing from before it entered.
	last = min(max(seen, m.since), r.seq)
	first := max(r.window.oldest(r.seq+1), last+1)
	if lost := first - last - 1; lost > 0 || !again {
		answer(Returned{Joined: r.joined(s.info.ref), Lost: lost})
	}
	encoding, fan := s.conn.Encoding(), r.hub.fan
	frames := fan.buffer()
	all = r.window.since(last, r.id, func(ev *earshot.Event) bool {
		if len(frames) >= replayPortion {
			return false
		}
		frames = encoding.AppendEvent(fan.grow(frames, frameSpace(ev)), ev)
		last = ev.Seq
		return true
	})
	if len(frames) > 0 {
		s.conn.Write(frames)
	}
	fan.recycle(frames)
	if !all {
		return last, false
	}
	r.unpark(m)
	if !m.counted {
		m.counted = true
		r.arrive(s.info.ref, r.hub.statusOf(s.user))
	}
	return r.seq, true
}

// find looks for the session with that token.
func (u *user) find(h *Hub, with string) *Session {
	var t token
	b, err := base64.RawURLEncoding.DecodeString(with)
	if err != nil || len(b) != len(t) || h.cfg.ResumeWindow <= 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range u.sessions {
		if subtle.ConstantTimeCompare(s.token[:], b) == 1 {
			return s
		}
	}
	return nil
}

// park puts a place among those that are away. Under r.mu.
func (r *room) park(m *membership) {
	m.at = int32(len(r.away)) //nolint:gosec // as many as there are sessions
	r.away = append(r.away, m)
}

// unpark takes it out again. Under r.mu.
func (r *room) unpark(m *membership) {
	last := len(r.away) - 1
	r.away[m.at] = r.away[last]
	r.away[m.at].at = m.at
	r.away[last] = nil
	r.away = r.away[:last]
}

// isAway tells whether the place is among those that are away. Under r.mu.
func (r *room) isAway(m *membership) bool {
	return m.lane == nil && int(m.at) < len(r.away) && r.away[m.at] == m
}

// fade lets a place that is still away no longer count as an occupant's.
func (r *room) fade(m *membership) {
	r.mu.Lock()
	if r.isAway(m) {
		r.uncount(m)
	}
	r.mu.Unlock()
	r.announce()
}

// remember keeps the event for those who come back. Under r.mu.
func (r *room) remember(ev *earshot.Event) {
	cfg := &r.hub.cfg
	if cfg.ResumeWindow <= 0 || !ev.Kind.Numbered() {
		return
	}
	r.window.add(ev, cfg.RoomWindowBytes, &r.hub.windows)
	if r.expiry == nil && len(r.window.chunks) > 0 {
		r.expiry = time.AfterFunc(cfg.ResumeWindow, r.expire)
	}
}

// expire lets go what is older than the window, and comes again for the rest.
func (r *room) expire() {
	const least = time.Second // what is said every millisecond is let go in portions
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.expiry == nil {
		return
	}
	keep := r.hub.cfg.ResumeWindow
	oldest, left := r.window.expire(time.Now().Add(-keep), &r.hub.windows)
	if !left {
		r.expiry = nil
		return
	}
	r.expiry.Reset(max(time.Until(oldest.Add(keep)), least))
}

// forgetAll clears the window. Under r.mu.
func (r *room) forgetAll() {
	r.window.clear(&r.hub.windows)
	if r.expiry != nil {
		r.expiry.Stop()
		r.expiry = nil
	}
}

func errOver() error {
	return &earshot.Error{
		Code: earshot.CodeNotFound, Field: "token", Message: "That session is over; join your rooms anew.",
	}
}
