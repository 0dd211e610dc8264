//go:build unix

package privacy

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// TestMachine says what of this package's searches the machine does not allow. It is quick, so that it can be run with its
// output shown where that of the others is not: what is not tried is told every time.
func TestMachine(t *testing.T) {
	t.Run("files, deleted ones and pages of databases too", func(t *testing.T) { imagePlace(t) })
	t.Run("memory", readsMemory)
	t.Run("system calls", func(t *testing.T) { needsStrace(t) })
	t.Run("core dumps", func(t *testing.T) {
		if !dumpsCore(t) {
			t.Skip("NOT TRIED: whether a crash leaves a core dump: on this machine no crash does, by /proc/sys/kernel/core_pattern or otherwise")
		}
	})
}

// needsStrace gives the tracer, or skips the test.
func needsStrace(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil || runtime.GOOS != "linux" {
		t.Skip("NOT TRIED: what is written to which descriptor; it needs Linux and strace")
	}
	return path
}

// unlimited starts what follows it without a limit on core dumps, as far as that is allowed.
func unlimited() []string {
	return []string{"sh", "-c", `ulimit -c unlimited 2>/dev/null || ulimit -c "$(ulimit -H -c)"; exec "$0" "$@"`}
}

// dumpsCore tells whether a program that is killed as it crashes leaves a file in its working directory.
func dumpsCore(t *testing.T) bool {
	t.Helper()
	dir := t.TempDir()
	words := append(unlimited(), "sh", "-c", "kill -ABRT $$")
	cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
	cmd.Dir = dir
	_ = cmd.Run() // it is killed
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(files) > 0
}
