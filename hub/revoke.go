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
	h.cut(h.sessions(func(s *Session) bool { return s.credential == credential }))
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
func (h *Hub) EndUser(id earshot.UserID) {
	h.cut(h.sessions(func(s *Session) bool { return s.info.ref.ID == id }))
}

// rights is what a change left a user with, kept for revocationMemory: a handshake that was authenticated just before the
// change and connects just after it gets no more.
type rights struct {
	active, staff, superuser bool
	at                       time.Time
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
	info.IsStaff, info.IsSuperuser = last.staff, last.superuser
	return nil
}

// UserChanged acts on a change of the user, who has the rights of info from now on: one who is not active loses every
// session, others the rooms that they may no longer enter; when it returns, not one more event goes to them from there. Permissions
// need no word: the hub asks them of whoever calls. An error is the store's; the user is out of every room then that the
// store has to be asked about.
func (h *Hub) UserChanged(ctx context.Context, info earshot.User) error {
	h.noteRights(&info)
	if !info.IsActive {
		h.EndUser(info.ID)
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
	h.changed[info.ID] = rights{active: info.IsActive, staff: info.IsStaff, superuser: info.IsSuperuser, at: now}
	if u := h.users[info.ID]; u != nil && u.now() != nil {
		changed := *u.now()
		changed.active, changed.staff, changed.superuser = info.IsActive, info.IsStaff, info.IsSuperuser
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
func (h *Hub) cut(sessions []*Session) {
	for _, s := range sessions {
		s.End()
		s.conn.Close(earshot.CloseRevoked)
	}
}
