package sqlstore

import (
	"path/filepath"
	"regexp"
	"testing"
)

// What is stored about a person must be given to whoever asks for their own data: a table that refers to users and has no
// place among personalTables is a promise that is broken.
func TestPersonalTablesAreAll(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "earshot.db"))
	tables := texts(t, s, `SELECT m.name FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
		WHERE m.type = 'table' AND f."table" = 'auth_user' GROUP BY m.name`)
	if len(tables) < 6 {
		t.Fatalf("only %v", tables)
	}
	for _, table := range append(tables, "auth_user", "imported") {
		named := false
		for _, p := range personalTables() {
			named = named || regexp.MustCompile(`\b`+table+`\b`).MatchString(p.query)
		}
		if !named {
			t.Errorf("%s is about people, and personalTables does not have it", table)
		}
	}
}
