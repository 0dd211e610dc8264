package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/earshot-chat/earshot"
)

// CreateIdentity implements earshot.IdentityStore.
func (s *Store) CreateIdentity(ctx context.Context, identity earshot.Identity, most int, entry earshot.Action) (int64, error) {
	var id int64
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if err := takeUser(ctx, tx, identity.User); err != nil {
			return err
		}
		if err := roomFor(ctx, tx, `SELECT count(*) FROM identity WHERE user_id = $1`, identity.User, most); err != nil {
			return err
		}
		var err error
		if id, err = insertIdentity(ctx, tx, &identity); err != nil {
			return err
		}
		return writeAction(ctx, tx, entry)
	})
	return id, err
}

// takeUser has others who change the user wait until the transaction ends.
func takeUser(ctx context.Context, tx *sql.Tx, id earshot.UserID) error {
	res, err := tx.ExecContext(ctx, `UPDATE auth_user SET is_active = is_active WHERE id = $1`, int64(id))
	return found(res, err, errNoUser())
}

// roomFor is CodeLimit if the user, who is taken, has as many as most of what is counted.
func roomFor(ctx context.Context, tx *sql.Tx, count string, user earshot.UserID, most int) error {
	var have int
	if err := tx.QueryRowContext(ctx, count, int64(user)).Scan(&have); err != nil {
		return err
	}
	if have >= most {
		return earshot.Errorf(earshot.CodeLimit, "You have %d of these already, which is the most there can be.", have)
	}
	return nil
}

func insertIdentity(ctx context.Context, tx *sql.Tx, i *earshot.Identity) (int64, error) {
	if !storable(i.Issuer, i.Subject, i.Name) {
		return 0, earshot.FieldError("identity", "What the provider says must be valid UTF-8 without zero bytes.")
	}
	var id int64
	err := tx.QueryRowContext(ctx, `INSERT INTO identity (user_id, issuer, subject, name, created_at, used_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (issuer, subject) DO NOTHING RETURNING id`,
		int64(i.User), i.Issuer, i.Subject, i.Name, millis(i.CreatedAt), nullMillis(i.UsedAt)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = &earshot.Error{Code: earshot.CodeConflict, Field: "identity", Message: "Somebody here is linked to that person already."}
	}
	return id, err
}

// CreateIdentifiedUser implements earshot.IdentityStore.
func (s *Store) CreateIdentifiedUser(
	ctx context.Context, user earshot.NewUser, identity earshot.Identity, entry earshot.Action,
) (earshot.UserID, error) {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		ids, err := insertUsers(ctx, tx, []earshot.NewUser{user})
		if err != nil {
			return err
		}
		identity.User = ids[0]
		if _, err := insertIdentity(ctx, tx, &identity); err != nil {
			return err
		}
		return writeAction(ctx, tx, entry)
	})
	if err != nil {
		return 0, err
	}
	return identity.User, nil
}

const selectIdentity = `SELECT id, user_id, issuer, subject, name, created_at, used_at FROM identity `

func scanIdentity(r row) (earshot.Identity, error) {
	var (
		i       earshot.Identity
		created int64
		used    sql.NullInt64
	)
	err := r.Scan(&i.ID, &i.User, &i.Issuer, &i.Subject, &i.Name, &created, &used)
	i.CreatedAt, i.UsedAt = fromMillis(created), fromNullMillis(used)
	return i, err
}

// Identity implements earshot.IdentityStore.
func (s *Store) Identity(ctx context.Context, issuer, subject string) (earshot.Identity, error) {
	if !storable(issuer, subject) { // PostgreSQL would call it a fault
		return earshot.Identity{}, errNoIdentity()
	}
	i, err := scanIdentity(s.read.QueryRowContext(ctx, selectIdentity+`WHERE issuer = $1 AND subject = $2`, issuer, subject))
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.Identity{}, errNoIdentity()
	}
	return i, s.fail(ctx, err)
}

// Identities implements earshot.IdentityStore.
func (s *Store) Identities(ctx context.Context, user earshot.UserID) ([]earshot.Identity, error) {
	return readAll(ctx, s, scanIdentity, selectIdentity+`WHERE user_id = $1 ORDER BY id`, int64(user))
}

// UseIdentity implements earshot.IdentityStore.
func (s *Store) UseIdentity(ctx context.Context, id int64, at time.Time) error {
	_, err := s.changed(ctx, `UPDATE identity SET used_at = $1 WHERE id = $2`, millis(at), id)
	return err
}

// DeleteIdentity implements earshot.IdentityStore. What is left is looked at when the row is gone, in a transaction that has
// the user's row.
func (s *Store) DeleteIdentity(ctx context.Context, user earshot.UserID, id int64, issuers []string, entry earshot.Action) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		err := takeUser(ctx, tx, user)
		if earshot.CodeOf(err) == earshot.CodeNotFound {
			return errNoIdentity()
		}
		if err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `DELETE FROM identity WHERE id = $1 AND user_id = $2`, id, int64(user))
		if err := found(res, err, errNoIdentity()); err != nil {
			return err
		}
		left, err := waysIn(ctx, tx, user, issuers)
		if err != nil {
			return err
		}
		if !left {
			return &earshot.Error{
				Code: earshot.CodeConflict, Field: "identity",
				Message: "Nothing would be left by which you could log in. Set a password, or add a passkey, before you unlink this.",
			}
		}
		return writeAction(ctx, tx, entry)
	})
}

// waysIn tells whether the user has a password, a passkey, or an identity of one of the issuers.
func waysIn(ctx context.Context, tx *sql.Tx, user earshot.UserID, issuers []string) (bool, error) {
	var some bool
	err := tx.QueryRowContext(ctx, `SELECT (password <> '' AND password NOT LIKE '!%')
		OR EXISTS (SELECT 1 FROM passkey WHERE user_id = $1) FROM auth_user WHERE id = $1`, int64(user)).Scan(&some)
	if err != nil || some {
		return some, err
	}
	left, err := collect(ctx, tx, scanIdentity, selectIdentity+`WHERE user_id = $1`, int64(user))
	return slices.ContainsFunc(left, func(i earshot.Identity) bool { return slices.Contains(issuers, i.Issuer) }), err
}

func errNoIdentity() error {
	return earshot.Errorf(earshot.CodeNotFound, "There is no such linked account.")
}
