package django

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/earshot-chat/earshot"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for dsn, want := range map[string]string{
		"": "empty", "sqlite:": "empty", dir: "is not a file", os.DevNull: "is not a file",
		"mysql://ana:hush@db.example/x": "not one of mysql://", "postgresql+psycopg2://ana:hush@db.example/x": "not one of postgresql+psycopg2://",
	} {
		_, err := Open(dsn)
		if err == nil || earshot.CodeOf(err) != earshot.CodeInvalid || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", dsn, err)
		}
	}
}

// A file whose last writer was cut off cannot be read without writing to it, which is not for the import to do. It says who can.
func TestReadHalfWritten(t *testing.T) {
	t.Parallel()
	path := project(t, tables)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	for _, statement := range []string{
		"PRAGMA cache_size = 2", "BEGIN IMMEDIATE", "UPDATE auth_user SET email = 'half@example.org'",
		"CREATE TABLE big AS WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i, hex(randomblob(100)) FROM n",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	// What a writer leaves who is cut off now.
	left := filepath.Join(t.TempDir(), "left.sqlite3")
	for _, tail := range []string{"", "-journal"} {
		content, err := os.ReadFile(path + tail)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(left+tail, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t.Context(), t, left); err == nil || !strings.Contains(err.Error(), "open it with Django") {
		t.Errorf("%v", err)
	}
	if _, err := read(t.Context(), t, path); err != nil { // whose writer took back what was half done
		t.Error(err)
	}
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{
		sqlite3.SQLITE_READONLY_DIRECTORY: "-wal", sqlite3.SQLITE_READONLY_CANTINIT: "-wal", sqlite3.SQLITE_BUSY_RECOVERY: "try again",
		sqlite3.SQLITE_CANTOPEN: "may not be read",
	} {
		if got := adviceFor(code); !strings.Contains(got, want) {
			t.Errorf("%d: %q", code, got)
		}
	}
	if got := adviceFor(sqlite3.SQLITE_NOTADB); got != "" {
		t.Errorf("%q", got)
	}
}
