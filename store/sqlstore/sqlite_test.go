package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/earshot-chat/earshot"
)

func add(ctx context.Context, s *Store, name string) error {
	_, err := s.CreateUsers(ctx, []earshot.NewUser{testUser(name)})
	return err
}

func count(t *testing.T, s *Store) int {
	t.Helper()
	n, err := s.CountUsers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: Windows has no file modes.")
	}
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "earshot.db")
	s := openTest(t, path)
	if err := add(t.Context(), s, "ana"); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err := filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		seen++
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil || seen < 5 { // two directories, the file, its log and its shared memory
		t.Fatalf("saw %d files, %v", seen, err)
	}
}

func TestFileOpenToOthersIsClosedToThem(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: Windows has no file modes.")
	}
	path := filepath.Join(t.TempDir(), "earshot.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	openTest(t, path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAnyPath(t *testing.T) {
	t.Parallel()
	names := []string{"a b.db", "50%25.db", "#1.db", "ä日本.db", "a&b=c.db", "';--.db", "plus+.db"}
	if runtime.GOOS != "windows" {
		names = append(names, "what?mode=memory.db", "back\\slash.db", "a:b.db", "sqlite:.db")
	}
	for _, name := range names {
		for _, scheme := range []string{"", "sqlite:"} {
			path := filepath.Join(t.TempDir(), name)
			s := openTest(t, scheme+path)
			if err := add(t.Context(), s, "ana"); err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%q: %v", name, err)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("This is no database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, dsn := range map[string]string{
		"nothing": "", "nothing after the scheme": "sqlite:", "a directory": dir, "below a file": filepath.Join(text, "x.db"),
		"a file that is no database": text, "a bad URL": "postgres://%zz", "a server that is not there": "postgres:///x?host=" + dir,
		"a URL with a bad parameter": "postgres://localhost/x?sslmode=perhaps",
	} {
		s, err := Open(t.Context(), dsn)
		if err == nil {
			t.Errorf("%s: opened; closing: %v", what, s.Close())
		}
	}
	left, err := os.ReadFile(text)
	if err != nil || !strings.HasPrefix(string(left), "This is no database.") {
		t.Errorf("the file was changed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, filepath.Join(dir, "new.db")); err == nil {
		t.Error("opened in a context that has ended")
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "earshot.db")
	for i := range 3 {
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, s); n != i {
			t.Errorf("%d users, want %d", n, i)
		}
		if err := add(t.Context(), s, fmt.Sprint("user", i)); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	left, err := filepath.Glob(path + "*")
	if err != nil || len(left) != 1 {
		t.Errorf("files after closing: %v, %v", left, err)
	}
}

func TestSettingsOfEveryConnection(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "earshot.db"))
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "1", "foreign_keys": "1", "busy_timeout": "10000"} {
		for what, db := range map[string]*sql.DB{"writer": s.write, "reader": s.read} {
			var got string
			if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s is %q, %v; want %q", what, pragma, got, err, want)
			}
		}
	}
	if _, err := s.read.ExecContext(t.Context(), "DELETE FROM auth_user"); err == nil {
		t.Error("a reader can write")
	}
}

// Stores of one process that open a new file at the same time all find the tables made, once.
func TestOpenedAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "earshot.db")
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			s, err := Open(t.Context(), path)
			if err != nil {
				t.Errorf("opening: %v", err)
				return
			}
			if err := add(t.Context(), s, fmt.Sprint("user", i)); err != nil {
				t.Errorf("adding: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
		})
	}
	group.Wait()
	if n := count(t, openTest(t, path)); n != 8 {
		t.Errorf("%d users, want 8", n)
	}
}

// Processes, too, as when the command line makes users on the file of a running server.
func TestManyProcesses(t *testing.T) {
	t.Parallel()
	const processes, each = 4, 50
	if path := os.Getenv("EARSHOT_TEST_CHILD"); path != "" {
		s := openTest(t, path)
		for i := range each {
			if err := add(t.Context(), s, fmt.Sprintf("user-%d-%d", os.Getpid(), i)); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	path := filepath.Join(t.TempDir(), "earshot.db")
	var group sync.WaitGroup
	for range processes {
		group.Go(func() {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestManyProcesses$") //nolint:gosec // G204: this test itself
			child.Env = append(os.Environ(), "EARSHOT_TEST_CHILD="+path)
			if out, err := child.CombinedOutput(); err != nil {
				t.Errorf("a process failed: %v\n%s", err, out)
			}
		})
	}
	s := openTest(t, path)
	for i := range each {
		if err := add(t.Context(), s, fmt.Sprint("parent", i)); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
	if n := count(t, s); n != (processes+1)*each {
		t.Errorf("%d users, want %d", n, (processes+1)*each)
	}
}

// Going back and forth over all migrations leaves a database that works.
func TestMigrationsGoBack(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "earshot.db"))
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(s.goose, s.write, translated{files, s.types}, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	var tables int
	err = s.read.QueryRowContext(t.Context(), `SELECT count(*) FROM sqlite_schema
		WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'goose_db_version'`).Scan(&tables)
	if err != nil || tables != 0 {
		t.Errorf("%d tables left, %v", tables, err)
	}
	if err := s.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := add(t.Context(), s, "ana"); err != nil {
		t.Fatal(err)
	}
}

// texts gives the only column of a query.
func texts(t *testing.T, s *Store, query string) []string {
	t.Helper()
	all, err := collect(t.Context(), s.read, func(r row) (string, error) {
		var text string
		err := r.Scan(&text)
		return text, err
	}, query)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Nothing of what a store keeps is text of a conversation: there is no column that could hold one unseen.
func TestColumns(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "earshot.db"))
	got := texts(t, s, `SELECT t.name || '.' || c.name FROM sqlite_schema t, pragma_table_info(t.name) c
		WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> 'goose_db_version' ORDER BY 1`)
	const want = `account_change.credential account_change.id account_change.user_id
		action.actor action.actor_id action.actor_key action.at action.details action.id action.road action.room action.room_key
		action.subject action.subject_key action.verb
		auth_group.id auth_group.name auth_group.name_key auth_group_permission.group_id auth_group_permission.permission
		auth_user.date_joined auth_user.display_key auth_user.display_name auth_user.email auth_user.email_confirmed auth_user.id auth_user.is_active auth_user.is_staff auth_user.is_superuser
		auth_user.last_login auth_user.password auth_user.username auth_user.username_key auth_user.username_skeleton
		auth_user_group.group_id auth_user_group.user_id auth_user_permission.permission auth_user_permission.user_id
		avatar.changed_at avatar.media_type avatar.picture avatar.tag avatar.user_id
		browser_session.address browser_session.created_at browser_session.device browser_session.expires_at
		browser_session.hint browser_session.issuer browser_session.issuer_session browser_session.secret_hash browser_session.subject browser_session.used_at browser_session.user_id browser_session.way
		identity.created_at identity.id identity.issuer identity.name identity.subject identity.used_at identity.user_id
		imported.foreign_id imported.kind imported.own_id imported.password imported.print
		invitation.created_by invitation.expires_at invitation.secret_hash invitation.uses_left
		invitation_group.group_id invitation_group.secret_hash
		passkey.created_at passkey.credential passkey.credential_id passkey.id passkey.name passkey.used_at passkey.user_id
		recovery_code.code_hash recovery_code.user_id
		room.access room.created_at room.id room.locked room.name room.name_key room.owner_id room.slow_seconds room.title room.title_key room.topic
		room_member.room_id room_member.user_id room_note.id room_note.room_id room_note.user_id room_sanction.at room_sanction.by_id room_sanction.kind room_sanction.reason
		room_sanction.room_id room_sanction.until room_sanction.user_id server_ban.addresses server_ban.at server_ban.by_id
		server_ban.id server_ban.reason server_ban.until server_ban.user_id server_secret.name server_secret.secret server_setting.name server_setting.value
		ticket.data ticket.expires_at ticket.kind ticket.secret_hash ticket.tries ticket.user_id token.created_at token.expires_at token.name token.scopes token.secret_hash token.used_at token.user_id
		totp.confirmed totp.created_at totp.last_step totp.secret totp.user_id`
	if strings.Join(got, " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("columns: %v", got)
	}
}

// TestSearchPlan sees that SQLite looks for users where it takes least: by itself it reads each of 100,000 rows of the table.
func TestSearchPlan(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "earshot.db"))
	yes, no := true, false
	for index, queries := range map[string][]earshot.UserQuery{
		"auth_user_search": {
			{Search: "x"}, {Search: "x", After: "a", Limit: 5}, {Search: "x", IsActive: &yes}, {Search: "x", IsStaff: &no, IsSuperuser: &no, Unconfirmed: &no},
		},
		"auth_user_is_staff":     {{Search: "x", IsStaff: &yes}, {IsStaff: &yes}},
		"auth_user_is_superuser": {{Search: "x", IsSuperuser: &yes}},
		"auth_user_inactive":     {{Search: "x", IsActive: &no}},
		"auth_user_unconfirmed":  {{Search: "x", Unconfirmed: &yes}},
	} {
		for _, q := range queries {
			query, args := s.usersThat(q)
			plan, err := collect(t.Context(), s.read, func(r row) (string, error) {
				var (
					a, b, c int
					step    string
				)
				err := r.Scan(&a, &b, &c, &step)
				return step, err
			}, "EXPLAIN QUERY PLAN "+query, args...)
			if err != nil || !strings.Contains(plan[0], " "+index) {
				t.Errorf("%+v is found by %q, not by %s: %v", q, plan, index, err)
			}
		}
	}
}
