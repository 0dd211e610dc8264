package sqlstore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/pgtest"
)

// An address of something that is neither is not taken for a path: the directories that it would be are named by passwords.
func TestOpenRefusesOtherAddresses(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dsn := range []string{"mysql://ana:hush@db.example/x", "postgresql+psycopg2://ana:hush@db.example/x", "sqlite:file://hush/x", "https://hush.example"} {
		for what, open := range map[string]func() (*Store, error){
			"Open":         func() (*Store, error) { return Open(t.Context(), dsn) },
			"OpenExisting": func() (*Store, error) { return OpenExisting(t.Context(), dsn) },
			"OpenLocked":   func() (*Store, error) { return OpenLocked(t.Context(), dsn) },
		} {
			s, err := open()
			if err == nil {
				t.Fatalf("%s(%s): opened; closing: %v", what, dsn, s.Close())
			}
			if strings.Contains(err.Error(), "hush") || earshot.CodeOf(err) != earshot.CodeInvalid {
				t.Errorf("%s(%s): %v", what, dsn, err)
			}
		}
	}
	if left, err := os.ReadDir("."); err != nil || len(left) != 0 {
		t.Errorf("it made %v, %v", left, err)
	}
	absolute, err := filepath.Abs("earshot.db")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), "sqlite://"+filepath.ToSlash(absolute)) // as others write it
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(absolute); err != nil {
		t.Error(err)
	}
}

// What a newer version has made of the tables is not for this one to write to.
func TestNewerTables(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		newerTables(t, filepath.Join(t.TempDir(), "earshot.db"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		newerTables(t, pgtest.Start(t).NewDatabase(t))
	})
}

func newerTables(t *testing.T, dsn string) {
	t.Helper()
	s := openTest(t, dsn)
	if _, err := s.write.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`); err != nil {
		t.Fatal(err)
	}
	newer, err := OpenExisting(t.Context(), dsn)
	if err == nil {
		t.Fatalf("opened; closing: %v", newer.Close())
	}
	if !strings.Contains(err.Error(), "9999") || earshot.CodeOf(err) != earshot.CodeConflict {
		t.Errorf("%v", err)
	}
	if err := s.Ping(t.Context()); err != nil { // who has it open goes on: an upgrade needs that
		t.Error(err)
	}
}

// What cannot be written because another program writes for long, such as a large import, is to be tried again: nothing is broken.
func TestBusy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "earshot.db")
	one, other := openTest(t, path), openTest(t, path)
	if _, err := other.write.ExecContext(t.Context(), "PRAGMA busy_timeout = 0"); err != nil {
		t.Fatal(err)
	}
	tx, err := one.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	busy := add(t.Context(), other, "ana")
	if e := earshot.AsError(busy); e.Code != earshot.CodeBusy || e.RetryAfter <= 0 || !strings.Contains(busy.Error(), "locked") {
		t.Errorf("%v", busy)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := add(t.Context(), other, "ana"); err != nil {
		t.Error(err)
	}
}
