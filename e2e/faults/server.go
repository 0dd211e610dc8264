//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/earshot-chat/earshot/e2e/program"
)

// patience bounds every wait for the server.
const patience = program.Patience

// Server is the real program, which can be killed and upgraded.
type Server struct {
	bin, data string
	log       *program.Output
	pid       int
	running   *exec.Cmd
	// addr is where it listens, and empty while it is started anew: then it is another port, because somebody else may have
	// taken the one before.
	addr atomic.Pointer[string]
	// Kills and Upgrades count what was done to it.
	Kills, Upgrades int
}

// NewServer makes users and rooms in a new data directory below dir, and starts the program. It gives
// a token for each user.
func NewServer(ctx context.Context, bin, dir string, users []string, rooms int) (*Server, []string, error) {
	s := &Server{bin: bin, data: filepath.Join(dir, "data"), log: program.NewOutput()}
	list := strings.Join(users, "\n") + "\n"
	if _, err := s.run(ctx, list, "user", "create", "--from", "-"); err != nil {
		return nil, nil, err
	}
	tokens, err := s.run(ctx, list, "token", "create", "--from", "-")
	if err != nil {
		return nil, nil, err
	}
	for i := range rooms {
		if _, err := s.run(ctx, "", "room", "create", fmt.Sprintf("room%d", i+1)); err != nil {
			return nil, nil, err
		}
	}
	return s, strings.Fields(tokens), s.start(ctx)
}

// Addr is where it listens now, and empty while it does not. It may be called at any time.
func (s *Server) Addr() string {
	if addr := s.addr.Load(); addr != nil {
		return *addr
	}
	return ""
}

func (s *Server) run(ctx context.Context, stdin string, args ...string) (string, error) {
	return program.Tool(ctx, s.bin, stdin, append(args, "--data", s.data)...)
}

// start starts it, and is done when it listens.
func (s *Server) start(ctx context.Context) error {
	cmd, err := program.Serve(ctx, s.bin, s.log, "--listen", "127.0.0.1:0", "--data", s.data,
		"--limits-posts-per-second", "1000", "--limits-posts-burst", "1000")
	if err != nil {
		return err
	}
	s.running, s.pid = cmd, cmd.Process.Pid
	addr := strings.TrimPrefix(s.log.URL(), "http://")
	s.addr.Store(&addr)
	return nil
}

// Kill ends it as a power failure would, and starts it anew.
func (s *Server) Kill(ctx context.Context) error {
	s.addr.Store(nil)
	if err := s.end(syscall.SIGKILL); err != nil {
		return err
	}
	s.Kills++
	return s.start(ctx)
}

// Upgrade has it hand over to a successor.
func (s *Server) Upgrade(ctx context.Context) error {
	over := s.log.Count(`msg="handed over"`)
	if err := syscall.Kill(s.pid, syscall.SIGUSR2); err != nil {
		return err
	}
	if err := s.log.Wait(ctx, `msg="handed over"`, over+1); err != nil {
		return err
	}
	found := regexp.MustCompile(`msg="handing over" pid=(\d+)`).FindAllStringSubmatch(s.log.String(), -1)
	if len(found) == 0 {
		return errors.New("it does not say to whom it handed over")
	}
	pid, err := strconv.Atoi(found[len(found)-1][1])
	if err != nil {
		return err
	}
	s.pid = pid
	s.Upgrades++
	return nil
}

// Close ends it. What it wrote to its log is given back.
func (s *Server) Close() (log string, err error) {
	err = s.end(syscall.SIGTERM)
	return s.log.String(), err
}

// end sends the signal, and waits until nothing of it is left.
func (s *Server) end(signal syscall.Signal) error {
	p, err := os.FindProcess(s.pid)
	if err != nil {
		return err
	}
	if err := p.Signal(signal); err != nil {
		return err
	}
	if s.pid == s.running.Process.Pid {
		_ = s.running.Wait() // killed, or its output is held by nobody
		return nil
	}
	_ = s.running.Wait()
	// A successor is no child of ours: the data is free when it is gone.
	deadline, look := time.After(patience), time.NewTicker(10*time.Millisecond)
	defer look.Stop()
	for !program.Gone(s.pid) {
		select {
		case <-look.C:
		case <-deadline:
			return errors.New("the server does not end")
		}
	}
	return nil
}
