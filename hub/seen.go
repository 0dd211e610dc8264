package hub

import (
	"encoding/binary"
	"time"

	"github.com/earshot-chat/earshot"
)

const (
	// smallRoom is up to how many occupants it is told how far each of them has seen.
	smallRoom = 20
	// seenAfter is how long that is gathered before it is told.
	seenAfter = 500 * time.Millisecond
)

// sightings is how far those in a small room have seen: for each user the number of the last event. It holds nobody who
// is not inside, and is kept in memory only, as all of a room is.
//
// All under room.mu; what is nil has nothing.
type sightings struct {
	told, untold map[earshot.UserID]uint64
	// waiting is true while a timer is set that tells what is untold.
	waiting bool
}

// See says that the user has seen the room up to that event. It is told in rooms of at most twenty, gathered for half a
// second, and only if it is further than before; in larger ones nothing happens. Errors: CodeNotInRoom, CodeInvalid.
func (s *Session) See(id earshot.RoomID, seq uint64) error {
	m := s.membership(id)
	if m == nil {
		return errNotInRoom()
	}
	r := m.room
	if err := r.reached(m, "seq", seq); err != nil {
		return err
	}
	r.mu.Lock()
	gather := r.sees(s.info.ref.ID, seq)
	r.mu.Unlock()
	if gather {
		s.hub.retain(r) // so that the timer finds the room alive
		time.AfterFunc(seenAfter, r.tellSeen)
	}
	return nil
}

// sees notes how far a user has seen, and tells whether a timer must be set for it to be told.
func (p *presence) sees(u earshot.UserID, seq uint64) (gather bool) {
	if p.manySee() || p.sessions[u] == 0 {
		return false
	}
	if p.seen == nil {
		p.seen = &sightings{}
	}
	if seq <= max(p.seen.told[u], p.seen.untold[u]) {
		return false
	}
	if p.seen.untold == nil {
		p.seen.untold = make(map[earshot.UserID]uint64)
	}
	p.seen.untold[u] = seq
	gather = !p.seen.waiting
	p.seen.waiting = true
	return gather
}

// manySee tells that the room is too large for it.
func (p *presence) manySee() bool { return max(p.here, len(p.shown)) > smallRoom }

// tellSeen tells what was gathered. It lets go of the hold that See took.
func (r *room) tellSeen() {
	r.mu.Lock()
	seen := r.seen.untold
	r.seen.untold, r.seen.waiting = nil, false
	many := r.manySee()
	r.mu.Unlock()
	if len(seen) > 0 && !many {
		r.broadcast(&earshot.Event{Kind: earshot.KindSeen, Seen: seen})
	}
	r.hub.release(r)
}

// saw follows what was told.
func (p *presence) saw(seen map[earshot.UserID]uint64) {
	if p.manySee() {
		return
	}
	if p.seen == nil {
		p.seen = &sightings{}
	}
	for _, u := range p.shown {
		if seq := seen[u.ID]; seq > p.seen.told[u.ID] {
			if p.seen.told == nil {
				p.seen.told = make(map[earshot.UserID]uint64)
			}
			p.seen.told[u.ID] = seq
		}
	}
}

// seenBy gives how far a user has seen by what was told; 0 in a large room.
func (p *presence) seenBy(u earshot.UserID) uint64 {
	if p.seen == nil || p.manySee() {
		return 0
	}
	return p.seen.told[u]
}

// forgetUntold: the user is no longer inside.
func (s *sightings) forgetUntold(u earshot.UserID) {
	if s != nil {
		delete(s.untold, u)
	}
}

// forget: it was told that the user is no longer inside.
func (s *sightings) forget(u earshot.UserID) {
	if s != nil {
		delete(s.told, u)
	}
}

func (s *sightings) appendState(dst []byte) []byte {
	if s == nil {
		return binary.AppendUvarint(dst, 0)
	}
	// What was not told yet need not be: it is the next command's.
	dst = binary.AppendUvarint(dst, uint64(len(s.told)))
	for u, seq := range s.told {
		dst = binary.AppendUvarint(binary.AppendVarint(dst, int64(u)), seq)
	}
	return dst
}

// restoreSeen takes up who had seen what, if anybody may come back to the room.
func (h *Hub) restoreSeen(id earshot.RoomID, r *stateReader) {
	seen := make(map[earshot.UserID]uint64)
	for range r.count() {
		u := earshot.UserID(r.number())
		seen[u] = r.unsigned()
	}
	h.restoreRoom(id, func(room *room) { room.saw(seen) })
}
