package load

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"
)

// Plan is how messages are sent.
type Plan struct {
	// InFlight is the closed loop: so many messages are under way in all, and the next is sent when one has reached all
	// members of its room. 0 is an open loop.
	InFlight int
	// Stay keeps the next message in the room of the one before; otherwise rooms are drawn by chance (always by the same).
	Stay bool
	// Rate is the open loop: messages a second, to the rooms in turn. Their time is the time they were due, so that a
	// generator or a server that stalls does not look quick.
	Rate float64
	// Warm is how long load is put on before anything is counted, and For how long it is counted. After that the generator
	// waits for the last messages, until nothing has come for Quiet and the server did not compute, or Drain is over.
	Warm, For, Quiet, Drain time.Duration
	// Turn is called on each turn of the loop, also while it waits for the last messages; it may cut connections and bring
	// them back. nil does nothing.
	Turn func() error
	// CPU is the processor time that the server has used; nil where it is not known.
	CPU func() time.Duration
}

// Figures is what came out. Missing, Late, Twice and Strays are of the whole run with its warm-up, the others of the part counted.
type Figures struct {
	// Seconds is how long was counted.
	Seconds float64 `json:"seconds"`
	// Deliveries is how many messages reached how many members.
	Deliveries int64 `json:"deliveries"`
	// CPU is the server's processor time, in seconds.
	CPU float64 `json:"cpu_s"`
	// P50, P99 and P999 are from sending to receipt, in microseconds.
	P50  int64 `json:"p50_us"`
	P99  int64 `json:"p99_us"`
	P999 int64 `json:"p999_us"`
	// Missing is how many deliveries did not come though the server fell silent, Late how many had not come when the
	// generator stopped waiting for a server that was still delivering, Twice how many came again, Strays how many came to one who was not in the
	// room or of messages that nobody sent.
	Missing int64 `json:"missing"`
	Late    int64 `json:"late"`
	Twice   int64 `json:"twice"`
	Strays  int64 `json:"strays"`
	// Unsaid is how many messages were due where nobody was there to post them.
	Unsaid int64 `json:"unsaid,omitempty"`
}

// Run puts the load on that the plan says, and waits for the last message.
func (g *Generator) Run(ctx context.Context, p Plan) (Figures, error) {
	if len(g.rooms) == 0 {
		return Figures{}, errNobody
	}
	if p.CPU == nil {
		p.CPU = func() time.Duration { return 0 }
	}
	send := g.closedLoop(p)
	if p.InFlight == 0 {
		send = g.openLoop(p)
	}
	var f Figures
	if turn := p.Turn; turn != nil {
		post := send
		send = func() error { return errors.Join(turn(), post()) }
	} else {
		p.Turn = func() error { return nil }
	}
	if err := g.loop(ctx, p.Warm, send); err != nil {
		return f, err
	}
	g.latency.Reset()
	begin, cpu, had := time.Now(), p.CPU(), g.deliveries
	if err := g.loop(ctx, p.For, send); err != nil {
		return f, err
	}
	f.Seconds = time.Since(begin).Seconds()
	f.CPU = (p.CPU() - cpu).Seconds()
	f.Deliveries = g.deliveries - had

	g.onDone = nil
	silent, err := g.drain(ctx, p)
	if err != nil {
		return f, err
	}
	// A second copy would come late.
	if err := g.Idle(ctx, 100*time.Millisecond); err != nil {
		return f, err
	}
	f.P50, f.P99, f.P999 = g.latency.ValueAtPercentile(50), g.latency.ValueAtPercentile(99), g.latency.ValueAtPercentile(99.9)
	f.Missing, f.Twice, f.Strays = g.missing(), g.twice, g.strays
	f.Unsaid = g.unsaid
	if !silent {
		f.Missing, f.Late = 0, f.Missing
	}
	return f, nil
}

// drain waits for the last messages. It is false where the server was still delivering when there was no more time. One that
// says nothing and yet computes is not done either: some go through all they hold for each message.
func (g *Generator) drain(ctx context.Context, p Plan) (silent bool, err error) {
	had, since, used := g.deliveries, time.Now(), p.CPU()
	var failed error
	err = g.Until(ctx, p.Drain, func() bool {
		if failed = p.Turn(); failed != nil {
			return true
		}
		if quiet := time.Since(since); g.deliveries != had || quiet > p.Quiet && p.CPU()-used > quiet/4 {
			had, since, used = g.deliveries, time.Now(), p.CPU()
		}
		silent = g.open == 0 || time.Since(since) > p.Quiet
		return silent
	})
	return silent, errors.Join(failed, err)
}

// loop calls send and polls, for so long.
func (g *Generator) loop(ctx context.Context, d time.Duration, send func() error) error {
	end := g.clock() + int64(d)
	for turn := 1; g.clock() < end; turn++ {
		if err := send(); err != nil {
			return err
		}
		if err := g.pass(ctx, turn); err != nil {
			return err
		}
	}
	return nil
}

// closedLoop returns what to call on each turn: it starts the messages that are to be under way, and after that each one
// starts its successor.
func (g *Generator) closedLoop(p Plan) func() error {
	numbers := g.roomNumbers()
	chance := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same for every candidate, and no secret
	next := func(after int) int {
		if p.Stay {
			return after
		}
		return numbers[chance.IntN(len(numbers))]
	}
	started := false
	return func() error {
		if started {
			return nil
		}
		started = true
		g.onDone = func(room int) error { return g.post(next(room), g.clock()) }
		for i := range p.InFlight {
			if err := g.post(next(numbers[i%len(numbers)]), g.clock()); err != nil {
				return err
			}
		}
		return nil
	}
}

// openLoop returns what to call on each turn: it sends what is due.
func (g *Generator) openLoop(p Plan) func() error {
	numbers := g.roomNumbers()
	every := float64(time.Second) / p.Rate
	begin, sent := g.clock(), 0
	return func() error {
		for {
			due := begin + int64(float64(sent)*every)
			if due > g.clock() {
				return nil
			}
			if err := g.post(numbers[sent%len(numbers)], due); err != nil {
				return err
			}
			sent++
		}
	}
}

func (g *Generator) roomNumbers() []int {
	numbers := make([]int, 0, len(g.rooms))
	for n := range g.rooms {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}
