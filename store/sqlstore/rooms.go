package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/earshot-chat/earshot"
)

// What rooms are read with.
const (
	roomColumns = `id, name, title, topic, access, owner_id, created_at, slow_seconds, locked`
	selectRoom  = `SELECT ` + roomColumns + ` FROM room `
)

// CreateRoom implements earshot.RoomStore.
func (s *Store) CreateRoom(
	ctx context.Context, room earshot.Room, key earshot.NameKey, most int, log ...earshot.Action,
) (earshot.RoomID, error) {
	if err := storableRoom(&room, key); err != nil {
		return 0, err
	}
	var id earshot.RoomID
	err := s.logged(ctx, log, func(tx *sql.Tx) error {
		if most > 0 && room.Owner != 0 {
			if err := roomForOneMore(ctx, tx, room.Owner, most); err != nil {
				return err
			}
		}
		return tx.QueryRowContext(ctx, `INSERT INTO room (name, name_key, title, topic, access, owner_id, created_at, slow_seconds, locked, title_key)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (name_key) DO NOTHING RETURNING id`,
			room.Name, string(key), room.Title, room.Topic, string(room.Access), nullID(room.Owner), millis(room.CreatedAt),
			room.Slow, string(room.Lock), strings.ToLower(room.Title)).Scan(&id)
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
	return readAll(ctx, s, scanRoom, selectRoom+`ORDER BY name_key`)
}

// FindRooms implements earshot.RoomStore.
func (s *Store) FindRooms(ctx context.Context, q earshot.RoomQuery) ([]earshot.FoundRoom, error) {
	if !storable(string(q.Search), string(q.Key), string(q.Access), string(q.After)) {
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
		where = append(where, anyHas(args.add(containing(q.Search)), "name_key", "title_key"))
	}
	if q.Key != "" {
		where = append(where, "name_key = "+args.add(string(q.Key)))
	}
	if q.Access != "" {
		where = append(where, "access = "+args.add(string(q.Access)))
	}
	if q.Owner != 0 {
		where = append(where, "owner_id = "+args.add(int64(q.Owner)))
	}
	query := `SELECT ` + roomColumns + `, (SELECT username FROM auth_user u WHERE u.id = owner_id) FROM room ` +
		whereAll(where) + ` ORDER BY name_key` + args.limit(q.Limit)
	return readAll(ctx, s, scanFoundRoom, query, args...)
}

func scanFoundRoom(r row) (earshot.FoundRoom, error) {
	var owner sql.NullString
	room, err := readRoom(r, &owner)
	return earshot.FoundRoom{Room: room, OwnerName: owner.String}, err
}

// UpdateRoom implements earshot.RoomStore.
func (s *Store) UpdateRoom(ctx context.Context, room earshot.Room, log ...earshot.Action) error {
	if err := storableRoom(&room, ""); err != nil {
		return err
	}
	err := s.logged(ctx, log, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE room SET title = $1, topic = $2, access = $3, owner_id = $4, slow_seconds = $5, locked = $6, title_key = $7 WHERE id = $8`,
			room.Title, room.Topic, string(room.Access), nullID(room.Owner), room.Slow, string(room.Lock), strings.ToLower(room.Title), int64(room.ID))
		if err := found(res, err, errNoRoom()); err != nil {
			return err
		}
		return noteRoom(ctx, tx, room.ID, 0)
	})
	if isUnknownReference(err) {
		return errNoUser()
	}
	return err
}

// DeleteRoom implements earshot.RoomStore.
func (s *Store) DeleteRoom(ctx context.Context, id earshot.RoomID, log ...earshot.Action) error {
	return s.logged(ctx, log, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM room WHERE id = $1`, int64(id))
		if err := found(res, err, errNoRoom()); err != nil {
			return err
		}
		return noteRoom(ctx, tx, id, 0)
	})
}

func scanRoom(r row) (earshot.Room, error) { return readRoom(r) }

// readRoom reads the columns of a room, and into more those that follow them.
func readRoom(r row, more ...any) (earshot.Room, error) {
	var (
		room    earshot.Room
		owner   sql.NullInt64
		created int64
	)
	err := r.Scan(append([]any{
		&room.ID, &room.Name, &room.Title, &room.Topic, &room.Access, &owner, &created, &room.Slow, &room.Lock,
	}, more...)...)
	if err != nil {
		return earshot.Room{}, err
	}
	room.Owner, room.CreatedAt = earshot.UserID(owner.Int64), fromMillis(created)
	return room, nil
}

// AddMember implements earshot.MemberStore.
func (s *Store) AddMember(ctx context.Context, room earshot.RoomID, user earshot.UserID, log ...earshot.Action) error {
	err := s.changeTx(ctx, log, func(tx *sql.Tx) (bool, error) {
		return affected(tx.ExecContext(ctx, `INSERT INTO room_member (room_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, int64(room), int64(user)))
	})
	if isUnknownReference(err) {
		return earshot.Errorf(earshot.CodeNotFound, "There is no such room or no such user.")
	}
	return err
}

// RemoveMember implements earshot.MemberStore.
func (s *Store) RemoveMember(ctx context.Context, room earshot.RoomID, user earshot.UserID, log ...earshot.Action) error {
	return s.changeTx(ctx, log, func(tx *sql.Tx) (bool, error) {
		was, err := affected(tx.ExecContext(ctx, `DELETE FROM room_member WHERE room_id = $1 AND user_id = $2`, int64(room), int64(user)))
		if err != nil || !was {
			return false, err
		}
		return true, noteRoom(ctx, tx, room, user)
	})
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
	return readAll(ctx, s, scanRoomID, `SELECT m.room_id FROM room_member m JOIN room r ON r.id = m.room_id
		WHERE m.user_id = $1 AND r.access = $2 ORDER BY m.room_id`, int64(user), string(earshot.AccessPrivate))
}

func scanRoomID(r row) (earshot.RoomID, error) {
	var id earshot.RoomID
	err := r.Scan(&id)
	return id, err
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
