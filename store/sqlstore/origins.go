package sqlstore

import (
	"context"
	"time"

	"github.com/earshot-chat/earshot"
)

// EndSessionsFrom implements earshot.OriginStore. The first conditions are those of the indexes.
func (s *Store) EndSessionsFrom(ctx context.Context, issuer, subject, session string, until time.Time) ([]earshot.SecretHash, error) {
	if !storable(issuer, subject, session) { // PostgreSQL would call it a fault
		return nil, nil
	}
	var (
		query string
		args  []any
	)
	switch {
	case issuer == "" || subject+session == "":
		return nil, nil
	case session != "":
		query = `DELETE FROM browser_session WHERE issuer_session <> '' AND issuer_session = $1 AND issuer = $2
			AND ($3 = '' OR subject = $3) AND created_at <= $4 RETURNING secret_hash`
		args = []any{session, issuer, subject, millis(until)}
	default:
		query = `DELETE FROM browser_session WHERE issuer <> '' AND subject = $1 AND issuer = $2 AND created_at <= $3 RETURNING secret_hash`
		args = []any{subject, issuer, millis(until)}
	}
	ended, err := collect(ctx, s.write, scanHash, query, args...)
	return ended, s.fail(ctx, err)
}
