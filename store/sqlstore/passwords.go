package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"math/bits"

	"github.com/earshot-chat/earshot"
)

// ReplacePassword implements earshot.PasswordStore.
func (s *Store) ReplacePassword(ctx context.Context, id earshot.UserID, checked, fresh earshot.PasswordHash) error {
	n, err := s.changed(ctx, `UPDATE auth_user SET password = $1 WHERE id = $2 AND password = $3`, string(fresh), int64(id), string(checked))
	if err == nil && n == 0 {
		return earshot.Errorf(earshot.CodeConflict, "The password has changed meanwhile.")
	}
	return err
}

// SamplePassword implements earshot.PasswordStore. The pick is taken for the number of a user, as linear hashing does: by
// so many of its bits as the greatest number has, or one fewer, so that a new user moves few picks.
func (s *Store) SamplePassword(ctx context.Context, pick uint64) (earshot.PasswordHash, error) {
	var greatest int64
	if err := s.one(ctx, `SELECT coalesce(max(id), 0) FROM auth_user`).Scan(&greatest); err != nil {
		return "", s.fail(ctx, err)
	}
	mask := uint64(1)<<bits.Len64(uint64(greatest)) - 1 //nolint:gosec // G115: numbers of users are not negative
	if pick &= mask; pick > uint64(greatest) {          //nolint:gosec // G115: as above
		pick &= mask >> 1
	}
	var password string
	err := s.one(ctx, `SELECT password FROM auth_user WHERE id >= $1 ORDER BY id LIMIT 1`, int64(pick)).Scan(&password) //nolint:gosec // G115: at most greatest
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return earshot.PasswordHash(password), s.fail(ctx, err)
}
