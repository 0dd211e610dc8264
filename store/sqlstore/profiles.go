package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/earshot-chat/earshot"
)

// SetAvatar implements earshot.ProfileStore.
func (s *Store) SetAvatar(ctx context.Context, id earshot.UserID, a earshot.Avatar) error {
	_, err := s.changed(ctx, `INSERT INTO avatar (user_id, media_type, tag, picture, changed_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (user_id) DO UPDATE SET media_type = excluded.media_type, tag = excluded.tag, picture = excluded.picture,
		changed_at = excluded.changed_at`, int64(id), a.MediaType, a.Tag, a.Picture, millis(a.ChangedAt))
	if isUnknownReference(err) {
		return errNoUser()
	}
	return err
}

// Avatar implements earshot.ProfileStore.
func (s *Store) Avatar(ctx context.Context, key earshot.NameKey) (earshot.Avatar, error) {
	none := earshot.Errorf(earshot.CodeNotFound, "There is no such picture.")
	if !storable(string(key)) {
		return earshot.Avatar{}, none // PostgreSQL would call it a fault
	}
	var (
		a       earshot.Avatar
		changed int64
	)
	err := s.one(ctx, `SELECT a.media_type, a.tag, a.picture, a.changed_at FROM avatar a JOIN auth_user u ON u.id = a.user_id
		WHERE u.username_key = $1`, string(key)).Scan(&a.MediaType, &a.Tag, &a.Picture, &changed)
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.Avatar{}, none
	}
	if err != nil {
		return earshot.Avatar{}, s.fail(ctx, err)
	}
	a.ChangedAt = fromMillis(changed)
	return a, nil
}

// DeleteAvatar implements earshot.ProfileStore.
func (s *Store) DeleteAvatar(ctx context.Context, id earshot.UserID) error {
	_, err := s.changed(ctx, `DELETE FROM avatar WHERE user_id = $1`, int64(id))
	return err
}

// Profiles implements earshot.ProfileStore.
func (s *Store) Profiles(ctx context.Context, ids []earshot.UserID) ([]earshot.Profile, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = int64(id)
	}
	const query = `SELECT u.id, u.display_name, coalesce(a.tag, '') FROM auth_user u LEFT JOIN avatar a ON a.user_id = u.id WHERE u.id IN `
	return readAll(ctx, s, scanProfile, query+tuples(1, len(ids))+` ORDER BY u.id`, args...)
}

func scanProfile(r row) (earshot.Profile, error) {
	var p earshot.Profile
	err := r.Scan(&p.ID, &p.DisplayName, &p.Avatar)
	return p, err
}

// Namesakes implements earshot.ProfileStore. Each half has an index of its own.
func (s *Store) Namesakes(ctx context.Context, keys []earshot.NameKey, skeletons []string) ([]earshot.Namesake, error) {
	var (
		args  []any
		halfs []string
	)
	half := func(where string, of []string) {
		from := len(args)
		for _, one := range of {
			if storable(one) { // PostgreSQL would call it a fault
				args = append(args, one)
			}
		}
		if len(args) > from {
			halfs = append(halfs, `SELECT id, username_key, username_skeleton FROM auth_user WHERE `+where+` IN `+places(from+1, len(args)))
		}
	}
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = string(key)
	}
	half(`username_key`, texts)
	half(`(is_staff OR is_superuser) AND username_skeleton`, skeletons)
	if len(args) == 0 {
		return nil, nil
	}
	return readAll(ctx, s, scanNamesake, strings.Join(halfs, ` UNION `)+` ORDER BY id`, args...)
}

func scanNamesake(r row) (earshot.Namesake, error) {
	var n earshot.Namesake
	err := r.Scan(&n.ID, &n.Keys.Name, &n.Keys.Skeleton)
	return n, err
}

// places is a list of the parameters from one to another.
func places(from, to int) string {
	list := make([]string, 0, to-from+1)
	for i := from; i <= to; i++ {
		list = append(list, "$"+strconv.Itoa(i))
	}
	return "(" + strings.Join(list, ",") + ")"
}
