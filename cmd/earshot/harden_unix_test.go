//go:build unix && !linux

package main

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestHarden(t *testing.T) {
	if !hardened(t) {
		return
	}
	if was := unix.Umask(0); was != 0o077 {
		t.Errorf("files are made for others than their owner: %o", was)
	}
}
