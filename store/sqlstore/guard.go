package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/earshot-chat/earshot"
)

// pgGuardClass is the first half of the key of the advisory lock for guarded changes; the server's own lock has another.
const pgGuardClass = 0x65617267 // "earg"

// ChangeUserIf implements earshot.UserEditStore.
func (s *Store) ChangeUserIf(
	ctx context.Context, id earshot.UserID, change earshot.UserChange, guard earshot.Guard, log ...earshot.Action,
) (earshot.User, error) {
	return s.changeInTx(ctx, id, change, log, func(tx *sql.Tx, do func() error) error { return s.guarded(ctx, tx, id, guard, do) })
}

// DeleteUserIf implements earshot.UserEditStore.
func (s *Store) DeleteUserIf(ctx context.Context, id earshot.UserID, guard earshot.Guard, log ...earshot.Action) error {
	return s.logged(ctx, log, func(tx *sql.Tx) error {
		return s.guarded(ctx, tx, id, guard, func() error { return deleteUser(ctx, tx, id) })
	})
}

// guarded asks the guard, does it, and sees that there is still a superuser. The user cannot become another one meanwhile:
// every change takes the user's row first. Of two superusers who take it from each other at the same time, the second sees what
// the first did.
func (s *Store) guarded(ctx context.Context, tx *sql.Tx, id earshot.UserID, guard earshot.Guard, do func() error) error {
	if s.lockGuarded != "" {
		if _, err := tx.ExecContext(ctx, s.lockGuarded); err != nil {
			return err
		}
	}
	res, err := tx.ExecContext(ctx, `UPDATE auth_user SET is_active = is_active WHERE id = $1`, int64(id))
	if err := found(res, err, errNoUser()); err != nil {
		return err
	}
	now, err := scanUser(tx.QueryRowContext(ctx, selectUser+`WHERE id = $1`, int64(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return errNoUser()
	}
	if err != nil {
		return err
	}
	if err := guard(now); err != nil {
		return err
	}
	if !now.IsActive || !now.IsSuperuser {
		return do()
	}
	if err := do(); err != nil {
		return err
	}
	var left bool
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM auth_user WHERE is_superuser AND is_active)`).Scan(&left)
	if err == nil && !left {
		return &earshot.Error{
			Code: earshot.CodeConflict, Field: "is_superuser", Message: "This is the last superuser who is active. Make another one first.",
		}
	}
	return err
}

// regroup puts the user into groups, and takes the user out of others.
func regroup(ctx context.Context, tx *sql.Tx, id earshot.UserID, change earshot.UserChange) error {
	for _, group := range change.Join {
		// Of a group that was deleted PostgreSQL would end the transaction, if it was told to insert.
		var there bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM auth_group WHERE id = $1)`, int64(group)).Scan(&there); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO auth_user_group (group_id, user_id)
			SELECT id, CAST($2 AS BIGINT) FROM auth_group WHERE id = $1 ON CONFLICT DO NOTHING`, int64(group), int64(id))
		if err == nil && !there {
			err = errNoGroup()
		}
		if err != nil {
			return err
		}
	}
	for _, group := range change.Leave {
		if _, err := tx.ExecContext(ctx, `DELETE FROM auth_user_group WHERE group_id = $1 AND user_id = $2`, int64(group), int64(id)); err != nil {
			return err
		}
	}
	return nil
}
