package handover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// systemdFD is the first descriptor that systemd passes (sd_listen_fds(3), SD_LISTEN_FDS_START).
	systemdFD = 3
	// maxSystemdFDs bounds how many there may be: the number comes from the environment.
	maxSystemdFDs = 64
	// systemdTime is how long systemd may take to answer, if nobody sets another bound.
	systemdTime = 5 * time.Second
)

// listenVariables are what systemd says of the descriptors that it passes.
type listenVariables struct{ pid, fds, names string }

// takeListenVariables reads and clears them.
func takeListenVariables() listenVariables {
	v := listenVariables{os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS"), os.Getenv("LISTEN_FDNAMES")}
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"} {
		_ = os.Unsetenv(name) // fails for names only that cannot be
	}
	return v
}

// fromSystemd takes the descriptors that systemd passes: listening sockets, and states that it kept.
func fromSystemd(v listenVariables, systemd manager) (listeners []net.Listener, from source, err error) {
	count, err := v.count()
	if err != nil || count == 0 {
		return nil, nil, err
	}
	names := strings.Split(v.names, ":")
	k := &kept{systemd: systemd}
	defer func() {
		if err != nil {
			err = errors.Join(err, (&Inheritance{listeners: listeners, from: k}).Close())
			listeners, from = nil, nil
		}
	}()
	for n := range count {
		fd := systemdFD + n
		if n < len(names) && names[n] == stateName {
			k.take(fd)
			continue
		}
		listener, err := inheritListener(fd)
		if err != nil {
			return listeners, k, err
		}
		listeners = append(listeners, listener)
	}
	if k.count == 0 {
		return listeners, nil, nil
	}
	return listeners, k, nil
}

// count tells how many descriptors are passed to this process; what is meant for another is none.
func (v listenVariables) count() (int, error) {
	if v.pid == "" && v.fds == "" {
		return 0, nil
	}
	pid, err := strconv.Atoi(v.pid)
	if err != nil || pid < 1 {
		return 0, fmt.Errorf("%w: LISTEN_PID=%.40q is no process", ErrInherited, v.pid)
	}
	if pid != os.Getpid() {
		return 0, nil
	}
	count, err := strconv.Atoi(v.fds)
	if err != nil || count < 0 || count > maxSystemdFDs {
		return 0, fmt.Errorf("%w: LISTEN_FDS=%.40q is not a number from 0 to %d", ErrInherited, v.fds, maxSystemdFDs)
	}
	return count, nil
}

// listens tells whether a socket is one that connections come to.
func listens(fd int) error {
	if on, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err != nil {
		return fmt.Errorf("%w: descriptor %d: %w", ErrInherited, fd, err)
	} else if on == 0 {
		return fmt.Errorf("%w: descriptor %d does not listen", ErrInherited, fd)
	}
	return nil
}

// manager is systemd as a service sees it: the socket of sd_notify(3), or none.
type manager struct{ socket string }

// reloading says that the service starts itself anew. systemd wants to know when, by CLOCK_MONOTONIC (sd_notify(3)).
func reloading() string {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return "RELOADING=1"
	}
	return "RELOADING=1\nMONOTONIC_USEC=" + strconv.FormatInt(now.Nano()/int64(time.Microsecond/time.Nanosecond), 10)
}

// tell sends systemd lines of sd_notify(3), if it is there, and descriptors with them.
func (m manager) tell(lines string, files ...*os.File) error {
	if m.socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: m.socket})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // a datagram has left by then
	if err := conn.SetDeadline(time.Now().Add(systemdTime)); err != nil {
		return err
	}
	var rights []byte
	if len(files) > 0 {
		var fds []int
		for _, file := range files {
			fds = append(fds, int(file.Fd()))
		}
		rights = unix.UnixRights(fds...)
	}
	// UnixConn.WriteMsgUnix will not do it on a connection.
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		failed = unix.Sendmsg(int(fd), []byte(lines), rights, nil, unix.MSG_NOSIGNAL)
		return !errors.Is(failed, unix.EAGAIN)
	})
	return errors.Join(err, os.NewSyscallError("sendmsg", failed))
}

// barrier waits until systemd has dealt with all that it was told (sd_notify_barrier(3)): it then closes the pipe that it
// was sent.
func (m manager) barrier(ctx context.Context) error {
	if m.socket == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, systemdTime)
	defer cancel()
	wait, sent, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = wait.Close() }() // nothing is in it
	err = m.tell("BARRIER=1", sent)
	if err = errors.Join(err, sent.Close()); err != nil {
		return err
	}
	defer cutAt(ctx, wait)()
	if _, err := wait.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("systemd does not answer: %w", errors.Join(ctx.Err(), err))
	}
	return nil
}
