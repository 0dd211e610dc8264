package client

import (
	"sync"
	"time"
)

// queued is an event on its way to the application.
type queued struct {
	event Event
	// cost is what it takes of the buffer: 1, and 1 more for every eventUnit bytes of its frame.
	cost int
}

// eventUnit is how many bytes of a frame cost as much as one more event, so that the buffer is bounded in bytes too.
const eventUnit = 4096

// queue holds the events between the connection and the application.
type queue struct {
	// more has a token when something was pushed, taken one when something was taken.
	more, taken chan struct{}

	mu    sync.Mutex
	items []queued
	cost  int
	// last is when the application last took one, or the queue was last empty.
	last time.Time
	done bool
}

func newQueue() *queue {
	return &queue{more: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (q *queue) push(now time.Time, items []queued) {
	if len(items) == 0 {
		return
	}
	q.mu.Lock()
	if len(q.items) == 0 {
		q.last = now
	}
	for _, it := range items {
		q.items = append(q.items, it)
		q.cost += it.cost
	}
	q.mu.Unlock()
	signal(q.more)
}

// finish tells that nothing is pushed any more.
func (q *queue) finish() {
	q.mu.Lock()
	q.done = true
	q.mu.Unlock()
	signal(q.more)
}

// state gives what the queue holds and since when the application has taken nothing.
func (q *queue) state() (cost int, last time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.cost, q.last
}

// first gives the next event without taking it; done tells that there will be none.
func (q *queue) first() (it queued, ok, done bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return queued{}, false, q.done
	}
	return q.items[0], true, false
}

// drop takes the first event off.
func (q *queue) drop() {
	q.mu.Lock()
	q.cost -= q.items[0].cost
	q.items[0] = queued{} // what was said is not kept by the slice
	q.items = q.items[1:]
	if len(q.items) == 0 {
		q.items = nil
	}
	q.last = time.Now()
	q.mu.Unlock()
	signal(q.taken)
}

// pump hands the events to the application, one after another, until there are no more or stop is closed.
func (q *queue) pump(out chan<- Event, stop <-chan struct{}) {
	defer close(out)
	for {
		it, ok, done := q.first()
		switch {
		case ok:
			select {
			case out <- it.event:
				q.drop()
			case <-stop:
				return
			}
		case done:
			return
		default:
			select {
			case <-q.more:
			case <-stop:
				return
			}
		}
	}
}
