// Package handover lets a new process of the server take over from the one that runs, upgraded or not, without a
// connection refused and without losing what is only in memory. The new one gets the listening sockets, in whose
// backlog connections wait meanwhile, and a state: bytes that this package does not look into.
//
// There are two ways, and a process finds out by Inherit which of them it came by:
//
//   - From process to process. The predecessor starts its own program anew (Inheritance.Start), and when that says that
//     it is ready for the state, lets go of everything and gives it (Successor.Give). Until then nothing has changed: a
//     successor that fails is a line in the log of a server that goes on.
//   - Through systemd. It holds the listening sockets (systemd.socket(5)); a process that ends leaves the state with it
//     (Inheritance.Keep), in its file descriptor store, and the next one finds it there.
//
// The state holds what people said. It goes through pipes and memory that no file system shows, never into a file, an
// error or a log; the buffers of this package are cleared after use. That part of it may be swapped out is as true of it
// as of all memory of the server.
package handover

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// Errors that the callers of this package tell apart, with errors.Is. Where a system has no way to do a thing, the error
// is errors.ErrUnsupported.
var (
	// ErrInherited is for environment variables or descriptors that a process cannot have been started with by a
	// predecessor or by systemd.
	ErrInherited = errors.New("what the process was started with makes no sense")
	// ErrLost is for a state that nobody has: the server goes on without, and its clients are told of a gap.
	ErrLost = errors.New("the predecessor's state is lost")
	// ErrRefused is for a state that the successor could not use. It serves, without it.
	ErrRefused = errors.New("the successor refused the state")
)

// variable tells a process that a predecessor started it, and how many listening sockets it was given.
const variable = "EARSHOT_HANDOVER"

// source is where a state comes from. It is asked once, and then closed.
type source interface {
	// state is as Inheritance.State.
	state(ctx context.Context, maxBytes int64) ([]byte, error)
	// close lets go of a state that nobody asked for. It is not an error to close twice.
	close() error
}

// Inheritance is what a process was started with. Its methods are not for concurrent use.
type Inheritance struct {
	listeners []net.Listener
	from      source // nil if there is no state to be had
	systemd   manager
	program   string
}

// Inherit takes what the process was started with, and clears the environment variables that told of it: a process can
// inherit once, and what it starts does not think that it is meant. It is to be called before the process opens anything.
// A process that was started by hand inherits nothing, which is no error. ErrInherited if it makes no sense.
func Inherit() (*Inheritance, error) {
	value, started := os.LookupEnv(variable)
	listen := takeListenVariables()
	i := &Inheritance{systemd: manager{socket: os.Getenv("NOTIFY_SOCKET")}}
	for _, name := range []string{variable, "NOTIFY_SOCKET"} {
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
	}
	var err error
	if i.program, err = program(); err != nil {
		return nil, err
	}
	if started {
		i.listeners, i.from, err = fromPredecessor(value)
	} else {
		i.listeners, i.from, err = fromSystemd(listen, i.systemd)
	}
	if err != nil {
		return nil, err
	}
	return i, nil
}

// program gives the path at which an upgrade puts the new program: the one by which this process was called, where that
// leads to it, because it may be a link which an upgrade points elsewhere; and where it lies, otherwise.
func program() (string, error) {
	running, err := os.Executable()
	if err != nil {
		return "", err
	}
	called, err := exec.LookPath(os.Args[0])
	if err != nil {
		return running, nil //nolint:nilerr // called by another name than its own
	}
	if called, err = filepath.Abs(called); err != nil {
		return "", err
	}
	one, err := os.Stat(called) //nolint:gosec // whoever started the program chose its name
	if err != nil {
		return running, nil //nolint:nilerr // gone since; nothing is lost
	}
	other, err := os.Stat(running)
	if err != nil || !os.SameFile(one, other) {
		return running, nil //nolint:nilerr // replaced while it started: its place is known all the same
	}
	return called, nil
}

// Listeners gives the listening TCP sockets that were inherited, in the order in which they were given; none if the
// process has to listen by itself. They are the caller's from now on.
func (i *Inheritance) Listeners() []net.Listener {
	listeners := i.listeners
	i.listeners = nil
	return slices.Clone(listeners)
}

// State gives the state, of maxBytes at most, which is the caller's to clear. A running predecessor learns by it that this
// process is ready: everything that can fail and needs neither the state nor what the predecessor holds comes before.
// It then waits until the predecessor has let go of everything, and has given the state or ended in whatever way. What
// systemd kept is erased there, and can be had once.
//
// It is nil, without an error, if there was no predecessor: a state of no bytes is not nil. ErrLost if there was one, and
// its state cannot be had, be it that it ended too early or that the state is damaged or too large: the server starts
// without it. The context's error if that ends first: the predecessor may be running still, and nothing was taken over.
func (i *Inheritance) State(ctx context.Context, maxBytes int64) ([]byte, error) {
	if i.from == nil {
		return nil, nil
	}
	from := i.from
	i.from = nil
	state, err := from.state(ctx, maxBytes)
	if err = errors.Join(err, from.close()); err != nil {
		clear(state)
		return nil, err
	}
	return state, nil
}

// Ready tells systemd, if it is there, that the service is up: the process serves.
func (i *Inheritance) Ready() error { return i.systemd.tell("READY=1") }

// Stopping tells systemd, if it is there, that the process stops, for good or to be started anew.
func (i *Inheritance) Stopping() error { return i.systemd.tell("STOPPING=1") }

// Keeps tells whether there is somebody to Keep a state. Without, there is no use in making one.
func (i *Inheritance) Keeps() bool { return i.systemd.socket != "" }

// Keep leaves the state with systemd for the next process, and clears it if that succeeds. When it returns, systemd has
// it. If nobody follows, because the service is stopped for good, systemd lets go of it at once.
//
// errors.ErrUnsupported without systemd. Where the unit has no FileDescriptorStoreMax, systemd drops the state and says
// so in its own log only.
func (i *Inheritance) Keep(ctx context.Context, state []byte) error {
	if err := i.systemd.keep(ctx, state); err != nil {
		return err
	}
	clear(state)
	return nil
}

// Close lets go of what nobody asked for. A predecessor that waits for this process goes on serving then.
func (i *Inheritance) Close() error {
	var errs []error
	for _, listener := range i.listeners {
		errs = append(errs, listener.Close())
	}
	i.listeners = nil
	if i.from != nil {
		errs = append(errs, i.from.close())
		i.from = nil
	}
	return errors.Join(errs...)
}
