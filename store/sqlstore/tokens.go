package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/earshot-chat/earshot"
)

// CreateTokens implements earshot.TokenStore.
func (s *Store) CreateTokens(ctx context.Context, tokens []earshot.Token, log ...earshot.Action) error {
	const width = 7
	return s.logged(ctx, log, func(tx *sql.Tx) error {
		for from := 0; from < len(tokens); from += bulk {
			some := tokens[from:min(from+bulk, len(tokens))]
			args := make([]any, 0, len(some)*width)
			for i := range some {
				args = append(args, some[i].Hash[:], int64(some[i].User), millis(some[i].CreatedAt),
					some[i].Name, some[i].Scopes.String(), nullMillis(some[i].ExpiresAt), nullMillis(some[i].UsedAt))
			}
			//nolint:gosec // G202: placeholders
			query := `INSERT INTO token (secret_hash, user_id, created_at, name, scopes, expires_at, used_at) VALUES ` + tuples(len(some), width)
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

const selectToken = `SELECT secret_hash, user_id, created_at, name, scopes, expires_at, used_at FROM token `

func scanToken(r row) (earshot.Token, error) {
	var (
		t             earshot.Token
		hash          []byte
		scopes        string
		created       int64
		expires, used sql.NullInt64
	)
	if err := r.Scan(&hash, &t.User, &created, &t.Name, &scopes, &expires, &used); err != nil {
		return earshot.Token{}, err
	}
	copy(t.Hash[:], hash)
	t.Scopes, t.CreatedAt = earshot.ParseScopes(scopes), fromMillis(created)
	t.ExpiresAt, t.UsedAt = fromNullMillis(expires), fromNullMillis(used)
	return t, nil
}

// Token implements earshot.TokenStore.
func (s *Store) Token(ctx context.Context, hash earshot.SecretHash) (earshot.Token, error) {
	t, err := scanToken(s.one(ctx, selectToken+`WHERE secret_hash = $1`, hash[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.Token{}, earshot.Errorf(earshot.CodeNotFound, "There is no such token.")
	}
	return t, s.fail(ctx, err)
}

// Tokens implements earshot.TokenStore.
func (s *Store) Tokens(ctx context.Context, user earshot.UserID) ([]earshot.Token, error) {
	return readAll(ctx, s, scanToken, selectToken+`WHERE user_id = $1 ORDER BY created_at DESC, secret_hash`, int64(user))
}

// UseTokens implements earshot.TokenStore.
func (s *Store) UseTokens(ctx context.Context, uses []earshot.CredentialUse) error {
	return s.use(ctx, `UPDATE token SET used_at = $1 WHERE secret_hash = $2 AND (used_at IS NULL OR used_at < $1)`, uses,
		func(u *earshot.CredentialUse) []any { return []any{millis(u.At), u.Hash[:]} })
}

// DeleteExpiredTokens implements earshot.TokenStore.
func (s *Store) DeleteExpiredTokens(ctx context.Context, now time.Time) ([]earshot.SecretHash, error) {
	return s.deleteExpired(ctx, `DELETE FROM token WHERE expires_at <= $1 RETURNING secret_hash`, now)
}

// DeleteToken implements earshot.TokenStore.
func (s *Store) DeleteToken(ctx context.Context, hash earshot.SecretHash, log ...earshot.Action) error {
	return s.changeTx(ctx, log, func(tx *sql.Tx) (bool, error) {
		return affected(tx.ExecContext(ctx, `DELETE FROM token WHERE secret_hash = $1`, hash[:]))
	})
}
