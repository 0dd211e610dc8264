package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/earshot-chat/earshot"
)

// lockSuffix is what the name of the lock file of an SQLite file ends in.
const lockSuffix = ".lock"

// pgLockClass is the first half of the number of the lock on PostgreSQL, so that it meets no other program's.
const pgLockClass = 0x6561_7273 // "ears"

// tryPGLock asks for the lock of the schema that the tables are in: a database may hold several.
const tryPGLock = `SELECT pg_try_advisory_lock($1, hashtext(current_schema()))`

// Lock keeps other servers off the database until Close, or until the process ends in whatever way: a log-in that one
// server ends must not live on in another that knows nothing of it. Those that do not lock, such as the command line, are
// let in all the same. CodeConflict if another one holds the lock; it does not wait.
//
// For SQLite it locks a file beside the database, which stays there afterwards. For PostgreSQL it is an advisory lock of
// a connection, so a proxy that shares connections out by transaction must not be in between.
func (s *Store) Lock(ctx context.Context) error {
	s.locking.Lock()
	defer s.locking.Unlock()
	if s.held != nil {
		return errors.New("sqlstore: the database is locked by this store already")
	}
	return s.lock(ctx)
}

func (s *Store) lock(ctx context.Context) error {
	var err error
	if s.path != "" {
		s.held, err = lockFile(s.path + lockSuffix)
	} else {
		s.held, err = lockPostgres(ctx, s.write)
	}
	return s.fail(ctx, err)
}

// keepLock sees that the lock is still there. A file's always is; a connection may have been lost, and the lock with it.
// Then it takes the lock anew, unless another server was quicker.
func (s *Store) keepLock(ctx context.Context) error {
	s.locking.Lock()
	defer s.locking.Unlock()
	conn, ok := s.held.(*sql.Conn)
	if !ok || conn.PingContext(ctx) == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	held, err := lockPostgres(ctx, s.write)
	if err != nil {
		return fmt.Errorf("taking the database's lock again: %w", err)
	}
	_ = conn.Close() // lost already
	s.held = held
	return nil
}

// unlock gives the lock back, if there is one.
func (s *Store) unlock() error {
	s.locking.Lock()
	defer s.locking.Unlock()
	if s.held == nil {
		return nil
	}
	held := s.held
	s.held = nil
	if conn, ok := held.(*sql.Conn); ok {
		// The pool would keep the connection open, and the lock with it, until it is closed itself; it may be lost, too.
		_, _ = conn.ExecContext(context.Background(), `SELECT pg_advisory_unlock($1, hashtext(current_schema()))`, pgLockClass)
		_ = conn.Close()
		return nil
	}
	return held.Close()
}

// lockFile opens and locks the file. The system lets go of the lock when the file is closed.
func lockFile(path string) (io.Closer, error) {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the lock file: %w", err)
	}
	free, err := tryLock(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
	}
	if !free {
		return nil, errors.Join(errInUse(), f.Close())
	}
	return f, nil
}

func lockPostgres(ctx context.Context, db *sql.DB) (io.Closer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var free bool
	if err := conn.QueryRowContext(ctx, tryPGLock, pgLockClass).Scan(&free); err != nil {
		return nil, errors.Join(fmt.Errorf("locking the database: %w", err), conn.Close())
	}
	if !free {
		return nil, errors.Join(errInUse(), conn.Close())
	}
	return conn, nil
}

func errInUse() error {
	return earshot.Errorf(earshot.CodeConflict, "Another Earshot server uses this database.")
}
