package trial

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/earshot-chat/earshot/bench/load"
	"github.com/earshot-chat/earshot/bench/peer"
)

// environment is the product, built and with users and rooms.
func environment(t *testing.T, users, rooms int) *Env {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "program")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", bin, "./cmd/earshot")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	env := &Env{Earshot: peer.Earshot(users, rooms), Log: slog.New(slog.DiscardHandler), Seed: 1}
	if err := env.Earshot.Prepare(t.Context(), peer.Env{Earshot: bin, Tmp: dir}); err != nil {
		t.Fatal(err)
	}
	return env
}

// TestTheTrialsInSmall runs them with the real server. Bounds on time and memory mean nothing at this size: what is looked at
// is that each comes to its end, that nobody was cut off, and that nothing is missing or double.
func TestTheTrialsInSmall(t *testing.T) {
	env := environment(t, 60, 5)
	const short = time.Second
	trials := []Trial{
		&Hold{Held: 50, Churn: 10, Rate: 100, Warm: short / 5, For: 6 * short, Settle: short / 5}, // each goes several times
		&Soak{Conns: 50, Rate: 100, Drops: 10, Visits: 10, Near: short / 2, Far: short, For: 2 * short, Every: short / 5},
		&Slow{Conns: 50, Deaf: 5, Greedy: 1, Rate: 200, Rounds: 1, Phase: short, Warm: short / 5, Rest: short / 5, WriteBuffer: 320 << 10},
		&Storm{Cut: 50, Stay: 10, Rooms: 1, Rate: 100, Over: short / 10, Away: short / 2, Calm: short / 5, After: short, Within: time.Minute},
	}
	sizes := map[string]bool{
		"connections that ended and should not have": true, "connections of the others that ended": true,
		"connections of others that ended": true, "messages missing, by their marks": true, "messages doubled, by their marks": true,
		"events missing or said to be lost, by their numbers": true,
		"events doubled or of another room, by their numbers": true,
		"rooms not given back by a resume":                    true,
		"places that lack their room's last event at the end": true,
		"connections lost and brought back by a resume":       true,
		"connections cut and back by a resume":                true,
		"connections at the end, all in their rooms":          true,
		"connections at the end":                              true,
		"deliveries of the others' messages meanwhile":        true,
		"deliveries, the visitors' included":                  true,
		"connections cut by those who come and go":            true,
		"of these back by a resume":                           true,
	}
	for _, trial := range trials {
		t.Run(trial.Name(), func(t *testing.T) {
			r := Do(t.Context(), env, trial)
			if r.Failed != "" {
				t.Fatalf("%s; %s; %q", r.Failed, r.Said, r.Notes)
			}
			looked := 0
			for _, row := range r.Rows {
				if !sizes[row.What] {
					continue
				}
				looked++
				if !row.OK() {
					t.Errorf("%s: %v, bound %v; %q", row.What, row.Value, *row.Bound, r.Notes)
				}
			}
			if looked < 7 {
				t.Errorf("only %d figures were looked at", looked)
			}
		})
	}
}

// TestAFaultIsSeen runs a trial in which a member's connection is cut behind the trial's back.
func TestAFaultIsSeen(t *testing.T) {
	env := environment(t, 10, 1)
	s, err := set(t.Context(), env, cast{users: 10, rooms: func(int) []int { return []int{0} }})
	if err != nil {
		t.Fatal(err)
	}
	r := &Result{Name: "fault"}
	if err := s.connect(t.Context(), 10, 10*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	cut := false
	f, err := s.Run(t.Context(), load.Plan{
		Rate: 100, For: 300 * time.Millisecond, Quiet: 200 * time.Millisecond, Drain: 10 * time.Second,
		Turn: func() error {
			if cut {
				return nil
			}
			cut = true
			// Not JSON: the server refuses it, and the generator takes that for the end of the connection.
			return s.Say(3, []byte("nonsense"))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.delivered(t.Context(), r, f, "ended"); err != nil {
		t.Fatal(err)
	}
	if err := s.close(r, nil); err != nil {
		t.Fatal(err)
	}
	failed := map[string]bool{}
	for _, row := range r.Rows {
		failed[row.What] = !row.OK()
	}
	if !failed["ended"] || !failed["messages missing, by their marks"] || len(r.Notes) == 0 {
		t.Errorf("%+v", r)
	}
}

func TestFifthsAndGoroutines(t *testing.T) {
	second, last := fifths([]float64{9, 9, 1, 2, 5, 5, 5, 5, 3, 4})
	if second != 1.5 || last != 3.5 {
		t.Errorf("%v, %v", second, last)
	}
	log := "time=1 level=DEBUG msg=alive goroutines=12 heap_bytes=5\n{\"msg\":\"alive\",\"goroutines\":13}\nmsg=goroutines\n"
	if found := goroutines(log); len(found) != 2 || found[0] != 12 || found[1] != 13 {
		t.Errorf("%v", found)
	}
}
