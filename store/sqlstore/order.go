package sqlstore

import (
	"context"
	"database/sql"
	"errors"
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
const selectSanction = `SELECT s.kind, s.room_id, s.user_id, u.username, s.by_id, b.username, s.at, s.until, s.reason
	FROM room_sanction s JOIN auth_user u ON u.id = s.user_id LEFT JOIN auth_user b ON b.id = s.by_id `

// PutSanction implements earshot.SanctionStore.
func (s *Store) PutSanction(ctx context.Context, p earshot.Sanction, entry earshot.Action) error {
	if !storable(p.Reason) {
		return errReason()
	}
	err := s.inTx(ctx, func(tx *sql.Tx) error {
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
		return writeAction(ctx, tx, entry)
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
	return s.inTx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM room_sanction WHERE room_id = $1 AND kind = $2 AND user_id = $3`,
			int64(room), string(kind), int64(user))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return writeAction(ctx, tx, entry)
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
	query := selectSanction + `WHERE s.room_id = ` + args.add(int64(room)) + ` AND s.until > ` + args.add(millis(now)) //nolint:gosec // G202: placeholders
	if kind != "" {
		query += ` AND s.kind = ` + args.add(string(kind))
	}
	if after != "" {
		query += ` AND u.username_key > ` + args.add(string(after))
	}
	query += ` ORDER BY u.username_key, s.kind`
	if limit > 0 {
		query += ` LIMIT ` + args.add(limit)
	}
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	all, err := collect(rows, func(r row) (earshot.Sanction, error) {
		var (
			p         earshot.Sanction
			by        sql.NullInt64
			name      sql.NullString
			at, until int64
		)
		err := r.Scan(&p.Kind, &p.Room, &p.User.ID, &p.User.Name, &by, &name, &at, &until, &p.Reason)
		p.By = earshot.UserRef{ID: earshot.UserID(by.Int64), Name: name.String}
		p.At, p.Until = fromMillis(at), fromMillis(until)
		return p, err
	})
	return all, s.fail(ctx, err)
}

// What bans are read with.
const selectBan = `SELECT s.id, s.user_id, u.username, s.addresses, s.by_id, b.username, s.at, s.until, s.reason
	FROM server_ban s LEFT JOIN auth_user u ON u.id = s.user_id LEFT JOIN auth_user b ON b.id = s.by_id `

func scanBan(r row) (earshot.Ban, error) {
	var (
		b                  earshot.Ban
		user, by           sql.NullInt64
		name, addresses, n sql.NullString
		at, until          int64
	)
	err := r.Scan(&b.ID, &user, &name, &addresses, &by, &n, &at, &until, &b.Reason)
	b.User = earshot.UserRef{ID: earshot.UserID(user.Int64), Name: name.String}
	b.By = earshot.UserRef{ID: earshot.UserID(by.Int64), Name: n.String}
	b.Range, b.At, b.Until = addresses.String, fromMillis(at), fromMillis(until)
	return b, err
}

// PutBan implements earshot.BanStore.
func (s *Store) PutBan(ctx context.Context, b earshot.Ban, entry earshot.Action) (earshot.Ban, error) {
	if !storable(b.Reason, b.Range) {
		return earshot.Ban{}, errReason()
	}
	err := s.inTx(ctx, func(tx *sql.Tx) error {
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
		if err := note(ctx, tx, b.User.ID, nil); err != nil {
			return err
		}
		return writeAction(ctx, tx, entry)
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
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		var err error
		if lifted, err = scanBan(tx.QueryRowContext(ctx, selectBan+`WHERE s.id = $1`, id)); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `DELETE FROM server_ban WHERE id = $1`, id)
		if err := found(res, err, errNoBan()); err != nil {
			return err
		}
		if err := note(ctx, tx, lifted.User.ID, nil); err != nil {
			return err
		}
		return writeAction(ctx, tx, entry)
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
func (s *Store) Bans(ctx context.Context, now time.Time, addresses bool, after int64, limit int) ([]earshot.Ban, error) {
	var args arguments
	query := selectBan + `WHERE s.until > ` + args.add(millis(now)) + ` AND s.id > ` + args.add(after) //nolint:gosec // G202: placeholders
	if addresses {
		query += ` AND s.addresses IS NOT NULL`
	}
	query += ` ORDER BY s.id`
	if limit > 0 {
		query += ` LIMIT ` + args.add(limit)
	}
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	all, err := collect(rows, scanBan)
	return all, s.fail(ctx, err)
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
