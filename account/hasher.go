package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/earshot-chat/earshot"
)

// busyRetry is what a log-in is told to wait that found the queue full: the time in which a good part of it is worked
// off.
const busyRetry = 2 * time.Second

// hasher hashes passwords, only so many at once: each takes 19 MiB and a core for some 20 ms, and whoever could start
// any number of them could stop the server.
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
	return argon2.IDKey(password, with.salt, with.passes, with.memory, with.threads, uint32(len(with.sum))) //nolint:gosec // G115: at most 64
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
	defer h.admitted.Add(-1)
	return h.hashPatiently(ctx, password)
}

// hashPatiently is hash for work that may take its time: it waits for a place however many wait.
func (h *hasher) hashPatiently(ctx context.Context, password string) (earshot.PasswordHash, error) {
	made := argonHash{cost: ownCost(), salt: random(len(h.decoy.salt)), sum: make([]byte, len(h.decoy.sum))}
	sum, err := h.compute(ctx, password, made)
	if err != nil {
		return "", err
	}
	made.sum = sum
	return made.encode(), nil
}

// verify tells whether the password belongs to the hash. It computes one hash in any case: where stored is unusable,
// missing or not understood, against a decoy of the same cost, so that the time does not tell who exists.
func (h *hasher) verify(ctx context.Context, stored earshot.PasswordHash, password string) (bool, error) {
	if err := h.admit(); err != nil {
		return false, err
	}
	defer h.admitted.Add(-1)
	with, err := decodeHash(stored)
	genuine := err == nil
	if !genuine {
		with = h.decoy
	}
	sum, err := h.compute(ctx, password, with)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(sum, with.sum) == 1 && genuine, nil
}

func (h *hasher) admit() error {
	if h.admitted.Add(1) > h.most {
		h.admitted.Add(-1)
		return &earshot.Error{
			Code: earshot.CodeBusy, RetryAfter: busyRetry,
			Message: "Too many people are logging in at this moment. Please try again in a few seconds.",
		}
	}
	return nil
}

// compute waits for a place and hashes.
func (h *hasher) compute(ctx context.Context, password string, with argonHash) ([]byte, error) {
	if err := ctx.Err(); err != nil { // select would take a free place half of the time
		return nil, err
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.slots }()
	return h.derive([]byte(password), with), nil
}
