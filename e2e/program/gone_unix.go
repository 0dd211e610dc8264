//go:build unix

package program

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Gone tells whether a process that is no child of ours has ended.
func Gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	// Where nobody waits for orphans they stay as zombies.
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}
