//go:build unix

package handover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What a server of these tests does, in its environment; a successor does the same.
const (
	stateSize   = "HANDOVER_TEST_SIZE"      // how many bytes its state has, if it has inherited none
	stateMax    = "HANDOVER_TEST_MAX"       // how many it takes
	successorIs = "HANDOVER_TEST_SUCCESSOR" // what it does as a successor: one of the following, or nothing of it
	pauses      = "HANDOVER_TEST_PAUSES"    // it waits for SIGUSR1 before it gives the state
	startTime   = "HANDOVER_TEST_TIME"      // how long a successor may take
	quiet       = "HANDOVER_TEST_QUIET"     // it prints nothing

	crashes   = "crashes"
	hangs     = "hangs"
	babbles   = "babbles"
	crashLate = "crashes late"
)

// pattern is a state of n bytes that nobody has by accident.
func pattern(n int) []byte {
	state := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{'e', 'a', 'r'}).Read(state)
	return state
}

// judge tells what a state is.
func judge(state []byte, err error) string {
	switch {
	case errors.Is(err, ErrLost):
		return "lost"
	case err != nil:
		return "failed"
	case state == nil:
		return "none"
	case bytes.Equal(state, pattern(len(state))):
		return "whole-" + strconv.Itoa(len(state))
	default:
		return "wrong"
	}
}

func say(what string, args ...any) {
	if os.Getenv(quiet) == "" {
		_, _ = fmt.Fprintln(os.Stdout, os.Getpid(), fmt.Sprintf(what, args...))
	}
}

// testServer answers every connection with its process's number and what became of the state that it inherited.
type testServer struct {
	inherited *Inheritance
	listener  net.Listener
	state     []byte
	became    string
	handlers  sync.WaitGroup
}

// serve is the whole program of a server. It gives the exit code.
func serve() int {
	// Before anything else, so that no signal of a test ends the process.
	signals := make(chan os.Signal, 4)
	Notify(signals)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGUSR1)
	s, err := prepare()
	if err != nil {
		say("failed %v", err)
		return 1
	}
	s.handlers.Go(s.accept)
	if err := s.inherited.Ready(); err != nil {
		say("failed %v", err)
		return 1
	}
	say("serving %s %s", s.listener.Addr(), s.became)
	for received := range signals {
		switch received {
		case syscall.SIGUSR2:
			if done, code := s.handOver(signals); done {
				return code
			}
		case syscall.SIGTERM:
			return s.stop()
		}
	}
	return 0
}

// prepare inherits, or listens by itself.
func prepare() (*testServer, error) {
	s := &testServer{}
	var err error
	if s.inherited, err = Inherit(); err != nil {
		return nil, err
	}
	// What the server starts must not have what it inherited.
	for fd := range 8 {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); fd > 2 && err == nil && flags&unix.FD_CLOEXEC == 0 {
			return nil, fmt.Errorf("descriptor %d would be passed on", fd)
		}
	}
	if from, ok := s.inherited.from.(*predecessor); ok {
		misbehave(from)
	}
	switch listeners := s.inherited.Listeners(); len(listeners) {
	case 0:
		s.listener, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	default:
		s.listener = listeners[0]
	}
	if err != nil {
		return nil, err
	}
	most, err := strconv.ParseInt(os.Getenv(stateMax), 10, 64)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s.state, err = s.inherited.State(ctx, most)
	s.became = judge(s.state, err)
	if s.state == nil {
		size, err := strconv.Atoi(os.Getenv(stateSize))
		if err != nil {
			return nil, err
		}
		s.state = pattern(size)
	}
	return s, nil
}

// misbehave does what a broken successor does.
func misbehave(from *predecessor) {
	switch os.Getenv(successorIs) {
	case crashes:
		os.Exit(3)
	case hangs:
		_, _ = from.given.Read(make([]byte, 1))
	case babbles:
		_, _ = from.answer.WriteString("GET / HTTP/1.1\r\n\r\n")
		_, _ = from.given.Read(make([]byte, 1))
	case crashLate:
		_, _ = from.answer.WriteString(answerReady)
		os.Exit(4)
	}
}

func (s *testServer) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.handlers.Go(func() {
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(patience))
			_, _ = fmt.Fprintf(conn, "%d %s\n", os.Getpid(), s.became)
			_, _ = io.Copy(io.Discard, conn) // the client closes first
		})
	}
}

// handOver hands the server over, and tells whether the process has to end, and with which code.
func (s *testServer) handOver(signals <-chan os.Signal) (done bool, code int) {
	ctx, cancel := context.WithTimeout(context.Background(), duration(os.Getenv(startTime)))
	defer cancel()
	successor, err := s.inherited.Start(ctx, s.listener)
	if err != nil {
		say("goes-on %v", err)
		return false, 0
	}
	say("ready %d", successor.PID())
	if os.Getenv(pauses) != "" {
		<-signals
	}
	_ = s.listener.Close()
	s.handlers.Wait()
	say("gives")
	ctx, cancel = context.WithTimeout(context.Background(), patience)
	defer cancel()
	size := len(s.state)
	if err := successor.Give(ctx, s.state); err != nil {
		say("not-given %t %v", bytes.Equal(s.state, pattern(size)), err)
		return true, 2
	}
	say("gave cleared=%t", bytes.Equal(s.state, make([]byte, size)))
	return true, 0
}

// stop leaves the state with systemd.
func (s *testServer) stop() int {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stopping := s.inherited.Stopping()
	_ = s.listener.Close()
	s.handlers.Wait()
	size := len(s.state)
	if err := errors.Join(stopping, s.inherited.Keep(ctx, s.state)); err != nil {
		say("not-kept unsupported=%t %v", errors.Is(err, errors.ErrUnsupported), err)
		return 2
	}
	say("kept cleared=%t", bytes.Equal(s.state, make([]byte, size)))
	return 0
}

func duration(text string) time.Duration {
	if d, err := time.ParseDuration(text); err == nil {
		return d
	}
	return patience
}
