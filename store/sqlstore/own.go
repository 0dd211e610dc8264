package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/earshot-chat/earshot"
)

// SetPassword implements earshot.OwnAccountStore.
func (s *Store) SetPassword(ctx context.Context, c earshot.PasswordChange, log ...earshot.Action) (ended []earshot.SecretHash, err error) {
	if !storable(string(c.Fresh)) {
		return nil, earshot.FieldError("password", "The password must be valid UTF-8 without zero bytes.")
	}
	err = s.logged(ctx, log, func(tx *sql.Tx) error {
		// The update takes the user's row, and comes first: of several at once one finds the password that it checked.
		res, err := tx.ExecContext(ctx, `UPDATE auth_user SET password = $1 WHERE id = $2 AND password = $3 AND is_active`,
			string(c.Fresh), int64(c.User), string(c.Checked))
		if err := found(res, err, errOtherPassword()); err != nil {
			return err
		}
		var from earshot.Origin
		if c.From != (earshot.SecretHash{}) {
			err := tx.QueryRowContext(ctx, `DELETE FROM browser_session WHERE user_id = $1 AND secret_hash = $2 RETURNING issuer, subject, issuer_session`,
				int64(c.User), c.From[:]).Scan(&from.Issuer, &from.Subject, &from.Session)
			if errors.Is(err, sql.ErrNoRows) {
				return errOtherPassword()
			}
			if err != nil {
				return err
			}
		}
		if ended, err = endLogIns(ctx, tx, c.User); err != nil || c.Session == nil {
			return err
		}
		session := *c.Session
		session.Origin = &from
		return insertSession(ctx, tx, &session)
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

func errOtherPassword() error {
	return &earshot.Error{Code: earshot.CodeConflict, Field: "password", Message: "The password, or the account, was changed meanwhile."}
}

// UsersByEmail implements earshot.OwnAccountStore. SQLite knows the case of ASCII letters only, PostgreSQL of all: so both
// forms are asked for, and what was found besides is left out.
func (s *Store) UsersByEmail(ctx context.Context, email string, most int) ([]earshot.User, error) {
	if email == "" || !storable(email) {
		return nil, nil // PostgreSQL would call the second a fault
	}
	plain := asciiLower(email)
	found, err := s.users(ctx, selectUser+`WHERE email <> '' AND lower(email) IN ($1, $2) AND email_confirmed AND is_active ORDER BY username_key LIMIT $3`,
		plain, strings.ToLower(email), most)
	same := found[:0]
	for i := range found {
		if asciiLower(found[i].Email) == plain {
			same = append(same, found[i])
		}
	}
	return same, err
}

func asciiLower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// ConfirmEmail implements earshot.OwnAccountStore.
func (s *Store) ConfirmEmail(ctx context.Context, id earshot.UserID, email string) error {
	if !storable(email) {
		return errOtherEmail()
	}
	n, err := s.changed(ctx, `UPDATE auth_user SET email_confirmed = TRUE WHERE id = $1 AND email = $2`, int64(id), email)
	if err == nil && n == 0 {
		return errOtherEmail()
	}
	return err
}

func errOtherEmail() error {
	return &earshot.Error{Code: earshot.CodeConflict, Field: "email", Message: "The address was changed meanwhile."}
}

// DeleteSelf implements earshot.OwnAccountStore.
func (s *Store) DeleteSelf(ctx context.Context, id earshot.UserID, checked earshot.PasswordHash) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if s.lockUsers != "" { // the last two superusers may come at once
			if _, err := tx.ExecContext(ctx, s.lockUsers); err != nil {
				return err
			}
		}
		var super, others bool
		err := tx.QueryRowContext(ctx, `SELECT is_superuser, EXISTS (SELECT 1 FROM auth_user o WHERE o.is_superuser AND o.is_active AND o.id <> $1)
			FROM auth_user WHERE id = $1 AND password = $2`, int64(id), string(checked)).Scan(&super, &others)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return errOtherPassword()
		case err != nil:
			return err
		case super && !others:
			return earshot.Errorf(earshot.CodeLimit, "You are the last administrator. Make somebody else one before you go.")
		}
		return deleteUser(ctx, tx, id)
	})
}

// ServerSecret implements earshot.SecretStore.
func (s *Store) ServerSecret(ctx context.Context, name string, fresh []byte) ([]byte, error) {
	var secret []byte
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO server_secret (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, fresh)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT secret FROM server_secret WHERE name = $1`, name).Scan(&secret)
	})
	return secret, err
}
