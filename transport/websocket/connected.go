package websocket

import (
	"context"
	"slices"
	"sync"

	"github.com/earshot-chat/earshot"
)

// Closer is a connection as Connected knows it.
type Closer interface {
	comparable
	// Close tells the client why, and ends the connection in a while.
	Close(why earshot.CloseReason)
	// Abort ends it at once.
	Abort()
}

// Connected are the connections of a server. NewConnected makes it.
type Connected[C Closer] struct {
	mu    sync.Mutex
	conns map[C]struct{}
	empty chan struct{} // closed when done and the last connection is gone
	close sync.Once
	done  bool
}

// NewConnected makes a list with nothing in it.
func NewConnected[C Closer]() *Connected[C] {
	return &Connected[C]{conns: make(map[C]struct{}), empty: make(chan struct{})}
}

// Add takes a connection in; false if the server is closing, and then the connection is to be closed and taken out as any
// other.
func (l *Connected[C]) Add(c C) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = struct{}{}
	return !l.done
}

// Remove takes one out that is gone.
func (l *Connected[C]) Remove(c C) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	if l.done && len(l.conns) == 0 {
		l.close.Do(func() { close(l.empty) })
	}
}

// Len is how many there are.
func (l *Connected[C]) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

// All gives those there are, in into if it is long enough.
func (l *Connected[C]) All(into []C) []C {
	l.mu.Lock()
	defer l.mu.Unlock()
	conns := slices.Grow(into[:0], len(l.conns))
	for c := range l.conns {
		conns = append(conns, c)
	}
	return conns
}

// Close tells all clients that the server stops and waits until they are gone. When ctx ends first, those that are left are
// cut, and its error is given.
func (l *Connected[C]) Close(ctx context.Context) error {
	l.mu.Lock()
	l.done = true
	if len(l.conns) == 0 {
		l.close.Do(func() { close(l.empty) })
	}
	l.mu.Unlock()
	for _, c := range l.All(nil) {
		c.Close(earshot.CloseStopping)
	}
	select {
	case <-l.empty:
		return nil
	case <-ctx.Done():
	}
	for _, c := range l.All(nil) {
		c.Abort()
	}
	<-l.empty
	return ctx.Err()
}
