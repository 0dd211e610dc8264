package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/earshot-chat/earshot"
)

// Imported implements earshot.ImportStore.
func (s *Store) Imported(ctx context.Context) ([]earshot.Imported, error) {
	return readAll(ctx, s, scanImported, `SELECT kind, foreign_id, own_id, print, password FROM imported ORDER BY kind, foreign_id`)
}

func scanImported(r row) (earshot.Imported, error) {
	var (
		i               earshot.Imported
		whole, password []byte
	)
	err := r.Scan(&i.Kind, &i.Foreign, &i.Own, &whole, &password)
	copy(i.Print[:], whole)
	copy(i.Password[:], password)
	return i, err
}

// Import implements earshot.ImportStore.
func (s *Store) Import(ctx context.Context, plan earshot.Plan, log ...earshot.Action) error {
	return s.logged(ctx, log, func(tx *sql.Tx) error {
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

// importUsers makes those who are new, many at a time, for nobody else can write meanwhile, and brings the others up to date.
func importUsers(ctx context.Context, tx *sql.Tx, users []earshot.PlannedUser) error {
	groups, err := importedGroups(ctx, tx)
	if err != nil {
		return err
	}
	var fresh []*earshot.PlannedUser
	for i := range users {
		if users[i].Own == 0 {
			fresh = append(fresh, &users[i])
		} else if err := updateImported(ctx, tx, &users[i], groups); err != nil {
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
		marks := make([]*earshot.Imported, len(some))
		for i, u := range some {
			u.Own, marks[i] = int64(ids[i]), &u.Imported
		}
		if err := errors.Join(joinImported(ctx, tx, groups, some...), remember(ctx, tx, marks...)); err != nil {
			return err
		}
	}
	return nil
}

// importedGroups gives the groups that were imported and are still there, by their numbers where they came from.
func importedGroups(ctx context.Context, tx *sql.Tx) (map[int64]int64, error) {
	groups := make(map[int64]int64)
	err := each(ctx, tx, func(r *sql.Rows) error {
		var foreign, own int64
		err := r.Scan(&foreign, &own)
		groups[foreign] = own
		return err
	}, `SELECT i.foreign_id, i.own_id FROM imported i JOIN auth_group g ON g.id = i.own_id WHERE i.kind = $1`, string(earshot.ImportGroup))
	return groups, err
}

// joinImported puts users into those of the imported groups that are theirs. One that was deleted here since is no more.
func joinImported(ctx context.Context, tx *sql.Tx, groups map[int64]int64, users ...*earshot.PlannedUser) error {
	var pairs []any
	insert := func() error {
		if len(pairs) == 0 {
			return nil
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO auth_user_group (user_id, group_id) VALUES `+tuples(len(pairs)/2, 2)+ //nolint:gosec // G202: constants
			` ON CONFLICT DO NOTHING`, pairs...)
		pairs = pairs[:0]
		return err
	}
	for _, u := range users {
		for _, foreign := range u.Groups {
			if own, there := groups[foreign]; there {
				pairs = append(pairs, u.Own, own)
			}
			if len(pairs) >= 4*bulk {
				if err := insert(); err != nil {
					return err
				}
			}
		}
	}
	return insert()
}

func updateImported(ctx context.Context, tx *sql.Tx, u *earshot.PlannedUser, groups map[int64]int64) error {
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
	return errors.Join(setImportedGroups(ctx, tx, u, groups), remember(ctx, tx, &u.Imported))
}

// setImportedGroups puts the user into those of the imported groups that are the user's, and into no other imported one.
func setImportedGroups(ctx context.Context, tx *sql.Tx, u *earshot.PlannedUser, groups map[int64]int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM auth_user_group WHERE user_id = $1
		AND group_id IN (SELECT own_id FROM imported WHERE kind = $2)`, u.Own, string(earshot.ImportGroup))
	if err != nil {
		return err
	}
	return joinImported(ctx, tx, groups, u)
}

func importRoom(ctx context.Context, tx *sql.Tx, r *earshot.PlannedRoom) error {
	if err := storableRoom(&r.Room, r.Key); err != nil {
		return err
	}
	if r.Own != 0 {
		res, err := tx.ExecContext(ctx, `UPDATE room SET title = $1, title_key = $2, access = $3 WHERE id = $4`,
			r.Title, strings.ToLower(r.Title), string(r.Access), r.Own)
		return errors.Join(found(res, err, errGone()), remember(ctx, tx, &r.Imported))
	}
	err := tx.QueryRowContext(ctx, `INSERT INTO room (name, name_key, title, topic, access, owner_id, created_at, title_key)
		VALUES ($1, $2, $3, $4, $5, NULL, $6, $7) ON CONFLICT (name_key) DO NOTHING RETURNING id`,
		r.Name, string(r.Key), r.Title, r.Topic, string(r.Access), millis(r.CreatedAt), strings.ToLower(r.Title)).Scan(&r.Own)
	if errors.Is(err, sql.ErrNoRows) {
		return nameTaken("name", r.Name)
	}
	if err != nil {
		return err
	}
	return remember(ctx, tx, &r.Imported)
}

// remember keeps where things came from: as many as one statement takes.
func remember(ctx context.Context, tx *sql.Tx, marks ...*earshot.Imported) error {
	var args []any
	for _, i := range marks {
		args = append(args, string(i.Kind), i.Foreign, i.Own, i.Print[:], i.Password[:])
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO imported (kind, foreign_id, own_id, print, password) VALUES `+tuples(len(marks), 5)+ //nolint:gosec // G202: constants
		` ON CONFLICT (kind, foreign_id) DO UPDATE SET own_id = excluded.own_id, print = excluded.print, password = excluded.password`, args...)
	return err
}

func errGone() error {
	return earshot.Errorf(earshot.CodeConflict, "Something that was imported earlier was deleted meanwhile.")
}
