package sqlstore

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/pgtest"
)

func TestLock(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		path := filepath.Join(dir, "earshot.db")
		oneServer(t, path, path)
		if runtime.GOOS == "windows" {
			return
		}
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(dir, link); err != nil {
			t.Fatal(err)
		}
		oneServer(t, path, filepath.Join(link, "earshot.db"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		server := pgtest.Start(t)
		dsn := server.NewDatabase(t)
		oneServer(t, dsn, dsn)
		// Another schema is another database.
		one, other := openTest(t, dsn), openTest(t, server.NewDatabase(t))
		for _, s := range []*Store{one, other} {
			if err := s.Lock(t.Context()); err != nil {
				t.Error(err)
			}
		}
		// The lock is lost with its connection, and taken again by whoever asks first.
		lose(t, one)
		if err := one.Ping(t.Context()); err != nil {
			t.Errorf("taking the lock again: %v", err)
		}
		third := openTest(t, dsn)
		if err := third.Lock(t.Context()); earshot.CodeOf(err) != earshot.CodeConflict {
			t.Errorf("after that another has it: %v", err)
		}
		lose(t, one)
		if err := third.Lock(t.Context()); err != nil {
			t.Errorf("a lost lock is free: %v", err)
		}
		if err := one.Ping(t.Context()); earshot.CodeOf(err) != earshot.CodeConflict {
			t.Errorf("without the lock: %v", err)
		}
	})
}

// oneServer has two stores of the same data want the lock.
func oneServer(t *testing.T, dsn, same string) {
	t.Helper()
	one, other := openTest(t, dsn), openTest(t, same)
	if err := one.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := one.Lock(t.Context()); err == nil {
		t.Error("it locked twice")
	}
	if err := other.Lock(t.Context()); earshot.CodeOf(err) != earshot.CodeConflict {
		t.Errorf("a second server: %v", err)
	}
	if _, err := other.CreateUsers(t.Context(), []earshot.NewUser{testUser(t.Name() + filepath.Base(filepath.Dir(same)))}); err != nil {
		t.Errorf("beside a server: %v", err)
	}
	if err := one.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := one.Close(); err != nil {
		t.Error(err)
	}
	if err := other.Lock(t.Context()); err != nil {
		t.Errorf("after the first has closed: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}

// lose ends the connection that holds the lock, as a restart of PostgreSQL does.
func lose(t *testing.T, s *Store) {
	t.Helper()
	var ended bool
	err := s.write.QueryRowContext(t.Context(), `SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
		WHERE locktype = 'advisory' AND classid::bigint = $1 AND objid = hashtext(current_schema())::bit(32)::bigint::oid`,
		pgLockClass).Scan(&ended)
	if err != nil || !ended {
		t.Fatalf("ending the connection: %t, %v", ended, err)
	}
}
