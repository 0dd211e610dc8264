package main

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestHarden(t *testing.T) {
	if !hardened(t) {
		return
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		t.Errorf("dumpable is %d: %v", dumpable, err)
	}
	var files unix.Rlimit
	// Go raises this one by itself; without it a server holds 1024 connections on many systems.
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil || files.Cur != files.Max {
		t.Errorf("open files: %+v, %v", files, err)
	}
	name := filepath.Join(t.TempDir(), "file")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("files are made with %v: %v", info.Mode(), err)
	}
}
