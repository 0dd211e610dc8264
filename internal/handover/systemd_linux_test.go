package handover

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// serviceManager is what systemd is for one service with a socket unit and a file descriptor store.
type serviceManager struct {
	t        *testing.T
	listener net.Listener
	notify   *net.UnixConn
	store    []*os.File // what it keeps
	removed  []*os.File // what it kept
}

func newServiceManager(t *testing.T) *serviceManager {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(t.TempDir(), "notify")})
	if err != nil {
		t.Fatal(err)
	}
	m := &serviceManager{t: t, listener: listener, notify: notify}
	t.Cleanup(func() {
		listener.Close()
		notify.Close()
		for _, file := range slices.Concat(m.store, m.removed) {
			file.Close()
		}
	})
	return m
}

// starts starts the service, with the listening socket and what is in the store.
func (m *serviceManager) starts(variables ...string) *family {
	m.t.Helper()
	socket, err := descriptor(m.listener)
	if err != nil {
		m.t.Fatal(err)
	}
	defer socket.Close()
	names := "earshot.socket"
	for range m.store {
		names += ":" + stateName
	}
	cmd := m.command(names, len(m.store)+1, variables...)
	cmd.ExtraFiles = append([]*os.File{socket}, m.store...)
	return run(m.t, cmd)
}

// command is the service with these descriptors. LISTEN_PID has to be its own number, which the shell gives it.
func (m *serviceManager) command(names string, count int, variables ...string) *exec.Cmd {
	cmd := command(m.t.Context(), append(variables, "LISTEN_FDS="+strconv.Itoa(count), "LISTEN_FDNAMES="+names,
		"NOTIFY_SOCKET="+m.notify.LocalAddr().String())...)
	cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", `export LISTEN_PID=$$; exec "$0"`, os.Args[0]}
	return cmd
}

// hears takes what the service tells until this is among it, and gives all that it was told until then.
func (m *serviceManager) hears(want string) string {
	m.t.Helper()
	var all []string
	if err := m.notify.SetReadDeadline(time.Now().Add(patience)); err != nil {
		m.t.Fatal(err)
	}
	for {
		text, rights := make([]byte, 4096), make([]byte, unix.CmsgSpace(4*4))
		n, oob, _, _, err := m.notify.ReadMsgUnix(text, rights)
		if err != nil {
			m.t.Fatalf("%q was not told, but %q: %v", want, all, err)
		}
		told := string(text[:n])
		m.deal(told, rights[:oob])
		all = append(all, told)
		if strings.HasPrefix(told, want) {
			return strings.Join(all, "; ")
		}
	}
}

// deal does what the service asks for.
func (m *serviceManager) deal(told string, rights []byte) {
	m.t.Helper()
	var files []*os.File
	if len(rights) > 0 {
		messages, err := unix.ParseSocketControlMessage(rights)
		if err != nil {
			m.t.Fatal(err)
		}
		fds, err := unix.ParseUnixRights(&messages[0])
		if err != nil {
			m.t.Fatal(err)
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "passed"))
		}
	}
	switch told {
	case "BARRIER=1":
		files[0].Close()
	case "FDSTORE=1\nFDNAME=" + stateName:
		m.store = append(m.store, files...)
	case "FDSTOREREMOVE=1\nFDNAME=" + stateName:
		m.removed = append(m.removed, m.store...)
		m.store = nil
	default:
		if len(files) > 0 {
			m.t.Errorf("%q came with %d descriptors", told, len(files))
		}
	}
}

// content reads all of a file, wherever its position is.
func content(t *testing.T, file *os.File) []byte {
	t.Helper()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, info.Size())
	if _, err := file.ReadAt(b, 0); err != nil && len(b) > 0 {
		t.Fatal(err)
	}
	return b
}

// TestSystemd stops a service and starts it again, with a state between the two that systemd holds.
func TestSystemd(t *testing.T) {
	for _, size := range []int{0, 1, 64 << 20} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			m := newServiceManager(t)
			address := m.listener.Addr().String()
			f := m.starts(stateSize + "=" + strconv.Itoa(size))
			m.hears("READY=1")
			first := f.hears("serving")
			if got, state := first.address(); got != address || state != "none" {
				t.Errorf("it serves %s, its state is %s", got, state)
			}
			people := newCrowd(t, address, 4)
			people.meets(first.pid)
			f.signal(first.pid, syscall.SIGTERM)
			if told := m.hears("BARRIER=1"); told != "STOPPING=1; FDSTORE=1\nFDNAME=earshot-state; BARRIER=1" {
				t.Errorf("told %q", told)
			}
			if l := f.hears("kept"); l.rest != "cleared=true" {
				t.Errorf("%+v", l)
			}
			if err := f.first.Wait(); err != nil {
				t.Error(err)
			}
			if len(m.store) != 1 || !bytes.Equal(content(t, m.store[0]), frame(t, pattern(size))) {
				t.Fatalf("%d descriptors are kept, or another state", len(m.store))
			}
			checkSeals(t, m.store[0])
			f = m.starts()
			if told := m.hears("READY=1"); told != "FDSTOREREMOVE=1\nFDNAME=earshot-state; READY=1" {
				t.Errorf("told %q", told)
			}
			second := f.hears("serving")
			if got, state := second.address(); got != address || state != "whole-"+strconv.Itoa(size) {
				t.Errorf("it serves %s, its state is %s", got, state)
			}
			if len(m.store) != 0 || len(m.removed) != 1 || len(content(t, m.removed[0])) != 0 {
				t.Errorf("the state is still kept")
			}
			people.meets(second.pid)
			people.end()
		})
	}
}

// checkSeals looks at what nobody can do to the memory any more.
func checkSeals(t *testing.T, file *os.File) {
	t.Helper()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(info.Size() + 1); !errors.Is(err, unix.EPERM) {
		t.Errorf("it can be made longer: %v", err)
	}
	if _, err := unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE); !errors.Is(err, unix.EPERM) {
		t.Errorf("it can be sealed against erasing: %v", err)
	}
}

// TestSystemdReload has a running service start its successor, and systemd look after that one.
func TestSystemdReload(t *testing.T) {
	m := newServiceManager(t)
	f := m.starts(stateSize + "=100000")
	m.hears("READY=1")
	first := f.hears("serving")
	f.signal(first.pid, syscall.SIGUSR2)
	if told := m.hears("RELOADING=1"); !strings.Contains(told, "\nMONOTONIC_USEC=") {
		t.Errorf("told %q", told)
	}
	successor := f.hears("ready").rest
	if told := m.hears("BARRIER=1"); told != "MAINPID="+successor+"; BARRIER=1" {
		t.Errorf("told %q", told)
	}
	if told := m.hears("READY=1"); told != "READY=1" {
		t.Errorf("told %q", told)
	}
	if l := f.hears("serving"); strconv.Itoa(l.pid) != successor || !strings.HasSuffix(l.rest, " whole-100000") {
		t.Errorf("%+v", l)
	}
	if err := f.first.Wait(); err != nil {
		t.Error(err)
	}
}

// TestSystemdReloadFails has systemd told that the service is up as before.
func TestSystemdReloadFails(t *testing.T) {
	m := newServiceManager(t)
	f := m.starts(successorIs + "=" + crashes)
	m.hears("READY=1")
	first := f.hears("serving")
	f.signal(first.pid, syscall.SIGUSR2)
	m.hears("RELOADING=1")
	if told := m.hears("READY=1"); told != "READY=1" {
		t.Errorf("told %q", told)
	}
	f.hears("goes-on")
	// Nobody to tell of a successor: there is none.
	m.notify.Close()
	if err := os.Remove(m.notify.LocalAddr().String()); err != nil {
		t.Error(err)
	}
	f.signal(first.pid, syscall.SIGUSR2)
	if l := f.hears("goes-on"); !strings.Contains(l.rest, "telling systemd") {
		t.Errorf("%+v", l)
	}
	f.signal(first.pid, syscall.SIGTERM)
	f.hears("not-kept")
}

// TestSystemdBadState starts a service with what is no state, under the name of one: it serves all the same.
func TestSystemdBadState(t *testing.T) {
	whole := frame(t, pattern(1000))
	regular := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(regular, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	file := func() *os.File {
		file, err := os.OpenFile(regular, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	sealed := kernelMemory(t, whole)
	if _, err := unix.FcntlInt(sealed.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE); err != nil {
		t.Fatal(err)
	}
	for name, kept := range map[string][]*os.File{
		"empty":           {kernelMemory(t, nil)},
		"half":            {kernelMemory(t, whole[:500])},
		"more":            {kernelMemory(t, append(bytes.Clone(whole), 0))},
		"too large":       {kernelMemory(t, frame(t, pattern(2000)))},
		"two":             {kernelMemory(t, whole), kernelMemory(t, whole)},
		"cannot be wiped": {sealed},
		"a file":          {file()},
		"a file and one":  {file(), kernelMemory(t, whole)},
	} {
		t.Run(name, func(t *testing.T) {
			m := newServiceManager(t)
			m.store = kept
			f := m.starts(stateMax + "=1000")
			if told := m.hears("READY=1"); told != "FDSTOREREMOVE=1\nFDNAME=earshot-state; READY=1" {
				t.Errorf("told %q", told)
			}
			if _, state := f.hears("serving").address(); state != "lost" {
				t.Errorf("the state is %s", state)
			}
			for _, file := range m.removed {
				left := content(t, file)
				if file.Name() != regular && file != sealed && len(left) != 0 {
					t.Errorf("%d bytes of it are left", len(left))
				}
				if file.Name() == regular && !bytes.Equal(left, whole) {
					t.Error("a file was written to")
				}
			}
		})
	}
}

// kernelMemory is anonymous memory with something in it.
func kernelMemory(t *testing.T, b []byte) *os.File {
	t.Helper()
	file, err := memory()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(b); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestErase looks at the memory itself, because what is truncated could still be there.
func TestErase(t *testing.T) {
	file := kernelMemory(t, pattern(3*eraseBytes+5))
	defer file.Close()
	mapped, err := unix.Mmap(int(file.Fd()), 0, eraseBytes, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(mapped) }()
	if !bytes.Equal(mapped[:100], pattern(100)) {
		t.Fatal("the state is not there to begin with")
	}
	// Sealed so, it is cleared, and cannot be shortened.
	if _, err := unix.FcntlInt(file.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK); err != nil {
		t.Fatal(err)
	}
	if err := erase(file); !errors.Is(err, unix.EPERM) {
		t.Errorf("erasing: %v", err)
	}
	if left := content(t, file); !bytes.Equal(left, make([]byte, 3*eraseBytes+5)) {
		t.Error("the memory is not cleared")
	}
}

// TestListenGarbage starts services with variables and descriptors that systemd does not give.
func TestListenGarbage(t *testing.T) {
	m := newServiceManager(t)
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", m.listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	raw, err := connection.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	unixSocket, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", filepath.Join(t.TempDir(), "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer unixSocket.Close()
	local, err := descriptor(unixSocket)
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for name, c := range map[string]struct {
		count int
		names string
		files []*os.File
		want  string
	}{
		"too many":           {65, "", nil, "LISTEN_FDS"},
		"far too many":       {1 << 40, "", nil, "LISTEN_FDS"},
		"less than none":     {-1, "", nil, "LISTEN_FDS"},
		"not passed":         {40, "", nil, "descriptor 3"},
		"a connection":       {1, "", []*os.File{raw}, "does not listen"},
		"a file":             {1, "", []*os.File{null}, "is no socket"},
		"another kind":       {1, "", []*os.File{local}, "listens on unix"},
		"one too few passed": {2, "a:b", []*os.File{local}, ErrInherited.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := m.command(c.names, c.count)
			cmd.ExtraFiles = c.files
			f := run(t, cmd)
			if l := f.hears("failed"); !strings.HasPrefix(l.rest, ErrInherited.Error()) || !strings.Contains(l.rest, c.want) {
				t.Errorf("%+v; want %q", l, c.want)
			}
		})
	}
}

// TestListenPID is about variables that are meant for another process, or for none.
func TestListenPID(t *testing.T) {
	for _, c := range []struct {
		pid, fds string
		want     error
	}{
		{"1", "3", nil},
		{"1", "garbage", nil},
		{"", "", nil},
		{"", "3", ErrInherited},
		{"0", "3", ErrInherited},
		{"-1", "3", ErrInherited},
		{"abc", "3", ErrInherited},
		{"99999999999999999999", "3", ErrInherited},
		{strconv.Itoa(os.Getpid()), "", ErrInherited},
		{strconv.Itoa(os.Getpid()), "abc", ErrInherited},
		{strconv.Itoa(os.Getpid()), "0", nil},
	} {
		t.Setenv("LISTEN_PID", c.pid)
		t.Setenv("LISTEN_FDS", c.fds)
		t.Setenv("LISTEN_FDNAMES", "a:b")
		t.Setenv("NOTIFY_SOCKET", "@nobody")
		i, err := Inherit()
		if !errors.Is(err, c.want) || err == nil && len(i.Listeners()) != 0 {
			t.Errorf("LISTEN_PID=%q LISTEN_FDS=%q: %v", c.pid, c.fds, err)
		}
		for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET"} {
			if _, set := os.LookupEnv(name); set {
				t.Errorf("%s is left for others", name)
			}
		}
	}
}

// TestManagerSilent is about a systemd that takes what it is told and does not answer.
func TestManagerSilent(t *testing.T) {
	m := newServiceManager(t)
	i := &Inheritance{systemd: manager{socket: m.notify.LocalAddr().String()}}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	state := pattern(1000)
	if err := i.Keep(ctx, state); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("keeping: %v", err)
	}
	if !bytes.Equal(state, pattern(1000)) {
		t.Error("the state is cleared, although nobody is known to have it")
	}
	m.hears("FDSTORE=1")
	if left := content(t, m.store[0]); len(left) != 0 {
		t.Errorf("%d bytes of it are left", len(left))
	}
}
