package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/earshot-chat/earshot/bench/load"
)

// Soak is life as it is: people talk, lose their connection and come back, and look into other rooms.
type Soak struct {
	// Conns is how many connections there are, in rooms of ten.
	Conns int
	// Rate is how many messages a second are posted in all, Drops how many connections a second are lost, Visits how many
	// users a second look into another room for a while.
	Rate, Drops, Visits float64
	// Near is how long a lost connection is away at most, Far how long one in five is, which is to be beyond the server's grace
	// time and within its resume window.
	Near, Far time.Duration
	// For is how long; Every is how often the server is looked at.
	For, Every time.Duration
}

// Name is soak.
func (k *Soak) Name() string { return "soak" }

// Title says how long.
func (k *Soak) Title() string {
	return fmt.Sprintf("%v of %d connections in rooms of ten, %.0f messages, %.0f lost connections and %.0f visits a second",
		k.For, k.Conns, k.Rate, k.Drops, k.Visits)
}

// Needs is a room for each ten.
func (k *Soak) Needs() (int, int) { return k.Conns, k.Conns / 10 }

// Run runs the trial.
func (k *Soak) Run(ctx context.Context, env *Env, r *Result) (err error) {
	s, err := set(ctx, env, cast{
		users: k.Conns, rooms: func(user int) []int { return []int{user / 10} }, flags: []string{"--log-level", "debug"},
	})
	if err != nil {
		return err
	}
	open := true
	defer func() {
		if open {
			err = s.close(r, err)
		}
	}()
	if err := s.connect(ctx, k.Conns, time.Second); err != nil {
		return err
	}
	l := newLife(s, k)
	w := newWatch(s.server, k.Every)
	f, err := s.Run(ctx, load.Plan{
		Rate: k.Rate, For: k.For, Quiet: 3 * time.Second, Drain: time.Minute, CPU: s.server.CPU,
		Turn: func() error {
			now := time.Now()
			if now.Sub(l.begin) > k.For {
				return l.turn(now)
			}
			looked, err := w.turn(now)
			if looked && len(w.rss)%6 == 0 {
				last := len(w.rss) - 1
				env.Log.InfoContext(ctx, "soaking", "seconds", int(now.Sub(l.begin).Seconds()), "rss_mb", w.rss[last]/mega,
					"threads", w.threads[last], "drops", l.drops, "returns", s.mind.Returns(), "faults", s.mind.faults.Sum()+s.cuts)
			}
			return errors.Join(err, l.turn(now))
		},
	})
	if err != nil {
		return err
	}
	err = s.Until(ctx, time.Minute, func() bool { return s.Ready() == k.Conns })
	if err != nil {
		return err
	}
	r.least("connections at the end", float64(s.Ready()), float64(k.Conns))
	r.least("deliveries, the visitors' included", float64(f.Deliveries), 1)
	r.note("events heard, all kinds", float64(s.mind.events), "")
	r.least("connections lost and brought back by a resume", float64(s.mind.Returns()), float64(l.drops))
	r.note("visits to other rooms", float64(l.visits), "")
	if err := s.delivered(ctx, r, f, "connections that ended and should not have"); err != nil {
		return err
	}
	r.note("p99 from sending to receipt, of those who were there", ms(f.P99), "ms")
	r.note("server CPU per delivery", f.CPU*1e6/float64(f.Deliveries), "µs")
	flat(r, w, k.For >= judged)
	open = false
	if err := s.close(r, nil); err != nil {
		return err
	}
	second, last := fifths(goroutines(s.server.Log()))
	if second > 0 {
		r.note("goroutines, second fifth", second, "")
		steady(r, "goroutines, last fifth", last, second+4, "", k.For >= judged)
	} else {
		r.unknown("goroutines", "the log does not tell; see threads")
	}
	return nil
}

// judged is how long a soak has to be for its figures to be held to be flat: within the first minute what is said is being
// kept, and nothing is let go.
const judged = 5 * time.Minute

// steady adds a figure with its bound, or without where the time was too short.
func steady(r *Result, what string, value, bound float64, unit string, long bool) {
	if long {
		r.most(what, value, bound, unit)
		return
	}
	r.note(what+" (not judged: too short)", value, unit)
}

// flat adds what was seen of the server: medians of the second and of the last fifth of the time.
func flat(r *Result, w *watch, long bool) {
	r.note("looks at the server", float64(len(w.rss)), "")
	second, last := fifths(w.rss)
	r.note("server RSS, second fifth", second/mega, "MB")
	steady(r, "server RSS, last fifth", last/mega, second/mega*1.05, "MB", long)
	second, last = fifths(w.threads)
	r.note("server threads, second fifth", second, "")
	steady(r, "server threads, last fifth", last, second+4, "", long)
	if w.openErr != nil {
		r.unknown("server's open files", w.openErr.Error())
		return
	}
	second, last = fifths(w.open)
	r.note("server's open files, second fifth", second, "")
	steady(r, "server's open files, last fifth", last, second*1.05, "", long)
}

// visit is a user in another room.
type visit struct {
	user, room int
	until      time.Time
	leaving    bool
}

// life is what happens besides talk.
type life struct {
	s     *stage
	k     *Soak
	begin time.Time
	// away says when users come back; visits who is where.
	away   map[int]time.Time
	guests []visit
	drops  int
	visits int
}

func newLife(s *stage, k *Soak) *life {
	return &life{s: s, k: k, begin: time.Now(), away: make(map[int]time.Time)}
}

// turn does what is due. After the time nobody goes any more, and everybody comes back.
func (l *life) turn(now time.Time) error {
	since := now.Sub(l.begin)
	if since < l.k.For {
		for float64(l.drops) < since.Seconds()*l.k.Drops {
			if err := l.drop(now); err != nil {
				return err
			}
		}
		for float64(l.visits) < since.Seconds()*l.k.Visits {
			if err := l.look(now); err != nil {
				return err
			}
		}
	}
	for user, back := range l.away {
		if now.After(back) && l.s.Gone(user) {
			delete(l.away, user)
			if err := l.s.Return(user); err != nil {
				return err
			}
		}
	}
	return l.leave(now)
}

var errNobody = errors.New("nobody is there any more")

// somebody is one who is there and has had all answers: what was not acknowledged may be lost with a connection.
func (l *life) somebody() (int, error) {
	for range 100_000 {
		user := l.s.chance.IntN(l.k.Conns)
		if l.s.Present(user) && l.s.mind.Settled(user) {
			return user, nil
		}
	}
	return 0, errNobody
}

// drop cuts a connection, for a while.
func (l *life) drop(now time.Time) error {
	user, err := l.somebody()
	if err != nil {
		return err
	}
	away := l.s.chance.Int64N(int64(l.k.Near))
	if l.s.chance.IntN(5) == 0 {
		away += int64(l.k.Far - l.k.Near)
	}
	how := load.CutReset
	if l.s.chance.IntN(2) == 0 {
		how = load.CutHalf
	}
	l.drops++
	l.away[user] = now.Add(time.Duration(away))
	return l.s.Cut(user, how)
}

// look has a user enter another room, for two to twenty seconds.
func (l *life) look(now time.Time) error {
	user, err := l.somebody()
	if err != nil {
		return err
	}
	room := l.s.chance.IntN(l.k.Conns / 10)
	l.visits++
	if l.s.mind.In(user, room) {
		return nil
	}
	stay := 2*time.Second + time.Duration(l.s.chance.Int64N(int64(18*time.Second)))
	l.guests = append(l.guests, visit{user: user, room: room, until: now.Add(stay)})
	return l.s.Say(user, l.s.mind.Join(user, room))
}

// leave has those leave who have seen enough, and forgets those who have left.
func (l *life) leave(now time.Time) error {
	for i := range l.guests {
		v := &l.guests[i]
		if v.leaving || now.Before(v.until) || !l.s.Present(v.user) || !l.s.mind.In(v.user, v.room) {
			continue
		}
		v.leaving = true
		if err := l.s.Say(v.user, l.s.mind.Leave(v.user, v.room)); err != nil {
			return err
		}
	}
	l.guests = slices.DeleteFunc(l.guests, func(v visit) bool { return v.leaving })
	return nil
}
