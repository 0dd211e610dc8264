// Package local is the relay of a single process: publishing is a function call. It gives each room's events their order
// under that room's lock.
package local

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"

	"github.com/earshot-chat/earshot"
)

// Relay carries events within one process. The zero value is not usable; New makes one.
//
// Lock order: Relay.mu before room.mu. Subscribers are called under room.mu, so what they lock comes after it.
type Relay struct {
	epoch string

	mu     sync.RWMutex
	rooms  map[earshot.RoomID]*room
	closed bool
}

// room holds the numbering of one room and those who listen. It stays for as long as the process lives, even with no
// subscriber: a number must never be given twice within an epoch, and 64 bytes a room are cheap.
type room struct {
	mu     sync.Mutex
	seq    uint64
	subs   []*subscription
	closed bool
}

type subscription struct{ to earshot.Subscriber }

// Numbering is what another relay needs to go on with the numbers of this one.
type Numbering struct {
	Epoch string
	// Heads are the numbers of the last events of the rooms.
	Heads map[earshot.RoomID]uint64
}

// Numbering gives the numbers as they are. After Close they do not change.
func (r *Relay) Numbering() Numbering {
	r.mu.RLock()
	defer r.mu.RUnlock()
	n := Numbering{Epoch: r.epoch, Heads: make(map[earshot.RoomID]uint64, len(r.rooms))}
	for id, rm := range r.rooms {
		rm.mu.Lock()
		n.Heads[id] = rm.seq
		rm.mu.Unlock()
	}
	return n
}

// Continue makes a relay that goes on with the epoch and the numbers of one that was closed.
func Continue(n Numbering) *Relay {
	r := &Relay{epoch: n.Epoch, rooms: make(map[earshot.RoomID]*room, len(n.Heads))}
	for id, head := range n.Heads {
		r.rooms[id] = &room{seq: head}
	}
	return r
}

// New makes a relay with an epoch of its own.
func New() *Relay {
	return &Relay{epoch: rand.Text(), rooms: make(map[earshot.RoomID]*room)}
}

// Epoch names this relay's numbering: 26 random characters, new with each New.
func (r *Relay) Epoch() string { return r.epoch }

// Subscribe implements earshot.Relay.
func (r *Relay) Subscribe(_ context.Context, id earshot.RoomID, to earshot.Subscriber) (uint64, func(), error) {
	rm, err := r.room(id)
	if err != nil {
		return 0, nil, err
	}
	sub := &subscription{to: to}
	rm.mu.Lock()
	defer rm.mu.Unlock()
	if rm.closed {
		return 0, nil, errStopping()
	}
	rm.subs = append(rm.subs, sub)
	return rm.seq, func() {
		rm.mu.Lock()
		defer rm.mu.Unlock()
		rm.subs = slices.DeleteFunc(rm.subs, func(s *subscription) bool { return s == sub })
	}, nil
}

// Publish implements earshot.Relay.
func (r *Relay) Publish(_ context.Context, ev *earshot.Event) (earshot.Receipt, error) {
	rm, err := r.room(ev.Room)
	if err != nil {
		return earshot.Receipt{}, err
	}
	rm.mu.Lock()
	defer rm.mu.Unlock()
	if rm.closed {
		return earshot.Receipt{}, errStopping()
	}
	if ev.Kind.Numbered() {
		rm.seq++
		ev.Seq = rm.seq
	}
	heard := 0
	for _, sub := range rm.subs {
		heard += sub.to.Deliver(ev)
	}
	return earshot.Receipt{Seq: ev.Seq, Heard: heard}, nil
}

// room finds or makes the numbering of a room.
func (r *Relay) room(id earshot.RoomID) (*room, error) {
	r.mu.RLock()
	rm, closed := r.rooms[id], r.closed
	r.mu.RUnlock()
	if rm != nil && !closed {
		return rm, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errStopping()
	}
	rm = r.rooms[id]
	if rm == nil {
		rm = &room{}
		r.rooms[id] = rm
	}
	return rm, nil
}

// Close implements earshot.Relay: it waits for deliveries under way by taking each room's lock once.
func (r *Relay) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, rm := range r.rooms {
		rm.mu.Lock()
		rm.subs, rm.closed = nil, true
		rm.mu.Unlock()
	}
	return nil
}

func errStopping() error { return earshot.Errorf(earshot.CodeStopping, "The server is stopping.") }
