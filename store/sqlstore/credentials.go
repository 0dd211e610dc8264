package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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
		if err := insertSession(ctx, tx, &b); err != nil {
			return err
		}
		ended, err = collect(ctx, tx, scanHash, `DELETE FROM browser_session WHERE user_id = $1 AND secret_hash <> $2 AND secret_hash NOT IN
			(SELECT secret_hash FROM browser_session WHERE user_id = $1 ORDER BY created_at DESC, secret_hash LIMIT $3)
			RETURNING secret_hash`, int64(b.User), b.Hash[:], most)
		return err
	})
	return ended, err
}

func insertSession(ctx context.Context, tx *sql.Tx, b *earshot.BrowserSession) error {
	from := b.Origin
	if from == nil {
		from = &earshot.Origin{}
	}
	if !storable(from.Issuer, from.Subject, from.Session) {
		return earshot.FieldError("origin", "What the provider says must be valid UTF-8 without zero bytes.")
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO browser_session
		(secret_hash, user_id, created_at, expires_at, device, address, used_at, way, issuer, subject, issuer_session, hint)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		b.Hash[:], int64(b.User), millis(b.CreatedAt), millis(b.ExpiresAt), b.Device, b.Address, millis(b.UsedAt), string(b.Way),
		from.Issuer, from.Subject, from.Session, from.Hint)
	return secretTaken(err)
}

// BrowserSession implements earshot.BrowserSessionStore.
func (s *Store) BrowserSession(ctx context.Context, hash earshot.SecretHash) (earshot.BrowserSession, error) {
	b, err := scanBrowserSession(s.one(ctx, selectBrowserSession+`WHERE secret_hash = $1`, hash[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.BrowserSession{}, errNoSession()
	}
	if err != nil {
		return earshot.BrowserSession{}, s.fail(ctx, err)
	}
	return b, nil
}

const selectBrowserSession = `SELECT secret_hash, user_id, created_at, expires_at, device, address, used_at, way FROM browser_session `

func scanBrowserSession(r row) (earshot.BrowserSession, error) {
	var (
		b                      earshot.BrowserSession
		hash                   []byte
		created, expires, used int64
	)
	if err := r.Scan(&hash, &b.User, &created, &expires, &b.Device, &b.Address, &used, &b.Way); err != nil {
		return earshot.BrowserSession{}, err
	}
	copy(b.Hash[:], hash)
	b.CreatedAt, b.ExpiresAt, b.UsedAt = fromMillis(created), fromMillis(expires), fromMillis(used)
	return b, nil
}

// BrowserSessions implements earshot.BrowserSessionStore.
func (s *Store) BrowserSessions(ctx context.Context, user earshot.UserID) ([]earshot.BrowserSession, error) {
	return readAll(ctx, s, scanBrowserSession, selectBrowserSession+`WHERE user_id = $1 ORDER BY used_at DESC, secret_hash`, int64(user))
}

// UseBrowserSessions implements earshot.BrowserSessionStore. The rows are taken in one order, so that two who do it at the
// same time do not wait for each other in a circle.
func (s *Store) UseBrowserSessions(ctx context.Context, uses []earshot.CredentialUse) error {
	return s.use(ctx, `UPDATE browser_session SET used_at = $1, address = $2 WHERE secret_hash = $3 AND used_at < $1`, uses,
		func(u *earshot.CredentialUse) []any { return []any{millis(u.At), u.Address, u.Hash[:]} })
}

// use runs an update for each of the uses, in the order of their hashes.
func (s *Store) use(ctx context.Context, query string, uses []earshot.CredentialUse, args func(*earshot.CredentialUse) []any) error {
	uses = slices.Clone(uses)
	slices.SortFunc(uses, func(a, b earshot.CredentialUse) int { return bytes.Compare(a.Hash[:], b.Hash[:]) })
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for i := range uses {
			if _, err := tx.ExecContext(ctx, query, args(&uses[i])...); err != nil {
				return err
			}
		}
		return nil
	})
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
func (s *Store) DeleteBrowserSession(ctx context.Context, hash earshot.SecretHash) (earshot.Origin, error) {
	var o earshot.Origin
	err := s.write.QueryRowContext(ctx, `DELETE FROM browser_session WHERE secret_hash = $1 RETURNING issuer, subject, issuer_session, hint`,
		hash[:]).Scan(&o.Issuer, &o.Subject, &o.Session, &o.Hint)
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.Origin{}, nil
	}
	return o, s.fail(ctx, err)
}

// DeleteExpiredBrowserSessions implements earshot.BrowserSessionStore.
func (s *Store) DeleteExpiredBrowserSessions(ctx context.Context, now time.Time) ([]earshot.SecretHash, error) {
	return s.deleteExpired(ctx, `DELETE FROM browser_session WHERE expires_at <= $1 RETURNING secret_hash`, now)
}

// deleteExpired runs a statement that removes what expired at now, and gives the hashes that it returns.
func (s *Store) deleteExpired(ctx context.Context, query string, now time.Time) ([]earshot.SecretHash, error) {
	hashes, err := collect(ctx, s.write, scanHash, query, millis(now))
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

func errNoSession() error { return earshot.Errorf(earshot.CodeNotFound, "There is no such log-in.") }

// secretTaken names the fault of a hash that is kept already. Random secrets never meet; a caller's mistake might.
func secretTaken(err error) error {
	if isTaken(err) {
		return &earshot.Error{Code: earshot.CodeConflict, Field: "hash", Message: "That secret is in use.", Err: err}
	}
	return err
}
