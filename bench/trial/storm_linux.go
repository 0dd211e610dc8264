package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/earshot-chat/earshot/bench/load"
)

// Storm cuts most connections at once and has them all come back at once, while a few stay and talk.
type Storm struct {
	// Cut is how many are cut, in rooms of ten; Stay is how many stay, each in Rooms of these rooms.
	Cut, Stay, Rooms int
	// Rate is how many messages a second those who stay post.
	Rate float64
	// Over is within what time all are cut, and later all dial again; Away is how long they are away; Calm is how long is
	// measured before it all, and After how long after the return.
	Over, Away, Calm, After time.Duration
	// Within is how long it may take until all are served again, from the first who dials.
	Within time.Duration
}

// Name is storm.
func (t *Storm) Name() string { return "storm" }

// Title says how many.
func (t *Storm) Title() string {
	return fmt.Sprintf("%d connections in rooms of ten cut within %v and back %v later within %v, while %d others stay, each in %d of the rooms",
		t.Cut, t.Over, t.Away, t.Over, t.Stay, t.Rooms)
}

// Needs is a room for each ten who are cut.
func (t *Storm) Needs() (int, int) { return t.Cut + t.Stay, t.Cut / 10 }

func (t *Storm) rooms(user int) []int {
	if user < t.Cut {
		return []int{user / 10}
	}
	rooms := make([]int, t.Rooms)
	for i := range rooms {
		rooms[i] = ((user-t.Cut)*t.Rooms + i) % (t.Cut / 10)
	}
	return rooms
}

func (t *Storm) role(user int) load.Role {
	goes := user < t.Cut
	return load.Role{Mute: goes, Unmeasured: goes}
}

// weather is where the storm is.
type weather struct {
	s *stage
	t *Storm
	// step is what is done on each turn; begin when it began, and done how many it is done for.
	step  func(user int) error
	begin time.Time
	done  int
	// first is when the first dialled again, served when the last was served; tries is how many had to try again.
	first, served time.Time
	again         []int
	tries         int
}

// turn does as many as are due.
func (w *weather) turn() error {
	if w.step == nil {
		return nil
	}
	share := min(1, float64(time.Since(w.begin))/float64(w.t.Over))
	for due := int(share * float64(w.t.Cut)); w.done < due; w.done++ {
		if err := w.step(w.done); err != nil {
			return err
		}
	}
	for _, user := range w.again {
		w.tries++
		if err := w.s.Return(user); err != nil {
			return err
		}
	}
	w.again = w.again[:0]
	if w.served.IsZero() && !w.first.IsZero() && w.done == w.t.Cut && w.s.Ready() == w.t.Cut+w.t.Stay {
		w.served = time.Now()
	}
	return nil
}

func (w *weather) next(step func(int) error) { w.step, w.begin, w.done = step, time.Now(), 0 }

// lost has whoever is refused while coming back try again; that anybody else is cut off is a fault.
func (w *weather) lost(user int, err error) error {
	if user >= w.t.Cut || w.first.IsZero() || !w.served.IsZero() {
		w.s.cut(user, err)
		return nil
	}
	if len(w.s.notes) < faultsTold {
		w.s.notes = append(w.s.notes, "came back again after: "+err.Error())
	}
	w.again = append(w.again, user)
	return nil
}

// Run runs the trial.
func (t *Storm) Run(ctx context.Context, env *Env, r *Result) (err error) {
	users, _ := t.Needs()
	s, err := set(ctx, env, cast{users: users, rooms: t.rooms, role: t.role})
	if err != nil {
		return err
	}
	defer func() { err = s.close(r, err) }()
	if err := s.connect(ctx, users, 3*time.Second); err != nil {
		return err
	}
	w := &weather{s: s, t: t}
	s.lost = w.lost
	plan := load.Plan{Rate: t.Rate, For: t.Calm, Quiet: 3 * time.Second, Drain: 30 * time.Second, CPU: s.server.CPU, Turn: w.turn}
	calm, err := s.Run(ctx, plan)
	if err != nil {
		return err
	}
	// Nobody waits for those who are away, and so nothing drains.
	plan.For, plan.Drain = t.Over+t.Away, 0
	w.next(func(user int) error { return s.Cut(user, load.CutReset) })
	away, err := s.Run(ctx, plan)
	if err != nil {
		return err
	}
	if s.Ready() != t.Stay {
		return fmt.Errorf("%d are there, not the %d who stay", s.Ready(), t.Stay)
	}
	env.Log.InfoContext(ctx, "all are cut", "p99_ms", ms(away.P99))
	plan.For, plan.Drain = t.After, 30*time.Second
	w.next(s.Return)
	w.first = time.Now()
	back, err := s.Run(ctx, plan)
	if err != nil {
		return err
	}
	if w.served.IsZero() {
		return errors.Join(t.tell(ctx, s, w, r, calm, away, back),
			fmt.Errorf("%d of %d were served after %v", s.Ready()-t.Stay, t.Cut, time.Since(w.first).Round(time.Second)))
	}
	return t.tell(ctx, s, w, r, calm, away, back)
}

func (t *Storm) tell(ctx context.Context, s *stage, w *weather, r *Result, calm, away, back load.Figures) error {
	r.least("connections cut and back by a resume", float64(s.mind.Returns()), float64(t.Cut))
	if !w.served.IsZero() {
		r.most("until the last of them was served (resumed and returned), from the first dialling", w.served.Sub(w.first).Seconds(), t.Within.Seconds(), "s")
	}
	r.note("tries that the server ended and that were repeated", float64(w.tries), "")
	if err := s.delivered(ctx, r, back, "connections of others that ended"); err != nil {
		return err
	}
	r.note("p99 of those who stay, before", ms(calm.P99), "ms")
	r.most("p99 of those who stay, while all are cut and away", ms(away.P99), 1000, "ms")
	r.most("p99 of those who stay, while all come back, and the seconds after", ms(back.P99), 1000, "ms")
	r.note("the time that covers", back.Seconds, "s")
	r.note("server's processor time for the return and these seconds", back.CPU, "s")
	return nil
}
