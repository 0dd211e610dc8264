package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// harden keeps what is said, and passwords, from getting out of the process's memory to a disk: no core dump when it
// crashes, none taken and no memory read by other processes of the same user, no stack with arguments in the log, and
// files for their owner only. The limit on open files needs nothing here: Go's os package raises it to what is allowed.
func harden() error {
	debug.SetTraceback("none")
	unix.Umask(0o077)
	var errs []error
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		errs = append(errs, fmt.Errorf("turning core dumps off: %w", err))
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		errs = append(errs, fmt.Errorf("closing the memory to other processes: %w", err))
	}
	return errors.Join(errs...)
}

// swapInUse tells whether the system may write memory to disk (proc_swaps(5): a line for each area under a heading).
func swapInUse() bool {
	file, err := os.Open("/proc/swaps")
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }() // only read
	areas := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		areas++
	}
	return areas > 1
}
