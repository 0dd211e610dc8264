package sqlstore

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// TestCacheIsSmall asks the connections themselves: SQLite takes no notice of a setting that it does not know.
func TestCacheIsSmall(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for name, db := range map[string]*sql.DB{"write": s.write, "read": s.read} {
		var kib int
		if err := db.QueryRowContext(t.Context(), `PRAGMA cache_size`).Scan(&kib); err != nil || kib != -256 {
			t.Errorf("%s: %d, %v", name, kib, err)
		}
	}
}
