package trial

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/earshot-chat/earshot/bench/load"
	"github.com/earshot-chat/earshot/bench/proc"
	"github.com/earshot-chat/earshot/bench/report"
)

// Slow has some stop reading while all others talk.
type Slow struct {
	// Conns is how many others there are, in rooms of ten; Deaf is how many stop, each a further member of a room. The first
	// Greedy of them are in all rooms, and give signs of life: what waits for them is more than the server's write buffer,
	// where the others are closed for their silence.
	Conns, Deaf, Greedy int
	// Rate is how many messages a second the others post in all.
	Rate float64
	// Rounds is how often all read for Phase and then some stop for Phase; Warm is how long everything runs before, and Rest
	// how long after each phase: in it the greedy ones come back, who have missed so much that hearing it all at once keeps the
	// generator from measuring.
	Rounds            int
	Phase, Warm, Rest time.Duration
	// WriteBuffer is the server's setting, in bytes: so little that it is reached.
	WriteBuffer int
}

// Name is slow.
func (w *Slow) Name() string { return "slow" }

// Title says how many.
func (w *Slow) Title() string {
	return fmt.Sprintf("%d connections in rooms of ten at %.0f messages/s, with %d more that read and that do not; %d of these are in all rooms, the others in one",
		w.Conns, w.Rate, w.Deaf, w.Greedy)
}

// Needs is a room for each ten of the others.
func (w *Slow) Needs() (int, int) { return w.Conns + w.Deaf, w.Conns / 10 }

func (w *Slow) rooms(user int) []int {
	if user < w.Conns {
		return []int{user / 10}
	}
	count := w.Conns / 10
	if user >= w.Conns+w.Greedy {
		return []int{(user - w.Conns) * count / w.Deaf}
	}
	rooms := make([]int, count)
	for i := range rooms {
		rooms[i] = i
	}
	return rooms
}

func (w *Slow) role(user int) load.Role {
	slow := user >= w.Conns
	return load.Role{Mute: slow, Unmeasured: slow, Small: slow}
}

// phases is what was seen of one kind of phase.
type phases struct {
	p50, p99, cpu []float64
	rss           int64
}

func (p *phases) take(f load.Figures) {
	p.p50, p.p99 = append(p.p50, ms(f.P50)), append(p.p99, ms(f.P99))
	p.cpu = append(p.cpu, f.CPU/f.Seconds*100)
}

// Run runs the trial.
func (w *Slow) Run(ctx context.Context, env *Env, r *Result) (err error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(4 << 30))
	alone, err := apart(env)
	if err != nil {
		return err
	}
	defer alone()
	users, _ := w.Needs()
	s, err := set(ctx, env, cast{
		users: users, rooms: w.rooms, role: w.role, spin: len(env.Pin) > 0, pin: env.Pin,
		flags: []string{"--write-buffer", strconv.Itoa(w.WriteBuffer)},
	})
	if err != nil {
		return err
	}
	defer func() { err = s.close(r, err) }()
	if err := s.connect(ctx, users, time.Second); err != nil {
		return err
	}
	d := newDeaf(s, w)
	s.lost = d.lost
	plan := load.Plan{Rate: w.Rate, For: w.Warm, Quiet: 3 * time.Second, Drain: 30 * time.Second, CPU: s.server.CPU, Turn: d.turn}
	f, err := s.Run(ctx, plan)
	if err != nil {
		return err
	}
	var reading, stopped, back phases
	for round := range w.Rounds {
		for _, now := range []struct {
			phases *phases
			deaf   bool
		}{{&reading, false}, {&stopped, true}} {
			d.begin(now.deaf)
			// The greedy ones have not read when it ends, and so nothing drains.
			plan.For, plan.Drain = w.Phase, 0
			if f, err = s.Run(ctx, plan); err != nil {
				return err
			}
			now.phases.take(f)
			p50, p99 := ms(f.P50), ms(f.P99)
			d.sated = true
			plan.For, plan.Drain = w.Rest, 30*time.Second
			if f, err = s.Run(ctx, plan); err != nil {
				return err
			}
			if now.deaf {
				back.take(f)
			}
			now.phases.rss = max(now.phases.rss, d.rss)
			env.Log.InfoContext(ctx, "phase", "round", round+1, "deaf", now.deaf, "p99_ms", p99, "p50_ms", p50, "p99_rest_ms", ms(f.P99),
				"rss_mb", mb(d.rss), "closed", d.closed, "resumed", s.mind.Returns())
		}
	}
	if w.Greedy > 0 {
		r.note("p99 of the others while those who were in all rooms come back, median", report.Median(back.p99), "ms")
	}
	return w.tell(ctx, s, d, f, reading, stopped, r)
}

func (w *Slow) tell(ctx context.Context, s *stage, d *deaf, f load.Figures, reading, stopped phases, r *Result) error {
	r.note("rounds of both", float64(w.Rounds), "")
	r.note("p50 of the others while all read, median", report.Median(reading.p50), "ms")
	r.note("p50 while some do not, median", report.Median(stopped.p50), "ms")
	p99, with := report.Median(reading.p99), report.Median(stopped.p99)
	r.note("p99 of the others while all read, median", p99, "ms")
	r.note("the least of these", slices.Min(reading.p99), "ms")
	r.note("the most", slices.Max(reading.p99), "ms")
	r.most("p99 while some do not, median", with, p99*1.1, "ms")
	r.note("the least of these", slices.Min(stopped.p99), "ms")
	r.note("the most", slices.Max(stopped.p99), "ms")
	r.note("server's processor while all read, median", report.Median(reading.cpu), "%")
	r.note("server's processor while some do not, median", report.Median(stopped.cpu), "%")
	r.least("connections that did not read and were closed by the server", float64(d.closed), float64(w.Deaf*w.Rounds))
	r.least("of these back by a resume", float64(s.mind.Returns()), float64(d.closed))
	if err := s.delivered(ctx, r, f, "connections of the others that ended"); err != nil {
		return err
	}
	most := mb(reading.rss) + mb(int64(w.Deaf*w.WriteBuffer))
	r.note("server RSS while all read, at most", mb(reading.rss), "MB")
	r.most(fmt.Sprintf("server RSS while some do not; bound: and %d write buffers of %d KiB", w.Deaf, w.WriteBuffer>>10),
		mb(stopped.rss), most, "MB")
	return nil
}

// apart puts this thread on the spare processor until the function that it returns is called.
func apart(env *Env) (func(), error) {
	if len(env.Pin) == 0 {
		return func() {}, nil
	}
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, err
	}
	runtime.LockOSThread()
	if err := proc.Pin(env.Spare); err != nil {
		return nil, err
	}
	return func() {
		_ = unix.SchedSetaffinity(0, &before)
		runtime.UnlockOSThread()
	}, nil
}

// listener is one who may stop reading.
type listener struct {
	stop, wake    time.Time
	sign          time.Time
	deaf, stopped bool
	back          time.Time
}

// deaf is all who may.
type deaf struct {
	s    *stage
	w    *Slow
	them []listener
	// closed is how many connections the server ended while their owners did not read; rss is the most memory that was seen in
	// this phase.
	closed int
	rss    int64
	look   time.Time
	// sated says that the greedy ones may read again.
	sated bool
}

func newDeaf(s *stage, w *Slow) *deaf {
	return &deaf{s: s, w: w, them: make([]listener, w.Deaf)}
}

// signEvery is how often a greedy one gives a sign of life.
const signEvery = 5 * time.Second

// begin begins a phase. In one with deaf ones, each stops within the first tenth and reads again near its end, the greedy
// ones after it: the end of a connection comes behind all that was not read, so that only who reads learns of it.
func (d *deaf) begin(deaf bool) {
	now := time.Now()
	d.rss, d.sated = 0, false
	for i := range d.them {
		d.them[i] = listener{}
		if deaf {
			d.them[i].stop = now.Add(time.Duration(d.s.chance.Int64N(int64(d.w.Phase / 10))))
			d.them[i].wake = now.Add(d.w.Phase*19/20 + time.Duration(d.s.chance.Int64N(int64(d.w.Phase/30))))
		}
	}
}

func (d *deaf) lost(user int, err error) error {
	i := user - d.w.Conns
	if i < 0 || !d.them[i].stopped {
		d.s.cut(user, err)
		return nil
	}
	d.closed++
	d.them[i].deaf, d.them[i].back = false, time.Now()
	return nil
}

func (d *deaf) turn() error {
	now := time.Now()
	if now.After(d.look) {
		d.look = now.Add(2 * time.Second)
		rss, err := d.s.server.Resident()
		if err != nil {
			return err
		}
		d.rss = max(d.rss, rss)
	}
	for i := range d.them {
		if err := d.one(now, d.w.Conns+i, &d.them[i]); err != nil {
			return err
		}
	}
	return nil
}

func (d *deaf) one(now time.Time, user int, l *listener) error {
	greedy := user < d.w.Conns+d.w.Greedy
	switch {
	case !l.back.IsZero() && d.s.Gone(user):
		l.back = time.Time{}
		return d.s.Return(user)
	case l.stop.IsZero() || !d.s.Present(user):
		return nil
	case !l.stopped && now.After(l.stop):
		l.stopped, l.deaf = true, true
		return d.s.Deafen(user, true)
	case l.deaf && (d.sated || !greedy && now.After(l.wake)):
		l.deaf = false
		return d.s.Deafen(user, false)
	case l.deaf && greedy && now.After(l.sign):
		l.sign = now.Add(signEvery)
		return d.s.Pong(user)
	}
	return nil
}
