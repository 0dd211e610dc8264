package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/earshot-chat/earshot/bench/load"
)

// Hold holds many connections in rooms of ten while others come and go in every way there is.
type Hold struct {
	// Held is how many stay, a multiple of ten, and Churn how many come and go, each into a room of those who stay.
	Held, Churn int
	// Rate is how many messages a second those who stay post in all.
	Rate float64
	// Warm is how long all of it goes on before anything is looked at, For how long others come and go then, and Settle how long
	// nothing is done before memory is read: more than the server's resume window.
	Warm, For, Settle time.Duration
}

// Name is hold.
func (h *Hold) Name() string { return "hold" }

// Title says how many.
func (h *Hold) Title() string {
	return fmt.Sprintf("%d connections in rooms of ten, and %d more that come and go for %v", h.Held, h.Churn, h.For)
}

// Needs is a room for each ten who stay.
func (h *Hold) Needs() (int, int) { return h.Held + h.Churn, h.Held / 10 }

// room is the room of a user: those who come and go are spread over all.
func (h *Hold) room(user int) int {
	if user < h.Held {
		return user / 10
	}
	return (user - h.Held) * (h.Held / 10) / h.Churn
}

// usage is what the server uses.
type usage struct {
	rss  int64
	open int
}

func (s *stage) usage() (u usage, openErr, err error) {
	u.open, openErr = s.server.Open()
	u.rss, err = s.server.RSS()
	return u, openErr, err
}

// Run runs the trial.
func (h *Hold) Run(ctx context.Context, env *Env, r *Result) (err error) {
	users, _ := h.Needs()
	s, err := set(ctx, env, cast{users: users, rooms: func(user int) []int {
		if user >= h.Held {
			return nil
		}
		return []int{h.room(user)}
	}})
	if err != nil {
		return err
	}
	defer func() { err = s.close(r, err) }()
	if err := s.connect(ctx, users, time.Second); err != nil {
		return err
	}
	c := newChurn(s, h)
	// There was some coming and going, and all have had messages, when memory is read for the first time: what the program
	// needs once for that is no leak.
	plan := load.Plan{Rate: h.Rate, For: h.Warm, Quiet: 3 * time.Second, Drain: 30 * time.Second, Turn: c.turn}
	if _, err := s.Run(ctx, plan); err != nil {
		return err
	}
	before, openErr, err := h.rest(ctx, s, c)
	if err != nil {
		return err
	}
	c.calm, plan.For = false, h.For
	env.Log.InfoContext(ctx, "coming and going begins", "rss_mb", mb(before.rss), "open_files", before.open)
	events := s.mind.events
	c.cuts, c.posts, c.by = 0, 0, [load.Cuts]int64{}
	f, err := s.Run(ctx, plan)
	if err != nil {
		return err
	}
	events = s.mind.events - events
	after, _, err := h.rest(ctx, s, c)
	if err != nil {
		return err
	}
	r.least("connections at the end, all in their rooms", float64(s.Ready()), float64(users))
	r.least("connections cut by those who come and go", float64(c.cuts), float64(h.Churn))
	for how, name := range []string{"of these by a reset", "by a close frame", "by half a frame"} {
		r.note(name, float64(c.by[how]), "")
	}
	r.note("messages posted by them", float64(c.posts), "")
	r.least("deliveries of the others' messages meanwhile", float64(f.Deliveries), 1)
	r.note("events heard meanwhile, all kinds", float64(events), "")
	if err := s.delivered(ctx, r, f, "connections that ended and should not have"); err != nil {
		return err
	}
	r.note("p99 from sending to receipt", ms(f.P99), "ms")
	r.note("server RSS before", mb(before.rss), "MB")
	r.most(fmt.Sprintf("server RSS %v after", h.Settle), mb(after.rss), mb(before.rss)*1.05, "MB")
	if openErr != nil {
		r.unknown("server's open files", openErr.Error())
		return nil
	}
	r.note("server's open files before", float64(before.open), "")
	r.most("server's open files after", float64(after.open), float64(before.open)+5, "")
	return nil
}

// rest waits with everybody in the rooms, and looks at the server.
func (h *Hold) rest(ctx context.Context, s *stage, c *churn) (u usage, openErr, err error) {
	c.calm = true
	var failed error
	err = s.Until(ctx, 30*time.Second, func() bool {
		failed = c.turn()
		return failed != nil || c.allIn()
	})
	if err := errors.Join(err, failed); err != nil {
		return u, nil, err
	}
	if !c.allIn() {
		return u, nil, errors.New("those who come and go did not come back in 30 s")
	}
	if err := s.Idle(ctx, h.Settle); err != nil {
		return u, nil, err
	}
	return s.usage()
}

// churner is one who comes and goes.
type churner struct {
	joining bool
	// until is when to go or to come back, and posts when to post next.
	until, posts time.Time
}

// churn is all who come and go.
type churn struct {
	s    *stage
	h    *Hold
	them []churner
	// calm has everybody come back and stay.
	calm  bool
	cuts  int64
	by    [load.Cuts]int64
	posts int64
}

func newChurn(s *stage, h *Hold) *churn {
	return &churn{s: s, h: h, them: make([]churner, h.Churn)}
}

// allIn tells whether all are connected and in their rooms.
func (c *churn) allIn() bool {
	for i := range c.them {
		user := c.h.Held + i
		if !c.s.Present(user) || !c.s.mind.In(user, c.h.room(user)) {
			return false
		}
	}
	return true
}

// turn gives each its turn.
func (c *churn) turn() error {
	now := time.Now()
	for i := range c.them {
		if err := c.one(now, c.h.Held+i, &c.them[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *churn) one(now time.Time, user int, one *churner) error {
	s := c.s
	if s.Gone(user) {
		if now.Before(one.until) && !c.calm {
			return nil
		}
		// One in ten does not even stay for the handshake.
		one.joining, one.until = false, c.in(now, 3*time.Second)
		if s.chance.IntN(10) == 0 {
			one.until = c.in(now, 3*time.Millisecond)
		}
		one.posts = c.in(now, time.Second)
		return s.Renew(user)
	}
	if !c.calm && now.After(one.until) {
		return c.cut(now, user, one)
	}
	if !s.Present(user) {
		return nil
	}
	room := c.h.room(user)
	switch {
	case !one.joining:
		one.joining = true
		return s.Say(user, s.mind.Join(user, room))
	case !c.calm && now.After(one.posts) && s.mind.In(user, room):
		one.posts = c.in(now, time.Second)
		c.posts++
		return s.Say(user, s.mind.Chat(user, room))
	}
	return nil
}

func (c *churn) cut(now time.Time, user int, one *churner) error {
	one.until = c.in(now, time.Second)
	how := load.Cut(c.s.chance.IntN(int(load.Cuts)))
	if !c.s.Present(user) {
		how = load.CutReset
	}
	if c.s.Closing(user) {
		return nil
	}
	c.cuts++
	c.by[how]++
	return c.s.Cut(user, how)
}

// in is a moment by chance within so long.
func (c *churn) in(now time.Time, d time.Duration) time.Time {
	return now.Add(time.Duration(c.s.chance.Int64N(int64(d))))
}
