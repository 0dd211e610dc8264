// Package sqlstore keeps accounts and rooms in SQLite or PostgreSQL, through database/sql. One SQL text serves both;
// what the two do differently is in dialect.go.
//
// The contract is the seam's (store.go of the root package) and is tried by store/storetest.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/earshot-chat/earshot"
)

// Store is an open database. It implements every storage interface of package earshot and is safe for concurrent use,
// by many processes at once too: the command line works on the file of a running server.
type Store struct {
	// write runs what changes the database. On SQLite it is a single connection, for there can be one writer only and
	// waiting in a queue is cheaper than trying again.
	write *sql.DB
	// read runs the rest; on PostgreSQL it is the same pool.
	read *sql.DB
	// prepared are the statements of one, by their text: as many as the package has such queries. Under preparing.
	preparing sync.Mutex
	prepared  map[string]*sql.Stmt
	// path is the SQLite file itself, links followed; empty on PostgreSQL.
	path string
	// held is the lock of Lock, nil if there is none. Under locking.
	locking sync.Mutex
	held    io.Closer
	dialect
}

// The seams that this package is behind.
var (
	_ earshot.UserStore           = (*Store)(nil)
	_ earshot.PasswordStore       = (*Store)(nil)
	_ earshot.UserEditStore       = (*Store)(nil)
	_ earshot.OwnAccountStore     = (*Store)(nil)
	_ earshot.SecretStore         = (*Store)(nil)
	_ earshot.ProfileStore        = (*Store)(nil)
	_ earshot.GroupStore          = (*Store)(nil)
	_ earshot.ImportStore         = (*Store)(nil)
	_ earshot.BrowserSessionStore = (*Store)(nil)
	_ earshot.TokenStore          = (*Store)(nil)
	_ earshot.InvitationStore     = (*Store)(nil)
	_ earshot.TOTPStore           = (*Store)(nil)
	_ earshot.RecoveryStore       = (*Store)(nil)
	_ earshot.PasskeyStore        = (*Store)(nil)
	_ earshot.IdentityStore       = (*Store)(nil)
	_ earshot.TicketStore         = (*Store)(nil)
	_ earshot.RoomStore           = (*Store)(nil)
	_ earshot.MemberStore         = (*Store)(nil)
	_ earshot.RoomNoteStore       = (*Store)(nil)
	_ earshot.StoreLife           = (*Store)(nil)
)

// Open opens the database and brings its tables up to date. dsn is one of
//
//   - the path of an SQLite file, with or without "sqlite:" before it. A missing file is made, readable by its owner
//     only, as are missing directories; a file that others may read is taken from them;
//   - a PostgreSQL URL, postgres://… or postgresql://…, with the parameters of libpq.
//
// Several processes may open one database at the same time, also a new one. ctx bounds the opening only. Errors: CodeInvalid
// for another kind of address, CodeConflict for tables that a newer version has made.
func Open(ctx context.Context, dsn string) (*Store, error) {
	s, err := connect(dsn)
	if err != nil {
		return nil, err
	}
	return s.ready(ctx)
}

// OpenExisting is Open for a database that must be there: of SQLite, it makes no file. CodeNotFound if there is none.
func OpenExisting(ctx context.Context, dsn string) (*Store, error) {
	if !isPostgres(dsn) {
		path, err := pathOf(dsn)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(path); path != "" && errors.Is(err, fs.ErrNotExist) {
			return nil, earshot.Errorf(earshot.CodeNotFound, "There is no database at %s.", path)
		}
	}
	return Open(ctx, dsn)
}

// OpenLocked is Open and Lock for a server: it brings the tables up to date only when it has the lock, so that a newer
// server that is started by mistake does not change the database of one that runs. Errors: CodeConflict as Lock.
func OpenLocked(ctx context.Context, dsn string) (*Store, error) {
	s, err := connect(dsn)
	if err != nil {
		return nil, err
	}
	if err := s.Lock(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s.ready(ctx)
}

// ready brings the tables up to date.
func (s *Store) ready(ctx context.Context) (*Store, error) {
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("bringing the %s tables up to date: %w", s.name, err), s.Close())
	}
	return s, nil
}

// connect opens the database as it is.
func connect(dsn string) (*Store, error) {
	if isPostgres(dsn) {
		return openPostgres(dsn)
	}
	path, err := pathOf(dsn)
	if err != nil {
		return nil, err
	}
	return openSQLite(path)
}

// pathOf gives the path of an SQLite file. CodeInvalid for an address of something else, such as mysql://…, which is not repeated:
// there may be a password in it.
func pathOf(dsn string) (string, error) {
	path := strings.TrimPrefix(dsn, "sqlite:")
	if scheme, _, address := strings.Cut(path, "://"); address && !strings.ContainsAny(scheme, `/\`) {
		return "", earshot.FieldError("db", "The database is a file or a postgres:// URL, and not one of %s://.", scheme)
	}
	return path, nil
}

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// Ping tells whether the database answers, and, after Lock, whether it is still this server's.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.read.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return s.fail(ctx, err)
	}
	return s.fail(ctx, s.keepLock(ctx))
}

// Close closes all connections, after the calls that are running have ended, and gives the lock back.
func (s *Store) Close() error {
	if s.read == s.write {
		return errors.Join(s.unlock(), s.write.Close())
	}
	// The writer goes last: the last connection to an SQLite file tidies its log away, which a reader may not.
	return errors.Join(s.read.Close(), s.write.Close(), s.unlock())
}

// inTx runs fn in a transaction that is committed if fn gives no error.
func (s *Store) inTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return s.fail(ctx, err)
	}
	if err := fn(tx); err != nil {
		// The first fault is the one to report; after a cancelled context the transaction is gone already.
		_ = tx.Rollback()
		return s.fail(ctx, err)
	}
	return s.fail(ctx, tx.Commit())
}

// changeTx runs fn in a transaction as inTx does, with entries of the log if fn says that it changed something.
func (s *Store) changeTx(ctx context.Context, log []earshot.Action, fn func(tx *sql.Tx) (changed bool, err error)) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		changed, err := fn(tx)
		if err != nil || !changed {
			return err
		}
		return writeAction(ctx, tx, log...)
	})
}

// logged is changeTx for what has changed something whenever it gives no error.
func (s *Store) logged(ctx context.Context, log []earshot.Action, fn func(tx *sql.Tx) error) error {
	return s.changeTx(ctx, log, func(tx *sql.Tx) (bool, error) { return true, fn(tx) })
}

// one asks for one row, by a statement that is prepared once. To read and plan such a query takes SQLite longer than to
// find the row, and every handshake asks two of them.
func (s *Store) one(ctx context.Context, query string, args ...any) row {
	stmt, err := s.statement(ctx, query) //nolint:sqlclosecheck // it is the store's
	if err != nil {
		return noRow{err}
	}
	return stmt.QueryRowContext(ctx, args...)
}

// statement gives the prepared statement of a query. It lives as long as the store.
func (s *Store) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	if stmt := s.prepared[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := s.read.PrepareContext(context.WithoutCancel(ctx), query) //nolint:sqlclosecheck // closed with the connections
	if err != nil {
		return nil, err
	}
	if s.prepared == nil {
		s.prepared = make(map[string]*sql.Stmt)
	}
	s.prepared[query] = stmt
	return stmt, nil
}

// noRow is the row of a query that could not be asked.
type noRow struct{ err error }

func (r noRow) Scan(...any) error { return r.err }

// changed runs a statement and gives the number of rows that it changed.
func (s *Store) changed(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := s.write.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, s.fail(ctx, err)
	}
	n, err := res.RowsAffected()
	return n, s.fail(ctx, err)
}

// found wants a statement of a transaction to have changed a row; none is the error where it has not.
func found(res sql.Result, err, none error) error {
	if some, err := affected(res, err); err != nil || some {
		return err
	}
	return none
}

// affected tells whether a statement of a transaction has changed a row.
func affected(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// asked is what a query can be put to: a database, or a transaction.
type asked interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// readAll gives all rows of a query that only reads.
func readAll[T any](ctx context.Context, s *Store, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	all, err := collect(ctx, s.read, scan, query, args...)
	return all, s.fail(ctx, err)
}

// collect puts a query, and gives all its rows.
func collect[T any](ctx context.Context, to asked, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	var all []T
	err := each(ctx, to, func(r *sql.Rows) error {
		v, err := scan(r)
		all = append(all, v)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return all, nil
}

// each puts a query, and has every row of it read.
func each(ctx context.Context, to asked, read func(*sql.Rows) error, query string, args ...any) (err error) {
	rows, err := to.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// row is a *sql.Row or a *sql.Rows.
type row interface{ Scan(dest ...any) error }

// millis is how a time is kept.
func millis(t time.Time) int64 { return t.UnixMilli() }

// fromMillis is how a kept time is given.
func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// nullMillis keeps a zero time as NULL.
func nullMillis(t time.Time) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: true}
}

// fromNullMillis is how a time is given that may be NULL.
func fromNullMillis(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return fromMillis(ms.Int64)
}

// nullID keeps a zero number as NULL.
func nullID[T ~int64](id T) sql.NullInt64 { return sql.NullInt64{Int64: int64(id), Valid: id != 0} }

// tuples gives n lists of placeholders, each for so many columns: ($1,$2),($3,$4).
func tuples(n, columns int) string {
	var b strings.Builder
	for i := range n * columns {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%columns == 0:
			b.WriteString("),(")
		default:
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", i+1)
	}
	b.WriteByte(')')
	return b.String()
}
