package hub

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/earshot-chat/earshot"
)

// order is how order is kept in a live room: who is banned and who is muted, slow mode and lock. A room without any of it
// has none, so that a post costs one look at a pointer. Its lock is the innermost: nothing is called under it.
type order struct {
	mu   sync.Mutex
	slow time.Duration
	lock earshot.Lock
	// sanctions are by kind and user. What has ended stays until somebody looks.
	sanctions map[sanctioned]earshot.Sanction
	// said is when each user said something last, in slow mode only.
	said map[earshot.UserID]time.Time
}

type sanctioned struct {
	kind earshot.SanctionKind
	user earshot.UserID
}

// maxSaid is how many users are remembered in slow mode. More than that within its seconds is more than a room carries;
// of them some may speak sooner.
const maxSaid = 20_000

// of gives the sanction of the user that holds at now; false if there is none.
func (o *order) of(kind earshot.SanctionKind, user earshot.UserID, now time.Time) (earshot.Sanction, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := sanctioned{kind, user}
	s, there := o.sanctions[key]
	if there && !now.Before(s.Until) {
		delete(o.sanctions, key)
		return s, false
	}
	return s, there
}

// locked gives the lock.
func (o *order) locked() earshot.Lock {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lock
}

// take notes that the user says something now, or tells how long it is until that may be.
func (o *order) take(user earshot.UserID, now time.Time) (wait time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.slow == 0 {
		return 0
	}
	if wait := o.said[user].Add(o.slow).Sub(now); wait > 0 {
		return wait
	}
	if o.said == nil {
		o.said = make(map[earshot.UserID]time.Time)
	}
	if len(o.said) >= maxSaid {
		o.forgetSaid(now)
	}
	o.said[user] = now
	return 0
}

// forgetSaid drops who may speak again, and if that is too little somebody else.
func (o *order) forgetSaid(now time.Time) {
	for user, at := range o.said {
		if now.Sub(at) >= o.slow {
			delete(o.said, user)
		}
	}
	for user := range o.said {
		if len(o.said) < maxSaid {
			return
		}
		delete(o.said, user)
	}
}

// giveBack forgets what take noted at that time: nothing was said after all.
func (o *order) giveBack(user earshot.UserID, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.said[user].Equal(at) {
		delete(o.said, user)
	}
}

// empty tells that there is nothing to keep.
func (o *order) empty() bool {
	return o.slow == 0 && o.lock == earshot.LockNone && len(o.sanctions) == 0
}

// arrange changes the room's order, making it if there is none and dropping it if nothing is left of it. Under r.mu.
func (r *room) arrange(change func(*order)) {
	o := r.order.Load()
	if o == nil {
		o = &order{sanctions: make(map[sanctioned]earshot.Sanction)}
	}
	o.mu.Lock()
	change(o)
	nothing := o.empty()
	o.mu.Unlock()
	if nothing {
		o = nil
	}
	r.order.Store(o)
}

// settings brings slow mode and lock to what the room says. Under r.mu.
func (r *room) settings(info *earshot.Room) {
	slow := time.Duration(info.Slow) * time.Second
	if r.order.Load() == nil && slow == 0 && info.Lock == earshot.LockNone {
		return
	}
	r.arrange(func(o *order) {
		o.slow, o.lock = slow, info.Lock
		if slow == 0 {
			o.said = nil
		}
	})
}

// sanction notes a sanction in the live room, or with an end that is past that there is none any more. Under r.mu.
func (r *room) sanction(s earshot.Sanction, now time.Time) {
	r.arrange(func(o *order) {
		key := sanctioned{s.Kind, s.User.ID}
		if now.Before(s.Until) {
			o.sanctions[key] = s
		} else {
			delete(o.sanctions, key)
		}
	})
}

// muted gives the mute of the user in the room, if there is one.
func (r *room) muted(user earshot.UserID, now time.Time) (earshot.Sanction, bool) {
	o := r.order.Load()
	if o == nil {
		return earshot.Sanction{}, false
	}
	return o.of(earshot.SanctionMute, user, now)
}

// kicks are who was put out of a room and may not be back yet. They are the hub's and not the room's: a room that is empty
// is let go.
type kicks map[kicked]time.Time

type kicked struct {
	room earshot.RoomID
	user earshot.UserID
}

// maxKicks is how many are remembered. They last for minutes.
const maxKicks = 10_000

// kickedUntil tells until when the user is kept out of the room.
func (h *Hub) kickedUntil(room earshot.RoomID, user earshot.UserID, now time.Time) (time.Time, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := kicked{room, user}
	until, there := h.kicks[key]
	if there && !now.Before(until) {
		delete(h.kicks, key)
		return until, false
	}
	return until, there
}

// noteKick remembers who was put out of the room.
func (h *Hub) noteKick(room earshot.RoomID, user earshot.UserID, now, until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.kicks == nil {
		h.kicks = make(kicks)
	}
	if len(h.kicks) >= maxKicks {
		for key, until := range h.kicks {
			if !now.Before(until) {
				delete(h.kicks, key)
			}
		}
		for key := range h.kicks {
			if len(h.kicks) < maxKicks {
				break
			}
			delete(h.kicks, key)
		}
	}
	h.kicks[kicked{room, user}] = until
}

// appendState appends who said something when, as far as slow mode asks. The rest of the order is in the store.
func (o *order) appendState(dst []byte) []byte {
	if o == nil {
		return binary.AppendUvarint(dst, 0)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	dst = binary.AppendUvarint(dst, uint64(len(o.said)))
	for user, at := range o.said {
		dst = binary.AppendVarint(binary.AppendVarint(dst, int64(user)), at.UnixNano())
	}
	return dst
}

// restoreSaid takes up who said something when, if the room is live and slow.
func (h *Hub) restoreSaid(id earshot.RoomID, r *stateReader) {
	said := make(map[earshot.UserID]time.Time)
	for range r.count() {
		user := earshot.UserID(r.number())
		said[user] = time.Unix(0, r.number()) // both clocks are this machine's
	}
	live := h.hold(id)
	if live == nil {
		return
	}
	defer h.release(live)
	if o := live.order.Load(); o != nil && len(said) > 0 {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.said = said
	}
}

// appendKicks appends who may not be back in a room yet.
func (h *Hub) appendKicks(dst []byte) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	dst = binary.AppendUvarint(dst, uint64(len(h.kicks)))
	for key, until := range h.kicks {
		dst = binary.AppendVarint(binary.AppendVarint(dst, int64(key.room)), int64(key.user))
		dst = binary.AppendVarint(dst, until.UnixMilli())
	}
	return dst
}

func (h *Hub) restoreKicks(r *stateReader) {
	now := time.Now()
	for range r.count() {
		room, user := earshot.RoomID(r.number()), earshot.UserID(r.number())
		if until := time.UnixMilli(r.number()); now.Before(until) {
			h.noteKick(room, user, now, until)
		}
	}
}
