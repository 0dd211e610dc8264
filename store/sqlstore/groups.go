package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/earshot-chat/earshot"
)

// granted is a table of permissions, and the column of whose they are.
type granted struct{ table, column string }

// The two tables of permissions.
var (
	userPermissions  = granted{"auth_user_permission", "user_id"}
	groupPermissions = granted{"auth_group_permission", "group_id"}
)

// grant adds permissions; those that are there already stay.
func grant(ctx context.Context, tx *sql.Tx, to granted, id int64, permissions earshot.PermissionSet) error {
	for _, p := range permissions.List() {
		query := `INSERT INTO ` + to.table + ` (` + to.column + `, permission) VALUES ($1, $2) ON CONFLICT DO NOTHING` //nolint:gosec // G202: constants
		if _, err := tx.ExecContext(ctx, query, id, string(p)); err != nil {
			return err
		}
	}
	return nil
}

// revoke takes permissions; one that is not there is no error.
func revoke(ctx context.Context, tx *sql.Tx, from granted, id int64, permissions earshot.PermissionSet) error {
	for _, p := range permissions.List() {
		query := `DELETE FROM ` + from.table + ` WHERE ` + from.column + ` = $1 AND permission = $2` //nolint:gosec // G202: constants
		if _, err := tx.ExecContext(ctx, query, id, string(p)); err != nil {
			return err
		}
	}
	return nil
}

// permissionsOf reads names with blanks between them.
func permissionsOf(names sql.NullString) earshot.PermissionSet {
	if names.String == "" {
		return 0
	}
	var set earshot.PermissionSet
	for name := range strings.SplitSeq(names.String, " ") {
		set |= earshot.PermissionsOf(earshot.Permission(name))
	}
	return set
}

// What groups are read with.
const selectGroup = `SELECT id, name,
	(SELECT string_agg(p.permission, ' ') FROM auth_group_permission p WHERE p.group_id = auth_group.id) FROM auth_group `

func scanGroup(r row) (earshot.Group, error) {
	var (
		g           earshot.Group
		permissions sql.NullString
	)
	err := r.Scan(&g.ID, &g.Name, &permissions)
	g.Permissions = permissionsOf(permissions)
	return g, err
}

// CreateGroup implements earshot.GroupStore.
func (s *Store) CreateGroup(ctx context.Context, group earshot.Group, key earshot.NameKey, log ...earshot.Action) (earshot.GroupID, error) {
	if !storable(group.Name, string(key)) {
		return 0, errGroupName()
	}
	var id earshot.GroupID
	err := s.logged(ctx, log, func(tx *sql.Tx) error {
		var err error
		id, err = insertGroup(ctx, tx, group, key)
		return err
	})
	return id, err
}

func insertGroup(ctx context.Context, tx *sql.Tx, group earshot.Group, key earshot.NameKey) (earshot.GroupID, error) {
	var id earshot.GroupID
	err := tx.QueryRowContext(ctx, `INSERT INTO auth_group (name, name_key) VALUES ($1, $2) ON CONFLICT (name_key) DO NOTHING RETURNING id`,
		group.Name, string(key)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nameTaken("group", group.Name)
	}
	if err != nil {
		return 0, err
	}
	return id, grant(ctx, tx, groupPermissions, int64(id), group.Permissions)
}

// GroupByName implements earshot.GroupStore.
func (s *Store) GroupByName(ctx context.Context, key earshot.NameKey) (earshot.Group, error) {
	if !storable(string(key)) {
		return earshot.Group{}, errNoGroup()
	}
	g, err := scanGroup(s.one(ctx, selectGroup+`WHERE name_key = $1`, string(key)))
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.Group{}, errNoGroup()
	}
	return g, s.fail(ctx, err)
}

// Groups implements earshot.GroupStore.
func (s *Store) Groups(ctx context.Context) ([]earshot.Group, error) {
	return s.groups(ctx, selectGroup+`ORDER BY name_key`)
}

// GroupsOf implements earshot.GroupStore.
func (s *Store) GroupsOf(ctx context.Context, user earshot.UserID) ([]earshot.Group, error) {
	return s.groups(ctx, selectGroup+`WHERE id IN (SELECT group_id FROM auth_user_group WHERE user_id = $1) ORDER BY name_key`, int64(user))
}

func (s *Store) groups(ctx context.Context, query string, args ...any) ([]earshot.Group, error) {
	return readAll(ctx, s, scanGroup, query, args...)
}

// ChangeGroup implements earshot.GroupStore.
func (s *Store) ChangeGroup(ctx context.Context, id earshot.GroupID, change earshot.GroupChange, log ...earshot.Action) error {
	if !storable(change.Name, string(change.Key)) {
		return errGroupName()
	}
	err := s.logged(ctx, log, func(tx *sql.Tx) error {
		// The update takes the group's row, so that the group is not deleted meanwhile.
		res, err := tx.ExecContext(ctx, `UPDATE auth_group SET name = coalesce(nullif($2, ''), name), name_key = coalesce(nullif($3, ''), name_key)
			WHERE id = $1`, int64(id), change.Name, string(change.Key))
		if err := found(res, err, errNoGroup()); err != nil {
			return err
		}
		if err := grant(ctx, tx, groupPermissions, int64(id), change.Grant&^change.Revoke); err != nil {
			return err
		}
		if err := revoke(ctx, tx, groupPermissions, int64(id), change.Revoke); err != nil {
			return err
		}
		if !(change.Grant | change.Revoke).Has(earshot.PermModerateRoom) {
			return nil
		}
		return noteMembers(ctx, tx, id)
	})
	if isTaken(err) {
		return nameTaken("group", change.Name)
	}
	return err
}

// noteMembers leaves word of all members of the group: whether they keep order is known to their sessions.
func noteMembers(ctx context.Context, tx *sql.Tx, id earshot.GroupID) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO account_change (user_id) SELECT user_id FROM auth_user_group WHERE group_id = $1`, int64(id))
	return err
}

// DeleteGroup implements earshot.GroupStore.
func (s *Store) DeleteGroup(ctx context.Context, id earshot.GroupID, log ...earshot.Action) error {
	return s.logged(ctx, log, func(tx *sql.Tx) error {
		if err := noteMembers(ctx, tx, id); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `DELETE FROM auth_group WHERE id = $1`, int64(id))
		return found(res, err, errNoGroup())
	})
}

// SetGroupMember implements earshot.GroupStore.
func (s *Store) SetGroupMember(ctx context.Context, group earshot.GroupID, user earshot.UserID, member bool, log ...earshot.Action) error {
	return s.changeTx(ctx, log, func(tx *sql.Tx) (bool, error) {
		var both bool
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM auth_group WHERE id = $1) AND EXISTS (SELECT 1 FROM auth_user WHERE id = $2)`,
			int64(group), int64(user)).Scan(&both)
		if err != nil {
			return false, err
		}
		if !both {
			return false, errNoGroupOrUser()
		}
		query := `INSERT INTO auth_user_group (group_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`
		if !member {
			query = `DELETE FROM auth_user_group WHERE group_id = $1 AND user_id = $2`
		}
		changed, err := affected(tx.ExecContext(ctx, query, int64(group), int64(user)))
		if isUnknownReference(err) {
			return false, errNoGroupOrUser()
		}
		if err != nil || !changed {
			return false, err
		}
		return true, note(ctx, tx, user, nil)
	})
}

func errGroupName() error {
	return earshot.FieldError("group", "The name of a group must be valid UTF-8 without zero bytes.")
}

func errNoGroup() error { return earshot.Errorf(earshot.CodeNotFound, "There is no such group.") }

func errNoGroupOrUser() error {
	return earshot.Errorf(earshot.CodeNotFound, "There is no such group or no such user.")
}
