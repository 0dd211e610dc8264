package proc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Pin keeps this process, and what it starts, on one processor and lets it have as many open files as it may.
// The Go runtime counts its processors at its start: call it right before an exec.
func Pin(cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("staying on processor %d: %w", cpu, err)
	}
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return fmt.Errorf("reading the limit of open files: %w", err)
	}
	files.Cur = files.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return fmt.Errorf("raising the limit of open files: %w", err)
	}
	return nil
}

// CPUs returns the processors that this process may use.
func CPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("asking for the processors: %w", err)
	}
	var cpus []int
	for cpu := range 1024 {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// Files is how many files this process may have open.
func Files() int {
	var files unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &files) != nil {
		return 0
	}
	return int(files.Max)
}

// Server is a server that runs.
type Server struct {
	// Addr is where it listens.
	Addr netip.AddrPort
	cmd  *exec.Cmd
	log  *bytes.Buffer
	done chan struct{}
}

// FreePort returns an address of the loopback at which nobody listens now.
func FreePort(ctx context.Context) (netip.AddrPort, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, err
	}
	defer func() { _ = l.Close() }()
	return netip.ParseAddrPort(l.Addr().String())
}

// Start runs a command and waits until something listens at addr. What it prints is kept for the case that it fails.
func Start(ctx context.Context, addr netip.AddrPort, dir string, command []string) (*Server, error) {
	s := &Server{Addr: addr, log: &bytes.Buffer{}, done: make(chan struct{})}
	// The command ends with Stop, not with ctx: a run that is over must still be able to say what the server said.
	s.cmd = exec.Command(command[0], command[1:]...) //nolint:gosec,noctx // the candidates' own commands
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = dir, s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.done)
	}()
	if err := s.listening(ctx); err != nil {
		s.Stop()
		return nil, fmt.Errorf("%w; it said: %s", err, s.Said())
	}
	return s, nil
}

func (s *Server) listening(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.Addr.String())
		if err == nil {
			return c.Close()
		}
		select {
		case <-s.done:
			return errors.New("the server ended")
		case <-ctx.Done():
			return errors.New("the server does not listen after 30 s")
		case <-again.C:
		}
	}
}

// Stop ends the server and waits for its end: 3 seconds for an orderly one.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(3 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
}

// Said is the end of what the server printed, once it has ended.
func (s *Server) Said() string {
	<-s.done
	said := strings.TrimSpace(s.log.String())
	return said[max(0, len(said)-1000):]
}

// CPU is the processor time that the server has used, threads that are gone included.
func (s *Server) CPU() time.Duration {
	// The clock of a process, as clock_getcpuclockid(3) makes it: in nanoseconds, where /proc counts in hundredths.
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^s.cmd.Process.Pid<<3|2), &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// RSS is the server's resident memory in bytes, the program's own pages included.
func (s *Server) RSS() (int64, error) {
	pid := strconv.Itoa(s.cmd.Process.Pid)
	// The sum over its pages is exact; the counter in status is kept by each processor and summed up late.
	if rss, err := field("/proc/"+pid+"/smaps_rollup", "Rss:"); err == nil {
		return rss, nil
	}
	return field("/proc/"+pid+"/status", "VmRSS:")
}

// Resident is the server's resident memory in bytes by the kernel's counters: nearly as exact as RSS, and it does not hold the
// server up.
func (s *Server) Resident() (int64, error) {
	return field("/proc/"+strconv.Itoa(s.cmd.Process.Pid)+"/status", "VmRSS:")
}

// Threads is how many threads of the system the server has.
func (s *Server) Threads() (int64, error) {
	n, err := field("/proc/"+strconv.Itoa(s.cmd.Process.Pid)+"/status", "Threads:")
	return n >> 10, err
}

// Open is how many files, sockets among them, the server has open. Only root may look at a server that closes its memory to
// others.
func (s *Server) Open() (int, error) {
	dir, err := os.Open("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/fd")
	if err != nil {
		return 0, err
	}
	defer func() { _ = dir.Close() }()
	names, err := dir.Readdirnames(-1)
	return len(names), err
}

// Ended tells whether the server has ended.
func (s *Server) Ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Log is all that the server printed, once it has ended.
func (s *Server) Log() string {
	<-s.done
	return s.log.String()
}

func field(file, name string) (int64, error) {
	text, err := os.ReadFile(file) //nolint:gosec // in /proc
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("%s has no %s", file, name)
}
