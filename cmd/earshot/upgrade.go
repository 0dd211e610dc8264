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
				next, err := env.inherited.Start(ctx, s.listeners()...)
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
	spare, err := duplicate(s.listeners())
	defer closeAll(spare)
	if err != nil {
		return errors.Join(err, next.Abandon(), s.stop(stopTime))
	}
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
		if next, err = env.inherited.Start(ctx, spare...); err == nil {
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

// duplicate gives other descriptors of the same listening sockets, as many as it can.
func duplicate(listeners []net.Listener) (others []net.Listener, err error) {
	for _, l := range listeners {
		tcp, ok := l.(*net.TCPListener)
		if !ok {
			return others, errors.New("not a TCP socket")
		}
		file, err := tcp.File()
		if err != nil {
			return others, err
		}
		other, err := net.FileListener(file)
		_ = file.Close() // the listener has its own
		if err != nil {
			return others, err
		}
		others = append(others, other)
	}
	return others, nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		_ = l.Close() // spare ones, on which nothing was accepted
	}
}

// stopAndKeep stops, and leaves the state with systemd if the server was started by it: a restart is a resume then.
func (s *server) stopAndKeep(env *environment) error {
	if err := env.inherited.Stopping(); err != nil {
		s.log.Warn("systemd was not told that the server stops", slog.Any("error", err))
	}
	s.keep = env.inherited.Keeps()
	err := s.stop(stopTime)
	if !s.keep {
		return err
	}
	defer func() { clear(s.state) }()
	ctx, cancel := context.WithTimeout(context.Background(), giveTime)
	defer cancel()
	if kept := env.inherited.Keep(ctx, s.state); kept != nil && !errors.Is(kept, errors.ErrUnsupported) {
		s.log.Warn("the state was not kept: clients are told of a gap", slog.Any("error", kept))
	}
	return err
}

// inheritOrListen takes the listening sockets that the process was started with, or makes them: first that of the server,
// and then that of the redirect if there is to be one. A predecessor may have had none for that yet.
func (s *server) inheritOrListen(env *environment, c *config.Config) error {
	inherited := env.inherited.Listeners()
	most := 1
	if c.TLS.Redirect != "" {
		most = 2
	}
	if len(inherited) > most {
		closeAll(inherited)
		return fmt.Errorf("the server was given %d listening sockets: it takes one, and with tls.redirect a second one for that",
			len(inherited))
	}
	var err error
	if len(inherited) > 0 {
		s.listener = inherited[0]
	} else if s.listener, err = listen(env.ctx, c.Listen, "--listen"); err != nil {
		return err
	}
	switch {
	case len(inherited) > 1:
		s.secure.redirectListener = inherited[1]
	case most > 1:
		s.secure.redirectListener, err = listen(env.ctx, c.TLS.Redirect, "--tls-redirect")
	}
	return err
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
