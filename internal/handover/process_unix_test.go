//go:build unix

package handover

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// line is what a server printed.
type line struct {
	pid  int
	word string
	rest string
}

// family is a server, and those that follow it.
type family struct {
	t     *testing.T
	first *exec.Cmd
	lines chan line
	heard []line // and not asked for yet
	// ended is closed when the last of them has ended.
	ended chan struct{}
	mu    sync.Mutex
	pids  map[int]bool
}

// command is a server with these variables, which have the form name=value.
func command(ctx context.Context, variables ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0]) //nolint:gosec // the test binary itself
	cmd.Env = append(os.Environ(), asServer+"=1", stateSize+"=1", stateMax+"=1000000000")
	cmd.Env = append(cmd.Env, variables...)
	return cmd
}

// run starts the first server of a family. Whatever becomes of it, nobody is left when the test ends.
func run(t *testing.T, cmd *exec.Cmd) *family {
	t.Helper()
	f := &family{t: t, first: cmd, lines: make(chan line, 100), ended: make(chan struct{}), pids: map[int]bool{}}
	// A pipe of its own, because cmd's is closed when the first server ends.
	ours, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = theirs, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	go f.read(ours)
	t.Cleanup(func() {
		f.kill()
		_ = cmd.Wait()
		<-f.ended
		ours.Close()
	})
	return f
}

func (f *family) read(output *os.File) {
	defer close(f.ended)
	defer close(f.lines)
	for scan := bufio.NewScanner(output); scan.Scan(); {
		pid, rest, _ := strings.Cut(scan.Text(), " ")
		word, rest, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(pid)
		if err != nil {
			continue // the race detector, or a panic
		}
		f.mu.Lock()
		f.pids[n] = true
		if next, err := strconv.Atoi(rest); err == nil && word == "ready" {
			f.pids[next] = true
		}
		f.mu.Unlock()
		f.lines <- line{n, word, rest}
	}
}

// kill ends all of them that are known.
func (f *family) kill() {
	_ = f.first.Process.Kill()
	f.mu.Lock()
	defer f.mu.Unlock()
	for pid := range f.pids {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// hears waits for the next line that begins with this word. Those of two processes come in any order.
func (f *family) hears(word string) line {
	f.t.Helper()
	if i := slices.IndexFunc(f.heard, func(l line) bool { return l.word == word }); i >= 0 {
		l := f.heard[i]
		f.heard = slices.Delete(f.heard, i, i+1)
		return l
	}
	late := time.After(patience)
	for {
		select {
		case l, ok := <-f.lines:
			if l.word == word {
				return l
			}
			if f.heard = append(f.heard, l); !ok || slices.Contains([]string{"failed", "goes-on", "not-given", "not-kept"}, l.word) {
				f.t.Fatalf("heard %+v and not %q", f.heard, word)
			}
		case <-late:
			f.t.Fatalf("heard %+v and not %q", f.heard, word)
		}
	}
}

// signal sends one to a process.
func (f *family) signal(pid int, s syscall.Signal) {
	f.t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		f.t.Fatal(err)
	}
}

// address is where a server that says that it serves can be reached, and what it says of its state.
func (l line) address() (address, state string) {
	address, state, _ = strings.Cut(l.rest, " ")
	return address, state
}

// ask connects to a server and reads who it is and what became of its state.
func ask(address string) (pid int, state string, err error) {
	conn, err := (&net.Dialer{Timeout: patience}).Dial("tcp", address)
	if err != nil {
		return 0, "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, "", err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return 0, "", err
	}
	// The port is free again at once: there are many of these.
	_ = conn.(*net.TCPConn).SetLinger(0)
	_, err = fmt.Sscanf(answer, "%d %s", &pid, &state)
	return pid, state, err
}

// crowd connects to an address without end.
type crowd struct {
	mu    sync.Mutex
	heard map[int]int // by process
	more  *sync.Cond
	stop  chan struct{}
	all   sync.WaitGroup
}

func newCrowd(t *testing.T, address string, size int) *crowd {
	c := &crowd{heard: map[int]int{}, stop: make(chan struct{})}
	c.more = sync.NewCond(&c.mu)
	for range size {
		c.all.Go(func() {
			for {
				select {
				case <-c.stop:
					return
				default:
				}
				pid, _, err := ask(address)
				if err != nil {
					t.Errorf("a connection failed: %v", err)
					pid = -1
				}
				c.mu.Lock()
				c.heard[pid]++
				c.more.Broadcast()
				c.mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	t.Cleanup(c.end)
	return c
}

// meets waits until a process has answered some of the crowd.
func (c *crowd) meets(pid int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.heard[pid] < 20 && c.heard[-1] == 0 {
		c.more.Wait()
	}
}

func (c *crowd) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.stop:
	default:
		close(c.stop)
	}
	c.mu.Unlock()
	c.all.Wait()
	c.mu.Lock()
}
