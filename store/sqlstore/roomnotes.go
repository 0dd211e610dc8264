package sqlstore

import (
	"context"
	"database/sql"

	"github.com/earshot-chat/earshot"
)

// noteRoom leaves word of a room for the server; a user of zero is the room itself.
func noteRoom(ctx context.Context, tx *sql.Tx, room earshot.RoomID, user earshot.UserID) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO room_note (room_id, user_id) VALUES ($1, $2)`, int64(room), int64(user))
	return err
}

// RoomNotes implements earshot.RoomNoteStore.
func (s *Store) RoomNotes(ctx context.Context, most int) ([]earshot.RoomNote, error) {
	return readAll(ctx, s, scanRoomNote, `SELECT id, room_id, user_id FROM room_note ORDER BY id LIMIT $1`, most)
}

func scanRoomNote(r row) (earshot.RoomNote, error) {
	var n earshot.RoomNote
	err := r.Scan(&n.ID, &n.Room, &n.User)
	return n, err
}

// ForgetRoomNotes implements earshot.RoomNoteStore.
func (s *Store) ForgetRoomNotes(ctx context.Context, notes []earshot.RoomNote) error {
	ids := make([]int64, len(notes))
	for i := range notes {
		ids[i] = notes[i].ID
	}
	return s.forget(ctx, `DELETE FROM room_note WHERE id IN `, ids)
}

// forget removes rows by their numbers: on PostgreSQL one with a smaller number may come to light later. The statement is
// without the list of numbers that it ends in.
func (s *Store) forget(ctx context.Context, statement string, ids []int64) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		for from := 0; from < len(ids); from += bulk {
			some := ids[from:min(from+bulk, len(ids))]
			args := make([]any, len(some))
			for i := range some {
				args[i] = some[i]
			}
			if _, err := tx.ExecContext(ctx, statement+tuples(1, len(some)), args...); err != nil {
				return err
			}
		}
		return nil
	})
}
