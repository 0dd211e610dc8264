package privacy

import (
	"bufio"
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// writing are the system calls by which bytes leave a process.
const writing = "write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendmmsg,sendfile,splice,tee,vmsplice," +
	"copy_file_range,process_vm_writev,io_uring_setup"

// TestCalls looks at every system call that writes, of the server and of its successor: what is said goes to sockets, and
// at the handover through a pipe from the one to the other.
func TestCalls(t *testing.T) {
	strace := needsStrace(t)
	p, b := newPlace(t, t.TempDir()), newBook()
	tokens := p.people(t, b, 8, 3)
	trace := filepath.Join(t.TempDir(), "trace")
	s := p.serve(t, []string{strace, "-f", "-y", "-s", "10000000", "-e", "trace=" + writing, "-e", "signal=none", "-o", trace})
	c := gather(s, b, tokens[:8], 3)
	c.talk(200)
	c.misuse(2)
	c.fragments(8)
	c.losses(4)
	c.administration(tokens[8])
	s.pid = s.tracee()
	s.handOver()
	c.moved()
	c.talk(40)
	if err := syscall.Kill(s.pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-s.ended; err != nil { // strace ends when all that it traces have
		t.Errorf("strace: %v", err)
	}
	s.ended <- nil

	to := b.sortCalls(t, trace)
	for _, kind := range slices.Sorted(maps.Keys(to)) {
		found := *to[kind]
		t.Logf("%s: %v", strings.TrimPrefix(kind, p.root), found)
		switch {
		case kind == "socket", kind == "pipe":
			if found.except(secret, topic).canaries() == 0 {
				t.Errorf("nothing of what was said was seen on a %s: the search finds nothing", kind)
			}
		case kind == "io_uring_setup":
			t.Error("io_uring is used: what it writes is not seen here")
		case strings.HasPrefix(kind, p.dir("data")):
			if bad := found.except(topic); bad.canaries() > 0 {
				t.Errorf("written to %s: %v", kind, bad)
			}
		case found.canaries() > 0:
			t.Errorf("written to %s: %v", kind, found)
		}
	}
}

// sortCalls gives what was found in the calls of a trace, by what they wrote to: "socket", "pipe" or the path of a file; where
// that is not said, as in the second half of a call that was interrupted, by the name of the call.
func (b *book) sortCalls(t *testing.T, trace string) map[string]*findings {
	t.Helper()
	to := map[string]*findings{}
	file, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	call := regexp.MustCompile(`^\d+ +(?:<\.\.\. )?(\w+)[( ](?:(?:AT_FDCWD|\d+)<([^>]*)>)?`)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	calls := 0
	for lines.Scan() {
		m := call.FindSubmatch(lines.Bytes())
		if m == nil {
			continue // signals and ends
		}
		calls++
		kind, _, _ := strings.Cut(string(m[2]), ":[")
		if kind == "" {
			kind = string(m[1])
		}
		found, err := b.search(bytes.NewReader(lines.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if to[kind] == nil {
			to[kind] = &findings{book: b}
		}
		to[kind].all = append(to[kind].all, found.all...)
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	t.Logf("%d calls", calls)
	return to
}

// tracee gives the number of the process that strace has started.
func (s *server) tracee() int {
	s.t.Helper()
	name, err := filepath.Glob("/proc/" + strconv.Itoa(s.pid) + "/task/*/children")
	if err != nil || len(name) == 0 {
		s.t.Fatalf("the children of process %d are not known: %v", s.pid, err)
	}
	for _, file := range name {
		text, err := os.ReadFile(file)
		if err != nil {
			s.t.Fatal(err)
		}
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			return pid
		}
	}
	s.t.Fatal("strace has no child")
	return 0
}
