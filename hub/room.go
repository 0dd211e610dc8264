package hub

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/earshot-chat/earshot"
)

const (
	// largeRoom is from how many occupants on entrances and departures are told together and typing is not told.
	largeRoom = 100
	// pageSize is how many occupants one answer lists.
	pageSize = 100
)

// room is a room that somebody is in or about to enter. Hub.acquire finds or makes it, Hub.release lets it go with the
// last who holds it. It is the relay's subscriber for its events.
type room struct {
	hub *Hub
	id  earshot.RoomID
	// refs counts who holds the room, under Hub.mu: one for each place in it, for a join under way, for an announcement.
	refs int

	// opening makes one of several first joins load the room and subscribe to it; the others wait for it.
	opening sync.Mutex
	opened  bool
	cancel  func()

	mu   sync.Mutex
	info earshot.Room
	// rules counts changes of who may enter: a join that was checked under older rules is checked again.
	rules  uint64
	seq    uint64
	closed bool
	// order is nil where there is none to keep. It is set under mu, and read without.
	order atomic.Pointer[order]
	lanes []*lane
	// away are the places of sessions without a connection.
	away []*membership
	presence
	// amending makes one change of a message wait for the other, from the look at what is kept until it is told: what was
	// taken back must not get another text. It is outside the relay's room lock and all of those above.
	amending sync.Mutex
	window   window
	expiry   *time.Timer // set while the window holds something
}

// acquire holds the room, loading it if it is not live. Every acquire wants its release. Errors: CodeNotFound.
func (h *Hub) acquire(ctx context.Context, id earshot.RoomID) (*room, error) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, errStopping()
	}
	r := h.live[id]
	if r == nil {
		r = &room{hub: h, id: id, presence: newPresence()}
		h.live[id] = r
	}
	r.refs++
	h.mu.Unlock()
	if err := r.open(ctx); err != nil {
		h.release(r)
		return nil, err
	}
	return r, nil
}

// hold takes one more hold of a live room; nil if it is not live.
func (h *Hub) hold(id earshot.RoomID) *room {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.live[id]
	if r != nil {
		r.refs++
	}
	return r
}

// retain takes one more hold of a room that the caller knows to be held.
func (h *Hub) retain(r *room) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.refs++
}

// release lets go of the room. With the last hold it ends the subscription: nobody is there to hear.
func (h *Hub) release(r *room) {
	h.mu.Lock()
	r.refs--
	last := r.refs == 0
	if last && h.live[r.id] == r {
		delete(h.live, r.id)
	}
	h.mu.Unlock()
	if !last {
		return
	}
	r.opening.Lock()
	defer r.opening.Unlock()
	if r.cancel != nil {
		r.cancel()
		r.cancel = nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgetAll() // nobody is left who could come back
}

// open loads the room and subscribes to it, once.
func (r *room) open(ctx context.Context) error {
	r.opening.Lock()
	defer r.opening.Unlock()
	if r.opened {
		return nil
	}
	if err := r.load(ctx); err != nil {
		return err
	}
	head, cancel, err := r.hub.relay.Subscribe(ctx, r.id, r)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.seq = max(r.seq, head) // an event may have come already
	r.mu.Unlock()
	r.cancel, r.opened = cancel, true
	return nil
}

// load reads the room from the store, again if its rules changed while it was read.
func (r *room) load(ctx context.Context) error {
	for {
		r.mu.Lock()
		rules := r.rules
		r.mu.Unlock()
		info, err := r.hub.rooms.Room(ctx, r.id)
		if earshot.CodeOf(err) == earshot.CodeNotFound {
			return errNoRoom()
		}
		if err != nil {
			return err
		}
		now := time.Now()
		var sanctions []earshot.Sanction
		if r.hub.sanctions != nil {
			if sanctions, err = r.hub.sanctions.Sanctions(ctx, r.id, "", now, "", 0); err != nil {
				return err
			}
		}
		r.mu.Lock()
		current := r.rules == rules
		if current {
			r.info = info
			r.settings(&info)
			for _, s := range sanctions {
				r.sanction(s, now)
			}
		}
		r.mu.Unlock()
		if current {
			return nil
		}
	}
}

// Deliver implements earshot.Subscriber: it notes the event's effect on the room and hands its frames to the lanes. It
// runs under the relay's lock of this room, so events come here in order.
func (r *room) Deliver(ev *earshot.Event) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return 0
	}
	if ev.Kind.Numbered() {
		r.seq = ev.Seq
	}
	switch ev.Kind {
	case earshot.KindEntered:
		r.show(ev.Users)
	case earshot.KindDeparted:
		r.hide(ev.Users)
	case earshot.KindRoomChanged:
		r.info = *ev.Changed
		r.settings(ev.Changed)
	case earshot.KindRoomClosed:
		r.closed = true
	case earshot.KindStatus:
		r.mark(ev.Users, ev.Status)
	case earshot.KindSeen:
		r.saw(ev.Seen)
	case earshot.KindEdited, earshot.KindTakenBack:
		r.window.wipe(ev.Of)
	case earshot.KindMessage, earshot.KindTyping, earshot.KindReaction, earshot.KindProfile:
	}
	r.enqueue(ev)
	r.remember(ev)
	return r.here
}

// admit lets the session in if the rules do, one that is coming and was not inside before or one that comes back. They are
// asked without a lock; if they changed before enter was done, they are asked again.
func (r *room) admit(ctx context.Context, s *Session, coming bool, enter func(rules uint64) (bool, error)) error {
	for {
		r.mu.Lock()
		info, rules := r.info, r.rules
		r.mu.Unlock()
		who := s.user.now()
		user := who.user()
		if err := r.hub.mayEnter(ctx, &user, &info); err != nil {
			return err
		}
		if err := r.mayBeIn(who, &info, coming); err != nil {
			return err
		}
		done, err := enter(rules)
		if done || err != nil {
			return err
		}
	}
}

// enter gives the session its place and answers it, unless the rules have changed.
func (r *room) enter(s *Session, rules uint64, answer func(Joined)) (done bool, err error) {
	m := &membership{session: s, room: r}
	return r.settle(m, rules, func() bool {
		m.since, m.counted = r.seq, true
		r.arrive(s.info.ref, s.hub.statusOf(s.user))
		s.rooms = append(s.rooms, m)
		answer(r.joined(s.info.ref))
		return true
	})
}

// settle puts the place into a lane, where its session hears from now on, if tell says so: tell is called first, under
// all locks, before anything can be heard. Settle does neither, and is not done, if the rules have changed.
func (r *room) settle(m *membership, rules uint64, tell func() (hear bool)) (done bool, err error) {
	s := m.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.lost() {
		return false, errEnded()
	}
	l := r.pickLane(s.conn.Encoding())
	l.mu.Lock()
	defer l.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		l.unpick()
		return false, errNoRoom()
	case r.rules != rules:
		l.unpick()
		return false, nil
	case tell():
		l.add(m)
	default:
		l.unpick()
	}
	return true, nil
}

// repeat answers a join of one who is inside. What the lane still has for it goes out first, so that the answer's Seq
// holds for it, too.
func (r *room) repeat(m *membership, answer func(Joined)) error {
	l := r.laneOf(m)
	if l == nil {
		return errNotInRoom()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.holds(m) {
		return errNotInRoom()
	}
	r.mu.Lock()
	l.catchUp(m)
	joined := r.joined(m.session.info.ref)
	r.mu.Unlock()
	answer(joined)
	return nil
}

// laneOf gives the lane that the place is in, nil for none. It may be another by the time it is used: see lane.holds.
func (r *room) laneOf(m *membership) *lane {
	r.mu.Lock()
	defer r.mu.Unlock()
	return m.lane
}

// joined describes the room to one who is inside. Under r.mu.
func (r *room) joined(self earshot.UserRef) Joined {
	j := Joined{Room: r.info, Seq: r.seq, Page: r.page("")}
	// Who is shown is what the events so far told. The one who joins is inside, told or not.
	if i, shown := r.place(self); !shown {
		j.Count++
		if i < pageSize {
			j.Occupants = slices.Insert(j.Occupants, i, earshot.Occupant{UserRef: self})
		}
	}
	return j
}

// leave takes the place away, unless it was taken already, and tells the others. No frame is written for it after that;
// whatever was said before goes out to it first.
func (r *room) leave(m *membership) {
	if r.drop(m) {
		r.announce()
		r.hub.release(r)
	}
}

// drop takes the place away and tells whether it was there: then the place's hold of the room is the caller's to release.
func (r *room) drop(m *membership) bool {
	return r.pull(m, func() { r.uncount(m) })
}

// pull takes the place out of its lane, or from those that are away, and calls then under the room's lock; false if it is
// in neither.
func (r *room) pull(m *membership, then func()) bool {
	for {
		l := r.laneOf(m)
		if l != nil {
			l.mu.Lock()
		}
		r.mu.Lock()
		same := m.lane == l // it may have moved before the locks were held
		found := same && (l != nil || r.isAway(m))
		if found {
			if l != nil {
				l.catchUp(m)
				l.remove(m)
			} else {
				r.unpark(m)
			}
			then()
		}
		r.mu.Unlock()
		if l != nil {
			l.mu.Unlock()
		}
		if same {
			return found
		}
	}
}

// uncount notes that the place no longer counts. Under r.mu.
func (r *room) uncount(m *membership) {
	if m.counted {
		m.counted = false
		r.departed(m.session.info.ref)
	}
}

// inside gives the sessions in the room.
func (r *room) inside() []*Session {
	var sessions []*Session
	for _, m := range r.memberships() {
		sessions = append(sessions, m.session)
	}
	return sessions
}

func (r *room) memberships() []*membership {
	r.mu.Lock()
	lanes, all := slices.Clone(r.lanes), slices.Clone(r.away)
	r.mu.Unlock()
	for _, l := range lanes {
		l.mu.Lock()
		for _, p := range l.members {
			all = append(all, p.of)
		}
		l.mu.Unlock()
	}
	return all
}

// evict takes everyone out whom out says, and tells them why unless that is nil.
func (r *room) evict(out func(*Session) bool, why *earshot.Error) {
	for _, m := range r.memberships() {
		if !out(m.session) || !r.drop(m) {
			continue
		}
		s := m.session
		s.mu.Lock()
		s.forget(m)
		s.mu.Unlock()
		if why != nil {
			s.conn.Removed(r.id, why)
		}
		r.hub.release(r)
	}
	r.announce()
}

// count tells how many are inside.
func (r *room) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.here
}

// compareRefs orders occupants by name. Names are unique but for case, so the id decides nothing among valid ones; it
// keeps the order total.
func compareRefs(a, b earshot.UserRef) int {
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return int(a.ID - b.ID)
}

func errNoRoom() error {
	return &earshot.Error{Code: earshot.CodeNotFound, Field: "room", Message: "There is no such room."}
}
