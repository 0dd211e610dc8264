package hub

import (
	"slices"
	"sync"

	"github.com/earshot-chat/earshot"
)

const (
	// laneSize is how many members share a lane. Small enough that two cores share a room of a thousand and that a lane's
	// turn takes well under a millisecond, so that a small room never waits long behind a large one; large enough that
	// what is done once a lane (a lock, a copy of the frames) does not show.
	laneSize = 256
	// congestion is how many bytes may wait in a lane before posts to its room are refused: the workers are behind, and
	// what waits is memory.
	congestion = 1 << 20
	// keepBuffer is the largest buffer that is used again.
	keepBuffer = 64 << 10
)

// lane is the part of a room whose members share an encoding and are written to in one go, by one worker at a time: so
// each member gets the room's events in order, though several lanes of the room may be at work at once.
//
// What is said is appended to pending, once for the whole lane. The lane then waits for a worker, which takes all that
// gathered meanwhile as one run of bytes and writes it with one call for each member: the busier the server, the longer
// the runs and the fewer the calls.
type lane struct {
	room     *room
	encoding Encoding

	mu sync.Mutex
	// members is held still by mu while a run is written. Their Conn and start stand in the slice itself, so that the
	// loop over a thousand members does not wait for memory more often than it must.
	members []place

	// Under room.mu.

	// pending are the frames that were not taken yet; base is the place of its first byte in the lane's whole stream.
	pending []byte
	base    int64
	queued  bool
	// size is len(members), readable without mu.
	size int
}

// place is a member as the write loop needs it.
type place struct {
	conn Conn
	// start is where in the lane's stream the member's hearing began: frames before it are not for this one.
	start int64
	of    *membership
}

// pickLane finds a lane for one more member with this encoding, or makes one.
func (r *room) pickLane(enc Encoding) *lane {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lanes {
		if l.encoding == enc && l.size < laneSize {
			l.size++
			return l
		}
	}
	l := &lane{room: r, encoding: enc, size: 1}
	// Lanes of one encoding stand together, so that enqueue encodes once for all of them.
	at := len(r.lanes)
	for i, other := range r.lanes {
		if other.encoding == enc {
			at = i + 1
		}
	}
	r.lanes = slices.Insert(r.lanes, at, l)
	return l
}

// unpick gives back the place that pickLane reserved. Under room.mu.
func (l *lane) unpick() { l.size-- }

// add puts the member in its reserved place; it hears what is enqueued from now on. Under lane.mu and room.mu.
func (l *lane) add(m *membership) {
	m.lane, m.at = l, int32(len(l.members)) //nolint:gosec // at most laneSize
	l.members = append(l.members, place{conn: m.session.conn, start: l.base + int64(len(l.pending)), of: m})
}

// holds tells whether the member is still in its place. Under lane.mu.
func (l *lane) holds(m *membership) bool {
	return int(m.at) < len(l.members) && l.members[m.at].of == m
}

// remove takes the member out. Under lane.mu and room.mu.
func (l *lane) remove(m *membership) {
	last := len(l.members) - 1
	l.members[m.at] = l.members[last]
	l.members[m.at].of.at = m.at
	l.members[last] = place{}
	l.members = l.members[:last]
	l.size--
	m.lane = nil
}

// catchUp writes to one member what is pending. Under lane.mu and room.mu.
func (l *lane) catchUp(m *membership) {
	p := &l.members[m.at]
	p.hear(l.pending, l.base)
	p.start = l.base + int64(len(l.pending))
}

// hear writes that part of the run that is for this member.
func (p *place) hear(run []byte, base int64) {
	if skip := max(p.start-base, 0); skip < int64(len(run)) {
		p.conn.Write(run[skip:])
	}
}

// enqueue encodes the event, once for each encoding, appends it to the lanes, and calls workers for those that have none
// coming. Under room.mu.
func (r *room) enqueue(ev *earshot.Event) {
	var previous *lane
	var from int
	for _, l := range r.lanes {
		if l.size == 0 {
			continue
		}
		at := len(l.pending)
		l.reserve(frameSpace(ev))
		if previous != nil && previous.encoding == l.encoding {
			l.pending = append(l.pending, previous.pending[from:]...)
		} else {
			l.pending = l.encoding.AppendEvent(l.pending, ev)
		}
		previous, from = l, at
		if len(l.pending) > at && !l.queued {
			l.queued = true
			r.hub.fan.add(l)
		}
	}
}

// frameSpace is room enough for the event in any encoding we know: JSON may write six bytes for one of text.
func frameSpace(ev *earshot.Event) int {
	n := 1024 + 6*(len(ev.Text)+len(ev.Nonce)+len(ev.Author.Name)) + 64*len(ev.Seen)
	for i := range min(len(ev.Users), earshot.MaxNamed) {
		n += 64 + 6*len(ev.Users[i].Name)
	}
	return n
}

// reserve makes room for n more pending bytes.
func (l *lane) reserve(n int) {
	fan := l.room.hub.fan
	if l.pending == nil {
		l.pending = fan.buffer()
	}
	l.pending = fan.grow(l.pending, n)
}

// flush takes what is pending and writes it to every member.
func (l *lane) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.room.mu.Lock()
	run, base := l.pending, l.base
	l.base += int64(len(run))
	l.pending, l.queued = nil, false
	l.room.mu.Unlock()
	for i := range l.members {
		l.members[i].hear(run, base)
	}
	l.room.hub.fan.recycle(run)
}

// flush writes what is pending in all lanes, without waiting for a worker.
func (r *room) flush() {
	r.mu.Lock()
	lanes := slices.Clone(r.lanes)
	r.mu.Unlock()
	for _, l := range lanes {
		l.flush()
	}
}

// congested tells whether a lane has more waiting than it should.
func (r *room) congested() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lanes {
		if len(l.pending) > congestion {
			return true
		}
	}
	return false
}

// fanout is the workers that write lanes' runs, and the buffers that the runs are made in.
type fanout struct {
	mu      sync.Mutex
	ready   sync.Cond
	queue   []*lane
	idle    int
	closed  bool
	workers sync.WaitGroup
	buffers sync.Pool
}

// newFanout starts so many workers.
func newFanout(workers int) *fanout {
	f := &fanout{}
	f.ready.L = &f.mu
	for range workers {
		f.workers.Go(f.work)
	}
	return f
}

// add queues a lane; it must not be in the queue.
func (f *fanout) add(l *lane) {
	f.mu.Lock()
	f.queue = append(f.queue, l)
	wake := f.idle > 0
	f.mu.Unlock()
	if wake {
		f.ready.Signal()
	}
}

func (f *fanout) work() {
	var batch []*lane
	for {
		f.mu.Lock()
		for len(f.queue) == 0 && !f.closed {
			f.idle++
			f.ready.Wait()
			f.idle--
		}
		if len(f.queue) == 0 {
			f.mu.Unlock()
			return
		}
		// A share of the queue at a time: one lock for many lanes, and work left for the other workers.
		n := min(len(f.queue), 1+len(f.queue)/4)
		batch = append(batch[:0], f.queue[:n]...)
		rest := copy(f.queue, f.queue[n:])
		clear(f.queue[rest:])
		f.queue = f.queue[:rest]
		f.mu.Unlock()
		for i, l := range batch {
			l.flush()
			batch[i] = nil
		}
	}
}

// close lets the workers finish what is queued and ends them.
func (f *fanout) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.ready.Broadcast()
	f.workers.Wait()
}

// buffer gives an empty buffer.
func (f *fanout) buffer() []byte {
	if b, ok := f.buffers.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, 2048)
}

// grow makes room for n more bytes. Growing by append would leave a copy of what was said in the buffer that it drops;
// here that goes through recycle, which clears it.
func (f *fanout) grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b
	}
	grown := append(make([]byte, 0, 2*(len(b)+n)), b...)
	f.recycle(b)
	return grown
}

// recycle clears what was said and keeps the buffer. Clearing is not for tidiness: memory that is merely let go keeps
// what was said until it happens to be written over, and a core dump would show it.
func (f *fanout) recycle(b []byte) {
	if b == nil {
		return
	}
	clear(b)
	if cap(b) > keepBuffer {
		return
	}
	b = b[:0]
	f.buffers.Put(&b)
}
