package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/earshot-chat/earshot"
)

// What users are read with.
const selectUser = `SELECT id, username, email, email_confirmed, display_name, password, is_active, is_staff, is_superuser, last_login, date_joined,
	(SELECT string_agg(p.permission, ' ') FROM auth_user_permission p WHERE p.user_id = auth_user.id),
	(SELECT string_agg(p.permission, ' ') FROM auth_user_group g JOIN auth_group_permission p ON p.group_id = g.group_id
		WHERE g.user_id = auth_user.id),
	(SELECT b.until FROM server_ban b WHERE b.user_id = auth_user.id)
	FROM auth_user `

// What users are made with.
const (
	userColumns = `(username, username_key, username_skeleton, email, email_confirmed, display_name, password, is_active, is_staff, is_superuser,
		last_login, date_joined, display_key)`
	userWidth = 13
)

// bulk is how many rows one INSERT takes. More are hardly faster, and from some hundreds on slower: SQLite looks each
// numbered parameter up among all others.
const bulk = 50

// CreateUsers implements earshot.UserStore.
func (s *Store) CreateUsers(ctx context.Context, users []earshot.NewUser, log ...earshot.Action) ([]earshot.UserID, error) {
	var ids []earshot.UserID
	err := s.logged(ctx, log, func(tx *sql.Tx) error {
		ids = make([]earshot.UserID, 0, len(users))
		for from := 0; from < len(users); from += bulk {
			some, err := insertUsers(ctx, tx, users[from:min(from+bulk, len(users))])
			if err != nil {
				return err
			}
			ids = append(ids, some...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// insertUsers makes at most bulk users. A name that is taken is skipped by the database, and so found by what is missing
// in its answer: an error would not say on both databases which name it was, and the answer is in no promised order.
func insertUsers(ctx context.Context, tx *sql.Tx, users []earshot.NewUser) ([]earshot.UserID, error) {
	args := make([]any, 0, len(users)*userWidth)
	for i := range users {
		if !storable(users[i].Username, string(users[i].Keys.Name), users[i].Keys.Skeleton, string(users[i].Password),
			users[i].Email, users[i].DisplayName) {
			return nil, earshot.FieldError("username", "A username must be valid UTF-8 without zero bytes, and so must what belongs to it.")
		}
		args = append(args, userValues(&users[i])...)
	}
	query := `INSERT INTO auth_user ` + userColumns + ` VALUES ` + tuples(len(users), userWidth) +
		` ON CONFLICT (username_key) DO NOTHING RETURNING id, username_key`
	made := make(map[earshot.NameKey]earshot.UserID, len(users))
	err := each(ctx, tx, func(r *sql.Rows) error {
		var (
			id  earshot.UserID
			key earshot.NameKey
		)
		err := r.Scan(&id, &key)
		made[key] = id
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	ids := make([]earshot.UserID, len(users))
	for i := range users {
		id, ok := made[users[i].Keys.Name]
		if !ok {
			return nil, nameTaken("username", users[i].Username)
		}
		delete(made, users[i].Keys.Name) // a second user of that name in the list finds it gone
		ids[i] = id
		if err := grant(ctx, tx, userPermissions, int64(id), users[i].Permissions); err != nil {
			return nil, err
		}
		if err := regroup(ctx, tx, id, earshot.UserChange{Join: users[i].Groups}); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func userValues(u *earshot.NewUser) []any {
	lastLogin := sql.NullInt64{Int64: millis(u.LastLogin), Valid: !u.LastLogin.IsZero()}
	return []any{
		u.Username, string(u.Keys.Name), u.Keys.Skeleton, u.Email, u.EmailConfirmed, u.DisplayName, string(u.Password), u.IsActive, u.IsStaff, u.IsSuperuser,
		lastLogin, millis(u.DateJoined), strings.ToLower(u.DisplayName),
	}
}

// CreateFirstUser implements earshot.UserStore.
func (s *Store) CreateFirstUser(ctx context.Context, user earshot.NewUser) (earshot.UserID, error) {
	var id earshot.UserID
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if s.lockUsers != "" {
			if _, err := tx.ExecContext(ctx, s.lockUsers); err != nil {
				return err
			}
		}
		var some bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM auth_user)`).Scan(&some); err != nil {
			return err
		}
		if some {
			return &earshot.Error{Code: earshot.CodeConflict, Field: "setup", Message: "There is an account already."}
		}
		ids, err := insertUsers(ctx, tx, []earshot.NewUser{user})
		if err != nil {
			return err
		}
		id = ids[0]
		return nil
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

// User implements earshot.UserStore.
func (s *Store) User(ctx context.Context, id earshot.UserID) (earshot.User, error) {
	return s.userBy(ctx, `WHERE id = $1`, int64(id))
}

// UserByName implements earshot.UserStore.
func (s *Store) UserByName(ctx context.Context, key earshot.NameKey) (earshot.User, error) {
	if !storable(string(key)) {
		return earshot.User{}, errNoUser() // PostgreSQL would call it a fault
	}
	return s.userBy(ctx, `WHERE username_key = $1`, string(key))
}

func (s *Store) userBy(ctx context.Context, where string, arg any) (earshot.User, error) {
	u, err := scanUser(s.one(ctx, selectUser+where, arg))
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.User{}, errNoUser()
	}
	return u, s.fail(ctx, err)
}

// CountUsers implements earshot.UserStore.
func (s *Store) CountUsers(ctx context.Context) (int, error) {
	var n int
	err := s.one(ctx, `SELECT count(*) FROM auth_user`).Scan(&n)
	return n, s.fail(ctx, err)
}

// UsersBySkeleton implements earshot.UserStore.
func (s *Store) UsersBySkeleton(ctx context.Context, skeleton string, most int) ([]earshot.User, error) {
	if !storable(skeleton) {
		return nil, nil // PostgreSQL would call it a fault
	}
	return s.users(ctx, selectUser+`WHERE username_skeleton = $1 ORDER BY is_staff OR is_superuser DESC, username_key LIMIT $2`, skeleton, most)
}

func (s *Store) users(ctx context.Context, query string, args ...any) ([]earshot.User, error) {
	return readAll(ctx, s, scanUser, query, args...)
}

func scanUser(r row) (earshot.User, error) {
	var (
		u              earshot.User
		password       string
		lastLogin      sql.NullInt64
		joined         int64
		own, inherited sql.NullString
		banned         sql.NullInt64
	)
	err := r.Scan(&u.ID, &u.Username, &u.Email, &u.EmailConfirmed, &u.DisplayName, &password, &u.IsActive, &u.IsStaff, &u.IsSuperuser, &lastLogin, &joined,
		&own, &inherited, &banned)
	if err != nil {
		return earshot.User{}, err
	}
	u.Password = earshot.PasswordHash(password)
	u.DateJoined = fromMillis(joined)
	if lastLogin.Valid {
		u.LastLogin = fromMillis(lastLogin.Int64)
	}
	if banned.Valid {
		u.BannedUntil = fromMillis(banned.Int64)
	}
	u.Permissions, u.Inherited = permissionsOf(own), permissionsOf(inherited)
	return u, nil
}

// storable tells whether both databases hold the texts as they are. PostgreSQL refuses what is not UTF-8 and zero bytes;
// SQLite would keep them, and then hand out what no other part expects.
func storable(texts ...string) bool {
	for _, t := range texts {
		if !utf8.ValidString(t) || strings.IndexByte(t, 0) >= 0 {
			return false
		}
	}
	return true
}

func errNoUser() error { return earshot.Errorf(earshot.CodeNotFound, "There is no such user.") }

func nameTaken(field, name string) error {
	return &earshot.Error{Code: earshot.CodeConflict, Field: field, Message: "The name " + name + " is taken."}
}
