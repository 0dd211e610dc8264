package multichat

import (
	"errors"
	"sync"
	"time"

	"github.com/earshot-chat/earshot/internal/wipe"
)

// errSlow: more waits than may.
var errSlow = errors.New("multichat: the connection does not take its bytes")

// outbox is what waits for a client: put never waits, and one goroutine takes. It is bounded in bytes, those on their way
// included. What was taken is the taker's to clear.
type outbox struct {
	// wake has something in it when there may be something to take.
	wake chan struct{}
	max  int

	mu      sync.Mutex
	pending []byte
	flying  int
	// lastBy is until when the rest must be out once nothing more is taken; zero before.
	lastBy time.Time
}

func newOutbox(most int) *outbox { return &outbox{wake: make(chan struct{}, 1), max: most} }

// put keeps a copy of b, unless last was called. Errors: errSlow, and then nothing of it is kept.
func (o *outbox) put(b []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.lastBy.IsZero() {
		return nil
	}
	if o.flying+len(o.pending)+len(b) > o.max {
		return errSlow
	}
	o.add(b)
	return nil
}

// last puts what goes out at the end, whatever waits already, within so long.
func (o *outbox) last(b []byte, within time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lastBy.IsZero() {
		o.lastBy = time.Now().Add(within)
		o.add(b)
	}
}

// add keeps a copy. Under mu.
func (o *outbox) add(b []byte) {
	o.pending = wipe.Append(o.pending, b, o.max)
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take gives what waits, nil if that is nothing; what was taken before is out by then. lastBy is set once nothing more will
// come after this.
func (o *outbox) take() (run []byte, lastBy time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	run, o.pending, o.flying = o.pending, nil, len(o.pending)
	return run, o.lastBy
}

// endsBy is until when all must be out; zero as long as last was not called.
func (o *outbox) endsBy() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lastBy
}
