// Package sqlstoretest makes databases for tests.
package sqlstoretest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/earshot-chat/earshot/store/sqlstore"
)

// Template makes new SQLite files as sqlstore.Open does, with all tables and nothing in them, but has the tables made once
// only, by the first who asks: under the race detector that takes a sixth of a second of processor time, and a copy next to
// none. The zero value is ready, and safe for concurrent use.
type Template struct {
	once sync.Once
	file []byte
	err  error
}

// New makes a file with all tables, for its owner only, in a directory of the test's own, and gives its path.
func (m *Template) New(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "earshot.db")
	m.once.Do(func() { m.file, m.err = newFile(context.WithoutCancel(t.Context())) })
	if err := m.err; err != nil {
		t.Fatalf("making the template of databases: %v", err)
	}
	if err := os.WriteFile(path, m.file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Open opens a database of the test's own. It is the test's to close.
func (m *Template) Open(t testing.TB) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.OpenExisting(t.Context(), m.New(t))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// newFile gives what is in a file that sqlstore.Open has made: all of it, as closing takes the log of SQLite away.
func newFile(ctx context.Context) (file []byte, err error) {
	dir, err := os.MkdirTemp("", "earshot-template-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "earshot.db")
	store, err := sqlstore.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := store.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}
