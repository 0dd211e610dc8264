package hub

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/earshot-chat/earshot"
)

// revocationMemory is how long an ended credential is remembered. A handshake that was authenticated just before the end
// and connects just after it is refused by this; no handshake takes longer (httpd bounds it to seconds).
const revocationMemory = 5 * time.Minute

// EndLogin cuts every session that the credential opened: when it returns, not one more event goes to them. Sessions that
// try to connect with it within revocationMemory are refused.
func (h *Hub) EndLogin(credential earshot.SecretHash) {
	h.revoke(credential)
	h.cut(h.sessions(func(s *Session) bool { return s.credential == credential }), earshot.CloseRevoked)
}

// revoke has nobody connect with the credential any more.
func (h *Hub) revoke(credential earshot.SecretHash) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	for other, at := range h.revoked {
		if now.Sub(at) > revocationMemory {
			delete(h.revoked, other)
		}
	}
	h.revoked[credential] = now
}

// MoveLogin has the sessions that one credential opened hang on another from now on, and refuses those that try to connect
// with the first: a browser goes on with what it hears when its log-in gets a new secret.
func (h *Hub) MoveLogin(from, to earshot.SecretHash) {
	h.revoke(from)
	for _, s := range h.sessions(func(s *Session) bool { return s.credential == from }) {
		s.mu.Lock()
		h.mu.Lock()
		s.credential = to
		h.mu.Unlock()
		s.mu.Unlock()
	}
}

// EndUser cuts every session of the user.
func (h *Hub) EndUser(id earshot.UserID) { h.endUser(id, earshot.CloseRevoked) }

func (h *Hub) endUser(id earshot.UserID, why earshot.CloseReason) {
	h.cut(h.sessions(func(s *Session) bool { return s.info.ref.ID == id }), why)
}

// Bar keeps everybody at these addresses off, and nobody else: it cuts the sessions that came from there, and refuses those
// that connect. When it returns, not one more event goes to them.
func (h *Hub) Bar(ranges *earshot.Ranges) {
	h.mu.Lock()
	h.ranges = ranges
	h.mu.Unlock()
	now := time.Now()
	h.cut(h.sessions(func(s *Session) bool { return now.Before(ranges.Until(s.from)) }), earshot.CloseBanned)
}

// barred refuses who is banned, under mu.
func (h *Hub) barred(s *Session, info *earshot.User) error {
	now := time.Now()
	if until := h.ranges.Until(s.from); now.Before(until) {
		return earshot.Banned("this server", until, now, "")
	}
	if info.IsBanned(now) {
		return earshot.Banned("this server", info.BannedUntil, now, "")
	}
	return nil
}

// rights is what a change left a user with, kept for revocationMemory: a handshake that was authenticated just before the
// change and connects just after it gets no more.
type rights struct {
	active, staff, superuser, moderator bool
	bannedUntil                         time.Time
	at                                  time.Time
}

// asChanged brings a user who connects to what the last change left, under mu. CodeUnauthenticated for one who is not
// active any more.
func (h *Hub) asChanged(info *earshot.User) error {
	last, ok := h.changed[info.ID]
	if !ok || time.Since(last.at) > revocationMemory {
		return nil
	}
	if !last.active {
		return earshot.Errorf(earshot.CodeUnauthenticated, "This account is not active.")
	}
	info.IsStaff, info.IsSuperuser, info.BannedUntil = last.staff, last.superuser, last.bannedUntil
	moderate := earshot.PermissionsOf(earshot.PermModerateRoom)
	info.Permissions, info.Inherited = info.Permissions&^moderate, info.Inherited&^moderate
	if last.moderator {
		info.Permissions |= moderate
	}
	return nil
}

// UserChanged acts on a change of the user, who has the rights of info from now on: one who is not active or is banned loses
// every session, others the rooms that they may no longer enter; when it returns, not one more event goes to them from there.
// Permissions but PermModerateRoom need no word: the hub asks them of whoever calls. An error is the store's; the user is out of every room then that the
// store has to be asked about.
func (h *Hub) UserChanged(ctx context.Context, info earshot.User) error {
	h.noteRights(&info)
	switch {
	case !info.IsActive:
		h.EndUser(info.ID)
		return nil
	case info.IsBanned(time.Now()):
		h.endUser(info.ID, earshot.CloseBanned)
		return nil
	}
	sessions := h.sessions(func(s *Session) bool { return s.info.ref.ID == info.ID })
	if len(sessions) == 0 {
		return nil
	}
	// A join that was checked with the rights of before is checked again.
	for _, r := range h.liveRooms() {
		r.mu.Lock()
		r.rules++
		r.mu.Unlock()
	}
	var failed error
	for _, id := range h.roomsOf(sessions) {
		live := h.hold(id)
		if live == nil {
			continue
		}
		if err := live.putOutUser(ctx, &info); err != nil {
			failed = err
		}
		h.release(live)
	}
	return failed
}

// noteRights gives the user's sessions their rights, and keeps them for those that are about to connect.
func (h *Hub) noteRights(info *earshot.User) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.sweptAt) > revocationMemory { // not each time: thousands may be changed at once
		h.sweptAt = now
		maps.DeleteFunc(h.changed, func(_ earshot.UserID, last rights) bool { return now.Sub(last.at) > revocationMemory })
	}
	who := personOf(info)
	h.changed[info.ID] = rights{
		active: who.active, staff: who.staff, superuser: who.superuser, moderator: who.moderator, bannedUntil: info.BannedUntil, at: now,
	}
	if u := h.users[info.ID]; u != nil && u.now() != nil {
		changed := *u.now()
		changed.active, changed.staff, changed.superuser, changed.moderator = who.active, who.staff, who.superuser, who.moderator
		u.info.Store(&changed)
	}
}

// roomsOf gives the rooms that the sessions are in, each once.
func (h *Hub) roomsOf(sessions []*Session) []earshot.RoomID {
	seen := make(map[earshot.RoomID]bool)
	for _, s := range sessions {
		s.mu.Lock()
		for _, m := range s.rooms {
			seen[m.room.id] = true
		}
		s.mu.Unlock()
	}
	return slices.Collect(maps.Keys(seen))
}

// putOutUser puts the user's sessions out of the room, if the user may no longer enter it.
func (r *room) putOutUser(ctx context.Context, u *earshot.User) error {
	r.mu.Lock()
	info := r.info
	r.mu.Unlock()
	err := r.hub.mayEnter(ctx, u, &info)
	if err == nil {
		return nil
	}
	why := earshot.Errorf(earshot.CodeForbidden, "You may no longer be in this room.")
	r.evict(func(s *Session) bool { return s.info.ref.ID == u.ID }, why)
	if earshot.CodeOf(err) == earshot.CodeNotFound {
		return nil
	}
	return err
}

// Users gives who has a session now.
func (h *Hub) Users() []earshot.UserID {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := make([]earshot.UserID, 0, len(h.users))
	for id, u := range h.users {
		if len(u.sessions) > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// cut ends the sessions before it closes their connections: whatever the connection still takes, no event is among it.
func (h *Hub) cut(sessions []*Session, why earshot.CloseReason) {
	for _, s := range sessions {
		s.End()
		s.conn.Close(why)
	}
}
