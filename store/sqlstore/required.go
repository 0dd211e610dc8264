package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/earshot-chat/earshot"
)

// requiredSetting is the name by which it is kept of whom a second factor is required.
const requiredSetting = "second_factor"

// RequiredFactor implements earshot.FactorStore.
func (s *Store) RequiredFactor(ctx context.Context) (earshot.Required, error) {
	var of earshot.Required
	err := s.one(ctx, `SELECT value FROM server_setting WHERE name = $1`, requiredSetting).Scan(&of)
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.RequiredOfNobody, nil
	}
	return of, s.fail(ctx, err)
}

// withoutFactor is which users u have neither a confirmed authenticator nor a passkey.
const withoutFactor = `NOT EXISTS (SELECT 1 FROM totp t WHERE t.user_id = u.id AND t.confirmed)
	AND NOT EXISTS (SELECT 1 FROM passkey p WHERE p.user_id = u.id)`

// RequireFactor implements earshot.FactorStore.
func (s *Store) RequireFactor(ctx context.Context, of earshot.Required, entry earshot.Action) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO server_setting (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, requiredSetting, string(of))
		if err != nil {
			return err
		}
		// The note of no user comes first: those of users are acted on by what is set.
		if err := note(ctx, tx, 0, nil); err != nil {
			return err
		}
		if of != earshot.RequiredOfNobody {
			_, err = tx.ExecContext(ctx, `INSERT INTO account_change (user_id) SELECT u.id FROM auth_user u
				WHERE (u.is_staff OR u.is_superuser OR $1) AND `+withoutFactor+`
				AND (EXISTS (SELECT 1 FROM browser_session b WHERE b.user_id = u.id) OR EXISTS (SELECT 1 FROM token k WHERE k.user_id = u.id))`,
				of == earshot.RequiredOfEverybody)
			if err != nil {
				return err
			}
		}
		return writeAction(ctx, tx, entry)
	})
}

// HasFactor implements earshot.FactorStore.
func (s *Store) HasFactor(ctx context.Context, user earshot.UserID) (bool, error) {
	var has bool
	err := s.one(ctx, `SELECT NOT (`+withoutFactor+`) FROM auth_user u WHERE u.id = $1`, int64(user)).Scan(&has)
	if errors.Is(err, sql.ErrNoRows) {
		return false, errNoUser()
	}
	return has, s.fail(ctx, err)
}
