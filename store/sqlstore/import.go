package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/earshot-chat/earshot"
)

// Imported implements earshot.ImportStore.
func (s *Store) Imported(ctx context.Context) ([]earshot.Imported, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT kind, foreign_id, own_id, print, password FROM imported ORDER BY kind, foreign_id`)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	all, err := collect(rows, func(r row) (earshot.Imported, error) {
		var (
			i               earshot.Imported
			whole, password []byte
		)
		err := r.Scan(&i.Kind, &i.Foreign, &i.Own, &whole, &password)
		copy(i.Print[:], whole)
		copy(i.Password[:], password)
		return i, err
	})
	return all, s.fail(ctx, err)
}

// Import implements earshot.ImportStore.
func (s *Store) Import(ctx context.Context, plan earshot.Plan) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for i := range plan.Groups {
			if err := importGroup(ctx, tx, &plan.Groups[i]); err != nil {
				return err
			}
		}
		if err := importUsers(ctx, tx, plan.Users); err != nil {
			return err
		}
		for i := range plan.Rooms {
			if err := importRoom(ctx, tx, &plan.Rooms[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func importGroup(ctx context.Context, tx *sql.Tx, g *earshot.PlannedGroup) error {
	if g.Own == 0 {
		id, err := insertGroup(ctx, tx, g.Group, g.Key)
		if err != nil {
			return err
		}
		g.Own = int64(id)
		return remember(ctx, tx, &g.Imported)
	}
	res, err := tx.ExecContext(ctx, `UPDATE auth_group SET name = name WHERE id = $1`, g.Own)
	if err := found(res, err, errGone()); err != nil {
		return err
	}
	return errors.Join(
		revoke(ctx, tx, groupPermissions, g.Own, ^g.Permissions),
		grant(ctx, tx, groupPermissions, g.Own, g.Permissions),
		remember(ctx, tx, &g.Imported),
	)
}

// importUsers makes those who are new, many at a time, and brings the others up to date.
func importUsers(ctx context.Context, tx *sql.Tx, users []earshot.PlannedUser) error {
	var fresh []*earshot.PlannedUser
	for i := range users {
		if users[i].Own == 0 {
			fresh = append(fresh, &users[i])
		} else if err := updateImported(ctx, tx, &users[i]); err != nil {
			return err
		}
	}
	for from := 0; from < len(fresh); from += bulk {
		some := fresh[from:min(from+bulk, len(fresh))]
		made := make([]earshot.NewUser, len(some))
		for i, u := range some {
			made[i] = u.NewUser
		}
		ids, err := insertUsers(ctx, tx, made)
		if err != nil {
			return err
		}
		for i, u := range some {
			u.Own = int64(ids[i])
			if err := errors.Join(setImportedGroups(ctx, tx, u), remember(ctx, tx, &u.Imported)); err != nil {
				return err
			}
		}
	}
	return nil
}

func updateImported(ctx context.Context, tx *sql.Tx, u *earshot.PlannedUser) error {
	change := earshot.UserChange{
		Email: &u.Email, EmailConfirmed: &u.EmailConfirmed, DisplayName: &u.DisplayName, IsActive: &u.IsActive, IsStaff: &u.IsStaff, IsSuperuser: &u.IsSuperuser,
		Grant: u.Permissions, Revoke: ^u.Permissions,
	}
	if !u.KeepPassword {
		change.Password = &u.NewUser.Password
	}
	err := changeUser(ctx, tx, earshot.UserID(u.Own), change)
	if earshot.CodeOf(err) == earshot.CodeNotFound {
		return errGone()
	}
	if err != nil {
		return err
	}
	return errors.Join(setImportedGroups(ctx, tx, u), remember(ctx, tx, &u.Imported))
}

// setImportedGroups puts the user into those of the imported groups that are the user's, and into no other imported one.
func setImportedGroups(ctx context.Context, tx *sql.Tx, u *earshot.PlannedUser) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM auth_user_group WHERE user_id = $1
		AND group_id IN (SELECT own_id FROM imported WHERE kind = $2)`, u.Own, string(earshot.ImportGroup))
	for _, foreign := range u.Groups {
		if err != nil {
			return err
		}
		// One that was deleted here since is no more.
		_, err = tx.ExecContext(ctx, `INSERT INTO auth_user_group (user_id, group_id) SELECT $1, g.id FROM auth_group g
			JOIN imported i ON i.kind = $2 AND i.own_id = g.id WHERE i.foreign_id = $3 ON CONFLICT DO NOTHING`,
			u.Own, string(earshot.ImportGroup), foreign)
	}
	return err
}

func importRoom(ctx context.Context, tx *sql.Tx, r *earshot.PlannedRoom) error {
	if err := storableRoom(&r.Room, r.Key); err != nil {
		return err
	}
	if r.Own != 0 {
		res, err := tx.ExecContext(ctx, `UPDATE room SET title = $1, access = $2 WHERE id = $3`, r.Title, string(r.Access), r.Own)
		return errors.Join(found(res, err, errGone()), remember(ctx, tx, &r.Imported))
	}
	err := tx.QueryRowContext(ctx, `INSERT INTO room (name, name_key, title, topic, access, owner_id, created_at)
		VALUES ($1, $2, $3, $4, $5, NULL, $6) ON CONFLICT (name_key) DO NOTHING RETURNING id`,
		r.Name, string(r.Key), r.Title, r.Topic, string(r.Access), millis(r.CreatedAt)).Scan(&r.Own)
	if errors.Is(err, sql.ErrNoRows) {
		return nameTaken("name", r.Name)
	}
	if err != nil {
		return err
	}
	return remember(ctx, tx, &r.Imported)
}

// remember keeps where something came from.
func remember(ctx context.Context, tx *sql.Tx, i *earshot.Imported) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO imported (kind, foreign_id, own_id, print, password) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (kind, foreign_id) DO UPDATE SET own_id = excluded.own_id, print = excluded.print, password = excluded.password`,
		string(i.Kind), i.Foreign, i.Own, i.Print[:], i.Password[:])
	return err
}

func errGone() error {
	return earshot.Errorf(earshot.CodeConflict, "Something that was imported earlier was deleted meanwhile.")
}
