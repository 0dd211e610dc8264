package hub

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/earshot-chat/earshot"
)

// What a hub hands to its successor, in memory: the sessions with their places, the windows of the rooms, the nonces, and
// the credentials that ended lately. The form is that of the records: numbers as varints, texts and lists with their
// length before them. It is written and read by one version of the program or the next, never kept.
//
// Version 1 had no Seen at the end of a room, version 2 nothing of slow mode after that and no kicks; both are still read.
const stateVersion = 3

// maxState bounds the lists of a state, against one that is damaged.
const maxState = 10_000_000

// ErrState tells that the state is of another version, or damaged.
var ErrState = errors.New("hub: not a state that this version reads")

// AppendState appends what a successor needs to go on. Call it after Close. It holds what was said: clear it after use.
func (h *Hub) AppendState(dst []byte) []byte {
	dst = append(dst, stateVersion)
	dst = binary.AppendVarint(dst, time.Now().UnixMilli())
	dst = h.nonces.appendState(dst)
	h.mu.Lock()
	dst = binary.AppendUvarint(dst, uint64(len(h.revoked)))
	for credential, at := range h.revoked {
		dst = binary.AppendVarint(append(dst, credential[:]...), at.UnixMilli())
	}
	h.mu.Unlock()
	sessions := h.sessions(func(*Session) bool { return true })
	dst = binary.AppendUvarint(dst, uint64(len(sessions)))
	for _, s := range sessions {
		dst = s.appendState(dst)
	}
	rooms := h.liveRooms()
	dst = binary.AppendUvarint(dst, uint64(len(rooms)))
	for _, r := range rooms {
		dst = r.appendState(dst)
	}
	return h.appendKicks(dst)
}

func (s *Session) appendState(dst []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	dst = binary.AppendVarint(dst, int64(s.info.ref.ID))
	dst = appendText(dst, s.info.ref.Name)
	who := s.user.now()
	var flags byte
	for i, set := range []bool{who.active, who.staff, who.superuser, who.moderator} {
		if set {
			flags |= 1 << i
		}
	}
	dst = append(append(append(dst, flags), s.credential[:]...), s.token[:]...)
	lost := int64(0)
	if l := s.loss.Load(); l != nil {
		lost = l.at.UnixNano()
	}
	dst = binary.AppendVarint(append(dst, byte(s.presence)), lost)
	dst = binary.AppendUvarint(dst, uint64(len(s.rooms)))
	for _, m := range s.rooms {
		dst = binary.AppendVarint(dst, int64(m.room.id))
		dst = binary.AppendUvarint(dst, m.since)
		m.room.mu.Lock()
		dst = append(dst, flag(m.counted))
		m.room.mu.Unlock()
	}
	return dst
}

func (r *room) appendState(dst []byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	dst = binary.AppendVarint(dst, int64(r.id))
	size := 0
	for _, c := range r.window.chunks {
		size += len(c.buf) - c.head
	}
	dst = slices.Grow(binary.AppendUvarint(dst, uint64(size)), size)
	for _, c := range r.window.chunks {
		dst = append(dst, c.buf[c.head:]...)
	}
	return r.order.Load().appendState(r.seen.appendState(dst))
}

func (n *nonces) appendState(dst []byte) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	dst = append(dst, n.secret[:]...)
	remembered := n.queue[n.head:]
	dst = binary.AppendUvarint(dst, uint64(len(remembered)))
	for _, c := range remembered {
		p := n.posted[c.key]
		dst = binary.AppendVarint(binary.BigEndian.AppendUint64(dst, uint64(c.key)), c.at)
		dst = binary.AppendUvarint(dst, p.seq)
		dst = binary.AppendVarint(binary.AppendVarint(dst, p.at), int64(p.heard))
	}
	return dst
}

// Restore takes up what a predecessor handed over. It must be called before anybody connects, over a relay that goes on
// with the predecessor's epoch and numbers. Rooms that are no more are left out. Errors: ErrState, and then nothing was
// taken up that matters: clients join anew.
func (h *Hub) Restore(ctx context.Context, state []byte) error {
	r := stateReader{recordReader{rest: state}}
	version := r.fixed(1)[0]
	if version == 0 || version > stateVersion {
		return ErrState
	}
	saved := time.UnixMilli(r.number())
	h.nonces.restore(&r)
	for range r.count() {
		var credential earshot.SecretHash
		copy(credential[:], r.fixed(len(credential)))
		h.revoked[credential] = time.UnixMilli(r.number())
	}
	for range r.count() {
		if err := h.restoreSession(ctx, &r, saved); err != nil {
			return err
		}
	}
	for range r.count() {
		id := earshot.RoomID(r.number())
		h.restoreWindow(id, r.bytes())
		if version > 1 {
			h.restoreSeen(id, &r)
		}
		if version > 2 {
			h.restoreSaid(id, &r)
		}
	}
	if version > 2 {
		h.restoreKicks(&r)
	}
	if r.failed || len(r.rest) != 0 {
		return ErrState
	}
	return nil
}

// restoreSession makes the session again, without a connection, with the places that it had.
func (h *Hub) restoreSession(ctx context.Context, r *stateReader, saved time.Time) error {
	info := earshot.User{ID: earshot.UserID(r.number()), Username: r.text()}
	flags := r.fixed(1)[0]
	info.IsActive, info.IsStaff, info.IsSuperuser = flags&1 != 0, flags&2 != 0, flags&4 != 0
	if flags&8 != 0 {
		info.Permissions = earshot.PermissionsOf(earshot.PermModerateRoom)
	}
	var credential earshot.SecretHash
	copy(credential[:], r.fixed(len(credential)))
	var t token
	copy(t[:], r.fixed(len(t)))
	presence, lostAt := min(level(r.fixed(1)[0]), levelDoNotDisturb), r.number()
	places := r.count()
	if r.failed {
		return ErrState
	}
	s, err := h.Connect(info, credential, func(*Session) Conn { return nowhere{} })
	if err != nil {
		s = nil // one that ended meanwhile, or too many: its places are read and left
	}
	var rooms []*membership
	for range places {
		m := &membership{session: s, since: 0}
		id := earshot.RoomID(r.number())
		m.since, m.counted = r.unsigned(), r.fixed(1)[0] != 0
		if r.failed {
			return ErrState
		}
		if s == nil {
			continue
		}
		if m.room, err = h.acquire(ctx, id); err != nil {
			continue // it is no more
		}
		m.room.restorePlace(m, presence.status())
		rooms = append(rooms, m)
	}
	if s == nil {
		return nil
	}
	if len(rooms) == 0 {
		s.End()
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token, s.presence, s.rooms = t, presence, rooms
	// The connections that held until the stop were lost then. Both clocks are this machine's.
	lost := saved
	if lostAt != 0 {
		lost = time.Unix(0, lostAt)
	}
	s.loss.Store(&loss{at: lost})
	s.wait(time.Since(lost))
	h.mu.Lock()
	s.user.status = max(s.user.status, presence)
	h.mu.Unlock()
	return nil
}

// restorePlace puts the place among those that are away. Everybody who comes back is shown who is inside, so nothing is
// announced.
func (r *room) restorePlace(m *membership, status earshot.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.park(m)
	if !m.counted {
		return
	}
	u := m.session.info.ref
	r.arrive(u, status)
	r.stirred = nil
	r.show([]earshot.UserRef{u})
	r.told = setStatus(r.told, u.ID, status)
}

// restoreWindow fills the room's window, if anybody may come back to it.
func (h *Hub) restoreWindow(id earshot.RoomID, records []byte) {
	h.restoreRoom(id, func(room *room) {
		for len(records) > 0 {
			size := recordSize(records)
			if size == 0 {
				return // damaged: what follows is a hole, and is told as one
			}
			if ev, ok := readRecord(records[:size], id); ok && ev.Seq <= room.seq {
				room.remember(&ev)
			}
			records = records[size:]
		}
		if room.expiry != nil {
			room.expiry.Reset(time.Second) // a part of its time is over already
		}
	})
}

// restoreRoom calls take with the room, under its lock, if anybody may come back to it.
func (h *Hub) restoreRoom(id earshot.RoomID, take func(*room)) {
	room := h.hold(id)
	if room == nil {
		return
	}
	defer h.release(room)
	room.mu.Lock()
	defer room.mu.Unlock()
	take(room)
}

func (n *nonces) restore(r *stateReader) {
	n.mu.Lock()
	defer n.mu.Unlock()
	copy(n.secret[:], r.fixed(len(n.secret)))
	for range r.count() {
		c := claimed{key: nonceKey(binary.BigEndian.Uint64(r.fixed(8))), at: r.number()}
		p := receipt{seq: r.unsigned(), at: r.number(), heard: int32(r.number()), claimed: c.at} //nolint:gosec // as it was written
		if p.seq == 0 || len(n.queue) >= maxNonces {
			continue
		}
		n.posted[c.key] = p
		n.queue = append(n.queue, c)
	}
	if len(n.queue) > 0 {
		n.timer = time.AfterFunc(time.Second, n.look) // a part of their time is over already
	}
}

// stateReader reads what a state has besides what records have.
type stateReader struct{ recordReader }

// count reads how long a list is; 0 for one that cannot be.
func (r *stateReader) count() int {
	n := r.unsigned()
	if n > maxState || n > uint64(len(r.rest)) {
		r.fail()
		return 0
	}
	return int(n)
}

// nowhere is the connection of a session that was handed over: none.
type nowhere struct{}

func (nowhere) Encoding() Encoding                     { return nil }
func (nowhere) Write([]byte)                           {}
func (nowhere) Removed(earshot.RoomID, *earshot.Error) {}
func (nowhere) Muted(earshot.RoomID, earshot.Sanction) {}
func (nowhere) Close(earshot.CloseReason)              {}
