package work

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/earshot-chat/earshot/bench/peer"
)

// build makes the servers that are Go programs, the product among them.
func build(t *testing.T) peer.Env {
	t.Helper()
	env := peer.Env{Bin: t.TempDir(), Tmp: t.TempDir()}
	env.Earshot = filepath.Join(env.Bin, "earshot")
	peers, err := filepath.Abs("../peers")
	if err != nil {
		t.Fatal(err)
	}
	env.Peers = peers
	for _, b := range []struct{ dir, out, pkg string }{
		{"..", env.Bin + "/", "./cmd/floor"},
		{"..", env.Bin + "/", "./cmd/natsd"},
		{"..", env.Bin + "/", "./cmd/centrifuged"},
		{"../..", env.Earshot, "./cmd/earshot"},
	} {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", b.out, b.pkg)
		cmd.Dir, cmd.Env = b.dir, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v\n%s", b.pkg, err, out)
		}
	}
	return env
}

// TestEveryCandidateDeliversEverythingOnce is the benchmark in small, with the real servers: whoever cannot be had here is
// left out, as in the benchmark.
func TestEveryCandidateDeliversEverythingOnce(t *testing.T) {
	env := build(t)
	const short = 200 * time.Millisecond
	works := []Work{
		{Key: "closed", Conns: 30, RoomSize: 30, PerUser: 1, InFlight: 4, Stay: true, For: short},
		{Key: "many", Conns: 30, RoomSize: 10, PerUser: 3, InFlight: 10, For: short},
		{Key: "idle", Conns: 30, RoomSize: 10, PerUser: 1, Idle: true, Rate: 100, For: short},
		{Key: "connect", Conns: 100, RoomSize: 10, PerUser: 1, Connect: true},
	}
	for _, c := range peer.All() {
		t.Run(c.Name(), func(t *testing.T) {
			if err := c.Prepare(t.Context(), env); err != nil {
				t.Skipf("LEFT OUT: %v", err)
			}
			for _, w := range works {
				o := (&Runner{Rest: 50 * time.Millisecond}).Run(t.Context(), w, c)
				switch {
				case o.Failed != "":
					t.Errorf("(%s) %s", w.Key, o.Failed)
				case o.Missing+o.Twice+o.Strays != 0:
					t.Errorf("(%s) %d missing, %d twice, %d strays", w.Key, o.Missing, o.Twice, o.Strays)
				case !w.Connect && (o.Deliveries == 0 || o.CPU <= 0 || o.P99 <= 0):
					t.Errorf("(%s) no figures: %+v", w.Key, o)
				case o.Connects <= 0 || o.RSSEmpty <= 0:
					t.Errorf("(%s) no figures: %+v", w.Key, o)
				}
			}
		})
	}
}
