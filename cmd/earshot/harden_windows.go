package main

import (
	"fmt"
	"runtime/debug"

	"golang.org/x/sys/windows"
)

// werNoHeap is WER_FAULT_REPORTING_FLAG_NOHEAP: reports of a crash hold no heap.
const werNoHeap = 1

// harden keeps what is said, and passwords, from getting out of the process's memory to a disk: no stack with arguments
// in the log, and nothing of the heap in a report by Windows, should one be made. Go itself makes none.
func harden() error {
	debug.SetTraceback("none")
	set := windows.NewLazySystemDLL("kernel32.dll").NewProc("WerSetFlags")
	if err := set.Find(); err != nil {
		return fmt.Errorf("keeping the heap out of crash reports: %w", err)
	}
	if result, _, _ := set.Call(werNoHeap); result != 0 { // an HRESULT; S_OK is 0
		return fmt.Errorf("keeping the heap out of crash reports: 0x%x", result)
	}
	return nil
}

// swapInUse is not known here: Windows has a page file unless it was turned off, which can be encrypted.
func swapInUse() bool { return false }
