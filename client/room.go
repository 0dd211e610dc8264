package client

import (
	"hash/maphash"
	"maps"
	"slices"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/wire"
)

// place is where one stands with a room.
type place uint8

const (
	// wanted: it is to be joined, on this connection or the next.
	wanted place = iota
	// joining: join was sent.
	joining
	// inside: its events come.
	inside
	// away: the connection was lost while one was inside.
	away
	// returning: the session goes on, and the server will say where in this room.
	returning
	// leaving: leave was sent.
	leaving
)

// room is what the client knows of a room that the application wants to be in. Nothing that was said is in it.
type room struct {
	id    earshot.RoomID
	state place
	// ref is the join that waits for its answer; retryAt is when the next may be sent.
	ref     int64
	retryAt time.Time
	// seen is the number of the last event that came, of those that have one.
	seen uint64
	// been tells that one was inside; then what came since is missing when the room is joined again, because of gap.
	been bool
	gap  GapReason
	// unwanted tells that nobody waits for the join any more.
	unwanted bool
	nonces   nonces
}

// roomIDs gives the rooms in an order that is always the same.
func (m *machine) roomIDs() []earshot.RoomID {
	return slices.Sorted(maps.Keys(m.rooms))
}

// interrupt takes rooms and calls back to where they stand without a connection.
func (m *machine) interrupt() {
	for id, r := range m.rooms {
		r.ref, r.retryAt = 0, time.Time{}
		switch r.state {
		case joining:
			r.state = wanted
		case inside, returning:
			r.state = away
		case wanted, away, leaving:
		}
		if r.unwanted || r.state == leaving {
			// A room that is not asked for when the session goes on is left.
			delete(m.rooms, id)
		}
	}
	m.wake = time.Time{}
	m.interruptCalls()
}

// enter sends the joins that are due.
func (m *machine) enter(now time.Time) {
	for _, id := range m.roomIDs() {
		r := m.rooms[id]
		if r.state != wanted {
			continue
		}
		if now.Before(r.retryAt) {
			m.wakeAt(r.retryAt)
			continue
		}
		r.state = joining
		r.ref = m.send(wire.Command{Type: wire.CommandJoin, Room: int64(id)})
	}
}

// joined answers a join: that of a room that one comes into, or a call's that asked again.
func (m *machine) joined(now time.Time, f wire.Joined) error {
	id := earshot.RoomID(f.Room)
	j := Joined{Room: id, Info: roomOf(f.Info), Seq: f.Seq, Occupants: occupantsOf(f.Occupants), Count: f.Count}
	r := m.rooms[id]
	if r == nil || r.state != joining || r.ref != f.Ref {
		return m.complete(now, f.Ref, result{joined: j}, wire.CommandJoin)
	}
	if r.unwanted {
		m.depart(r)
		return nil
	}
	if r.been {
		m.missed(r, f.Seq)
		m.outdate(id, r.gap)
		r.nonces.turn(now)
	}
	r.state, r.ref, r.been, r.gap, r.seen = inside, 0, true, "", f.Seq
	m.emit(j)
	for _, c := range m.callsOf(id, wire.CommandJoin) {
		m.finish(c, result{joined: j})
	}
	m.flush(now)
	return nil
}

// depart leaves a room that nobody wants to be in any more; the answer is for nobody.
func (m *machine) depart(r *room) {
	delete(m.rooms, r.id)
	m.send(wire.Command{Type: wire.CommandLeave, Room: int64(r.id)})
}

// missed tells what nobody will tell any more: the events before those that follow seq.
func (m *machine) missed(r *room, seq uint64) {
	switch {
	case r.gap == GapRestart || seq < r.seen:
		// Numbers of another numbering tell nothing about how many they were.
		m.emit(Gap{Room: r.id, Reason: r.gap})
	case seq > r.seen:
		m.emit(Gap{Room: r.id, From: r.seen + 1, To: seq, Count: seq - r.seen, Reason: r.gap})
	}
}

// refusedJoin: the room cannot be joined, or not now.
func (m *machine) refusedJoin(now time.Time, r *room, e *earshot.Error) {
	r.state, r.ref = wanted, 0
	if r.unwanted {
		delete(m.rooms, r.id)
		return
	}
	if temporary(e.Code) || (r.been && e.Code == earshot.CodeInternal) {
		r.retryAt = now.Add(m.retryIn(e))
		for _, c := range m.callsOf(r.id, wire.CommandJoin) {
			c.last = e
		}
		m.wakeAt(r.retryAt)
		return
	}
	if r.been {
		m.emit(Removed{Room: r.id, Err: e})
	}
	m.forget(r, e)
}

// forget ends what there is with a room.
func (m *machine) forget(r *room, why *earshot.Error) {
	delete(m.rooms, r.id)
	for _, c := range slices.Clone(m.calls) {
		if c.room != r.id {
			continue
		}
		if c.kind == wire.CommandLeave {
			m.finish(c, result{}) // one way or the other, one is outside
		} else {
			m.finish(c, result{err: why})
		}
	}
}

// returned: the session goes on in the room; what was missed follows. It comes once more where the server lost some of
// that while it was being sent.
func (m *machine) returned(now time.Time, f wire.Returned) {
	r := m.rooms[earshot.RoomID(f.Room)]
	if r == nil || (r.state != returning && r.state != inside) {
		return
	}
	if r.unwanted {
		m.depart(r)
		return
	}
	if r.state == returning {
		r.state, r.gap = inside, ""
		m.emit(Returned{
			Room: r.id, Info: roomOf(f.Info), Seq: f.Seq, Occupants: occupantsOf(f.Occupants), Count: f.Count,
		})
	}
	switch {
	case f.Seq < r.seen || f.Lost > f.Seq-r.seen:
		// The server contradicts itself. Where it stands now counts, and that something is not known is said.
		m.emit(Gap{Room: r.id, Reason: GapHole})
		r.seen = f.Seq
	case f.Lost > 0:
		m.emit(Gap{Room: r.id, From: r.seen + 1, To: r.seen + f.Lost, Count: f.Lost, Reason: GapLost})
		r.seen += f.Lost
	}
	m.flush(now)
}

// numbered takes an event that has a place in its room.
func (m *machine) numbered(now time.Time, h head, data []byte) error {
	r := m.rooms[earshot.RoomID(h.Room)]
	if h.Seq == 0 {
		return brokenFrame("an event has no number")
	}
	if r == nil || (r.state != inside && r.state != leaving) {
		return nil
	}
	ev, err := eventOf(h.Type, data)
	if err != nil {
		return err
	}
	if h.Seq <= r.seen {
		return nil // it was told already
	}
	if missing := h.Seq - r.seen - 1; missing > 0 {
		m.emit(Gap{Room: r.id, From: r.seen + 1, To: h.Seq - 1, Count: missing, Reason: GapHole})
	}
	r.seen = h.Seq
	if msg, ok := ev.(Message); ok && r.nonces.again(now, m.hash(msg)) {
		return nil
	}
	if ev != nil {
		m.emit(ev)
	}
	if h.Type == wire.FrameClosed {
		m.forget(r, errRoomClosed())
	}
	return nil
}

// passing takes an event that has no number.
func (m *machine) passing(h head, data []byte) error {
	r := m.rooms[earshot.RoomID(h.Room)]
	if r == nil || (r.state != inside && r.state != leaving) {
		return nil
	}
	ev, err := passingOf(h.Type, data)
	if err == nil {
		m.emit(ev)
	}
	return err
}

// removed: one is out of the room without having asked.
func (m *machine) removed(f wire.Removed) {
	r := m.rooms[earshot.RoomID(f.Room)]
	switch {
	case r == nil || (r.state != inside && r.state != leaving && r.state != returning):
		return
	case r.unwanted:
		delete(m.rooms, r.id)
		return
	}
	e := errorOf(wire.Error{Code: f.Code, Message: f.Message})
	e.Because = f.Reason
	if f.RetryMs > 0 { // what waits is the application, and not this client
		e.RetryAfter = millis(f.RetryMs, 0, earshot.MaxTerm)
	}
	m.emit(Removed{Room: r.id, Err: e})
	m.forget(r, e)
}

// hash stands for a message's author and nonce.
func (m *machine) hash(msg Message) uint64 {
	var h maphash.Hash
	h.SetSeed(m.seed)
	maphash.WriteComparable(&h, msg.Author.ID)
	_, _ = h.WriteString(msg.Nonce) // cannot fail
	return h.Sum64()
}

const (
	// noncesKept is how many of a room's last messages are known again by author and nonce.
	noncesKept = 256
	// noncesFor is for how long after the numbering began anew a message may be one that was heard before. After that, the
	// same nonce is taken for another message: clients exist that count theirs.
	noncesFor = 10 * time.Minute
)

// nonces knows the last messages of a room again. A message whose answer was lost with the server is sent again to the
// next one, which cannot know that it was heard already; those who heard it can.
type nonces struct {
	// ring are the last ones of this numbering, at is the place of the next if it is full; before are those of the numberings
	// before, the oldest first, which count until a time.
	ring   []uint64
	at     int
	before []uint64
	until  time.Time
}

// turn: the room was joined anew.
func (n *nonces) turn(now time.Time) {
	if !now.Before(n.until) {
		n.before = nil
	}
	n.before = append(append(n.before, n.ring[n.at:]...), n.ring[:n.at]...)
	// Whoever joins anew again and again within minutes keeps a bounded part of them.
	n.before = slices.Delete(n.before, 0, max(len(n.before)-2*noncesKept, 0))
	n.ring, n.at, n.until = n.ring[:0], 0, now.Add(noncesFor)
}

// again tells whether the message was heard before the room was joined anew, and remembers it.
func (n *nonces) again(now time.Time, h uint64) bool {
	if n.before != nil && !now.Before(n.until) {
		n.before = nil
	}
	i := slices.Index(n.before, h)
	if i >= 0 {
		n.before = slices.Delete(n.before, i, i+1)
	}
	if len(n.ring) < noncesKept {
		n.ring = append(n.ring, h)
	} else {
		n.ring[n.at] = h
		n.at = (n.at + 1) % noncesKept
	}
	return i >= 0
}
