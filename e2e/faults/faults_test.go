//go:build unix

package faults

import (
	"flag"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot/e2e/program"
	"github.com/earshot-chat/earshot/internal/leaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

var (
	duration = flag.Duration("for", 8*time.Second, "how long the clients talk")
	clients  = flag.Int("clients", 24, "how many clients there are")
	rooms    = flag.Int("rooms", 6, "how many rooms there are")
	every    = flag.Duration("every", 200*time.Millisecond, "how often each client posts")
	upgrade  = flag.Duration("upgrade", 3*time.Second, "how often the server is upgraded; 0 for never")
	kill     = flag.Duration("kill", 7*time.Second, "how often the server is killed; 0 for never")
	seed     = flag.Uint64("seed", 0, "where the faults come from; 0 takes the time")
)

// TestFaults is the promise under fire. Run longer and with more by its flags: see the package's comment.
func TestFaults(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	bin, err := program.Binary(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d", *seed)
	r, err := Run(t.Context(), Options{
		Bin: bin, Dir: t.TempDir(), Clients: *clients, Rooms: *rooms, For: *duration, Every: *every, Upgrade: *upgrade, Kill: *kill,
		Seed: *seed,
	})
	if err != nil {
		t.Error(err)
	}
	if r == nil {
		return
	}
	t.Log(r)
	if len(r.Violations) > 0 {
		t.Error("promises were broken")
	}
	if r.Messages == 0 || r.Heard < r.Messages || (*upgrade > 0 && r.Upgrades == 0) {
		t.Error("nothing was tried")
	}
}
