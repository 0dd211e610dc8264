//go:build unix

package handover

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestHandover hands a server over three times while people connect without end.
func TestHandover(t *testing.T) {
	for _, size := range []int{0, 1, 64 << 20} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			f := run(t, command(t.Context(), stateSize+"="+strconv.Itoa(size)))
			serving := f.hears("serving")
			address, state := serving.address()
			if state != "none" {
				t.Errorf("the first one's state is %s", state)
			}
			people := newCrowd(t, address, 8)
			people.meets(serving.pid)
			for range 3 {
				before := serving.pid
				f.signal(before, syscall.SIGUSR2)
				ready := f.hears("ready")
				f.hears("gives")
				gave := f.hears("gave")
				serving = f.hears("serving")
				same, state := serving.address()
				if gave.pid != before || gave.rest != "cleared=true" {
					t.Errorf("the predecessor: %+v", gave)
				}
				if strconv.Itoa(serving.pid) != ready.rest || same != address || state != "whole-"+strconv.Itoa(size) {
					t.Errorf("the successor %s: %+v", ready.rest, serving)
				}
				people.meets(serving.pid)
			}
			if err := f.first.Wait(); err != nil {
				t.Errorf("the first one ended badly: %v", err)
			}
			people.end()
			t.Logf("answers by process: %v", people.heard)
		})
	}
}

// TestSuccessorFails has the server go on, twice, after a successor that did not get ready.
func TestSuccessorFails(t *testing.T) {
	for how, want := range map[string]string{
		crashes: "exit status 3",
		hangs:   "context deadline exceeded (signal: killed)",
		babbles: "words that are not known here",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			wait := patience
			if how == hangs {
				wait = 100 * time.Millisecond
			}
			f := run(t, command(t.Context(), successorIs+"="+how, startTime+"="+wait.String()))
			serving := f.hears("serving")
			address, _ := serving.address()
			people := newCrowd(t, address, 4)
			for range 2 {
				f.signal(serving.pid, syscall.SIGUSR2)
				if on := f.hears("goes-on"); on.pid != serving.pid || !strings.Contains(on.rest, want) {
					t.Errorf("%+v; want %q", on, want)
				}
			}
			people.end()
			if pid, _, err := ask(address); pid != serving.pid || err != nil {
				t.Errorf("%d answers, and not %d: %v", pid, serving.pid, err)
			}
			// Its listener still ends when it is closed.
			f.signal(serving.pid, syscall.SIGTERM)
			f.hears("not-kept")
		})
	}
}

// TestSuccessorDiesLate has a successor die when everything was let go of.
func TestSuccessorDiesLate(t *testing.T) {
	f := run(t, command(t.Context(), successorIs+"="+crashLate, stateSize+"=1000000"))
	f.signal(f.hears("serving").pid, syscall.SIGUSR2)
	f.hears("ready")
	f.hears("gives")
	if l := f.hears("not-given"); !strings.HasPrefix(l.rest, "true "+ErrLost.Error()) || !strings.HasSuffix(l.rest, "(exit status 4)") {
		t.Errorf("%+v; want that the state is still there, and how the successor ended", l)
	}
}

// TestStateTooLarge has a successor serve without a state that it cannot take.
func TestStateTooLarge(t *testing.T) {
	f := run(t, command(t.Context(), stateSize+"=1000001", stateMax+"=1000000"))
	f.signal(f.hears("serving").pid, syscall.SIGUSR2)
	f.hears("ready")
	f.hears("gives")
	if l := f.hears("not-given"); !strings.HasSuffix(l.rest, ErrRefused.Error()) {
		t.Errorf("%+v; want %q", l, ErrRefused)
	}
	if _, state := f.hears("serving").address(); state != "lost" {
		t.Errorf("the successor's state is %s", state)
	}
}

// TestPredecessorKilled kills the predecessor before it gives the state, and while it does.
func TestPredecessorKilled(t *testing.T) {
	for _, giving := range []bool{false, true} {
		t.Run(strconv.FormatBool(giving), func(t *testing.T) {
			f := run(t, command(t.Context(), pauses+"=1", stateSize+"="+strconv.Itoa(64<<20)))
			first := f.hears("serving")
			address, _ := first.address()
			f.signal(first.pid, syscall.SIGUSR2)
			successor, err := strconv.Atoi(f.hears("ready").rest)
			if err != nil {
				t.Fatal(err)
			}
			// A successor that does not read: what the predecessor gives cannot have gone through.
			f.signal(successor, syscall.SIGSTOP)
			if giving {
				f.signal(first.pid, syscall.SIGUSR1)
				f.hears("gives")
			}
			f.signal(first.pid, syscall.SIGKILL)
			_ = f.first.Wait()
			f.signal(successor, syscall.SIGCONT)
			if _, state := f.hears("serving").address(); state != "lost" {
				t.Errorf("the state is %s", state)
			}
			if pid, _, err := ask(address); pid != successor || err != nil {
				t.Errorf("%d answers, and not %d: %v", pid, successor, err)
			}
		})
	}
}

// start has the test's own process start a successor, as a server does.
func start(ctx context.Context, t *testing.T, variables map[string]string) (*Successor, net.Listener, error) {
	t.Helper()
	i, err := Inherit()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	t.Setenv(asServer, "1")
	t.Setenv(quiet, "1")
	t.Setenv(stateSize, "1")
	t.Setenv(stateMax, "100")
	for name, value := range variables {
		t.Setenv(name, value)
	}
	s, err := i.Start(ctx, listener)
	if err == nil {
		t.Cleanup(func() { s.end() })
	}
	return s, listener, err
}

// TestBadState gives a successor what no predecessor gives unless it is killed or broken.
func TestBadState(t *testing.T) {
	whole := frame(t, pattern(10))
	changed := append(append([]byte{}, whole[:len(whole)-1]...), whole[len(whole)-1]+1)
	for name, given := range map[string][]byte{
		"nothing":      nil,
		"half":         whole[:len(whole)/2],
		"changed":      changed,
		"no state":     []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
		"endless":      binary.BigEndian.AppendUint64([]byte(frameMark), 1<<63),
		"over the max": frame(t, pattern(101)),
	} {
		t.Run(name, func(t *testing.T) {
			s, listener, err := start(t.Context(), t, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.given.Write(given); err != nil {
				t.Fatal(err)
			}
			s.given.Close()
			if answer, err := s.read(); answer != answerRefused || err != nil {
				t.Errorf("it answers %q, %v", answer, err)
			}
			if pid, state, err := ask(listener.Addr().String()); pid != s.PID() || state != "lost" || err != nil {
				t.Errorf("%d answers, its state is %s: %v", pid, state, err)
			}
		})
	}
}

// TestStateGivenUp waits for a predecessor that does nothing, until the context ends.
func TestStateGivenUp(t *testing.T) {
	answered, answer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer answered.Close()
	given, give, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer give.Close()
	i := &Inheritance{from: &predecessor{answer: answer, given: given}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told := make(chan string, 1)
	go func() { // it is given up when it has said that it is ready, and waits
		ready := make([]byte, len(answerReady))
		n, _ := io.ReadFull(answered, ready)
		told <- string(ready[:n])
		cancel()
	}()
	state, err := i.State(ctx, 100)
	if state != nil || !errors.Is(err, context.Canceled) || errors.Is(err, ErrLost) {
		t.Errorf("%q, %v", state, err)
	}
	if ready := <-told; ready != answerReady {
		t.Errorf("the predecessor is told %q", ready)
	}
	if rest, err := io.ReadAll(answered); len(rest) != 0 || err != nil {
		t.Errorf("after that the predecessor is told %q, and not that it is over: %v", rest, err)
	}
	if state, err := i.State(t.Context(), 100); state != nil || err != nil {
		t.Errorf("once more: %q, %v", state, err)
	}
}

// TestStartLeavesNothing looks at what a start that failed, or one that was abandoned, leaves in the predecessor.
func TestStartLeavesNothing(t *testing.T) {
	startAndEnd(t) // what Go itself keeps from the first time on, such as its poller, is there from here on
	before := descriptors(t)
	startAndEnd(t)
	if after := descriptors(t); after > before {
		t.Errorf("%d descriptors were open, and %d are", before, after)
	}
}

// startAndEnd has starts fail, or be abandoned.
func startAndEnd(t *testing.T) {
	t.Helper()
	for _, how := range []string{crashes, hangs, ""} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if how == hangs {
			cancel() // before it has begun: nothing depends on how quick it is
		}
		s, listener, err := start(ctx, t, map[string]string{successorIs: how})
		cancel()
		switch {
		case how != "" && err == nil:
			t.Errorf("a successor that %s got ready", how)
		case how == "" && err != nil:
			t.Error(err)
		case how == "":
			if err := s.Abandon(); err != nil {
				t.Error(err)
			}
		case how == hangs && !errors.Is(err, context.Canceled):
			t.Errorf("a start that was given up: %v", err)
		}
		if listener == nil {
			continue
		}
		checkListener(t, listener)
	}
}

// checkListener looks whether a listener that was passed works as before: it does not block, and ends when it is closed.
func checkListener(t *testing.T, listener net.Listener) {
	t.Helper()
	raw, err := listener.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	flags := 0
	if err := raw.Control(func(fd uintptr) { flags, _ = unix.FcntlInt(fd, unix.F_GETFL, 0) }); err != nil {
		t.Fatal(err)
	}
	if flags&unix.O_NONBLOCK == 0 {
		t.Error("the listener blocks")
	}
	listener.Close()
}

// descriptors counts the open ones.
func descriptors(t *testing.T) int {
	t.Helper()
	count := 0
	for fd := range 256 {
		if _, err := descriptorKind(fd); err == nil {
			count++
		}
	}
	return count
}

func TestStartRefuses(t *testing.T) {
	i := &Inheritance{program: os.Args[0]}
	if _, err := i.Start(t.Context()); err == nil {
		t.Error("it starts without a listener")
	}
	if _, err := i.Start(t.Context(), net.Listener(nil)); err == nil {
		t.Error("it passes no listener on")
	}
	i.program = t.TempDir() + "/none"
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if _, err := i.Start(t.Context(), listener); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a program that is not there: %v", err)
	}
	t.Setenv("SYSTEMD_EXEC_PID", strconv.Itoa(os.Getpid()))
	if _, err := i.Start(t.Context(), listener); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a service that is not of Type=notify: %v", err)
	}
}

// TestInheritNothing is how nearly every process starts.
func TestInheritNothing(t *testing.T) {
	i, err := Inherit()
	if err != nil {
		t.Fatal(err)
	}
	if l := i.Listeners(); len(l) != 0 {
		t.Errorf("listeners: %v", l)
	}
	if state, err := i.State(t.Context(), 1); state != nil || err != nil {
		t.Errorf("a state: %v, %v", state, err)
	}
	if err := errors.Join(i.Ready(), i.Stopping(), i.Close()); err != nil {
		t.Error(err)
	}
	if err := i.Keep(t.Context(), []byte("x")); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("keeping: %v", err)
	}
}

// TestInheritGarbage is about variables that no predecessor sets; the descriptors may be anything.
func TestInheritGarbage(t *testing.T) {
	for _, value := range []string{"", "1", "v1:", "v1:0", "v1:-1", "v1:17", "v1:01", "v1:1 ", "v2:1", "v1:99999999999999999999", "v1:1\nx"} {
		t.Setenv(variable, value)
		if _, err := Inherit(); !errors.Is(err, ErrInherited) {
			t.Errorf("%q: %v", value, err)
		}
		if _, set := os.LookupEnv(variable); set {
			t.Errorf("%q is left for others", value)
		}
	}
	// In a process of its own, because descriptors of this one could fit.
	f := run(t, command(t.Context(), variable+"=v1:2"))
	if l := f.hears("failed"); !strings.HasPrefix(l.rest, ErrInherited.Error()) {
		t.Errorf("without descriptors: %+v", l)
	}
}
