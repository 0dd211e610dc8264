package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/earshot-chat/earshot"
)

// arguments collects the values of a statement that is put together.
type arguments []any

// add takes a value and gives its placeholder.
func (a *arguments) add(value any) string {
	*a = append(*a, value)
	return fmt.Sprintf("$%d", len(*a))
}

// containing is the pattern of LIKE, with \ as its escape, for what has the part in it.
func containing(part earshot.NameKey) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(string(part)) + "%"
}

// Users implements earshot.UserStore.
func (s *Store) Users(ctx context.Context, q earshot.UserQuery) ([]earshot.User, error) {
	if !storable(string(q.Search), string(q.After)) {
		return nil, nil // PostgreSQL would call it a fault
	}
	var (
		args  arguments
		where []string
	)
	if q.After != "" {
		where = append(where, "username_key > "+args.add(string(q.After)))
	}
	if q.Search != "" {
		part := args.add(containing(q.Search))
		where = append(where, `(username_key LIKE `+part+` ESCAPE '\' OR lower(email) LIKE `+part+` ESCAPE '\')`)
	}
	for _, f := range []struct {
		column string
		want   *bool
	}{{"is_active", q.IsActive}, {"is_staff", q.IsStaff}, {"is_superuser", q.IsSuperuser}} {
		if f.want != nil {
			where = append(where, f.column+" = "+args.add(*f.want))
		}
	}
	if q.Group != 0 {
		where = append(where, `id IN (SELECT user_id FROM auth_user_group WHERE group_id = `+args.add(int64(q.Group))+`)`)
	}
	query := selectUser
	if len(where) > 0 {
		query += "WHERE " + strings.Join(where, " AND ")
	}
	query += " ORDER BY username_key"
	if q.Limit > 0 {
		query += " LIMIT " + args.add(q.Limit)
	}
	return s.users(ctx, query, args...)
}

// ChangeUser implements earshot.UserEditStore.
func (s *Store) ChangeUser(ctx context.Context, id earshot.UserID, change earshot.UserChange) (earshot.User, error) {
	return s.changeInTx(ctx, id, change, func(_ *sql.Tx, do func() error) error { return do() })
}

// changeInTx changes the user within around, which runs what it is given.
func (s *Store) changeInTx(
	ctx context.Context, id earshot.UserID, change earshot.UserChange, around func(tx *sql.Tx, do func() error) error,
) (earshot.User, error) {
	var changed earshot.User
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		err := around(tx, func() error { return changeUser(ctx, tx, id, change) })
		if err != nil {
			return err
		}
		changed, err = scanUser(tx.QueryRowContext(ctx, selectUser+`WHERE id = $1`, int64(id)))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = errNoUser()
	}
	if err != nil {
		return earshot.User{}, err
	}
	return changed, nil
}

// changeUser writes the change, and notes what a server must act on.
func changeUser(ctx context.Context, tx *sql.Tx, id earshot.UserID, change earshot.UserChange) error {
	if err := storableChange(&change); err != nil {
		return err
	}
	var args arguments
	var set []string
	for _, f := range []struct {
		column string
		value  *bool
	}{
		{"is_active", change.IsActive},
		{"is_staff", change.IsStaff},
		{"is_superuser", change.IsSuperuser},
		{"email_confirmed", change.EmailConfirmed},
	} {
		if f.value != nil {
			set = append(set, f.column+" = "+args.add(*f.value))
		}
	}
	for _, f := range []struct {
		column string
		value  *string
	}{{"email", change.Email}, {"display_name", change.DisplayName}, {"password", (*string)(change.Password)}} {
		if f.value != nil {
			set = append(set, f.column+" = "+args.add(*f.value))
		}
	}
	if len(set) == 0 {
		set = []string{"is_active = is_active"} // the statement takes the user's row
	}
	query := `UPDATE auth_user SET ` + strings.Join(set, ", ") + ` WHERE id = ` + args.add(int64(id)) //nolint:gosec // G202: names of columns and placeholders
	res, err := tx.ExecContext(ctx, query, args...)
	if err := found(res, err, errNoUser()); err != nil {
		return err
	}
	if err := grant(ctx, tx, userPermissions, int64(id), change.Grant&^change.Revoke); err != nil {
		return err
	}
	if err := revoke(ctx, tx, userPermissions, int64(id), change.Revoke); err != nil {
		return err
	}
	if err := regroup(ctx, tx, id, change); err != nil {
		return err
	}
	if change.Password != nil {
		if _, err := endLogIns(ctx, tx, id); err != nil {
			return err
		}
	}
	return note(ctx, tx, id, nil)
}

func storableChange(change *earshot.UserChange) error {
	for _, f := range []struct {
		name string
		text *string
	}{{"email", change.Email}, {"display_name", change.DisplayName}, {"password", (*string)(change.Password)}} {
		if f.text != nil && !storable(*f.text) {
			return earshot.FieldError(f.name, "The %s must be valid UTF-8 without zero bytes.", f.name)
		}
	}
	return nil
}

// endLogIns ends the browser sessions of the user, notes each, and gives them.
func endLogIns(ctx context.Context, tx *sql.Tx, id earshot.UserID) ([]earshot.SecretHash, error) {
	rows, err := tx.QueryContext(ctx, `DELETE FROM browser_session WHERE user_id = $1 RETURNING secret_hash`, int64(id))
	if err != nil {
		return nil, err
	}
	hashes, err := collect(rows, scanHash)
	for _, h := range hashes {
		if err == nil {
			err = note(ctx, tx, id, h[:])
		}
	}
	return hashes, err
}

// note leaves word for the server.
func note(ctx context.Context, tx *sql.Tx, id earshot.UserID, credential []byte) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO account_change (user_id, credential) VALUES ($1, $2)`, int64(id), credential)
	return err
}

// DeleteUser implements earshot.UserEditStore.
func (s *Store) DeleteUser(ctx context.Context, id earshot.UserID) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return deleteUser(ctx, tx, id) })
}

// deleteUser removes the user, and notes what a server must act on.
func deleteUser(ctx context.Context, tx *sql.Tx, id earshot.UserID) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM auth_user WHERE id = $1`, int64(id))
	if err := found(res, err, errNoUser()); err != nil {
		return err
	}
	return note(ctx, tx, id, nil)
}

// AccountChanges implements earshot.UserEditStore.
func (s *Store) AccountChanges(ctx context.Context, most int) ([]earshot.AccountChange, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, user_id, credential FROM account_change ORDER BY id LIMIT $1`, most)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	changes, err := collect(rows, func(r row) (earshot.AccountChange, error) {
		var (
			c          earshot.AccountChange
			credential []byte
		)
		err := r.Scan(&c.ID, &c.User, &credential)
		copy(c.Credential[:], credential)
		return c, err
	})
	return changes, s.fail(ctx, err)
}

// ForgetAccountChanges implements earshot.UserEditStore. Each is removed by its own number: on PostgreSQL one with a smaller
// number may come to light later.
func (s *Store) ForgetAccountChanges(ctx context.Context, changes []earshot.AccountChange) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for from := 0; from < len(changes); from += bulk {
			some := changes[from:min(from+bulk, len(changes))]
			args := make([]any, len(some))
			for i := range some {
				args[i] = some[i].ID
			}
			_, err := tx.ExecContext(ctx, `DELETE FROM account_change WHERE id IN `+tuples(1, len(some)), args...) //nolint:gosec // G202: placeholders
			if err != nil {
				return err
			}
		}
		return nil
	})
}
