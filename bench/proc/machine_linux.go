package proc

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Machine describes the machine without naming it.
func Machine() string {
	model := "processor of unknown make"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	kernel := "Linux"
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		// Only the version: what follows it names builders and flavours.
		version, _, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), "-")
		kernel += " " + version
	}
	memory := ""
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		memory = fmt.Sprintf(", %.0f GB of memory", float64(info.Totalram)*float64(info.Unit)/1e9)
	}
	return fmt.Sprintf("%d processors, %s%s, %s, %s", online(), model, memory, kernel, runtime.Version())
}

// online counts the machine's processors: this process has been told of one only.
func online() int {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.NumCPU()
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "processor") {
			n++
		}
	}
	return max(n, 1)
}
