package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/pgtest"
	"github.com/earshot-chat/earshot/store/storetest"
)

func TestContractOnSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Stores {
		return stores(openTest(t, filepath.Join(t.TempDir(), "earshot.db")))
	})
}

func TestContractOnPostgreSQL(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	storetest.Run(t, func(t *testing.T) storetest.Stores {
		return stores(openTest(t, server.NewDatabase(t)))
	})
}

func openTest(t *testing.T, dsn string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return s
}

func stores(s *Store) storetest.Stores {
	return storetest.Stores{Users: s, Passwords: s, Edit: s, Own: s, Secrets: s, Profiles: s, Groups: s, Import: s, Sessions: s, Tokens: s, Invitations: s, TOTP: s, Recovery: s, Passkeys: s, Identities: s, Origins: s, Tickets: s, Factors: s, Rooms: s, Members: s, Sanctions: s, RoomNotes: s, Bans: s, Actions: s, Life: s}
}

// CreateFirstUser waits for users that others are making, and then sees them: on PostgreSQL a transaction alone would
// neither see them nor wait.
func TestFirstUserWaitsForOthers(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "earshot.db")
		firstWaits(t, openTest(t, path), openTest(t, path), func() bool { return false })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		dsn := pgtest.Start(t).NewDatabase(t)
		s := openTest(t, dsn)
		firstWaits(t, s, openTest(t, dsn), func() bool {
			var waiting bool
			err := s.read.QueryRowContext(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)`).Scan(&waiting)
			return err == nil && waiting
		})
	})
}

// firstWaits has one store make a user, and the other one the first, which begins before the user is there for all to see.
func firstWaits(t *testing.T, one, other *Store, waiting func() bool) {
	t.Helper()
	tx, err := one.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := insertUsers(t.Context(), tx, []earshot.NewUser{testUser("ana")}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := other.CreateFirstUser(t.Context(), testUser("bob"))
		done <- err
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for i := 0; i < 50 && !waiting(); i++ {
		select {
		case err := <-done:
			t.Fatalf("it did not wait: %v", err)
		case <-tick.C:
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; earshot.CodeOf(err) != earshot.CodeConflict {
		t.Errorf("got %v", err)
	}
}

// As when the set-up page and the command line make the first user at the same time, in two processes.
func TestRaceToBeFirstAcrossStores(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "earshot.db")
	var (
		group sync.WaitGroup
		won   atomic.Int64
	)
	for range 4 {
		s := openTest(t, path)
		for i := range 5 {
			group.Go(func() {
				_, err := s.CreateFirstUser(t.Context(), testUser(fmt.Sprint("boss", i)))
				if err == nil {
					won.Add(1)
				} else if earshot.CodeOf(err) != earshot.CodeConflict {
					t.Errorf("got %v", err)
				}
			})
		}
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d were first", won.Load())
	}
}

// A statement in a transaction that the end of its context rolled back says only that the transaction is over.
func TestFailNamesTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	for _, d := range []dialect{sqliteDialect(), postgresDialect()} {
		if err := d.fail(ctx, sql.ErrTxDone); !errors.Is(err, sql.ErrTxDone) || errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", d.name, err)
		}
	}
	cancel()
	for _, d := range []dialect{sqliteDialect(), postgresDialect()} {
		if err := d.fail(ctx, sql.ErrTxDone); !errors.Is(err, sql.ErrTxDone) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", d.name, err)
		}
		if err := d.fail(ctx, nil); err != nil {
			t.Errorf("%s: %v", d.name, err)
		}
	}
}

func testUser(name string) earshot.NewUser {
	return earshot.NewUser{
		User: earshot.User{Username: name, Password: "!", IsActive: true, DateJoined: time.Unix(1, 0)},
		Keys: earshot.UserKeys{Name: earshot.NameKey(name), Skeleton: name},
	}
}
