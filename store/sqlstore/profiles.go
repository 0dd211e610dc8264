package sqlstore

import (
	"context"
	"database/sql"
	"errors"

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
	rows, err := s.read.QueryContext(ctx, query+tuples(1, len(ids))+` ORDER BY u.id`, args...)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	all, err := collect(rows, func(r row) (earshot.Profile, error) {
		var p earshot.Profile
		err := r.Scan(&p.ID, &p.DisplayName, &p.Avatar)
		return p, err
	})
	return all, s.fail(ctx, err)
}
