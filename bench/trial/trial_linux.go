package trial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/earshot-chat/earshot/bench/load"
	"github.com/earshot-chat/earshot/bench/peer"
	"github.com/earshot-chat/earshot/bench/proc"
)

// window is how many connections are being opened at once.
const window = 128

// Env is what the trials are run with.
type Env struct {
	// Earshot is the product, prepared with as many users and rooms as the trials need.
	Earshot peer.Candidate
	// Log is told what is going on.
	Log *slog.Logger
	// Seed is what chance is drawn from.
	Seed uint64
	// Pin is the command before a server's own that keeps it on a processor, and Spare is another processor for the generator;
	// where Pin is empty, the two share all.
	Pin   []string
	Spare int
}

// Trial is one proof.
type Trial interface {
	// Name is a word.
	Name() string
	// Title says what is done, and with how many.
	Title() string
	// Needs is how many users and rooms it needs; each user has a connection.
	Needs() (users, rooms int)
	// Run does it and fills in the figures.
	Run(ctx context.Context, env *Env, r *Result) error
}

// Do runs a trial.
func Do(ctx context.Context, env *Env, t Trial) *Result {
	r := &Result{Name: t.Name(), Title: t.Title()}
	env.Log.InfoContext(ctx, "trial begins", "trial", t.Name())
	begin := time.Now()
	if users, _ := t.Needs(); users+100 > proc.Files() {
		r.Failed = fmt.Sprintf("%d connections are needed, and a process may have %d open files here", users, proc.Files())
		return r
	}
	if err := t.Run(ctx, env, r); err != nil {
		r.Failed = err.Error()
	}
	r.Seconds = time.Since(begin).Seconds()
	env.Log.InfoContext(ctx, "trial ends", "trial", t.Name(), "ok", r.OK(), "seconds", int(r.Seconds))
	return r
}

// stage is a server with a generator.
type stage struct {
	*load.Generator
	env    *Env
	server *proc.Server
	mind   *Sessions
	chance *rand.Rand
	// lost is told of lost connections; see load.Options.
	lost func(user int, err error) error
	// cuts is how many connections nobody but the server, or a fault, ended.
	cuts  int64
	notes []string
	begin time.Time
}

// cast is who is in a trial.
type cast struct {
	users int
	rooms func(user int) []int
	role  func(user int) load.Role
	// spin and flags are the generator's load.Options.Spin and what is set for the server.
	spin  bool
	flags []string
	pin   []string
}

// set starts a server and makes a generator that has no connections yet. Close it.
func set(ctx context.Context, env *Env, c cast) (*stage, error) {
	addr, err := proc.FreePort(ctx)
	if err != nil {
		return nil, err
	}
	dir, command, err := env.Earshot.Command(addr)
	if err != nil {
		return nil, err
	}
	command = append(append([]string(nil), c.pin...), append(command, c.flags...)...)
	server, err := proc.Start(ctx, addr, dir, command)
	if err != nil {
		return nil, err
	}
	protocol, ok := env.Earshot.Protocol().(*peer.EarshotProtocol)
	if !ok {
		server.Stop()
		return nil, errors.New("the candidate is not Earshot")
	}
	s := &stage{
		env: env, server: server, mind: NewSessions(protocol, c.users), begin: time.Now(),
		chance: rand.New(rand.NewPCG(env.Seed, uint64(c.users))), //nolint:gosec // to be repeated, and no secret
	}
	s.Generator, err = load.New(load.Options{
		Addr: addr, Protocol: s.mind, Users: c.users, Rooms: c.rooms, Role: c.role, Spin: c.spin,
		Lost: func(user int, err error) error { return s.onLost(user, err) },
	})
	if err != nil {
		server.Stop()
		return nil, err
	}
	return s, nil
}

// onLost counts, unless the trial knows better.
func (s *stage) onLost(user int, err error) error {
	if s.lost != nil {
		return s.lost(user, err)
	}
	s.cut(user, err)
	return nil
}

// cut notes a connection that should not have ended.
func (s *stage) cut(_ int, err error) {
	s.cuts++
	if len(s.notes) < faultsTold {
		s.notes = append(s.notes, err.Error())
	}
}

// close ends all, and takes what the server said where the trial failed.
func (s *stage) close(r *Result, err error) error {
	err = errors.Join(err, s.Close())
	ended := s.server.Ended()
	s.server.Stop()
	if err != nil || ended {
		r.Said = s.server.Said()
	}
	if ended {
		err = errors.Join(err, errors.New("the server ended before it was told to"))
	}
	r.Notes = append(r.Notes, s.notes...)
	r.Notes = append(r.Notes, s.mind.faults.Told...)
	return err
}

// connect opens all connections and lets what that sets off pass.
func (s *stage) connect(ctx context.Context, users int, rest time.Duration) error {
	took, err := s.Connect(ctx, users, window)
	if err != nil {
		return err
	}
	s.env.Log.InfoContext(ctx, "connected", "connections", users, "seconds", int(took.Seconds()))
	return s.Idle(ctx, rest)
}

// delivered adds what must be 0 in every trial: nothing missing, nothing twice, nobody cut off.
func (s *stage) delivered(ctx context.Context, r *Result, f load.Figures, nobody string) error {
	err := s.Until(ctx, 5*time.Second, func() bool { return s.mind.Behind() == 0 })
	if err != nil {
		return err
	}
	faults := s.mind.faults
	r.most(nobody, float64(s.cuts), 0, "")
	r.most("messages missing, by their marks", float64(f.Missing+f.Late), 0, "")
	r.most("messages doubled, by their marks", float64(f.Twice), 0, "")
	r.most("events missing or said to be lost, by their numbers", float64(faults.Holes+faults.Lost), 0, "")
	r.most("events doubled or of another room, by their numbers", float64(faults.Doubled+faults.Strays), 0, "")
	r.most("rooms not given back by a resume", float64(faults.Unreturned), 0, "")
	r.most("places that lack their room's last event at the end", float64(s.mind.Behind()), 0, "")
	return nil
}

const mega = 1e6

// mb is bytes in megabytes.
func mb(bytes int64) float64 { return float64(bytes) / mega }
func ms(us int64) float64    { return float64(us) / 1000 }
