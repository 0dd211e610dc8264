//go:build unix

package handover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What a successor is given, after standard input, output and error: the end of a pipe on which it answers, the end of
// one on which the state comes, and the listening sockets.
const (
	answerFD = 3 + iota
	stateFD
	listenFD
)

// maxListeners bounds the listening sockets that one process passes to another.
const maxListeners = 16

// What a successor answers. All are of the same length.
const (
	answerReady   = "earshot-ready/1\n" // it waits for the state
	answerTaken   = "earshot-taken/1\n" // it has the state
	answerRefused = "earshot-no-st/1\n" // it cannot use what came, and serves without
)

// passed is the value of the environment variable for a number of listening sockets. It holds the version of all that
// two processes agree on; a program that does not know it fails, and so its predecessor goes on.
func passed(listeners int) string { return "v1:" + strconv.Itoa(listeners) }

// predecessor is the running process that started this one.
type predecessor struct {
	answer *os.File
	given  *os.File
}

// fromPredecessor takes the descriptors that a predecessor passes.
func fromPredecessor(value string) (listeners []net.Listener, from source, err error) {
	digits, _ := strings.CutPrefix(value, "v1:")
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > maxListeners || value != passed(n) {
		return nil, nil, fmt.Errorf("%w: %s=%.40q is not of this version", ErrInherited, variable, value)
	}
	p := &predecessor{}
	defer func() {
		if err != nil {
			err = errors.Join(err, (&Inheritance{listeners: listeners, from: p}).Close())
			listeners, from = nil, nil
		}
	}()
	if p.answer, err = inheritPipe(answerFD); err != nil {
		return listeners, p, err
	}
	if p.given, err = inheritPipe(stateFD); err != nil {
		return listeners, p, err
	}
	for fd := listenFD; fd < listenFD+n; fd++ {
		listener, err := inheritListener(fd)
		if err != nil {
			return listeners, p, err
		}
		listeners = append(listeners, listener)
	}
	return listeners, p, nil
}

func (p *predecessor) state(ctx context.Context, maxBytes int64) ([]byte, error) {
	defer cutAt(ctx, p.answer, p.given)()
	// That the predecessor is gone is learnt by what it gives.
	_, _ = p.answer.WriteString(answerReady)
	state, err := readFrame(p.given, maxBytes)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		_, _ = p.answer.WriteString(answerRefused)
	} else {
		_, _ = p.answer.WriteString(answerTaken)
	}
	// The predecessor closes its end, or dies, as the last thing: by then systemd knows who is to be looked after.
	buffer := make([]byte, 4096)
	for {
		if _, end := p.given.Read(buffer); end != nil {
			break
		}
	}
	clear(buffer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	return state, nil
}

func (p *predecessor) close() error {
	for _, end := range []*os.File{p.answer, p.given} {
		if end != nil {
			_ = end.Close() // a pipe has nothing to lose here, and may be closed already
		}
	}
	return nil
}

// cutAt has what waits on the files fail when the context ends. The function it gives takes that back.
func cutAt(ctx context.Context, files ...*os.File) func() bool {
	return context.AfterFunc(ctx, func() {
		for _, file := range files {
			_ = file.SetDeadline(time.Unix(1, 0)) // closed already: nobody waits
		}
	})
}

// descriptorKind tells what an inherited descriptor is: S_IFSOCK and so on (inode(7)). Until that is known it is not
// touched: it might be one that Go itself has opened since.
func descriptorKind(fd int) (uint32, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return 0, fmt.Errorf("%w: descriptor %d: %w", ErrInherited, fd, err)
	}
	return uint32(stat.Mode) & unix.S_IFMT, nil //nolint:unconvert // 16 bits on other systems
}

func inheritPipe(fd int) (*os.File, error) {
	if kind, err := descriptorKind(fd); err != nil {
		return nil, err
	} else if kind != unix.S_IFIFO {
		return nil, fmt.Errorf("%w: descriptor %d is no pipe", ErrInherited, fd)
	}
	syscall.CloseOnExec(fd)
	// Only so can a read be given up.
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("%w: descriptor %d: %w", ErrInherited, fd, err)
	}
	return os.NewFile(uintptr(fd), "handover"), nil
}

// inheritListener makes a listener of an inherited descriptor, which is closed in any case if it is a socket.
func inheritListener(fd int) (net.Listener, error) {
	if kind, err := descriptorKind(fd); err != nil {
		return nil, err
	} else if kind != unix.S_IFSOCK {
		return nil, fmt.Errorf("%w: descriptor %d is no socket", ErrInherited, fd)
	}
	syscall.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), "listener")
	defer func() { _ = file.Close() }() // the listener has its own
	if err := listens(fd); err != nil {
		return nil, err
	}
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("%w: descriptor %d: %w", ErrInherited, fd, err)
	}
	if _, ok := listener.(*net.TCPListener); !ok {
		_ = listener.Close() // not used
		return nil, fmt.Errorf("%w: descriptor %d listens on %s and not on TCP", ErrInherited, fd, listener.Addr().Network())
	}
	return listener, nil
}
