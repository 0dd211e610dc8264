// Package logtest helps tests to look at what a server logs.
package logtest

import (
	"bytes"
	"sync"
)

// Records are what was logged. They may be read while a server writes them. The zero value is empty and ready.
type Records struct {
	mu  sync.Mutex
	out bytes.Buffer
}

// Write implements io.Writer; it never fails.
func (r *Records) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Write(line)
}

// String gives all that was written until now.
func (r *Records) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String()
}
