//go:build !linux

package main

import "runtime/debug"

// harden keeps stacks with arguments out of the log. What more there is to do is known for Linux only.
func harden() error {
	debug.SetTraceback("none")
	return nil
}

// swapInUse is not known here.
func swapInUse() bool { return false }
