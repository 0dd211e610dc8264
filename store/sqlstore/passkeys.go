package sqlstore

import (
	"context"
	"database/sql"

	"github.com/earshot-chat/earshot"
)

// CreatePasskey implements earshot.PasskeyStore.
func (s *Store) CreatePasskey(ctx context.Context, p earshot.Passkey, most int, log ...earshot.Action) (int64, error) {
	var id int64
	err := s.logged(ctx, log, func(tx *sql.Tx) error {
		if err := takeUser(ctx, tx, p.User); err != nil {
			return err
		}
		if err := roomFor(ctx, tx, `SELECT count(*) FROM passkey WHERE user_id = $1`, p.User, most); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `INSERT INTO passkey (user_id, credential_id, name, credential, created_at, used_at)
			VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
			int64(p.User), p.CredentialID, p.Name, p.Credential, millis(p.CreatedAt), nullMillis(p.UsedAt)).Scan(&id)
		if isTaken(err) {
			return earshot.Errorf(earshot.CodeConflict, "That passkey is known already.")
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

// Passkeys implements earshot.PasskeyStore.
func (s *Store) Passkeys(ctx context.Context, user earshot.UserID) ([]earshot.Passkey, error) {
	return readAll(ctx, s, scanPasskey, `SELECT id, user_id, credential_id, name, credential, created_at, used_at FROM passkey WHERE user_id = $1 ORDER BY id`, int64(user))
}

func scanPasskey(r row) (earshot.Passkey, error) {
	var (
		p       earshot.Passkey
		created int64
		used    sql.NullInt64
	)
	err := r.Scan(&p.ID, &p.User, &p.CredentialID, &p.Name, &p.Credential, &created, &used)
	p.CreatedAt, p.UsedAt = fromMillis(created), fromNullMillis(used)
	return p, err
}

// UsePasskey implements earshot.PasskeyStore.
func (s *Store) UsePasskey(ctx context.Context, p earshot.Passkey) error {
	n, err := s.changed(ctx, `UPDATE passkey SET credential = $1, used_at = $2 WHERE id = $3 AND user_id = $4`,
		p.Credential, nullMillis(p.UsedAt), p.ID, int64(p.User))
	return noPasskey(n, err)
}

// RenamePasskey implements earshot.PasskeyStore.
func (s *Store) RenamePasskey(ctx context.Context, user earshot.UserID, id int64, name string) error {
	n, err := s.changed(ctx, `UPDATE passkey SET name = $1 WHERE id = $2 AND user_id = $3`, name, id, int64(user))
	return noPasskey(n, err)
}

// DeletePasskey implements earshot.PasskeyStore.
func (s *Store) DeletePasskey(ctx context.Context, user earshot.UserID, id int64, log ...earshot.Action) error {
	return s.logged(ctx, log, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM passkey WHERE id = $1 AND user_id = $2`, id, int64(user))
		return found(res, err, errNoPasskey())
	})
}

func noPasskey(n int64, err error) error {
	if err == nil && n == 0 {
		return errNoPasskey()
	}
	return err
}

func errNoPasskey() error {
	return earshot.Errorf(earshot.CodeNotFound, "There is no such passkey.")
}
