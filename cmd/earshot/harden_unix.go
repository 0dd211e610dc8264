//go:build unix && !linux

package main

import (
	"fmt"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// harden keeps what is said, and passwords, from getting out of the process's memory to a disk as far as these systems
// have one way for all of them: no core dump when it crashes, no stack with arguments in the log, and files for their
// owner only.
func harden() error {
	debug.SetTraceback("none")
	unix.Umask(0o077)
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("turning core dumps off: %w", err)
	}
	return nil
}

// swapInUse is not known here. macOS encrypts its swap.
func swapInUse() bool { return false }
