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

// limit wants no more rows than that; as many as there are for zero or less.
func (a *arguments) limit(most int) string {
	if most <= 0 {
		return ""
	}
	return " LIMIT " + a.add(most)
}

// whereAll wants rows that fulfil every condition.
func whereAll(conditions []string) string {
	if len(conditions) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(conditions, " AND ")
}

// containing is the pattern of LIKE, with \ as its escape, for what has the part in it.
func containing(part earshot.NameKey) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(string(part)) + "%"
}

// unconfirmed is the condition that a user signed up with an address of mail and did not come back to confirm it. It stands in the
// index of such users as it is here.
const unconfirmed = `email <> '' AND NOT email_confirmed AND last_login IS NULL`

// Users implements earshot.UserStore.
func (s *Store) Users(ctx context.Context, q earshot.UserQuery) ([]earshot.User, error) {
	if !storable(string(q.Search), string(q.After)) {
		return nil, nil // PostgreSQL would call it a fault
	}
	query, args := s.usersThat(q)
	return s.users(ctx, query, args...)
}

// usersThat gives the query for users, and its arguments.
func (s *Store) usersThat(q earshot.UserQuery) (string, []any) {
	var (
		args  arguments
		where []string
		few   = q.Group != 0 // an index leads to a small part of all users
	)
	if q.After != "" {
		where = append(where, "username_key > "+args.add(string(q.After)))
	}
	if q.Search != "" {
		where = append(where, anyHas(args.add(containing(q.Search)), "username_key", "lower(email)", "display_key"))
	}
	for _, f := range []struct {
		column string
		want   *bool
		rare   bool
	}{{"is_active", q.IsActive, false}, {"is_staff", q.IsStaff, true}, {"is_superuser", q.IsSuperuser, true}, {unconfirmed, q.Unconfirmed, true}} {
		// Written out, not as an argument: so the few for whom it is so are found by an index of their own.
		if f.want != nil && *f.want {
			where = append(where, f.column)
		} else if f.want != nil {
			where = append(where, "NOT ("+f.column+")")
		}
		few = few || (f.want != nil && *f.want == f.rare)
	}
	if q.Group != 0 {
		where = append(where, `id IN (SELECT user_id FROM auth_user_group WHERE group_id = `+args.add(int64(q.Group))+`)`)
	}
	from := selectUser
	if q.Search != "" && !few {
		from += s.bySearch
	}
	query := from + whereAll(where) + " ORDER BY username_key" + args.limit(q.Limit)
	return query, args
}

// ChangeUser implements earshot.UserEditStore.
func (s *Store) ChangeUser(ctx context.Context, id earshot.UserID, change earshot.UserChange, log ...earshot.Action) (earshot.User, error) {
	return s.changeInTx(ctx, id, change, log, func(_ *sql.Tx, do func() error) error { return do() })
}

// changeInTx changes the user within around, which runs what it is given.
func (s *Store) changeInTx(
	ctx context.Context, id earshot.UserID, change earshot.UserChange, log []earshot.Action, around func(tx *sql.Tx, do func() error) error,
) (earshot.User, error) {
	var changed earshot.User
	err := s.logged(ctx, log, func(tx *sql.Tx) error {
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
	if change.DisplayName != nil {
		set = append(set, "display_key = "+args.add(strings.ToLower(*change.DisplayName)))
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
	hashes, err := collect(ctx, tx, scanHash, `DELETE FROM browser_session WHERE user_id = $1 RETURNING secret_hash`, int64(id))
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
func (s *Store) DeleteUser(ctx context.Context, id earshot.UserID, log ...earshot.Action) error {
	return s.logged(ctx, log, func(tx *sql.Tx) error { return deleteUser(ctx, tx, id) })
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
	return readAll(ctx, s, scanAccountChange, `SELECT id, user_id, credential FROM account_change ORDER BY id LIMIT $1`, most)
}

func scanAccountChange(r row) (earshot.AccountChange, error) {
	var (
		c          earshot.AccountChange
		credential []byte
	)
	err := r.Scan(&c.ID, &c.User, &credential)
	copy(c.Credential[:], credential)
	return c, err
}

// ForgetAccountChanges implements earshot.UserEditStore.
func (s *Store) ForgetAccountChanges(ctx context.Context, changes []earshot.AccountChange) error {
	ids := make([]int64, len(changes))
	for i := range changes {
		ids[i] = changes[i].ID
	}
	return s.forget(ctx, `DELETE FROM account_change WHERE id IN `, ids)
}
