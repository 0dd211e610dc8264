//go:build unix

package privacy

import (
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	binary "github.com/earshot-chat/earshot/e2e/program"
)

// place is everything in which the server may write files: its data, its temporary files, its home and its working
// directory. The log is elsewhere.
type place struct {
	root string
	log  string
}

func newPlace(t *testing.T, root string) place {
	t.Helper()
	for _, dir := range []string{"data", "tmp", "home", "cwd"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return place{root, filepath.Join(t.TempDir(), "log")}
}

func (p place) dir(name string) string { return filepath.Join(p.root, name) }

// searchTree searches every file below a directory.
func (b *book) searchTree(t *testing.T, root string) findings {
	t.Helper()
	all := findings{book: b}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		all.all = append(all.all, b.searchFile(t, path).all...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// command is the binary with an environment that has it write nowhere else.
func (p place) command(ctx context.Context, prefix []string, args ...string) *exec.Cmd {
	words := append(append(prefix, program()), args...)
	words = append(words, "--data", p.dir("data"))
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = p.dir("cwd")
	cmd.Env = append(os.Environ(), "TMPDIR="+p.dir("tmp"), "HOME="+p.dir("home"), "PWD="+cmd.Dir)
	return cmd
}

// tool runs a command of the binary to its end.
func (p place) tool(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := p.command(ctx, nil, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("earshot %v: %v", args, err)
	}
	return string(out)
}

// server is a process that serves.
type server struct {
	t     *testing.T
	place place
	cmd   *exec.Cmd
	pid   int // of the last successor
	url   string
	ended chan error
	turns int
}

// serve starts the binary, after the words of prefix if there are any, with its output in the log.
func (p place) serve(t *testing.T, prefix []string, args ...string) *server {
	t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	args = append([]string{"serve", "--listen", "127.0.0.1:0", "--log-level", "debug"}, args...)
	cmd := p.command(context.Background(), prefix, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, place: p, cmd: cmd, pid: cmd.Process.Pid, ended: make(chan error, 1)}
	go func() { s.ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		if s.pid != cmd.Process.Pid {
			_ = syscall.Kill(s.pid, syscall.SIGKILL)
		}
		s.ended <- <-s.ended
		s.gone() // what it writes to is removed next
	})
	s.url = s.logged(`msg=listening address=\S+ url=(\S+)`, 1)
	return s
}

// logged waits until a pattern is in the log for the nth time, and gives what its parentheses hold.
func (s *server) logged(pattern string, nth int) string {
	s.t.Helper()
	var text []byte
	look := regexp.MustCompile(pattern)
	found := ""
	if !until(s.t, func() bool {
		var err error
		if text, err = os.ReadFile(s.place.log); err != nil {
			s.t.Fatal(err)
		}
		all := look.FindAllSubmatch(text, -1)
		if len(all) < nth {
			return false
		}
		found = string(all[nth-1][len(all[nth-1])-1])
		return true
	}) {
		s.t.Fatalf("%q is not in the log: %s", pattern, text)
	}
	return found
}

// until waits for a condition of another process, which tells nobody when it comes to be; false if it does not.
func until(t *testing.T, condition func() bool) bool {
	t.Helper()
	return within(t, patience, condition)
}

func within(t *testing.T, most time.Duration, condition func() bool) bool {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	over := time.After(most)
	for !condition() {
		select {
		case <-tick.C:
		case <-over:
			return false
		}
	}
	return true
}

// handOver has a successor take the server's place.
func (s *server) handOver() {
	s.t.Helper()
	if err := syscall.Kill(s.pid, syscall.SIGUSR2); err != nil {
		s.t.Fatal(err)
	}
	s.turns++
	s.logged(`msg="handed over"`, s.turns)
	pid, err := strconv.Atoi(s.logged(`msg="handing over" pid=(\d+)`, s.turns))
	if err != nil {
		s.t.Fatal(err)
	}
	s.pid = pid
}

// gone waits until the last process has ended.
func (s *server) gone() {
	s.t.Helper()
	if !until(s.t, func() bool {
		if s.pid == s.cmd.Process.Pid {
			select {
			case err := <-s.ended:
				s.ended <- err
				return true
			default:
				return false
			}
		}
		return binary.Gone(s.pid)
	}) {
		s.t.Fatalf("process %d does not end", s.pid)
	}
}

// signal sends a signal to the server and waits for its end.
func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(s.pid, sig); err != nil {
		s.t.Fatal(err)
	}
	s.gone()
}

// call makes a request of the REST API and gives status and body.
func (s *server) call(method, path, token, body string) (int, string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// write makes a file beside the log, which is no part of what is searched, and gives its name.
func (p place) write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
