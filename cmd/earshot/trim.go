package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/earshot-chat/earshot/hub"
)

const (
	trimEvery = 5 * time.Second
	// trimQuiet is how much may be allocated in trimEvery for the server to count as quiet.
	trimQuiet = 512 << 10
	// trimWorth is how much must have been allocated since the last time for another to be worth a collection, and
	// trimForgotten how much the windows must have let go of: of that, unlike of the other, all is garbage.
	trimWorth     = 4 << 20
	trimForgotten = 256 << 10
)

// trimmer decides when to give memory back to the system. Ten thousand people arriving leave twice as much garbage as
// what stays, and the collector, which waits until the heap has doubled, would keep it for as long as they only listen:
// with this, an idle connection was measured to cost 1.75 kB instead of 2.6. What they said leaves as much when it is
// forgotten, and then nothing is allocated that would make the collector run.
type trimmer struct {
	seen    uint64 // allocated up to the last look
	trimmed uint64 // allocated up to the last time
	kept    int64  // the most that the windows held since the last time
}

// due takes how many bytes were ever allocated and how many the windows hold, and tells whether a burst is over.
func (t *trimmer) due(allocated uint64, kept int64) bool {
	quiet := allocated-t.seen < trimQuiet
	t.seen, t.kept = allocated, max(t.kept, kept)
	if !quiet || allocated-t.trimmed < trimWorth && t.kept-kept < trimForgotten {
		return false
	}
	t.trimmed, t.kept = allocated, kept
	return true
}

// trim gives memory back after each burst, until ctx ends.
func trim(ctx context.Context, h *hub.Hub) {
	var t trimmer
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	every(ctx, trimEvery, func() {
		metrics.Read(sample)
		if t.due(sample[0].Value.Uint64(), h.WindowBytes()) {
			debug.FreeOSMemory()
		}
	})
}
