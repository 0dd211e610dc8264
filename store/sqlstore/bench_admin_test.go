package sqlstore_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/internal/pgtest"
	"github.com/earshot-chat/earshot/store/sqlstore"
)

// onBoth runs the benchmark on a new database of each kind.
func onBoth(b *testing.B, bench func(b *testing.B, store *sqlstore.Store)) {
	b.Helper()
	for name, dsn := range map[string]func(b *testing.B) string{
		"SQLite":     func(b *testing.B) string { b.Helper(); return filepath.Join(b.TempDir(), "bench.db") },
		"PostgreSQL": func(b *testing.B) string { b.Helper(); return pgtest.Start(b).NewDatabase(b) },
	} {
		b.Run(name, func(b *testing.B) {
			store, err := sqlstore.Open(b.Context(), dsn(b))
			if err != nil {
				b.Fatal(err)
			}
			defer store.Close()
			bench(b, store)
		})
	}
}

// benchUsers is how many users the administration is measured with, and benchPage how many there are to a page, and one more.
const (
	benchUsers = 100_000
	benchPage  = 51
)

// BenchmarkUsers is a page of 50 of 100,000 users, as the administration shows it.
func BenchmarkUsers(b *testing.B) {
	onBoth(b, func(b *testing.B, store *sqlstore.Store) {
		group, err := store.CreateGroup(b.Context(), earshot.Group{Name: "some"}, "some")
		if err != nil {
			b.Fatal(err)
		}
		users := make([]earshot.NewUser, benchUsers)
		for i := range users {
			name := fmt.Sprintf("user%06d", i)
			users[i] = earshot.NewUser{
				User: earshot.User{
					Username: name, Email: name + "@example.org", EmailConfirmed: i%500 != 0, Password: "!", IsActive: i%10 != 0,
					IsStaff: i%1000 == 0, IsSuperuser: i == benchUsers-1, DateJoined: time.Now(),
				},
				Keys: earshot.UserKeys{Name: earshot.NameKey(name), Skeleton: name},
			}
			if i%100 == 0 {
				users[i].Groups = []earshot.GroupID{group}
			}
		}
		if _, err := store.CreateUsers(b.Context(), users); err != nil {
			b.Fatal(err)
		}
		yes, no := true, false
		for name, query := range map[string]earshot.UserQuery{
			"first":       {},
			"last":        {After: "user099949"},
			"search":      {Search: "99"},
			"nobody":      {Search: "nobody"},
			"inactive":    {IsActive: &no},
			"staff":       {IsStaff: &yes},
			"super":       {IsSuperuser: &yes},
			"unconfirmed": {Unconfirmed: &yes},
			"group":       {Group: group},
		} {
			query.Limit = benchPage
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					if _, err := store.Users(b.Context(), query); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}

// BenchmarkActions is a page of 50 of a log of 100,000 entries.
func BenchmarkActions(b *testing.B) {
	onBoth(b, func(b *testing.B, store *sqlstore.Store) {
		verbs, begin := earshot.Verbs(), time.Now().Add(-benchUsers*time.Second)
		entries := make([]earshot.Action, benchUsers)
		for i := range entries {
			entries[i] = earshot.Action{
				At: begin.Add(time.Duration(i) * time.Second), Actor: earshot.UserRef{ID: 1, Name: fmt.Sprint("boss", i%7)}, Road: earshot.RoadPage,
				Verb: verbs[i%len(verbs)], Subject: fmt.Sprint("user", i%5000), Details: map[string]string{"reason": "why"},
			}
			if i%3 == 0 {
				entries[i].Room = fmt.Sprint("room", i%300)
			}
		}
		entries[5].Verb = "rare"
		if err := store.WriteActions(b.Context(), entries...); err != nil {
			b.Fatal(err)
		}
		for name, query := range map[string]earshot.ActionQuery{
			"first":   {},
			"middle":  {Below: benchUsers / 2},
			"last":    {Below: 100},
			"actor":   {Actor: "boss3"},
			"subject": {Subject: "user77"},
			"room":    {Subject: "room6"},
			"nobody":  {Subject: "nobody"},
			"verb":    {Verb: earshot.VerbImport},
			"rare":    {Verb: "rare"},
			"before":  {Before: begin.Add(100 * time.Second)},
			"all":     {Actor: "boss3", Subject: "room6", Verb: earshot.VerbBan, Since: begin},
		} {
			query.Limit = benchPage
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					if _, err := store.Actions(b.Context(), query); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}
