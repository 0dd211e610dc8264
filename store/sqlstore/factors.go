package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/earshot-chat/earshot"
)

// TOTP implements earshot.TOTPStore.
func (s *Store) TOTP(ctx context.Context, user earshot.UserID) (earshot.TOTP, error) {
	t := earshot.TOTP{User: user}
	var created int64
	err := s.one(ctx, `SELECT secret, confirmed, last_step, created_at FROM totp WHERE user_id = $1`, int64(user)).
		Scan(&t.Secret, &t.Confirmed, &t.LastStep, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.TOTP{}, earshot.Errorf(earshot.CodeNotFound, "There is no authenticator.")
	}
	t.CreatedAt = fromMillis(created)
	return t, s.fail(ctx, err)
}

// BeginTOTP implements earshot.TOTPStore.
func (s *Store) BeginTOTP(ctx context.Context, t earshot.TOTP) error {
	n, err := s.changed(ctx, `INSERT INTO totp (user_id, secret, confirmed, last_step, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = excluded.last_step, created_at = excluded.created_at
		WHERE NOT totp.confirmed`, int64(t.User), t.Secret, false, t.LastStep, millis(t.CreatedAt))
	if isUnknownReference(err) {
		return errNoUser()
	}
	if err == nil && n == 0 {
		return earshot.Errorf(earshot.CodeConflict, "There is an authenticator already.")
	}
	return err
}

// ConfirmTOTP implements earshot.TOTPStore.
func (s *Store) ConfirmTOTP(ctx context.Context, t earshot.TOTP, codes []earshot.SecretHash, log ...earshot.Action) error {
	return s.logged(ctx, log, func(tx *sql.Tx) error {
		if err := replaceRecoveryCodes(ctx, tx, t.User, codes); err != nil {
			return err
		}
		res, err := tx.ExecContext(ctx, `UPDATE totp SET confirmed = $1, last_step = $2 WHERE user_id = $3 AND secret = $4 AND NOT confirmed`,
			true, t.LastStep, int64(t.User), t.Secret)
		return found(res, err, earshot.Errorf(earshot.CodeConflict, "That was confirmed already, or begun anew."))
	})
}

// UseTOTP implements earshot.TOTPStore.
func (s *Store) UseTOTP(ctx context.Context, user earshot.UserID, step int64) error {
	n, err := s.changed(ctx, `UPDATE totp SET last_step = $1 WHERE user_id = $2 AND confirmed AND last_step < $1`, step, int64(user))
	if err == nil && n == 0 {
		return earshot.Errorf(earshot.CodeConflict, "That code was used already.")
	}
	return err
}

// DeleteTOTP implements earshot.TOTPStore.
func (s *Store) DeleteTOTP(ctx context.Context, user earshot.UserID, log ...earshot.Action) error {
	return s.changeTx(ctx, log, func(tx *sql.Tx) (bool, error) {
		return affected(tx.ExecContext(ctx, `DELETE FROM totp WHERE user_id = $1`, int64(user)))
	})
}

// ReplaceRecoveryCodes implements earshot.RecoveryStore.
func (s *Store) ReplaceRecoveryCodes(ctx context.Context, user earshot.UserID, codes []earshot.SecretHash) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return replaceRecoveryCodes(ctx, tx, user, codes) })
}

// replaceRecoveryCodes takes the user's row first, so that of two who replace them one waits.
func replaceRecoveryCodes(ctx context.Context, tx *sql.Tx, user earshot.UserID, codes []earshot.SecretHash) error {
	if err := takeUser(ctx, tx, user); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM recovery_code WHERE user_id = $1`, int64(user)); err != nil {
		return err
	}
	for _, code := range codes {
		_, err := tx.ExecContext(ctx, `INSERT INTO recovery_code (user_id, code_hash) VALUES ($1, $2)`, int64(user), code[:])
		if err != nil {
			return err
		}
	}
	return nil
}

// UseRecoveryCode implements earshot.RecoveryStore.
func (s *Store) UseRecoveryCode(ctx context.Context, user earshot.UserID, code earshot.SecretHash) error {
	n, err := s.changed(ctx, `DELETE FROM recovery_code WHERE user_id = $1 AND code_hash = $2`, int64(user), code[:])
	if err == nil && n == 0 {
		return earshot.Errorf(earshot.CodeNotFound, "There is no such recovery code.")
	}
	return err
}

// CountRecoveryCodes implements earshot.RecoveryStore.
func (s *Store) CountRecoveryCodes(ctx context.Context, user earshot.UserID) (int, error) {
	var n int
	err := s.one(ctx, `SELECT count(*) FROM recovery_code WHERE user_id = $1`, int64(user)).Scan(&n)
	return n, s.fail(ctx, err)
}

// CreateTicket implements earshot.TicketStore.
func (s *Store) CreateTicket(ctx context.Context, t earshot.Ticket) error {
	data := t.Data
	if data == nil {
		data = []byte{}
	}
	_, err := s.changed(ctx, `INSERT INTO ticket (secret_hash, kind, user_id, data, tries, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		t.Hash[:], t.Kind, nullID(t.User), data, t.Tries, millis(t.ExpiresAt))
	if isUnknownReference(err) {
		return errNoUser()
	}
	return secretTaken(err)
}

// validTicket is which ticket is meant by hash, kind and now.
const validTicket = ` WHERE secret_hash = $1 AND kind = $2 AND expires_at > $3`

const ticketColumns = `secret_hash, kind, user_id, data, tries, expires_at`

func (s *Store) scanTicket(ctx context.Context, r row) (earshot.Ticket, error) {
	var (
		t       earshot.Ticket
		hash    []byte
		user    sql.NullInt64
		expires int64
	)
	err := r.Scan(&hash, &t.Kind, &user, &t.Data, &t.Tries, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.Ticket{}, earshot.Errorf(earshot.CodeNotFound, "That was not begun, or too long ago.")
	}
	if err != nil {
		return earshot.Ticket{}, s.fail(ctx, err)
	}
	copy(t.Hash[:], hash)
	t.User, t.ExpiresAt = earshot.UserID(user.Int64), fromMillis(expires)
	return t, nil
}

// Ticket implements earshot.TicketStore.
func (s *Store) Ticket(ctx context.Context, hash earshot.SecretHash, kind string, now time.Time) (earshot.Ticket, error) {
	return s.scanTicket(ctx, s.one(ctx, `SELECT `+ticketColumns+` FROM ticket`+validTicket, hash[:], kind, millis(now)))
}

// TryTicket implements earshot.TicketStore.
func (s *Store) TryTicket(ctx context.Context, hash earshot.SecretHash, kind string, now time.Time, most int) (earshot.Ticket, error) {
	return s.scanTicket(ctx, s.write.QueryRowContext(ctx,
		`UPDATE ticket SET tries = tries + 1`+validTicket+` AND tries < $4 RETURNING `+ticketColumns, hash[:], kind, millis(now), most))
}

// TakeTicket implements earshot.TicketStore.
func (s *Store) TakeTicket(ctx context.Context, hash earshot.SecretHash, kind string, now time.Time) (earshot.Ticket, error) {
	return s.scanTicket(ctx, s.write.QueryRowContext(ctx,
		`DELETE FROM ticket`+validTicket+` RETURNING `+ticketColumns, hash[:], kind, millis(now)))
}

// DeleteExpiredTickets implements earshot.TicketStore.
func (s *Store) DeleteExpiredTickets(ctx context.Context, now time.Time) error {
	_, err := s.changed(ctx, `DELETE FROM ticket WHERE expires_at <= $1`, millis(now))
	return err
}
