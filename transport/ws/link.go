package ws

import (
	"context"
	"errors"
	"time"

	"github.com/earshot-chat/earshot/internal/wipe"
)

// lingerTime is how long a connection that we closed may take to read what was written before and to close its side
// (RFC 6455, section 7.1.1).
const lingerTime = 3 * time.Second

// errSlow: more bytes wait than the link may hold.
var errSlow = errors.New("ws: the connection does not take its bytes")

// errClosed: the link takes no more.
var errClosed = errors.New("ws: the connection is closed")

// link is the bytes under a connection. There are two: one on a loop of epoll, where a connection at rest has no goroutine
// (Linux; TCP, and TLS over it), and one with goroutines, for everything else. A link calls conn.receive with
// what comes in, from one goroutine at a time, and conn.gone once when there is nothing more to come or to send. If
// receive gives it something to carry out, it does so before it calls receive again, where that may take its time.
type link interface {
	// write takes all of b or fails. It does not wait, and does not keep b.
	write(b []byte) error
	// hold is write for what may go out a little later: together with the next write, or once what came in is worked off.
	hold(b []byte) error
	// finish writes last, which is taken even when the backlog is full, takes nothing more, and closes when all is
	// written and the other side has closed, or after lingerTime.
	finish(last []byte)
	// abort closes without writing what is left.
	abort()
	// room waits until no more than half of what may wait for the other side does, or the link is over.
	room(ctx context.Context)
	// stalledSince tells since when bytes wait to be taken by the other side without any being taken; zero if none wait.
	stalledSince() time.Time
}

// backlog is what a link holds of bytes that the other side did not take yet.
type backlog struct {
	bytes []byte
	max   int
	since time.Time
	// low is closed when there is room again; nil while nobody waits for that.
	low chan struct{}
}

// lowered gives what to wait on until no more than half of the bound is held, beside so many bytes that are on their way;
// nil if that is so already.
func (l *backlog) lowered(flying int) <-chan struct{} {
	if flying+len(l.bytes) <= l.max/2 {
		return nil
	}
	if l.low == nil {
		l.low = make(chan struct{})
	}
	return l.low
}

// lower lets those go on who wait for room, if there is any or there never will be.
func (l *backlog) lower(over bool) {
	if l.low != nil && (over || len(l.bytes) <= l.max/2) {
		close(l.low)
		l.low = nil
	}
}

// await waits on what lowered gave.
func await(ctx context.Context, low <-chan struct{}) {
	if low == nil {
		return
	}
	select {
	case <-low:
	case <-ctx.Done():
	}
}

// add keeps a copy of b, within the bound unless it is the last.
func (l *backlog) add(b []byte, last bool) error {
	if !last && len(l.bytes)+len(b) > l.max {
		return errSlow
	}
	if l.since.IsZero() {
		l.since = time.Now()
	}
	l.bytes = wipe.Append(l.bytes, b, l.max) // the bound is one of memory: only the last may go over it, by itself
	return nil
}

// took forgets the first n bytes.
func (l *backlog) took(n int) {
	if n == 0 {
		return
	}
	l.since = time.Now()
	rest := copy(l.bytes, l.bytes[n:])
	clear(l.bytes[rest:])
	l.bytes = l.bytes[:rest]
	if rest == 0 {
		l.bytes, l.since = nil, time.Time{}
	}
	l.lower(false)
}
