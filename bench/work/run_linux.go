package work

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/earshot-chat/earshot/bench/load"
	"github.com/earshot-chat/earshot/bench/peer"
	"github.com/earshot-chat/earshot/bench/proc"
)

// window is how many connections are being opened at once.
const window = 128

// Runner runs workloads.
type Runner struct {
	// Pinned is the command before a server's own, that keeps it on its processor.
	Pinned []string
	// Spin is load.Options.Spin.
	Spin bool
	// Rest is how long what entrances and departures set off may take; 0 is 1.5 s.
	Rest time.Duration
	// Settle is how long the servers rest before their memory is read; 0 leaves it to the workload.
	Settle time.Duration
}

// Run starts the candidate's server, puts the workload on it and ends it.
func (r *Runner) Run(ctx context.Context, w Work, c peer.Candidate) Outcome {
	o := Outcome{Work: w.Key, Candidate: c.Name()}
	if r.Settle > 0 {
		w.Settle = r.Settle
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute+w.Settle+max(w.Settle, w.Forget))
	defer cancel()
	server, err := r.start(ctx, c)
	if err != nil {
		o.Failed = err.Error()
		return o
	}
	if err := r.work(ctx, w, c, server, &o); err != nil {
		server.Stop()
		o.Failed = err.Error()
		if said := server.Said(); said != "" {
			o.Failed += "; it said: " + said
		}
		return o
	}
	server.Stop()
	return o
}

func (r *Runner) rest() time.Duration {
	if r.Rest > 0 {
		return r.Rest
	}
	return 1500 * time.Millisecond
}

func (r *Runner) start(ctx context.Context, c peer.Candidate) (*proc.Server, error) {
	addr, err := proc.FreePort(ctx)
	if err != nil {
		return nil, err
	}
	dir, command, err := c.Command(addr)
	if err != nil {
		return nil, err
	}
	return proc.Start(ctx, addr, dir, append(append([]string(nil), r.Pinned...), command...))
}

func (r *Runner) generator(w Work, c peer.Candidate, server *proc.Server) (*load.Generator, error) {
	return load.New(load.Options{
		Addr: server.Addr, Protocol: c.Protocol(), Users: w.Conns, Rooms: w.RoomsOf, Spin: r.Spin,
	})
}

func (r *Runner) work(ctx context.Context, w Work, c peer.Candidate, server *proc.Server, o *Outcome) (err error) {
	// The collector would run in the middle of a measurement; what a run leaves is taken away before the next.
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	if err := r.warmUp(ctx, c, server); err != nil {
		return fmt.Errorf("warming up: %w", err)
	}
	g, err := r.generator(w, c, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.Close()) }()
	if o.RSSEmpty, err = server.RSS(); err != nil {
		return err
	}
	cpu := server.CPU()
	took, err := g.Connect(ctx, w.Conns, window)
	if err != nil {
		return err
	}
	o.Connects = float64(w.Conns) / took.Seconds()
	o.ConnectCPU = float64((server.CPU() - cpu).Microseconds()) / float64(w.Conns)
	if w.Connect {
		return nil
	}
	// What the entrances set off is not of the workload.
	if err := g.Idle(ctx, max(w.Settle, r.rest())); err != nil {
		return err
	}
	if o.RSS, err = perConn(server, o.RSSEmpty, w.Conns); err != nil {
		return err
	}
	f, err := g.Run(ctx, load.Plan{
		InFlight: w.InFlight, Stay: w.Stay, Rate: w.Rate, Warm: w.Warm, For: w.For, CPU: server.CPU,
		Quiet: 5 * time.Second, Drain: 30 * time.Second,
	})
	if err != nil {
		return err
	}
	o.take(f, w)
	if !w.Idle || o.Late > 0 {
		return nil
	}
	if err := g.Idle(ctx, max(w.Settle, w.Forget)); err != nil {
		return err
	}
	o.RSSAfter, err = perConn(server, o.RSSEmpty, w.Conns)
	return err
}

// take notes the figures.
func (o *Outcome) take(f load.Figures, w Work) {
	o.Deliveries, o.Missing, o.Late, o.Twice, o.Strays = f.Deliveries, f.Missing, f.Late, f.Twice, f.Strays
	if w.InFlight == 0 && f.Late > 0 {
		return
	}
	o.Rate = float64(f.Deliveries) / f.Seconds
	if f.Deliveries > 0 {
		o.CPU = f.CPU * 1e6 / float64(f.Deliveries)
	}
	o.P50, o.P99, o.P999 = float64(f.P50), float64(f.P99), float64(f.P999)
}

func perConn(server *proc.Server, empty int64, conns int) (float64, error) {
	rss, err := server.RSS()
	return float64(rss-empty) / float64(conns), err
}

// warmUp has ten users talk and go: the pages of the server's program that this brings in are not of the connections that
// come after.
func (r *Runner) warmUp(ctx context.Context, c peer.Candidate, server *proc.Server) error {
	w := Work{Conns: 10, RoomSize: 10, PerUser: 1}
	g, err := r.generator(w, c, server)
	if err != nil {
		return err
	}
	_, err = g.Connect(ctx, w.Conns, w.Conns)
	if err == nil {
		_, err = g.Run(ctx, load.Plan{InFlight: 1, Stay: true, For: 200 * time.Millisecond, Quiet: time.Second, Drain: 5 * time.Second})
	}
	if err := errors.Join(err, g.Close()); err != nil {
		return err
	}
	select {
	case <-time.After(r.rest()):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
