package hub

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/earshot-chat/earshot"
)

// budget is how often a user may do something: a bucket that holds burst and fills by a rate. It is kept as the one
// number of the generic cell rate algorithm (ITU-T I.371, annex A): the time at which the bucket will be full again. That
// is 8 bytes and no lock; a rate.Limiter is 80, for each user, of the two thousand that a listening connection may cost.
//
// The zero value is a full bucket.
type budget struct{ full atomic.Int64 } // nanoseconds since 1970

// take takes one at now, or tells how long it is until there is one. A rate of no more than 0 gives none; one so high
// that its interval is below a nanosecond gives all.
func (b *budget) take(now time.Time, perSecond float64, burst int) (wait time.Duration) {
	return b.takeMany(now, perSecond, burst, 1)
}

// takeMany takes n at once, or none.
func (b *budget) takeMany(now time.Time, perSecond float64, burst, n int) (wait time.Duration) {
	if perSecond <= 0 {
		return math.MaxInt64
	}
	interval := int64(float64(time.Second) / perSecond)
	at := now.UnixNano()
	for {
		full := b.full.Load()
		next := max(full, at) + interval*int64(min(n, burst))
		// As many as burst may be missing from a full bucket.
		if over := next - at - interval*int64(burst); over > 0 {
			return time.Duration(over)
		}
		if b.full.CompareAndSwap(full, next) {
			return 0
		}
	}
}

// give gives one back.
func (b *budget) give(now time.Time, perSecond float64) {
	interval := int64(float64(time.Second) / perSecond)
	for {
		full := b.full.Load()
		if full <= now.UnixNano() || b.full.CompareAndSwap(full, full-interval) {
			return
		}
	}
}

// spent tells, if more than half is gone, how long it is until the bucket is full again; 0 otherwise.
func (b *budget) spent(now time.Time, perSecond float64, burst int) time.Duration {
	interval := int64(float64(time.Second) / perSecond)
	if missing := b.full.Load() - now.UnixNano(); missing > interval*int64(burst)/2 {
		return time.Duration(missing)
	}
	return 0
}

// empty tells whether there is none left at now.
func (b *budget) empty(now time.Time, perSecond float64, burst int) bool {
	interval := int64(float64(time.Second) / perSecond)
	return b.full.Load()-now.UnixNano() > interval*int64(burst-1)
}

// refusal is the error for a budget that has to be waited for; nil if there is nothing to wait for.
func refusal(wait time.Duration, message string) error {
	if wait == 0 {
		return nil
	}
	// A budget that gives none at all has the longest duration there is to wait; an hour says as much.
	return &earshot.Error{Code: earshot.CodeRateLimited, Message: message, RetryAfter: min(wait, time.Hour)}
}
