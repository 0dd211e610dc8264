package account

import (
	"context"
	"crypto/rand"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/earshot-chat/earshot"
)

// busyRetry is what a log-in is told to wait that found the queue full: the time in which a good part of it is worked
// off.
const busyRetry = 2 * time.Second

// hasher hashes passwords, only so many at once: each takes 19 MiB and a core for some 20 ms, one that was made elsewhere
// up to 128 MiB and some seconds, and whoever could start any number of them could stop the server.
type hasher struct {
	slots chan struct{}
	// admitted counts who waits or hashes of those who may be turned away; most bounds it.
	admitted atomic.Int64
	most     int64
	decoy    argonHash
	// derive computes one hash. Tests count here.
	derive func(password []byte, with argonHash) []byte
}

func newHasher(atOnce, queued int) *hasher {
	h := &hasher{
		slots:  make(chan struct{}, atOnce),
		most:   int64(atOnce) + int64(queued),
		decoy:  argonHash{cost: ownCost(), salt: random(16), sum: random(32)},
		derive: derive,
	}
	return h
}

func derive(password []byte, with argonHash) []byte {
	key := argon2.IDKey
	if with.older {
		key = argon2.Key
	}
	return key(password, with.salt, with.passes, with.memory, with.threads, uint32(len(with.sum))) //nolint:gosec // G115: at most 64
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails: crypto/rand ends the program instead
	return b
}

// hash makes the hash to store for a new password of somebody who waits for it; CodeBusy if too many do.
func (h *hasher) hash(ctx context.Context, password string) (earshot.PasswordHash, error) {
	if err := h.admit(); err != nil {
		return "", err
	}
	defer h.leave()
	return h.hashPatiently(ctx, password)
}

// hashPatiently is hash for whoever was admitted, and for work that may take its time: it waits for a place however many
// wait.
func (h *hasher) hashPatiently(ctx context.Context, password string) (earshot.PasswordHash, error) {
	made := argonHash{cost: h.decoy.cost, salt: random(len(h.decoy.salt)), sum: make([]byte, len(h.decoy.sum))}
	err := h.compute(ctx, func() { made.sum = h.derive([]byte(password), made) })
	if err != nil {
		return "", err
	}
	return made.encode(), nil
}

// verdict is what verify finds.
type verdict struct {
	// match tells that the password belongs to the hash.
	match bool
	// stale tells that the hash is of an algorithm or a cost that is not today's: it is to be made anew.
	stale bool
}

// verify tells whether the password belongs to the hash. It is for whoever was admitted. It computes one hash in any case:
// where stored is unusable, missing or not understood, that of instead, and where that is not understood either, a decoy
// of today's cost, so that the time does not tell who exists.
func (h *hasher) verify(ctx context.Context, stored, instead earshot.PasswordHash, password string) (verdict, error) {
	with, err := parseHash(stored)
	genuine := err == nil
	if !genuine {
		if with, err = parseHash(instead); err != nil {
			with = h.decoy
		}
	}
	var match bool
	if err := h.compute(ctx, func() { match = with.matches(h, []byte(password)) }); err != nil {
		return verdict{}, err
	}
	return verdict{match: match && genuine, stale: !with.current(h)}, nil
}

// admit lets one more wait for a place, if not too many do. Whoever was admitted must leave.
func (h *hasher) admit() error {
	if h.admitted.Add(1) > h.most {
		h.leave()
		return &earshot.Error{
			Code: earshot.CodeBusy, RetryAfter: busyRetry,
			Message: "Too many people are logging in at this moment. Please try again in a few seconds.",
		}
	}
	return nil
}

func (h *hasher) leave() { h.admitted.Add(-1) }

// compute waits for a place and does the work.
func (h *hasher) compute(ctx context.Context, work func()) error {
	if err := ctx.Err(); err != nil { // select would take a free place half of the time
		return err
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h.slots }()
	work()
	return nil
}
