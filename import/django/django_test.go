package django

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/leaktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(leaktest.Patiently(m)) }

// The tables of a project, as Django 3.2 makes them, without what is not read; cmd/earshot tries those of the real one.
const tables = `
CREATE TABLE django_content_type (id integer PRIMARY KEY, app_label varchar(100) NOT NULL, model varchar(100) NOT NULL);
CREATE TABLE auth_permission (id integer PRIMARY KEY, content_type_id integer NOT NULL, codename varchar(100) NOT NULL);
CREATE TABLE auth_group (id integer PRIMARY KEY, name varchar(150) NOT NULL);
CREATE TABLE auth_group_permissions (id integer PRIMARY KEY, group_id integer NOT NULL, permission_id integer NOT NULL);
CREATE TABLE auth_user_groups (id integer PRIMARY KEY, user_id integer NOT NULL, group_id integer NOT NULL);
CREATE TABLE auth_user_user_permissions (id integer PRIMARY KEY, user_id integer NOT NULL, permission_id integer NOT NULL);
CREATE TABLE auth_user (id integer PRIMARY KEY, username varchar(150), email varchar(254), first_name varchar(150), last_name varchar(150),
	password varchar(128), is_active bool, is_staff bool, is_superuser bool, date_joined datetime, last_login datetime);
INSERT INTO django_content_type VALUES (1, 'auth', 'user'), (2, 'chat', 'room'), (3, 'shop', 'room');
INSERT INTO auth_permission VALUES (1, 1, 'add_user'), (2, 2, 'view_room'), (3, 3, 'add_room'), (4, 2, 'add_user');
INSERT INTO auth_group VALUES (4, 'Helpers');
INSERT INTO auth_group_permissions VALUES (1, 4, 2), (2, 4, 3);
INSERT INTO auth_user VALUES (9, 'ana', '', 'Ana ', ' María', '!', 1, 0, 1, '2024-01-02 03:04:05.678901', NULL),
	(10, 'bob', 'b@c', '', '', 'x', 0, 1, 0, '2024-01-02 03:04:05', '2024-01-02');
INSERT INTO auth_user_groups VALUES (1, 9, 4);
INSERT INTO auth_user_user_permissions VALUES (1, 9, 1), (2, 10, 4), (3, 10, 3);
`

// project makes a database, at a path with characters that mean something in a URL.
func project(t *testing.T, statements string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a b#c%20.sqlite3")
	at := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	db, err := sql.Open("sqlite", at.String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(ctx context.Context, t *testing.T, path string) (earshot.Foreign, error) {
	t.Helper()
	source, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}()
	return source.Read(ctx)
}

func TestRead(t *testing.T) {
	t.Parallel()
	got, err := read(t.Context(), t, project(t, tables))
	if err != nil || len(got.Users) != 2 || len(got.Groups) != 1 || got.Rooms != nil {
		t.Fatalf("%+v, %v", got, err)
	}
	ana, bob := got.Users[0], got.Users[1]
	joined := time.Date(2024, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	if ana.Foreign != 9 || ana.DisplayName != "Ana María" || !ana.IsActive || !ana.IsSuperuser || ana.IsStaff || !ana.DateJoined.Equal(joined) ||
		!ana.LastLogin.IsZero() || fmt.Sprint(ana.Permissions.List(), ana.Groups) != "[add_user] [4]" {
		t.Errorf("%+v", ana)
	}
	if bob.IsActive || !bob.IsStaff || bob.Email != "b@c" || bob.Permissions != 0 || bob.LastLogin.Day() != 2 {
		t.Errorf("%+v", bob)
	}
	if g := got.Groups[0]; g.Foreign != 4 || fmt.Sprint(g.Permissions.List()) != "[view_room]" {
		t.Errorf("%+v", g)
	}
	if fmt.Sprint(got.Dropped) != "map[chat.add_user:1 shop.add_room:2]" {
		t.Errorf("dropped: %v", got.Dropped)
	}
	rooms := project(t, tables+`CREATE TABLE chat_room (id integer PRIMARY KEY, title varchar(255), staff_only bool); INSERT INTO chat_room VALUES (3, 'x', 1);`)
	if got, err := read(t.Context(), t, rooms); err != nil || len(got.Rooms) != 1 || !got.Rooms[0].StaffOnly {
		t.Errorf("%+v, %v", got.Rooms, err)
	}
}

// Tables that were changed by hand, or come from an older program, have nothing where Django would have an empty text. A room of
// which it is not known whether it is for the staff is.
func TestReadNothing(t *testing.T) {
	t.Parallel()
	got, err := read(t.Context(), t, project(t, tables+`UPDATE auth_user SET email = NULL, first_name = NULL, last_name = NULL;
		CREATE TABLE chat_room (id integer PRIMARY KEY, title varchar(255), staff_only bool); INSERT INTO chat_room VALUES (3, NULL, NULL), (4, 'x', 0);`))
	if err != nil || len(got.Users) != 2 || got.Users[1].Email != "" || got.Users[1].DisplayName != "" {
		t.Fatalf("%+v, %v", got.Users, err)
	}
	if len(got.Rooms) != 2 || got.Rooms[0].Title != "" || !got.Rooms[0].StaffOnly || got.Rooms[1].StaffOnly {
		t.Errorf("%+v", got.Rooms)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	if _, err := Open(filepath.Join(t.TempDir(), "none")); earshot.CodeOf(err) != earshot.CodeNotFound {
		t.Errorf("no file: %v", err)
	}
	if _, err := read(t.Context(), t, project(t, `CREATE TABLE x (y)`)); earshot.CodeOf(err) != earshot.CodeInvalid {
		t.Errorf("no tables: %v", err)
	}
	for _, broken := range []string{
		`CREATE TABLE auth_user (id)`, tables + `DROP TABLE auth_permission`, tables + `UPDATE auth_user SET username = NULL`,
		tables + `UPDATE auth_user SET is_active = 'maybe'`, tables + `CREATE TABLE chat_room (id)`,
	} {
		if got, err := read(t.Context(), t, project(t, broken)); err == nil {
			t.Errorf("%.40s…: %+v", broken, got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := read(ctx, t, project(t, tables)); err == nil {
		t.Error("it read for nobody")
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	for _, none := range []any{
		nil, "", "yesterday", 5, []byte("2024-01-02"),
		// What no list of users in JSON can hold: one such date, and nobody was shown.
		time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-43, 3, 15, 0, 0, 0, 0, time.UTC), "9999-12-31T23:59:59-05:00", "20000-01-01 00:00:00",
	} {
		if got := moment(none); !got.IsZero() {
			t.Errorf("%v: %v", none, got)
		}
	}
}
