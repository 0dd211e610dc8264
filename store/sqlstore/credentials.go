package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/earshot-chat/earshot"
)

// CreateBrowserSession implements earshot.BrowserSessionStore.
func (s *Store) CreateBrowserSession(
	ctx context.Context, b earshot.BrowserSession, checked earshot.PasswordHash, most int,
) (ended []earshot.SecretHash, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		// The update takes the user's row, and comes first, so that a deactivation waits or is seen.
		res, err := tx.ExecContext(ctx, `UPDATE auth_user SET last_login = $1 WHERE id = $2 AND is_active AND password = $3`,
			millis(b.CreatedAt), int64(b.User), string(checked))
		if err := found(res, err, errNoUser()); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO browser_session (secret_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)`,
			b.Hash[:], int64(b.User), millis(b.CreatedAt), millis(b.ExpiresAt))
		if err != nil {
			return secretTaken(err)
		}
		rows, err := tx.QueryContext(ctx, `DELETE FROM browser_session WHERE user_id = $1 AND secret_hash <> $2 AND secret_hash NOT IN
			(SELECT secret_hash FROM browser_session WHERE user_id = $1 ORDER BY created_at DESC, secret_hash LIMIT $3)
			RETURNING secret_hash`, int64(b.User), b.Hash[:], most)
		if err != nil {
			return err
		}
		ended, err = collect(rows, scanHash)
		return err
	})
	return ended, err
}

// BrowserSession implements earshot.BrowserSessionStore.
func (s *Store) BrowserSession(ctx context.Context, hash earshot.SecretHash) (earshot.BrowserSession, error) {
	b := earshot.BrowserSession{Hash: hash}
	var created, expires int64
	err := s.one(ctx, `SELECT user_id, created_at, expires_at FROM browser_session WHERE secret_hash = $1`, hash[:]).
		Scan(&b.User, &created, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.BrowserSession{}, errNoSession()
	}
	if err != nil {
		return earshot.BrowserSession{}, s.fail(ctx, err)
	}
	b.CreatedAt, b.ExpiresAt = fromMillis(created), fromMillis(expires)
	return b, nil
}

// ExtendBrowserSession implements earshot.BrowserSessionStore.
func (s *Store) ExtendBrowserSession(ctx context.Context, hash earshot.SecretHash, expires time.Time) error {
	n, err := s.changed(ctx, `UPDATE browser_session SET expires_at = $1 WHERE secret_hash = $2`, millis(expires), hash[:])
	if err == nil && n == 0 {
		return errNoSession()
	}
	return err
}

// DeleteBrowserSession implements earshot.BrowserSessionStore.
func (s *Store) DeleteBrowserSession(ctx context.Context, hash earshot.SecretHash) error {
	_, err := s.changed(ctx, `DELETE FROM browser_session WHERE secret_hash = $1`, hash[:])
	return err
}

// DeleteExpiredBrowserSessions implements earshot.BrowserSessionStore.
func (s *Store) DeleteExpiredBrowserSessions(ctx context.Context, now time.Time) ([]earshot.SecretHash, error) {
	rows, err := s.write.QueryContext(ctx, `DELETE FROM browser_session WHERE expires_at <= $1 RETURNING secret_hash`, millis(now))
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	hashes, err := collect(rows, scanHash)
	return hashes, s.fail(ctx, err)
}

func scanHash(r row) (earshot.SecretHash, error) {
	var b []byte
	if err := r.Scan(&b); err != nil {
		return earshot.SecretHash{}, err
	}
	if len(b) != len(earshot.SecretHash{}) {
		return earshot.SecretHash{}, fmt.Errorf("a secret_hash of %d bytes", len(b))
	}
	return earshot.SecretHash(b), nil
}

// CreateTokens implements earshot.TokenStore.
func (s *Store) CreateTokens(ctx context.Context, tokens []earshot.Token) error {
	const width = 3
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for from := 0; from < len(tokens); from += bulk {
			some := tokens[from:min(from+bulk, len(tokens))]
			args := make([]any, 0, len(some)*width)
			for i := range some {
				args = append(args, some[i].Hash[:], int64(some[i].User), millis(some[i].CreatedAt))
			}
			query := `INSERT INTO token (secret_hash, user_id, created_at) VALUES ` + tuples(len(some), width) //nolint:gosec // G202: placeholders
			_, err := tx.ExecContext(ctx, query, args...)
			if isUnknownReference(err) {
				return errNoUser()
			}
			if err != nil {
				return secretTaken(err)
			}
		}
		return nil
	})
}

// Token implements earshot.TokenStore.
func (s *Store) Token(ctx context.Context, hash earshot.SecretHash) (earshot.Token, error) {
	t := earshot.Token{Hash: hash}
	var created int64
	err := s.one(ctx, `SELECT user_id, created_at FROM token WHERE secret_hash = $1`, hash[:]).Scan(&t.User, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.Token{}, earshot.Errorf(earshot.CodeNotFound, "There is no such token.")
	}
	if err != nil {
		return earshot.Token{}, s.fail(ctx, err)
	}
	t.CreatedAt = fromMillis(created)
	return t, nil
}

// DeleteToken implements earshot.TokenStore.
func (s *Store) DeleteToken(ctx context.Context, hash earshot.SecretHash) error {
	_, err := s.changed(ctx, `DELETE FROM token WHERE secret_hash = $1`, hash[:])
	return err
}

func errNoSession() error { return earshot.Errorf(earshot.CodeNotFound, "There is no such log-in.") }

// secretTaken names the fault of a hash that is kept already. Random secrets never meet; a caller's mistake might.
func secretTaken(err error) error {
	if isTaken(err) {
		return &earshot.Error{Code: earshot.CodeConflict, Field: "hash", Message: "That secret is in use.", Err: err}
	}
	return err
}
