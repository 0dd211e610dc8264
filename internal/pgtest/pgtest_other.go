//go:build !unix

package pgtest

import (
	"os"
	"testing"
)

// Server is none: it is started on Unix only.
type Server struct{}

// Start skips the test.
func Start(t testing.TB) *Server {
	t.Helper()
	t.Skip("SKIPPED: what PostgreSQL does. It is tried on Unix only.")
	return nil
}

// NewDatabase is never called.
func (*Server) NewDatabase(testing.TB) string { return os.DevNull }
