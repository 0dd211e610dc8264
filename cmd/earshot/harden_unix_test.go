//go:build unix && !linux

package main

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// inside marks the process in which TestHarden may change limits that cannot be changed back.
const inside = "EARSHOT_TEST_HARDEN"

func TestHarden(t *testing.T) {
	if os.Getenv(inside) == "" {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestHarden$") //nolint:gosec // the test binary itself
		cmd.Env = append(os.Environ(), inside+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return
	}
	if err := harden(); err != nil {
		t.Fatal(err)
	}
	var core unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &core); err != nil || core.Cur != 0 || core.Max != 0 {
		t.Errorf("core dumps: %+v, %v", core, err)
	}
	if was := unix.Umask(0); was != 0o077 {
		t.Errorf("files are made for others than their owner: %o", was)
	}
}
