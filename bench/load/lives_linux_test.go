package load

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"
)

// lasting is echo with sessions: a town that is told how much a user has heard says the rest again.
type lasting struct {
	echo
	heard map[int]int
}

func (l lasting) Mind(user int, payload []byte) error {
	if bytes.Contains(payload, []byte(markStart)) {
		l.heard[user]++
	}
	return nil
}

func (l lasting) Return(user int) []Step {
	return []Step{{Say: fmt.Appendf(nil, "back %d", l.heard[user]), Want: []byte("joined")}}
}

func well(_, _ int, frame []byte) []byte { return frame }

// settle makes a town and a generator with five users in its room.
func settle(t *testing.T, s *town, o Options) *Generator {
	t.Helper()
	o.Addr, o.Users, o.Rooms = s.serve(t), 5, func(int) []int { return []int{0} }
	if o.Protocol == nil {
		o.Protocol = lasting{heard: make(map[int]int)}
	}
	g, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	if _, err := g.Connect(t.Context(), 5, 2); err != nil {
		t.Fatal(err)
	}
	return g
}

func open(turn func() error) Plan {
	return Plan{Rate: 500, For: 200 * time.Millisecond, Quiet: brief, Drain: patience, Turn: turn}
}

func TestWhoIsCutAndReturnsHasEverythingOnce(t *testing.T) {
	for how := range Cuts {
		for name, forgets := range map[string]bool{"kept": false, "forgotten": true} {
			t.Run(fmt.Sprintf("%d/%s", how, name), func(t *testing.T) {
				s := &town{fault: well, forgets: forgets}
				g := settle(t, s, Options{Lost: func(user int, err error) error {
					return fmt.Errorf("user %d was lost: %w", user, err)
				}})
				step := 0
				turn := func() error {
					switch {
					case step == 0 && g.posts > 10:
						step = 1
						return g.Cut(3, how)
					case step == 1 && g.posts > 40 && g.Gone(3):
						step = 2
						return g.Return(3)
					}
					return nil
				}
				f, err := g.Run(t.Context(), open(turn))
				for end := time.Now().Add(patience); err == nil && step < 2 && time.Now().Before(end); {
					f, err = g.Run(t.Context(), open(turn)) // the machine was busy, and the time over before all was done
				}
				if err != nil || step != 2 || !g.Present(3) || g.Ready() != 5 {
					t.Fatalf("step %d, %d ready, %v", step, g.Ready(), err)
				}
				if f.Twice != 0 || forgets == (f.Missing == 0) {
					t.Errorf("%+v", f)
				}
			})
		}
	}
}

func TestWhoIsDeafHearsLater(t *testing.T) {
	s := &town{fault: well}
	g := settle(t, s, Options{Role: func(user int) Role { return Role{Mute: user == 4, Small: user == 4, Unmeasured: true} }})
	if err := errors.Join(g.Deafen(4, true), g.Pong(4)); err != nil {
		t.Fatal(err)
	}
	p := open(nil)
	f, err := g.Run(t.Context(), p)
	if err != nil || f.Missing != int64(g.posts) || f.P50 != 0 {
		t.Fatalf("%d were posted: %+v, %v", g.posts, f, err)
	}
	if err := g.Deafen(4, false); err != nil {
		t.Fatal(err)
	}
	p.For, p.Quiet = 0, patience
	if f, err = g.Run(t.Context(), p); err != nil || f.Missing != 0 || f.Twice != 0 {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestALostConnectionIsToldAndTheRestGoesOn(t *testing.T) {
	s := &town{fault: func(member, n int, frame []byte) []byte {
		if member == 1 && n == 5 {
			return serverFrame(opClose, nil)
		}
		return frame
	}}
	var lost []int
	g := settle(t, s, Options{Lost: func(user int, _ error) error {
		lost = append(lost, user)
		return nil
	}})
	f, err := g.Run(t.Context(), open(nil))
	if err != nil || len(lost) != 1 || f.Missing == 0 || g.Ready() != 4 {
		t.Fatalf("lost %v, %+v, %v", lost, f, err)
	}
	gone := lost[0]
	for what, err := range map[string]error{
		"cutting": g.Cut(gone, CutReset), "speaking": g.Say(gone, nil), "a pong": g.Pong(gone), "deafening": g.Deafen(gone, true),
	} {
		if !errors.Is(err, errNotThere) {
			t.Errorf("%s somebody who is gone: %v", what, err)
		}
	}
	if err := g.Return((gone + 1) % 5); !errors.Is(err, errThere) {
		t.Errorf("returning as somebody who is there: %v", err)
	}
}

func TestNobodyReturnsWhereSessionsEnd(t *testing.T) {
	g := settle(t, &town{fault: well}, Options{Protocol: echo{}})
	if err := g.Cut(2, CutReset); err != nil {
		t.Fatal(err)
	}
	if err := g.Return(2); !errors.Is(err, errNoReturn) {
		t.Errorf("%v", err)
	}
	if err := g.Renew(2); err != nil {
		t.Fatal(err)
	}
	if err := g.Until(t.Context(), patience, func() bool { return g.Present(2) }); err != nil || !g.Present(2) {
		t.Errorf("not there again: %v", err)
	}
}

func TestWhatIsDueWhereNobodyIsStaysUnsaid(t *testing.T) {
	g := settle(t, &town{fault: well}, Options{Role: func(int) Role { return Role{Mute: true} }})
	f, err := g.Run(t.Context(), open(nil))
	if err != nil || f.Unsaid == 0 || g.posts != 0 {
		t.Errorf("%d were posted, %+v, %v", g.posts, f, err)
	}
}
