package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/earshot-chat/earshot"
)

// CreateInvitation implements earshot.InvitationStore.
func (s *Store) CreateInvitation(ctx context.Context, inv earshot.Invitation, groups []earshot.GroupID, log ...earshot.Action) error {
	return s.logged(ctx, log, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO invitation (secret_hash, created_by, expires_at, uses_left) VALUES ($1, $2, $3, $4)`,
			inv.Hash[:], nullID(inv.CreatedBy), millis(inv.ExpiresAt), inv.UsesLeft)
		if isUnknownReference(err) {
			return errNoUser()
		}
		if err != nil {
			return secretTaken(err)
		}
		for _, group := range groups {
			_, err := tx.ExecContext(ctx, `INSERT INTO invitation_group (secret_hash, group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
				inv.Hash[:], int64(group))
			if isUnknownReference(err) {
				return errNoGroup()
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Invitation implements earshot.InvitationStore.
func (s *Store) Invitation(ctx context.Context, hash earshot.SecretHash) (earshot.Invitation, error) {
	inv := earshot.Invitation{Hash: hash}
	var (
		by      sql.NullInt64
		expires int64
	)
	err := s.one(ctx, `SELECT created_by, expires_at, uses_left FROM invitation WHERE secret_hash = $1`, hash[:]).
		Scan(&by, &expires, &inv.UsesLeft)
	if errors.Is(err, sql.ErrNoRows) {
		return earshot.Invitation{}, errNoInvitation()
	}
	if err != nil {
		return earshot.Invitation{}, s.fail(ctx, err)
	}
	inv.CreatedBy, inv.ExpiresAt = earshot.UserID(by.Int64), fromMillis(expires)
	return inv, nil
}

// CreateInvitedUser implements earshot.InvitationStore.
func (s *Store) CreateInvitedUser(ctx context.Context, hash earshot.SecretHash, now time.Time, user earshot.NewUser) (earshot.UserID, error) {
	var id earshot.UserID
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		// The condition is part of the update, so of several that come for the last use one gets it.
		res, err := tx.ExecContext(ctx, `UPDATE invitation SET uses_left = uses_left - 1
			WHERE secret_hash = $1 AND uses_left > 0 AND expires_at > $2`, hash[:], millis(now))
		none := earshot.Errorf(earshot.CodeForbidden, "The invitation is unknown, used up or expired.")
		if err := found(res, err, none); err != nil {
			return err
		}
		ids, err := insertUsers(ctx, tx, []earshot.NewUser{user})
		if err != nil {
			return err
		}
		id = ids[0]
		_, err = tx.ExecContext(ctx, `INSERT INTO auth_user_group (user_id, group_id)
			SELECT CAST($1 AS BIGINT), group_id FROM invitation_group WHERE secret_hash = $2`, int64(id), hash[:])
		return err
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

// InvitationGroups implements earshot.InvitationStore.
func (s *Store) InvitationGroups(ctx context.Context, hash earshot.SecretHash) ([]earshot.Group, error) {
	return readAll(ctx, s, scanGroup, selectGroup+`WHERE id IN (SELECT group_id FROM invitation_group WHERE secret_hash = $1)
		ORDER BY name_key`, hash[:])
}

// Invitations implements earshot.InvitationStore.
func (s *Store) Invitations(ctx context.Context, by earshot.UserID) ([]earshot.ListedInvitation, error) {
	rows, err := readAll(ctx, s, scanListed, `SELECT i.secret_hash, i.created_by, i.expires_at, i.uses_left, coalesce(u.username, ''), g.name
		FROM invitation i LEFT JOIN auth_user u ON u.id = i.created_by
		LEFT JOIN invitation_group m ON m.secret_hash = i.secret_hash LEFT JOIN auth_group g ON g.id = m.group_id
		WHERE CAST($1 AS BIGINT) = 0 OR i.created_by = $1 ORDER BY i.expires_at, i.secret_hash, g.name_key`, int64(by))
	var list []earshot.ListedInvitation
	for _, inv := range rows {
		if last := len(list) - 1; last >= 0 && list[last].Hash == inv.Hash {
			list[last].Groups = append(list[last].Groups, inv.Groups...)
		} else {
			list = append(list, inv)
		}
	}
	return list, err
}

// scanListed reads an invitation with one of its groups: there is a row for each, one after the other.
func scanListed(r row) (earshot.ListedInvitation, error) {
	var (
		inv     earshot.ListedInvitation
		hash    []byte
		by      sql.NullInt64
		expires int64
		group   sql.NullString
	)
	err := r.Scan(&hash, &by, &expires, &inv.UsesLeft, &inv.By, &group)
	copy(inv.Hash[:], hash)
	inv.CreatedBy, inv.ExpiresAt = earshot.UserID(by.Int64), fromMillis(expires)
	if group.Valid {
		inv.Groups = []string{group.String}
	}
	return inv, err
}

// DeleteInvitation implements earshot.InvitationStore.
func (s *Store) DeleteInvitation(ctx context.Context, hash earshot.SecretHash, log ...earshot.Action) error {
	return s.logged(ctx, log, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM invitation WHERE secret_hash = $1`, hash[:])
		return found(res, err, errNoInvitation())
	})
}

// DeleteExpiredInvitations implements earshot.InvitationStore.
func (s *Store) DeleteExpiredInvitations(ctx context.Context, now time.Time) (int, error) {
	n, err := s.changed(ctx, `DELETE FROM invitation WHERE expires_at <= $1`, millis(now))
	return int(n), err
}

func errNoInvitation() error {
	return earshot.Errorf(earshot.CodeNotFound, "There is no such invitation.")
}
