// Package django reads accounts and rooms of a Django project from its database, SQLite or PostgreSQL: the tables of
// django.contrib.auth, and the rooms of multichat, the example of Django Channels (chat_room). It writes nothing.
package django

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"modernc.org/sqlite" // the driver, too
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/earshot-chat/earshot"
)

// Source is an open database of a Django project.
type Source struct {
	db       *sql.DB
	postgres bool
}

// Open opens the database: the path of an SQLite file, with or without "sqlite:" before it, or a PostgreSQL URL. It makes
// nothing. Errors: CodeNotFound where there is no such file, CodeInvalid for what is none, and for another kind of address.
func Open(dsn string) (*Source, error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		cfg, err := pgx.ParseConfig(dsn)
		if err != nil {
			return nil, err // pgx leaves the password out of this error
		}
		return &Source{db: stdlib.OpenDB(*cfg), postgres: true}, nil
	}
	path, err := fileOf(dsn)
	if err != nil {
		return nil, err
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // C:/…
		path = "/" + path
	}
	at := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"mode": {"ro"}, "_query_only": {"on"}, "_busy_timeout": {"10000"}}.Encode()}
	db, err := sql.Open("sqlite", at.String())
	if err != nil {
		return nil, err
	}
	return &Source{db: db}, nil
}

// fileOf gives the absolute path of an SQLite file that is there.
func fileOf(dsn string) (string, error) {
	path := strings.TrimPrefix(dsn, "sqlite:")
	if path == "" {
		return "", earshot.FieldError("db", "The path of Django's database is empty.")
	}
	if scheme, _, address := strings.Cut(path, "://"); address && !strings.ContainsAny(scheme, `/\`) {
		// Not repeated: there may be a password in it.
		return "", earshot.FieldError("db", "Django's database is a file or a postgres:// URL here, and not one of %s://.", scheme)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return "", earshot.Errorf(earshot.CodeNotFound, "There is no database at %s.", path)
	case err != nil:
		return "", err
	case !info.Mode().IsRegular(): // a pipe would be waited for
		return "", earshot.FieldError("db", "%s is not a file.", path)
	}
	return path, nil
}

// Close closes the connections.
func (s *Source) Close() error { return s.db.Close() }

// reading is what one Read has together.
type reading struct {
	ctx context.Context //nolint:containedctx // it lives as long as one call
	tx  *sql.Tx
	out earshot.Foreign
}

// Read reads all of it, as it was at one moment. The permissions that have a counterpart are those of the same name on
// auth.user and on chat.room. Errors: CodeInvalid if there are no tables of django.contrib.auth.
func (s *Source) Read(ctx context.Context) (earshot.Foreign, error) {
	options := &sql.TxOptions{ReadOnly: true}
	if s.postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := s.db.BeginTx(ctx, options)
	if err != nil {
		return earshot.Foreign{}, fault("opening", err)
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to commit
	r := &reading{ctx: ctx, tx: tx, out: earshot.Foreign{Dropped: map[string]int{}}}
	auth, err := r.has(s.postgres, "auth_user")
	if err != nil {
		return earshot.Foreign{}, fault("reading", err)
	}
	if !auth {
		return earshot.Foreign{}, earshot.FieldError("db", "There is no table auth_user in that database: it is none of a Django project "+
			"with django.contrib.auth, or the project has a user model of its own.")
	}
	steps := []func() error{r.groups, r.users}
	if chat, err := r.has(s.postgres, "chat_room"); err != nil {
		return earshot.Foreign{}, fault("reading", err)
	} else if chat {
		steps = append(steps, r.rooms)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return earshot.Foreign{}, fault("reading", err)
		}
	}
	return r.out, nil
}

// fault says what could not be done, and, where SQLite's own words do not, what can be done about it.
func fault(doing string, err error) error {
	advice := ""
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		advice = adviceFor(e.Code())
	}
	return fmt.Errorf("%s Django's database: %s%w", doing, advice, err)
}

// adviceFor gives what can be done about an error of SQLite, empty for nothing (https://www.sqlite.org/rescode.html).
func adviceFor(code int) string {
	switch code {
	case sqlite3.SQLITE_READONLY_ROLLBACK:
		return "a program that wrote to it was cut off; open it with Django, which takes back what was half done, and try again: "
	case sqlite3.SQLITE_READONLY_RECOVERY, sqlite3.SQLITE_READONLY_CANTLOCK, sqlite3.SQLITE_READONLY_DIRECTORY, sqlite3.SQLITE_READONLY_CANTINIT:
		return "it is in write-ahead mode, and nothing may be written beside it; copy it, with its -wal file if there is one, to where that may be: "
	}
	const primary = 0xff
	switch code & primary {
	case sqlite3.SQLITE_BUSY:
		return "another program is writing to it; try again: "
	case sqlite3.SQLITE_CANTOPEN:
		return "it may not be read: "
	}
	return ""
}

// has tells whether there is a table.
func (r *reading) has(postgres bool, table string) (bool, error) {
	query := `SELECT count(*) FROM sqlite_schema WHERE type IN ('table', 'view') AND name = $1`
	if postgres {
		query = `SELECT CASE WHEN to_regclass($1) IS NULL THEN 0 ELSE 1 END`
	}
	var n int
	err := r.tx.QueryRowContext(r.ctx, query, table).Scan(&n)
	return n > 0, err
}

// each runs scan for every row of a query.
func (r *reading) each(query string, scan func(*sql.Rows) error) error {
	rows, err := r.tx.QueryContext(r.ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// grants reads who has which permissions: those with a counterpart by owner, the others counted.
func (r *reading) grants(table, owner string) (map[int64]earshot.PermissionSet, error) {
	sets := map[int64]earshot.PermissionSet{}
	err := r.each(`SELECT g.`+owner+`, c.app_label, p.codename FROM `+table+` g JOIN auth_permission p ON p.id = g.permission_id
		JOIN django_content_type c ON c.id = p.content_type_id`, func(rows *sql.Rows) error {
		var (
			id            int64
			app, codename string
		)
		if err := rows.Scan(&id, &app, &codename); err != nil {
			return err
		}
		set := counterpart(app, codename)
		if set == 0 {
			r.out.Dropped[app+"."+codename]++
		}
		sets[id] |= set
		return nil
	})
	return sets, err
}

// counterpart gives what a permission of Django is here; nothing if it is nothing.
func counterpart(app, codename string) earshot.PermissionSet {
	noun := map[string]string{"auth": "_user", "chat": "_room"}[app]
	if noun == "" || !strings.HasSuffix(codename, noun) {
		return 0
	}
	return earshot.PermissionsOf(earshot.Permission(codename))
}

func (r *reading) groups() error {
	sets, err := r.grants("auth_group_permissions", "group_id")
	if err != nil {
		return err
	}
	return r.each(`SELECT id, name FROM auth_group ORDER BY id`, func(rows *sql.Rows) error {
		var g earshot.ForeignGroup
		if err := rows.Scan(&g.Foreign, &g.Name); err != nil {
			return err
		}
		g.Permissions = sets[g.Foreign]
		r.out.Groups = append(r.out.Groups, g)
		return nil
	})
}

func (r *reading) users() error {
	sets, err := r.grants("auth_user_user_permissions", "user_id")
	if err != nil {
		return err
	}
	member := map[int64][]int64{}
	err = r.each(`SELECT user_id, group_id FROM auth_user_groups ORDER BY user_id, group_id`, func(rows *sql.Rows) error {
		var user, group int64
		err := rows.Scan(&user, &group)
		member[user] = append(member[user], group)
		return err
	})
	if err != nil {
		return err
	}
	return r.each(`SELECT id, username, email, first_name, last_name, password, is_active, is_staff, is_superuser, date_joined, last_login
		FROM auth_user ORDER BY id`, func(rows *sql.Rows) error {
		var (
			u                  earshot.ForeignUser
			email, first, last sql.NullString // never null as Django makes them
			password           string
			joined, login      any
		)
		err := rows.Scan(&u.Foreign, &u.Username, &email, &first, &last, &password, &u.IsActive, &u.IsStaff, &u.IsSuperuser, &joined, &login)
		if err != nil {
			return err
		}
		u.Password = earshot.PasswordHash(password)
		u.Email = email.String
		u.DisplayName = strings.TrimSpace(strings.TrimSpace(first.String) + " " + strings.TrimSpace(last.String))
		u.DateJoined, u.LastLogin = moment(joined), moment(login)
		u.Permissions, u.Groups = sets[u.Foreign], member[u.Foreign]
		r.out.Users = append(r.out.Users, u)
		return nil
	})
}

func (r *reading) rooms() error {
	return r.each(`SELECT id, title, staff_only FROM chat_room ORDER BY id`, func(rows *sql.Rows) error {
		var (
			room  earshot.ForeignRoom
			title sql.NullString
			staff sql.NullBool
		)
		if err := rows.Scan(&room.Foreign, &title, &staff); err != nil {
			return err
		}
		room.Title, room.StaffOnly = title.String, staff.Bool || !staff.Valid
		r.out.Rooms = append(r.out.Rooms, room)
		return nil
	})
}

// moment reads a time: a value of its own, or, in SQLite, a text in UTC. What is none is zero, and so is what is none to Django
// and to JSON: before the year 1, as PostgreSQL can have it, and after 9999.
func moment(value any) time.Time {
	at := whenever(value).UTC().Truncate(time.Millisecond)
	if at.Year() < 1 || at.Year() > 9999 {
		return time.Time{}
	}
	return at
}

func whenever(value any) time.Time {
	switch v := value.(type) {
	case time.Time:
		return v
	case string:
		for _, form := range []string{"2006-01-02 15:04:05.999999", time.RFC3339Nano, "2006-01-02"} {
			if t, err := time.Parse(form, v); err == nil {
				return t
			}
		}
	}
	return time.Time{}
}
