package load

import "math/bits"

// tally knows which of a room's messages one member has had. Messages come nearly in the order of their numbers, so a number
// and the 64 bits after it are nearly always enough.
type tally struct {
	// low is the first message that has not come; bit i of window is message low+i.
	low    uint32
	window uint64
	// far holds those that are 64 or more ahead.
	far map[uint32]struct{}
}

// take notes message n, and is false if it came before.
func (t *tally) take(n uint32) bool {
	if n < t.low {
		return false
	}
	if _, twice := t.far[n]; twice {
		return false
	}
	ahead := n - t.low
	if ahead >= 64 {
		if t.far == nil {
			t.far = make(map[uint32]struct{})
		}
		t.far[n] = struct{}{}
		return true
	}
	if t.window>>ahead&1 == 1 {
		return false
	}
	t.window |= 1 << ahead
	for t.window&1 == 1 || t.passFar() {
		t.window >>= 1
		t.low++
	}
	return true
}

// passFar says whether the first message that has not come has come as a far one, and forgets it.
func (t *tally) passFar() bool {
	if len(t.far) == 0 {
		return false
	}
	_, ok := t.far[t.low]
	delete(t.far, t.low)
	return ok
}

// had is how many messages came.
func (t *tally) had() int {
	return int(t.low) + bits.OnesCount64(t.window) + len(t.far)
}
