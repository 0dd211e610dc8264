package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/earshot-chat/earshot"
)

// actionWidth is how many columns an entry is written with.
const actionWidth = 11

// WriteActions implements earshot.ActionStore.
func (s *Store) WriteActions(ctx context.Context, entries ...earshot.Action) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return writeAction(ctx, tx, entries...) })
}

// writeAction writes entries within a transaction.
func writeAction(ctx context.Context, tx *sql.Tx, entries ...earshot.Action) error {
	for from := 0; from < len(entries); from += bulk {
		some := entries[from:min(from+bulk, len(entries))]
		args := make([]any, 0, len(some)*actionWidth)
		for i := range some {
			e := &some[i]
			details, err := json.Marshal(e.Details, json.Deterministic(true))
			if err != nil {
				return err
			}
			for _, text := range []*string{&e.Actor.Name, &e.Subject, &e.Room} {
				*text = kept(*text)
			}
			args = append(args, millis(e.At), int64(e.Actor.ID), e.Actor.Name, strings.ToLower(e.Actor.Name), string(e.Road), string(e.Verb),
				e.Subject, strings.ToLower(e.Subject), e.Room, strings.ToLower(e.Room), kept(string(details)))
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO action (at, actor_id, actor, actor_key, road, verb, subject, subject_key, room, room_key, details) VALUES `+ //nolint:gosec // G202: placeholders
			tuples(len(some), actionWidth), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// kept is a text as both databases can hold it: an action that was done is written down whatever it was done to.
func kept(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// Actions implements earshot.ActionStore.
func (s *Store) Actions(ctx context.Context, q earshot.ActionQuery) ([]earshot.Action, error) {
	if !storable(q.Actor, q.Subject, string(q.Verb)) {
		return nil, nil // PostgreSQL would call it a fault
	}
	var (
		args  arguments
		where []string
	)
	for _, f := range []struct{ column, want string }{
		{"actor_key", strings.ToLower(q.Actor)}, {"verb", string(q.Verb)},
	} {
		if f.want != "" {
			where = append(where, f.column+" = "+args.add(f.want))
		}
	}
	if q.Subject != "" {
		name := args.add(strings.ToLower(q.Subject))
		where = append(where, `(subject_key = `+name+` OR room_key = `+name+`)`)
	}
	if !q.Since.IsZero() {
		where = append(where, "at >= "+args.add(millis(q.Since)))
	}
	if !q.Before.IsZero() {
		where = append(where, "at < "+args.add(millis(q.Before)))
	}
	if q.Below > 0 {
		where = append(where, "id < "+args.add(q.Below))
	}
	limit := q.Limit
	if limit <= 0 || limit > earshot.MaxActions {
		limit = earshot.MaxActions
	}
	query := `SELECT id, at, actor_id, actor, road, verb, subject, room, details FROM action ` +
		whereAll(where) + ` ORDER BY id DESC` + args.limit(limit)
	return readAll(ctx, s, scanAction, query, args...)
}

func scanAction(r row) (earshot.Action, error) {
	var (
		a       earshot.Action
		at      int64
		details string
	)
	if err := r.Scan(&a.ID, &at, &a.Actor.ID, &a.Actor.Name, &a.Road, &a.Verb, &a.Subject, &a.Room, &details); err != nil {
		return earshot.Action{}, err
	}
	a.At = fromMillis(at)
	return a, json.Unmarshal([]byte(details), &a.Details)
}

// TrimActions implements earshot.ActionStore.
func (s *Store) TrimActions(ctx context.Context, before time.Time, keep int) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM action WHERE at < $1`, millis(before)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM action WHERE id <= (SELECT id FROM action ORDER BY id DESC LIMIT 1 OFFSET $1)`, keep)
		return err
	})
}
