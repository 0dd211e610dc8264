//go:build unix

package handover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Notify has the signal by which an operator asks for an upgrade, SIGUSR2, sent to the channel, as by os/signal. Systems
// that cannot do it have no such signal, and nothing is sent.
func Notify(c chan<- os.Signal) { signal.Notify(c, syscall.SIGUSR2) }

// Successor is a process that is ready to take over. It is to be given the state, or abandoned.
type Successor struct {
	cmd     *exec.Cmd
	answer  *os.File
	given   *os.File
	systemd manager
}

var errBabble = errors.New("it answers in words that are not known here")

// Start starts the program anew, as it is on disk now, with the arguments and the environment of this process, and waits
// until it is ready. The listeners are passed to it and still work here. Nothing has changed if it fails: the new process
// has ended then, and the error says why. The context bounds the wait, and nothing after it.
//
// errors.ErrUnsupported where the end of this process would be the end of the new one as well.
func (i *Inheritance) Start(ctx context.Context, listeners ...net.Listener) (*Successor, error) {
	if err := i.mayEnd(); err != nil {
		return nil, err
	}
	if len(listeners) < 1 || len(listeners) > maxListeners {
		return nil, fmt.Errorf("%d listeners to pass: from 1 to %d are possible", len(listeners), maxListeners)
	}
	// If it cannot be told now, it could not be told later either, and would take the new process for a stray one.
	if err := i.systemd.tell(reloading()); err != nil {
		return nil, fmt.Errorf("telling systemd of the successor: %w", err)
	}
	s, err := i.launch(ctx, listeners)
	if err == nil {
		if err = s.awaitReady(ctx); err == nil {
			return s, nil
		}
	}
	return nil, errors.Join(err, i.systemd.tell("READY=1"))
}

// mayEnd tells why the process must not end, if so.
func (i *Inheritance) mayEnd() error {
	switch {
	case os.Getpid() == 1:
		return fmt.Errorf("%w: as process 1 of its container this one cannot hand over: the container would end with it", errors.ErrUnsupported)
	case i.systemd.socket == "" && os.Getenv("SYSTEMD_EXEC_PID") == strconv.Itoa(os.Getpid()):
		return fmt.Errorf("%w: systemd takes the end of this process for that of the service: the unit needs Type=notify", errors.ErrUnsupported)
	}
	return nil
}

// launch starts the new process.
func (i *Inheritance) launch(ctx context.Context, listeners []net.Listener) (s *Successor, err error) {
	s = &Successor{systemd: i.systemd}
	var theirs []*os.File
	defer func() {
		for _, file := range theirs {
			_ = file.Close() // the new process has its own
		}
		if err != nil {
			s.close()
			s = nil
		}
	}()
	answer, theirAnswer, err := os.Pipe()
	if err != nil {
		return s, err
	}
	s.answer, theirs = answer, append(theirs, theirAnswer)
	theirGiven, given, err := os.Pipe()
	if err != nil {
		return s, err
	}
	s.given, theirs = given, append(theirs, theirGiven)
	for _, listener := range listeners {
		file, err := descriptor(listener)
		if err != nil {
			return s, err
		}
		theirs = append(theirs, file)
	}
	// It outlives this process, and so every context of it.
	s.cmd = exec.CommandContext(context.WithoutCancel(ctx), i.program, os.Args[1:]...) //nolint:gosec // its own program
	s.cmd.Args[0] = os.Args[0]
	s.cmd.Env = append(os.Environ(), variable+"="+passed(len(listeners)))
	if i.systemd.socket != "" {
		s.cmd.Env = append(s.cmd.Env, "NOTIFY_SOCKET="+i.systemd.socket)
	}
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.ExtraFiles = os.Stdout, os.Stderr, theirs
	if err := s.cmd.Start(); err != nil {
		return s, fmt.Errorf("starting the successor: %w", err)
	}
	return s, nil
}

// descriptor gives a descriptor of the listener's socket that can be passed. The listener's own File will not do: passing
// it on makes the socket block, and with it the listener here, whose Accept would then hold a thread and not end at Close.
func descriptor(listener net.Listener) (*os.File, error) {
	conn, ok := listener.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("a listener of type %T cannot be passed", listener)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("passing the listener: %w", err)
	}
	fd := -1
	var failed error
	err = raw.Control(func(own uintptr) { fd, failed = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, failed); err != nil {
		return nil, fmt.Errorf("passing the listener: %w", err)
	}
	return os.NewFile(uintptr(fd), "listener"), nil
}

// PID is the number of the new process, for the log.
func (s *Successor) PID() int { return s.cmd.Process.Pid }

// awaitReady ends the new process if it does not get ready.
func (s *Successor) awaitReady(ctx context.Context) error {
	defer cutAt(ctx, s.answer)()
	answer, err := s.read()
	switch {
	case err == nil && answer == answerReady:
		return nil
	case err == nil:
		err = errBabble
	case ctx.Err() != nil:
		err = ctx.Err()
	}
	return fmt.Errorf("the successor did not get ready: %w (%s)", err, s.end())
}

func (s *Successor) read() (string, error) {
	answer := make([]byte, len(answerReady))
	if _, err := io.ReadFull(s.answer, answer); err != nil {
		return "", err
	}
	return string(answer), nil
}

// Give gives the state to the successor, which serves from then on, and clears it. This process has let go of everything
// by then, the database's lock and its listeners included, and has nothing to do but to end. With systemd, that takes the
// successor for the service when Give returns.
//
// ErrRefused if the successor serves without the state. ErrLost if it does not: it has ended then, and the state, which
// is as it was, can be given to another one. The context bounds all of it.
func (s *Successor) Give(ctx context.Context, state []byte) error {
	defer s.close()
	defer cutAt(ctx, s.answer, s.given)()
	err := writeFrame(s.given, state)
	// A successor that refuses the state may do so before all of it is written, and so it has the word in any case.
	answer, unanswered := s.read()
	switch {
	case answer == answerTaken && err == nil:
		clear(state)
	case answer == answerRefused:
		err = ErrRefused
	default:
		return fmt.Errorf("%w: %w (%s)", ErrLost, cmp.Or(ctx.Err(), err, unanswered, errBabble), s.end())
	}
	told := s.systemd.tell("MAINPID=" + strconv.Itoa(s.PID()))
	if told == nil {
		told = s.systemd.barrier(ctx)
	}
	return errors.Join(err, told, s.cmd.Process.Release())
}

// Abandon ends the successor, and this process goes on as if there had been none.
func (s *Successor) Abandon() error {
	s.end()
	return s.systemd.tell("READY=1")
}

// end ends the new process, which has had nothing yet that it could lose, and tells how it ended.
func (s *Successor) end() string {
	s.close()
	_ = s.cmd.Process.Kill() // it may have ended by itself, and has kept its exit code then
	_ = s.cmd.Wait()         // how is looked at below
	if s.cmd.ProcessState == nil {
		return "it is not known how it ended"
	}
	return s.cmd.ProcessState.String()
}

func (s *Successor) close() {
	for _, end := range []*os.File{s.answer, s.given} {
		if end != nil {
			_ = end.Close() // a pipe has nothing to lose here, and may be closed already
		}
	}
}
