package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/config"
	"github.com/earshot-chat/earshot/internal/handover"
	"github.com/earshot-chat/earshot/relay/local"
	"github.com/earshot-chat/earshot/store/sqlstore"
)

const (
	// readyTime is how long a successor may take until it is ready, and a process waits for its predecessor's state.
	readyTime = 30 * time.Second
	// handTime is how long connections and calls have to end when a successor waits: those that do not are cut, and come
	// back. Everybody's return waits for it.
	handTime = 2 * time.Second
	// giveTime is how long handing the state over may take; 256 MB took 0.9 s.
	giveTime = 20 * time.Second
	// stateOverhead is what a state may hold besides the windows: sessions, nonces and numbers.
	stateOverhead = 64 << 20
)

// untilOver waits until the server fails (the error), is to stop (nothing), or a successor is ready (that). A successor
// that does not come up changes nothing.
func (s *server) untilOver(env *environment, failed <-chan error) (*handover.Successor, error) {
	type outcome struct {
		next *handover.Successor
		err  error
	}
	var starting chan outcome // nil unless a successor is being started: one at a time
	for {
		select {
		case err := <-failed:
			if starting != nil {
				if o := <-starting; o.next != nil {
					err = errors.Join(err, o.next.Abandon())
				}
			}
			return nil, err
		case <-env.ctx.Done():
			if starting != nil {
				<-starting // its context is ours: it ends the successor
			}
			return nil, nil
		case <-env.upgrades:
			if starting != nil {
				continue
			}
			s.log.Info("starting a successor")
			starting = make(chan outcome, 1)
			go func(out chan<- outcome) {
				ctx, cancel := context.WithTimeout(env.ctx, readyTime)
				defer cancel()
				next, err := env.inherited.Start(ctx, s.listener)
				out <- outcome{next, err}
			}(starting)
		case o := <-starting:
			if o.err == nil {
				return o.next, nil
			}
			s.log.Error("the upgrade failed; this process goes on", slog.Any("error", o.err))
			starting = nil
		}
	}
}

// handOver stops and gives the state to the successor. If that has died meanwhile, another one is started: the listening
// socket is kept open until then.
func (s *server) handOver(env *environment, next *handover.Successor) error {
	spare, err := duplicate(s.listener)
	if err != nil {
		return errors.Join(err, next.Abandon(), s.stop(stopTime))
	}
	defer func() { _ = spare.Close() }()
	s.keep = true
	if err := s.stop(handTime); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("stopping was not clean", slog.Any("error", err))
	}
	defer func() { clear(s.state) }()
	ctx, cancel := context.WithTimeout(context.Background(), giveTime)
	defer cancel()
	err = next.Give(ctx, s.state)
	if errors.Is(err, handover.ErrLost) {
		s.log.Error("the successor died; starting another one", slog.Any("error", err))
		if next, err = env.inherited.Start(ctx, spare); err == nil {
			err = next.Give(ctx, s.state)
		}
	}
	switch {
	case errors.Is(err, handover.ErrRefused):
		s.log.Warn("the successor serves without what was missed", slog.Any("error", err))
	case errors.Is(err, handover.ErrLost):
		return fmt.Errorf("no successor came up: %w", err)
	case err != nil:
		s.log.Warn("handing over was not clean", slog.Any("error", err))
	}
	s.log.Info("handed over")
	return nil
}

// duplicate gives another descriptor of the same listening socket.
func duplicate(l net.Listener) (net.Listener, error) {
	tcp, ok := l.(*net.TCPListener)
	if !ok {
		return nil, errors.New("not a TCP socket")
	}
	file, err := tcp.File()
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return net.FileListener(file)
}

// stopAndKeep stops, and leaves the state with systemd if the server was started by it: a restart is a resume then.
func (s *server) stopAndKeep(env *environment) error {
	if err := env.inherited.Stopping(); err != nil {
		s.log.Warn("systemd was not told that the server stops", slog.Any("error", err))
	}
	s.keep = true
	err := s.stop(stopTime)
	defer func() { clear(s.state) }()
	ctx, cancel := context.WithTimeout(context.Background(), giveTime)
	defer cancel()
	if kept := env.inherited.Keep(ctx, s.state); kept != nil && !errors.Is(kept, errors.ErrUnsupported) {
		s.log.Warn("the state was not kept: clients are told of a gap", slog.Any("error", kept))
	}
	return err
}

// inheritOrListen takes the listening socket that the process was started with, or makes one.
func inheritOrListen(env *environment, address string) (net.Listener, error) {
	inherited := env.inherited.Listeners()
	switch len(inherited) {
	case 0:
		return listen(env.ctx, address)
	case 1:
		return inherited[0], nil
	}
	errs := []error{fmt.Errorf("the server was given %d listening sockets: it takes one", len(inherited))}
	for _, l := range inherited {
		errs = append(errs, l.Close())
	}
	return nil, errors.Join(errs...)
}

// inherit waits for the predecessor's state, if there is a predecessor, and then opens the database, which that has let
// go of.
func (s *server) inherit(env *environment, c *config.Config) (state []byte, err error) {
	ctx, cancel := context.WithTimeout(env.ctx, readyTime+stopTime+giveTime)
	defer cancel()
	state, err = env.inherited.State(ctx, int64(c.Resume.Bytes)+stateOverhead)
	lost := errors.Is(err, handover.ErrLost)
	if err != nil && !lost {
		return nil, err
	}
	if lost {
		s.log.Warn("the predecessor's state is lost: clients are told of a gap", slog.Any("error", err))
	}
	try := time.NewTicker(200 * time.Millisecond)
	defer try.Stop()
	for {
		s.store, err = openStore(ctx, c.Storage, sqlstore.OpenLocked)
		if earshot.CodeOf(err) != earshot.CodeConflict {
			return state, err
		}
		if !lost {
			return state, errors.New("another Earshot server uses this data: stop it first, or choose other data with --data or --db")
		}
		// A predecessor that was killed: a database over the network notices it a moment later.
		select {
		case <-try.C:
		case <-ctx.Done():
			return state, ctx.Err()
		}
	}
}

// appendNumbering begins a state: one line of JSON with the relay's numbers. The hub's part follows.
func appendNumbering(dst []byte, n local.Numbering) []byte {
	line, err := json.Marshal(n)
	if err != nil { // text and numbers: a fault of the program
		panic(err)
	}
	return append(append(dst, line...), '\n')
}

// readState takes a state apart. Without one, and with one that is no state, the numbering is a new one.
func readState(state []byte) (local.Numbering, []byte, error) {
	fresh := local.New().Numbering()
	if state == nil {
		return fresh, nil, nil
	}
	line, rest, found := bytes.Cut(state, []byte("\n"))
	var n local.Numbering
	if err := json.Unmarshal(line, &n); err != nil || !found || n.Epoch == "" {
		return fresh, nil, errors.New("it does not begin with the numbers of the rooms")
	}
	return n, rest, nil
}
