package hub

import (
	"context"
	"slices"
	"time"

	"github.com/earshot-chat/earshot"
)

// typingEvery is how often a session's typing is passed on. Clients show it for five seconds.
const typingEvery = 2 * time.Second

// Typing tells the others that the user types. More often than every two seconds (a post in between begins anew) it tells
// nobody and is no error. In a large room it is told together with what else happens in that second. Errors:
// CodeNotInRoom, CodeMuted, CodeLocked, CodeStopping.
func (s *Session) Typing(ctx context.Context, id earshot.RoomID) error {
	m := s.membership(id)
	if m == nil {
		return errNotInRoom()
	}
	now := time.Now()
	if err := m.room.maySpeak(s.user.now(), now); err != nil {
		return err
	}
	if now.UnixMilli()-m.typedAt < typingEvery.Milliseconds() {
		return nil
	}
	m.typedAt = now.UnixMilli()
	if m.room.typesAmongMany(s.info.ref) {
		m.room.announce()
		return nil
	}
	_, err := s.hub.relay.Publish(ctx, &earshot.Event{
		Kind: earshot.KindTyping, Room: id, At: now, Users: []earshot.UserRef{s.info.ref},
	})
	return err
}

// typesAmongMany notes for the next announcement who types, if the room is large; false otherwise.
func (r *room) typesAmongMany(u earshot.UserRef) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.here <= largeRoom {
		return false
	}
	if !slices.Contains(r.typing, u) {
		r.typing = append(r.typing, u)
	}
	return true
}

// SetStatus says how far the session's user is there; it is told in all rooms of the user if it changes what the user's
// sessions come to. Errors: CodeInvalid, CodeRateLimited: each room counts as a join.
func (s *Session) SetStatus(status earshot.Status) error {
	if err := status.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	rooms := len(s.rooms)
	s.mu.Unlock()
	if err := s.mayJoin(1+rooms, "You are changing your status faster than this server allows."); err != nil {
		return err
	}
	s.mu.Lock()
	s.presence = levelOf(status)
	s.mu.Unlock()
	s.hub.restatus(s.user)
	return nil
}

// present makes a session that is in a room active, if its client did not say otherwise: until then it is nowhere, and its
// status counts for nothing.
func (s *Session) present() {
	s.mu.Lock()
	first := s.presence == levelNowhere
	if first {
		s.presence = levelActive
	}
	s.mu.Unlock()
	if first {
		s.hub.restatus(s.user)
	}
}

// statusOf gives what the statuses of the user's sessions came to last; empty for active.
func (h *Hub) statusOf(u *user) earshot.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	return u.status.status()
}

// restatus works out the user's status and has it told where it is new.
func (h *Hub) restatus(u *user) {
	h.mu.Lock()
	sessions := slices.Clone(u.sessions)
	h.mu.Unlock()
	now := levelNowhere
	for _, s := range sessions {
		s.mu.Lock()
		if !s.faded() {
			now = max(now, s.presence)
		}
		s.mu.Unlock()
	}
	status := now.status()
	h.mu.Lock()
	same := u.status.status() == status
	u.status = now
	h.mu.Unlock()
	if same {
		return
	}
	for _, s := range sessions {
		s.mu.Lock()
		rooms := slices.Clone(s.rooms)
		s.mu.Unlock()
		for _, m := range rooms {
			m.room.restatus(s.info.ref, status)
		}
	}
}

// level is a status as a byte, and such that a user's is the highest of the sessions': one that is not to be disturbed is
// not to be disturbed anywhere, and who is active in one tab is not away.
type level uint8

const (
	levelNowhere level = iota // a session that is in no room yet
	levelAway
	levelActive
	levelDoNotDisturb
)

func levelOf(status earshot.Status) level {
	switch status {
	case earshot.StatusAway:
		return levelAway
	case earshot.StatusDoNotDisturb:
		return levelDoNotDisturb
	case earshot.StatusActive:
	}
	return levelActive
}

// status is empty for active, as in earshot.Occupant.
func (l level) status() earshot.Status {
	switch l {
	case levelAway:
		return earshot.StatusAway
	case levelDoNotDisturb:
		return earshot.StatusDoNotDisturb
	case levelNowhere, levelActive:
	}
	return ""
}

// restatus notes the user's new status and has it announced.
func (r *room) restatus(u earshot.UserRef, status earshot.Status) {
	r.mu.Lock()
	if r.sessions[u.ID] > 0 && r.statuses[u.ID] != status {
		r.statuses = setStatus(r.statuses, u.ID, status)
		r.stirred = append(r.stirred, u)
	}
	r.mu.Unlock()
	r.announce()
}

// mark follows what was told of statuses.
func (p *presence) mark(users []earshot.UserRef, status earshot.Status) {
	for _, u := range users {
		p.told = setStatus(p.told, u.ID, status)
	}
}

// setStatus notes a status in a map that is made when it is needed: most people are active, which is not noted.
func setStatus(
	in map[earshot.UserID]earshot.Status, id earshot.UserID, status earshot.Status,
) map[earshot.UserID]earshot.Status {
	if status == "" || status == earshot.StatusActive {
		delete(in, id)
		return in
	}
	if in == nil {
		in = make(map[earshot.UserID]earshot.Status)
	}
	in[id] = status
	return in
}
