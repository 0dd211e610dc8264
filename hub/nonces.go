package hub

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"github.com/earshot-chat/earshot"
)

const (
	// nonceTime is the least time for which a nonce is remembered, also by a hub that keeps no sessions.
	nonceTime = time.Minute
	// maxNonces bounds how many are remembered, some 12 MB; the oldest goes first. It is 2,000 posts a second for a minute.
	maxNonces = 1 << 17
)

// nonces remembers what was posted lately under which nonce, so that a post that is sent again, because its answer was
// lost, is not said again. It holds no text.
type nonces struct {
	keep time.Duration
	// secret makes the keys such that nobody can aim for another's.
	secret [16]byte

	mu     sync.Mutex
	closed bool
	// underWay are the posts between claim and settle.
	underWay sync.WaitGroup
	posted   map[nonceKey]receipt
	// queue are the keys in the order of their claim, a ring from head on.
	queue []claimed
	head  int
	// timer is set while there is something to forget.
	timer *time.Timer
}

// nonceKey stands for a user, a room and a nonce. Among maxNonces two that are the same by chance are found once in 10^14
// posts, and nobody can aim at one without the secret.
type nonceKey uint64

// receipt is Posted in a form without pointers, which the garbage collector does not look at; zero while the post is
// under way.
type receipt struct {
	seq     uint64
	at      int64
	claimed int64 // as in claimed.at: a key that was given back and claimed again stands in the queue twice
	heard   int32
}

type claimed struct {
	key nonceKey
	at  int64 // milliseconds since 1970
}

func newNonces(keep time.Duration) *nonces {
	n := &nonces{keep: keep, posted: make(map[nonceKey]receipt)}
	_, _ = rand.Read(n.secret[:]) // never fails: crypto/rand
	return n
}

// key makes the key. It hides the nonce, which is a client's text.
func (n *nonces) key(user earshot.UserID, room earshot.RoomID, nonce string) nonceKey {
	var b [16 + 8 + 8 + earshot.MaxNonce]byte
	in := append(b[:0], n.secret[:]...)
	in = binary.BigEndian.AppendUint64(in, uint64(user)) //nolint:gosec // any injective form
	in = binary.BigEndian.AppendUint64(in, uint64(room)) //nolint:gosec // any injective form
	sum := sha256.Sum256(append(in, nonce...))
	return nonceKey(binary.BigEndian.Uint64(sum[:]))
}

// claim gives the answer of the post that had this key, or takes the key for a post that is to be made: then settle must
// follow. Errors: CodeBusy while another post has taken it, CodeStopping.
func (n *nonces) claim(key nonceKey) (Posted, error) {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return Posted{}, errStopping()
	}
	n.expire(now)
	r, known := n.posted[key]
	switch {
	case !known:
		n.posted[key] = receipt{claimed: now.UnixMilli()}
		n.queue = append(n.queue, claimed{key, now.UnixMilli()})
		n.underWay.Add(1)
		if n.timer == nil {
			n.timer = time.AfterFunc(n.keep, n.look)
		}
		return Posted{}, nil
	case r.seq == 0:
		return Posted{}, &earshot.Error{
			Code: earshot.CodeBusy, Field: "nonce", Message: "This message is being posted already.", RetryAfter: time.Second,
		}
	}
	return Posted{Seq: r.seq, At: time.UnixMilli(r.at), Heard: int(r.heard)}, nil
}

// settle notes the answer of a post, or, if it is zero, that there was none and another try is a first one.
func (n *nonces) settle(key nonceKey, posted Posted) {
	defer n.underWay.Done()
	n.mu.Lock()
	defer n.mu.Unlock()
	r, there := n.posted[key]
	if !there {
		return // a flood has driven it out meanwhile
	}
	if posted.Seq == 0 {
		delete(n.posted, key)
		return
	}
	r.seq, r.at = posted.Seq, posted.At.UnixMilli()
	r.heard = int32(min(posted.Heard, 1<<30)) //nolint:gosec // bounded
	n.posted[key] = r
}

// close takes no more posts and waits for those that are under way: what was said then has its answer noted.
func (n *nonces) close() {
	n.mu.Lock()
	n.closed = true
	if n.timer != nil {
		n.timer.Stop()
	}
	n.mu.Unlock()
	n.underWay.Wait()
}

// look forgets what is too old also where nobody posts any more, and comes again for the rest.
func (n *nonces) look() {
	const least = time.Second
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	n.expire(now)
	if n.closed || n.head == len(n.queue) {
		n.timer = nil
		return
	}
	oldest := time.UnixMilli(n.queue[n.head].at)
	n.timer.Reset(max(oldest.Add(n.keep).Sub(now), least))
}

// expire forgets what is too old or too much. Under mu.
func (n *nonces) expire(now time.Time) {
	limit := now.Add(-n.keep).UnixMilli()
	for n.head < len(n.queue) && (n.queue[n.head].at < limit || len(n.queue)-n.head >= maxNonces) {
		if c := n.queue[n.head]; n.posted[c.key].claimed == c.at {
			delete(n.posted, c.key)
		}
		n.head++
	}
	if n.head > 0 && n.head == len(n.queue) {
		// A map does not give back what it has grown to.
		n.posted, n.queue, n.head = make(map[nonceKey]receipt), nil, 0
		return
	}
	if n.head > len(n.queue)/2 {
		n.queue = n.queue[:copy(n.queue, n.queue[n.head:])]
		n.head = 0
	}
}
