//go:build !unix

package sqlstore

import (
	"os"
	"testing"
)

type postgres struct{}

func startPostgres(t *testing.T) *postgres {
	t.Helper()
	t.Skip("SKIPPED: the contract on PostgreSQL. It is tried on Unix only.")
	return nil
}

func (p *postgres) newDatabase(*testing.T) string { return os.DevNull }
