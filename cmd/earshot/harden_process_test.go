//go:build unix

package main

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// inside marks the process in which harden may change limits that cannot be changed back.
const inside = "EARSHOT_TEST_HARDEN"

// hardened runs the calling test in a process of its own, where it is true and harden has been called: there may be no core
// dumps. In the process that was started first it is false, and the other's verdict is the test's.
func hardened(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) == "" {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$") //nolint:gosec // the test binary itself
		cmd.Env = append(os.Environ(), inside+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return false
	}
	if err := harden(); err != nil {
		t.Fatal(err)
	}
	var core unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &core); err != nil || core.Cur != 0 || core.Max != 0 {
		t.Errorf("core dumps: %+v, %v", core, err)
	}
	return true
}
