package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/earshot-chat/earshot"
)

// The seams of keeping order.
var (
	_ earshot.SanctionStore = (*Store)(nil)
	_ earshot.BanStore      = (*Store)(nil)
	_ earshot.ActionStore   = (*Store)(nil)
)

// What sanctions are read with.
const (
	sanctionColumns = `s.kind, s.room_id, s.user_id, u.username, s.by_id, b.username, s.at, s.until, s.reason`
	fromSanctions   = ` FROM room_sanction s JOIN auth_user u ON u.id = s.user_id LEFT JOIN auth_user b ON b.id = s.by_id `
)

func scanSanction(r row) (earshot.Sanction, error) { return readSanction(r) }

func scanFoundSanction(r row) (earshot.FoundSanction, error) {
	var room string
	p, err := readSanction(r, &room)
	return earshot.FoundSanction{Sanction: p, RoomName: room}, err
}

// readSanction reads the columns of a sanction, and into more those that follow them.
func readSanction(r row, more ...any) (earshot.Sanction, error) {
	var (
		p         earshot.Sanction
		by        sql.NullInt64
		name      sql.NullString
		at, until int64
	)
	err := r.Scan(append([]any{&p.Kind, &p.Room, &p.User.ID, &p.User.Name, &by, &name, &at, &until, &p.Reason}, more...)...)
	p.By = userRef(by, name)
	p.At, p.Until = fromMillis(at), fromMillis(until)
	return p, err
}

// userRef names a user who may be gone: the zero value is nobody.
func userRef(id sql.NullInt64, name sql.NullString) earshot.UserRef {
	return earshot.UserRef{ID: earshot.UserID(id.Int64), Name: name.String}
}

// PutSanction implements earshot.SanctionStore.
func (s *Store) PutSanction(ctx context.Context, p earshot.Sanction, entry earshot.Action) error {
	if !storable(p.Reason) {
		return errReason()
	}
	err := s.logged(ctx, []earshot.Action{entry}, func(tx *sql.Tx) error {
		// The update takes the room's row, so that of several at once each counts those before.
		res, err := tx.ExecContext(ctx, `UPDATE room SET name = name WHERE id = $1`, int64(p.Room))
		if err := found(res, err, errNoRoom()); err != nil {
			return err
		}
		var others int
		err = tx.QueryRowContext(ctx, `SELECT count(*) FROM room_sanction WHERE room_id = $1 AND kind = $2 AND user_id <> $3 AND until > $4`,
			int64(p.Room), string(p.Kind), int64(p.User.ID), millis(p.At)).Scan(&others)
		if err != nil {
			return err
		}
		if others >= earshot.MaxSanctions {
			return earshot.Errorf(earshot.CodeLimit, "There are %d in this room, as many as may be; lift some first.", others)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO room_sanction (room_id, kind, user_id, by_id, at, until, reason)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (room_id, kind, user_id)
			DO UPDATE SET by_id = excluded.by_id, at = excluded.at, until = excluded.until, reason = excluded.reason`,
			int64(p.Room), string(p.Kind), int64(p.User.ID), nullID(p.By.ID), millis(p.At), millis(p.Until), p.Reason)
		if err != nil {
			return err
		}
		return noteRoom(ctx, tx, p.Room, p.User.ID)
	})
	if isUnknownReference(err) {
		return errNoUser()
	}
	return err
}

// LiftSanction implements earshot.SanctionStore.
func (s *Store) LiftSanction(
	ctx context.Context, kind earshot.SanctionKind, room earshot.RoomID, user earshot.UserID, entry earshot.Action,
) error {
	return s.changeTx(ctx, []earshot.Action{entry}, func(tx *sql.Tx) (bool, error) {
		lifted, err := affected(tx.ExecContext(ctx, `DELETE FROM room_sanction WHERE room_id = $1 AND kind = $2 AND user_id = $3`,
			int64(room), string(kind), int64(user)))
		if err != nil || !lifted {
			return false, err
		}
		return true, noteRoom(ctx, tx, room, user)
	})
}

// Sanctions implements earshot.SanctionStore.
func (s *Store) Sanctions(
	ctx context.Context, room earshot.RoomID, kind earshot.SanctionKind, now time.Time, after earshot.NameKey, limit int,
) ([]earshot.Sanction, error) {
	if !storable(string(after)) {
		return nil, nil // PostgreSQL would call it a fault
	}
	var args arguments
	query := `SELECT ` + sanctionColumns + fromSanctions +
		`WHERE s.room_id = ` + args.add(int64(room)) + ` AND s.until > ` + args.add(millis(now))
	if kind != "" {
		query += ` AND s.kind = ` + args.add(string(kind))
	}
	if after != "" {
		query += ` AND u.username_key > ` + args.add(string(after))
	}
	query += ` ORDER BY u.username_key, s.kind` + args.limit(limit)
	return readAll(ctx, s, scanSanction, query, args...)
}

// FindSanctions implements earshot.SanctionStore.
func (s *Store) FindSanctions(ctx context.Context, q earshot.SanctionQuery) ([]earshot.FoundSanction, error) {
	if !storable(string(q.Search), string(q.Kind)) {
		return nil, nil // PostgreSQL would call it a fault
	}
	var args arguments
	query := `SELECT ` + sanctionColumns + `, r.name` + fromSanctions + `JOIN room r ON r.id = s.room_id ` +
		`WHERE s.kind = ` + args.add(string(q.Kind)) + ` AND s.until > ` + args.add(millis(q.At))
	if q.After != (earshot.SanctionMark{}) {
		query += ` AND (s.at, s.room_id, s.user_id) < (` + args.add(millis(q.After.At)) + `, ` + args.add(int64(q.After.Room)) + `, ` +
			args.add(int64(q.After.User)) + `)`
	}
	if q.Search != "" {
		query += ` AND ` + anyHas(args.add(containing(q.Search)), "u.username_key", "b.username_key", "r.name_key", "lower(s.reason)")
	}
	query += ` ORDER BY s.at DESC, s.room_id DESC, s.user_id DESC` + args.limit(q.Limit)
	return readAll(ctx, s, scanFoundSanction, query, args...)
}

// anyHas is the condition that one of the columns has what the pattern is of.
func anyHas(pattern string, columns ...string) string {
	for i, c := range columns {
		columns[i] = c + ` LIKE ` + pattern + ` ESCAPE '\'`
	}
	return `(` + strings.Join(columns, ` OR `) + `)`
}

// What bans are read with.
const selectBan = `SELECT s.id, s.user_id, u.username, s.addresses, s.by_id, b.username, s.at, s.until, s.reason
	FROM server_ban s LEFT JOIN auth_user u ON u.id = s.user_id LEFT JOIN auth_user b ON b.id = s.by_id `

func scanBan(r row) (earshot.Ban, error) {
	var (
		b                       earshot.Ban
		user, by                sql.NullInt64
		name, byName, addresses sql.NullString
		at, until               int64
	)
	err := r.Scan(&b.ID, &user, &name, &addresses, &by, &byName, &at, &until, &b.Reason)
	b.User, b.By = userRef(user, name), userRef(by, byName)
	b.Range, b.At, b.Until = addresses.String, fromMillis(at), fromMillis(until)
	return b, err
}

// PutBan implements earshot.BanStore.
func (s *Store) PutBan(ctx context.Context, b earshot.Ban, entry earshot.Action) (earshot.Ban, error) {
	if !storable(b.Reason, b.Range) {
		return earshot.Ban{}, errReason()
	}
	err := s.logged(ctx, []earshot.Action{entry}, func(tx *sql.Tx) error {
		of := "user_id"
		if b.User.ID == 0 {
			of = "addresses"
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO server_ban (user_id, addresses, by_id, at, until, reason)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (`+of+`)
			DO UPDATE SET by_id = excluded.by_id, at = excluded.at, until = excluded.until, reason = excluded.reason`,
			nullID(b.User.ID), sql.NullString{String: b.Range, Valid: b.User.ID == 0}, nullID(b.By.ID), millis(b.At), millis(b.Until), b.Reason)
		if err != nil {
			return err
		}
		if b, err = scanBan(tx.QueryRowContext(ctx, selectBan+`WHERE s.user_id = $1 OR s.addresses = $2`,
			int64(b.User.ID), b.Range)); err != nil {
			return err
		}
		return note(ctx, tx, b.User.ID, nil)
	})
	if isUnknownReference(err) {
		err = errNoUser()
	}
	if err != nil {
		return earshot.Ban{}, err
	}
	return b, nil
}

// LiftBan implements earshot.BanStore.
func (s *Store) LiftBan(ctx context.Context, id int64, entry earshot.Action) (earshot.Ban, error) {
	var lifted earshot.Ban
	err := s.logged(ctx, []earshot.Action{entry}, func(tx *sql.Tx) error {
		var err error
		if lifted, err = scanBan(tx.QueryRowContext(ctx, selectBan+`WHERE s.id = $1`, id)); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `DELETE FROM server_ban WHERE id = $1`, id)
		if err := found(res, err, errNoBan()); err != nil {
			return err
		}
		return note(ctx, tx, lifted.User.ID, nil)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = errNoBan()
	}
	if err != nil {
		return earshot.Ban{}, err
	}
	return lifted, nil
}

// BanOf implements earshot.BanStore.
func (s *Store) BanOf(ctx context.Context, user earshot.UserID, addresses string) (earshot.Ban, error) {
	if !storable(addresses) {
		return earshot.Ban{}, errNoBan()
	}
	// No user has the number 0, and no range is empty.
	b, err := scanBan(s.one(ctx, selectBan+`WHERE s.user_id = $1 OR s.addresses = $2`, int64(user), addresses))
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.Ban{}, errNoBan()
	}
	return b, s.fail(ctx, err)
}

// Bans implements earshot.BanStore.
func (s *Store) Bans(ctx context.Context, q earshot.BanQuery) ([]earshot.Ban, error) {
	if !storable(string(q.Search), strings.Join(q.Ranges, "")) {
		return nil, nil // PostgreSQL would call it a fault
	}
	var (
		args  arguments
		where []string
	)
	if q.ID != 0 {
		where = append(where, `s.id = `+args.add(q.ID))
	}
	if !q.At.IsZero() {
		where = append(where, `s.until > `+args.add(millis(q.At)))
	}
	switch q.Kind {
	case earshot.BanOfUser:
		where = append(where, `s.addresses IS NULL`)
	case earshot.BanOfRange:
		where = append(where, `s.addresses IS NOT NULL`)
	case earshot.BanOfAny:
	}
	if q.Below > 0 {
		where = append(where, `s.id < `+args.add(q.Below))
	}
	if q.Search != "" {
		found := anyHas(args.add(containing(q.Search)), "u.username_key", "b.username_key", "s.addresses", "lower(s.reason)")
		if len(q.Ranges) > 0 {
			placeholders := make([]string, len(q.Ranges))
			for i, r := range q.Ranges {
				placeholders[i] = args.add(r)
			}
			found = `(` + found + ` OR s.addresses IN (` + strings.Join(placeholders, `, `) + `))`
		}
		where = append(where, found)
	}
	query := selectBan + whereAll(where) + ` ORDER BY s.id DESC` + args.limit(q.Limit)
	return readAll(ctx, s, scanBan, query, args...)
}

// ForgetSanctions implements earshot.BanStore.
func (s *Store) ForgetSanctions(ctx context.Context, before time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM room_sanction WHERE until < $1`, millis(before)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM server_ban WHERE until < $1`, millis(before))
		return err
	})
}

func errReason() error {
	return earshot.FieldError("reason", "The reason must be valid UTF-8 without zero bytes.")
}

func errNoBan() error { return earshot.Errorf(earshot.CodeNotFound, "There is no such ban.") }
