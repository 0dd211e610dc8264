package ws

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// heldSocket is a socket whose writes come out of peer one by one: SOCK_SEQPACKET keeps them apart.
func heldSocket(t *testing.T) (s *socket, peer int) {
	t.Helper()
	l, err := newLoop()
	if err != nil {
		t.Fatal(err)
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(unix.Close(fds[0]), unix.Close(fds[1]), l.epoll.Close()) })
	return &socket{loop: l, fd: fds[0], pending: backlog{max: 1 << 20}}, fds[1]
}

// written gives what was written since the last time, write by write, each shortened to its first byte and its length.
func written(t *testing.T, peer int) (writes []string) {
	t.Helper()
	buf := make([]byte, 1<<20)
	for {
		n, err := unix.Read(peer, buf)
		if errors.Is(err, unix.EAGAIN) || err == nil && n == 0 {
			return writes
		}
		if err != nil {
			t.Fatal(err)
		}
		writes = append(writes, string(buf[:min(n, 8)]))
	}
}

func TestHeldBytesTravelWithTheNextWrite(t *testing.T) {
	long := bytes.Repeat([]byte("l"), heldSize)
	for name, c := range map[string]struct {
		do   func(s *socket) error
		want []string
	}{
		"alone, nothing yet": {func(s *socket) error { return s.hold([]byte("a")) }, nil},
		"a write": {func(s *socket) error {
			return errors.Join(s.hold([]byte("a")), s.hold([]byte("b")), s.write([]byte("c")), s.write([]byte("d")))
		}, []string{"abc", "d"}},
		"the end of the batch": {func(s *socket) error {
			err := s.hold([]byte("a"))
			s.writeHeld()
			s.writeHeld()
			return errors.Join(err, s.write([]byte("b")))
		}, []string{"a", "b"}},
		"a long write": {func(s *socket) error { return errors.Join(s.hold([]byte("a")), s.write(long)) }, []string{"a", "llllllll"}},
		"a long hold":  {func(s *socket) error { return errors.Join(s.hold([]byte("a")), s.hold(long)) }, []string{"a", "llllllll"}},
		"too long to be held": {func(s *socket) error {
			return errors.Join(s.hold(append(long, 'x')), s.hold([]byte("a")), s.write([]byte("b")))
		}, []string{"llllllll", "ab"}},
		"nobody is there to write it": {func(s *socket) error {
			s.away = true
			return s.hold([]byte("a"))
		}, []string{"a"}},
		"the close frame": {func(s *socket) error {
			err := s.hold([]byte("a"))
			s.finish([]byte("b"))
			return err
		}, []string{"ab"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, peer := heldSocket(t)
			if err := c.do(s); err != nil {
				t.Fatal(err)
			}
			got := written(t, peer)
			if len(got) != len(c.want) {
				t.Fatalf("written were %q, want %q", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("written were %q, want %q", got, c.want)
				}
			}
		})
	}
}

// What is held and cannot be written is a backlog like any other: the loop is asked to watch for room, and its time runs.
func TestHeldBytesThatDoNotGoBecomeTheBacklog(t *testing.T) {
	s, peer := heldSocket(t)
	if err := unix.EpollCtl(s.loop.fd, unix.EPOLL_CTL_ADD, s.fd, &unix.EpollEvent{Fd: int32(s.fd)}); err != nil {
		t.Fatal(err)
	}
	full := 0
	for full < 1e6 {
		if _, err := unix.Write(s.fd, []byte("f")); err != nil {
			break
		}
		full++
	}
	if err := s.hold([]byte("a")); err != nil {
		t.Fatal(err)
	}
	if err := s.write([]byte("b")); err != nil {
		t.Fatal(err)
	}
	if s.held || s.interest&unix.EPOLLOUT == 0 || s.stalledSince().IsZero() {
		t.Fatalf("held %v, interest %#x, stalled since %v", s.held, s.interest, s.stalledSince())
	}
	if got := written(t, peer); len(got) != full {
		t.Fatalf("%d writes came of %d", len(got), full)
	}
	s.handle(unix.EPOLLOUT, nil)
	if got := written(t, peer); len(got) != 1 || got[0] != "ab" {
		t.Errorf("written were %q", got)
	}
	if !s.stalledSince().IsZero() {
		t.Error("it still counts as stalled")
	}
}

func TestHeldBytesOfABrokenConnectionAreRefused(t *testing.T) {
	s, _ := heldSocket(t)
	if err := s.hold([]byte("a")); err != nil {
		t.Fatal(err)
	}
	s.abort()
	s.writeHeld()
	if err := s.hold([]byte("b")); !errors.Is(err, errClosed) {
		t.Errorf("hold after abort: %v", err)
	}
	if err := s.write([]byte("b")); !errors.Is(err, errClosed) {
		t.Errorf("write after abort: %v", err)
	}
}
