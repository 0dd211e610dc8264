package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot/internal/handover"
	"github.com/earshot-chat/earshot/internal/leaktest"
)

// asEarshot has the test binary be earshot itself, for tests that need a process of their own.
const asEarshot = "EARSHOT_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asEarshot) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(leaktest.Patiently(m))
}

// result is what a command left behind.
type result struct {
	code           int
	stdout, stderr string
}

// alone is the environment of a process that inherited nothing and is never upgraded.
func alone(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) *environment {
	return &environment{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr, inherited: &handover.Inheritance{}}
}

// invoke runs a command with this standard input and environment.
func invoke(t *testing.T, stdin string, env map[string]string, args ...string) result {
	t.Helper()
	var out, complaints bytes.Buffer
	lookup := func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
	code := run(alone(t.Context(), strings.NewReader(stdin), &out, &complaints), args, lookup)
	return result{code, out.String(), complaints.String()}
}

// wants runs a command that must succeed, on the data directory, and gives its output.
func wants(t *testing.T, data, stdin string, args ...string) string {
	t.Helper()
	r := invoke(t, stdin, nil, append(args, "--data", data)...)
	if r.code != exitOK {
		t.Fatalf("earshot %v: %d %s", args, r.code, r.stderr)
	}
	return r.stdout
}

// refused runs a command that must fail with the code, and gives its complaint.
func refused(t *testing.T, code int, stdin string, args ...string) string {
	t.Helper()
	r := invoke(t, stdin, nil, args...)
	if r.code != code || r.stderr == "" || r.stdout != "" {
		t.Errorf("earshot %v: %+v; want exit code %d and a complaint", args, r, code)
	}
	return r.stderr
}

// output collects what a running command writes, and tells when something is in it.
type output struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func newOutput() *output { return &output{more: make(chan struct{}, 1)} }

var _ io.Writer = (*output)(nil)

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// waitForTimes waits until the mark is there so often.
func (o *output) waitForTimes(ctx context.Context, t *testing.T, mark string, times int) {
	t.Helper()
	for strings.Count(o.String(), mark) < times {
		select {
		case <-o.more:
		case <-ctx.Done():
			t.Fatalf("%q did not come %d times: %s", mark, times, o)
		}
	}
}

// waitFor waits for the mark, and gives what follows it up to the next white space.
func (o *output) waitFor(ctx context.Context, t *testing.T, mark string) string {
	t.Helper()
	for {
		if _, after, ok := strings.Cut(o.String(), mark); ok {
			if end := strings.IndexAny(after, " \n"); end >= 0 {
				return after[:end]
			}
		}
		select {
		case <-o.more:
		case <-ctx.Done():
			t.Fatalf("%q did not come in: %s", mark, o)
		}
	}
}
