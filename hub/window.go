package hub

import (
	"sync/atomic"
	"time"

	"github.com/earshot-chat/earshot"
)

const (
	// firstChunk and largestChunk bound the pieces of a window: a room in which one thing was said does not hold
	// kilobytes, one in which much is said does not hold hundreds of pieces.
	firstChunk   = 512
	largestChunk = 16 << 10
)

// window is what a room can say again to those who come back: its last events, for as long as the resume window, in
// memory only. It is bounded three times: by time, by the bytes of one room, and by those of all rooms together. Memory
// is cleared when it is let go.
//
// All under room.mu.
type window struct {
	chunks []chunk // oldest first
	bytes  int     // of all chunks, used or not
}

// chunk is a piece of memory with records, one behind the other.
type chunk struct {
	buf []byte
	// head is where the oldest record begins that is still kept.
	head int
}

// memory is what the windows of all rooms hold together.
type memory struct {
	most int64 // the bound, in bytes
	used atomic.Int64
}

// add keeps the event, dropping the oldest ones if that is too much for the room, which may hold so many bytes.
func (w *window) add(ev *earshot.Event, room int, all *memory) {
	// The space is reserved for the longest that the record can be, so that append never grows a buffer: what it then
	// left behind would keep what was said.
	size := recordSpace(ev)
	last := len(w.chunks) - 1
	if last < 0 || cap(w.chunks[last].buf)-len(w.chunks[last].buf) < size {
		// A piece of a quarter of what there is: so at most a fifth is unused, and the pieces are few.
		next := max(min(max(w.bytes/4, firstChunk), largestChunk), size)
		if !w.fit(next, room, all) {
			return // fit has dropped all there was: before a hole nothing is of use
		}
		w.chunks = append(w.chunks, chunk{buf: make([]byte, 0, next)})
		w.bytes += next
		all.used.Add(int64(next))
		last = len(w.chunks) - 1
	}
	c := &w.chunks[last]
	c.buf = appendRecord(c.buf, ev)
}

// fit drops the oldest chunks until n bytes more may be held; false if even an empty room may not.
//
// A room may hold as much as is left for all, but no more than a room's own bound: of k rooms that want all they can
// get, each comes to hold 1/(k+1) of the whole, and there is always some for the next (the dynamic thresholds of
// Choudhury and Hahne, IEEE/ACM Transactions on Networking 6:2, 1998). It needs no list of rooms and no lock over them.
func (w *window) fit(n, room int, all *memory) bool {
	for int64(w.bytes+n) > min(int64(room), all.most-all.used.Load()) {
		if len(w.chunks) == 0 {
			return false
		}
		w.dropChunk(all)
	}
	return true
}

// dropChunk lets the oldest chunk go.
func (w *window) dropChunk(all *memory) {
	c := &w.chunks[0]
	clear(c.buf)
	w.bytes -= cap(c.buf)
	all.used.Add(-int64(cap(c.buf)))
	last := copy(w.chunks, w.chunks[1:])
	w.chunks[last] = chunk{}
	w.chunks = w.chunks[:last]
	if last == 0 {
		w.chunks = nil
	}
}

// clear lets everything go.
func (w *window) clear(all *memory) {
	for len(w.chunks) > 0 {
		w.dropChunk(all)
	}
}

// expire lets go what happened before the time, and tells when the oldest event happened that is left; false if none is.
func (w *window) expire(before time.Time, all *memory) (oldest time.Time, left bool) {
	limit := before.UnixMilli()
	for len(w.chunks) > 0 {
		c := &w.chunks[0]
		for c.head < len(c.buf) {
			at := recordTime(c.buf[c.head:])
			if at >= limit {
				return time.UnixMilli(at), true
			}
			end := c.head + recordSize(c.buf[c.head:])
			clear(c.buf[c.head:end])
			c.head = end
		}
		w.dropChunk(all)
	}
	return time.Time{}, false
}

// oldest gives the number of the first event that is kept; next if none is, which is the number of the next event.
func (w *window) oldest(next uint64) uint64 {
	for i := range w.chunks {
		if c := &w.chunks[i]; c.head < len(c.buf) {
			return recordSeq(c.buf[c.head:])
		}
	}
	return next
}

// since calls yield with every event that is kept and has a number over seq, in order, until yield says that it is
// enough; all is true if it never did. The events stand only until the room's lock is given back.
func (w *window) since(seq uint64, room earshot.RoomID, yield func(*earshot.Event) bool) (all bool) {
	return w.records(seq+1, func(b []byte) bool {
		ev, ok := readRecord(b, room)
		return !ok || yield(&ev)
	})
}

// records calls yield with the record of every event that is kept and has a number from first on, as since does.
func (w *window) records(first uint64, yield func(record []byte) bool) (all bool) {
	for i := range w.chunks {
		c := &w.chunks[i]
		// A chunk is skipped whole if the next one begins no later than what is wanted.
		if i+1 < len(w.chunks) && recordSeq(w.chunks[i+1].buf) <= first {
			continue
		}
		for at := c.head; at < len(c.buf); {
			b := c.buf[at:]
			size := recordSize(b)
			if recordSeq(b) >= first && !yield(b[:size]) {
				return false
			}
			at += size
		}
	}
	return true
}

// find gives the event with that number, if it is kept, and whether it is a message that was taken back. The event stands
// only until the room's lock is given back.
func (w *window) find(seq uint64, room earshot.RoomID) (ev earshot.Event, found, takenBack bool) {
	w.records(seq, func(b []byte) bool {
		switch {
		case recordSeq(b) == seq:
			ev, found = readRecord(b, room)
		case recordKind(b) == earshot.KindTakenBack && recordOf(b) == seq:
			takenBack = true
		}
		return found && !takenBack
	})
	return ev, found, takenBack
}

// wipe clears, in its place, the text of the message with that number, and those that it was given since.
func (w *window) wipe(message uint64) {
	w.records(message, func(b []byte) bool {
		kind := recordKind(b)
		if (kind == earshot.KindMessage && recordSeq(b) == message) ||
			(kind == earshot.KindEdited && recordOf(b) == message) {
			wipeRecord(b)
		}
		return true
	})
}
