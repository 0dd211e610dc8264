// Package program starts the real binary for the tests in the folders beside it.
package program

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Patience bounds every wait for the program, so that a test that fails does so in words and not by hanging.
const Patience = 2 * time.Minute

// Binary gives the path of the program: what the variable EARSHOT names, else one that is built now, into dir.
func Binary(ctx context.Context, dir string) (string, error) {
	if named := os.Getenv("EARSHOT"); named != "" {
		return named, nil
	}
	path := filepath.Join(dir, "earshot")
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/earshot-chat/earshot/cmd/earshot") //nolint:gosec // a path of the test's
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the server: %w: %s", err, out)
	}
	return path, nil
}

// Tool runs a command of the program to its end, and gives what it wrote to standard output.
func Tool(ctx context.Context, bin, stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, args...) //nolint:gosec // the program that is tried
	cmd.Stdin = strings.NewReader(stdin)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("earshot %s: %w: %s", args[0], err, complaint.String())
	}
	return string(out), nil
}

// Serve starts `earshot serve` with these arguments, and is done when it listens, once more than it did by what is in the
// output already.
func Serve(ctx context.Context, bin string, out *Output, args ...string) (*exec.Cmd, error) {
	said := out.Count(listening)
	cmd := exec.CommandContext(ctx, bin, append([]string{"serve"}, args...)...) //nolint:gosec // the program that is tried
	cmd.Stdout, cmd.Stderr = out, out
	// A successor of it holds its output open, and is to be heard as long as it ends in time.
	cmd.WaitDelay = Patience
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := out.Wait(ctx, listening, said+1); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, err
	}
	return cmd, nil
}

const listening = "msg=listening"

// Output gathers what processes say. NewOutput makes one.
type Output struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

// NewOutput gives an empty one.
func NewOutput() *Output { return &Output{more: make(chan struct{}, 1)} }

// Write implements io.Writer.
func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(b)
}

// String gives all that was said.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Count tells how often the mark is there.
func (o *Output) Count(mark string) int { return strings.Count(o.String(), mark) }

// Wait waits until the mark is there so often; only one may wait at a time.
func (o *Output) Wait(ctx context.Context, mark string, times int) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	for o.Count(mark) < times {
		select {
		case <-o.more:
		case <-ctx.Done():
			return fmt.Errorf("the server does not say %q: %s", mark, o)
		}
	}
	return nil
}

// URL is where the server that said so last can be reached; empty before any did.
func (o *Output) URL() string {
	found := regexp.MustCompile(listening+` address=\S+ url=(\S+)`).FindAllStringSubmatch(o.String(), -1)
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1][1]
}
