package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/earshot-chat/earshot"
)

// What rooms are read with.
const selectRoom = `SELECT id, name, title, topic, access, owner_id, created_at, slow_seconds, locked FROM room `

// CreateRoom implements earshot.RoomStore.
func (s *Store) CreateRoom(ctx context.Context, room earshot.Room, key earshot.NameKey, most int) (earshot.RoomID, error) {
	if err := storableRoom(&room, key); err != nil {
		return 0, err
	}
	var id earshot.RoomID
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if most > 0 && room.Owner != 0 {
			if err := roomForOneMore(ctx, tx, room.Owner, most); err != nil {
				return err
			}
		}
		return tx.QueryRowContext(ctx, `INSERT INTO room (name, name_key, title, topic, access, owner_id, created_at, slow_seconds, locked)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (name_key) DO NOTHING RETURNING id`,
			room.Name, string(key), room.Title, room.Topic, string(room.Access), nullID(room.Owner), millis(room.CreatedAt),
			room.Slow, string(room.Lock)).Scan(&id)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nameTaken("name", room.Name)
	case isUnknownReference(err):
		return 0, errNoUser()
	case err != nil:
		return 0, err
	}
	return id, nil
}

// roomForOneMore tells whether the user owns fewer than most rooms. It takes the user's row until the transaction ends, so
// that of several who make a room for the same user each counts those before.
func roomForOneMore(ctx context.Context, tx *sql.Tx, owner earshot.UserID, most int) error {
	if _, err := tx.ExecContext(ctx, `UPDATE auth_user SET is_active = is_active WHERE id = $1`, int64(owner)); err != nil {
		return err
	}
	var owned int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM room WHERE owner_id = $1`, int64(owner)).Scan(&owned); err != nil {
		return err
	}
	if owned >= most {
		return earshot.Errorf(earshot.CodeLimit, "You own %d rooms, as many as one may have here; delete one first.", owned)
	}
	return nil
}

// Room implements earshot.RoomStore.
func (s *Store) Room(ctx context.Context, id earshot.RoomID) (earshot.Room, error) {
	r, err := scanRoom(s.one(ctx, selectRoom+`WHERE id = $1`, int64(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.Room{}, errNoRoom()
	}
	return r, s.fail(ctx, err)
}

// Rooms implements earshot.RoomStore.
func (s *Store) Rooms(ctx context.Context) ([]earshot.Room, error) {
	return s.FindRooms(ctx, earshot.RoomQuery{})
}

// FindRooms implements earshot.RoomStore.
func (s *Store) FindRooms(ctx context.Context, q earshot.RoomQuery) ([]earshot.Room, error) {
	if !storable(string(q.Search), string(q.Access), string(q.After)) {
		return nil, nil // PostgreSQL would call it a fault
	}
	var (
		args  arguments
		where []string
	)
	if q.After != "" {
		where = append(where, "name_key > "+args.add(string(q.After)))
	}
	if q.Search != "" {
		where = append(where, `name_key LIKE `+args.add(containing(q.Search))+` ESCAPE '\'`)
	}
	if q.Access != "" {
		where = append(where, "access = "+args.add(string(q.Access)))
	}
	if q.Owner != 0 {
		where = append(where, "owner_id = "+args.add(int64(q.Owner)))
	}
	query := selectRoom
	if len(where) > 0 {
		query += "WHERE " + strings.Join(where, " AND ")
	}
	query += " ORDER BY name_key"
	if q.Limit > 0 {
		query += " LIMIT " + args.add(q.Limit)
	}
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	found, err := collect(rows, scanRoom)
	return found, s.fail(ctx, err)
}

// UpdateRoom implements earshot.RoomStore.
func (s *Store) UpdateRoom(ctx context.Context, room earshot.Room) error {
	if err := storableRoom(&room, ""); err != nil {
		return err
	}
	n, err := s.changed(ctx, `UPDATE room SET title = $1, topic = $2, access = $3, owner_id = $4, slow_seconds = $5, locked = $6 WHERE id = $7`,
		room.Title, room.Topic, string(room.Access), nullID(room.Owner), room.Slow, string(room.Lock), int64(room.ID))
	switch {
	case isUnknownReference(err):
		return errNoUser()
	case err == nil && n == 0:
		return errNoRoom()
	}
	return err
}

// DeleteRoom implements earshot.RoomStore.
func (s *Store) DeleteRoom(ctx context.Context, id earshot.RoomID) error {
	n, err := s.changed(ctx, `DELETE FROM room WHERE id = $1`, int64(id))
	if err == nil && n == 0 {
		return errNoRoom()
	}
	return err
}

func scanRoom(r row) (earshot.Room, error) {
	var (
		room    earshot.Room
		owner   sql.NullInt64
		created int64
	)
	err := r.Scan(&room.ID, &room.Name, &room.Title, &room.Topic, &room.Access, &owner, &created, &room.Slow, &room.Lock)
	if err != nil {
		return earshot.Room{}, err
	}
	room.Owner, room.CreatedAt = earshot.UserID(owner.Int64), fromMillis(created)
	return room, nil
}

// AddMember implements earshot.MemberStore.
func (s *Store) AddMember(ctx context.Context, room earshot.RoomID, user earshot.UserID) error {
	_, err := s.changed(ctx, `INSERT INTO room_member (room_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, int64(room), int64(user))
	if isUnknownReference(err) {
		return earshot.Errorf(earshot.CodeNotFound, "There is no such room or no such user.")
	}
	return err
}

// RemoveMember implements earshot.MemberStore.
func (s *Store) RemoveMember(ctx context.Context, room earshot.RoomID, user earshot.UserID) error {
	_, err := s.changed(ctx, `DELETE FROM room_member WHERE room_id = $1 AND user_id = $2`, int64(room), int64(user))
	return err
}

// IsMember implements earshot.MemberStore.
func (s *Store) IsMember(ctx context.Context, room earshot.RoomID, user earshot.UserID) (bool, error) {
	var is bool
	err := s.one(ctx, `SELECT EXISTS (SELECT 1 FROM room_member WHERE room_id = $1 AND user_id = $2)`,
		int64(room), int64(user)).Scan(&is)
	return is, s.fail(ctx, err)
}

// Members implements earshot.MemberStore.
func (s *Store) Members(ctx context.Context, room earshot.RoomID) ([]earshot.User, error) {
	return s.users(ctx, selectUser+`WHERE id IN (SELECT user_id FROM room_member WHERE room_id = $1) ORDER BY username_key`, int64(room))
}

// MemberRooms implements earshot.MemberStore.
func (s *Store) MemberRooms(ctx context.Context, user earshot.UserID) ([]earshot.RoomID, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT m.room_id FROM room_member m JOIN room r ON r.id = m.room_id
		WHERE m.user_id = $1 AND r.access = $2 ORDER BY m.room_id`, int64(user), string(earshot.AccessPrivate))
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	ids, err := collect(rows, func(r row) (earshot.RoomID, error) {
		var id earshot.RoomID
		err := r.Scan(&id)
		return id, err
	})
	return ids, s.fail(ctx, err)
}

func storableRoom(room *earshot.Room, key earshot.NameKey) error {
	for _, f := range []struct{ name, text string }{
		{"name", room.Name},
		{"name", string(key)},
		{"title", room.Title},
		{"topic", room.Topic},
		{"access", string(room.Access)},
		{"locked", string(room.Lock)},
	} {
		if !storable(f.text) {
			return earshot.FieldError(f.name, "The %s must be valid UTF-8 without zero bytes.", f.name)
		}
	}
	return nil
}

func errNoRoom() error { return earshot.Errorf(earshot.CodeNotFound, "There is no such room.") }
