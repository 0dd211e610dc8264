package sqlstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/earshot-chat/earshot"
)

// personalTable is one kind of thing that is stored about people.
type personalTable struct {
	// section is what it is called in earshot.PersonalData.
	section string
	// query gives the rows of the user $1. What its columns hold is told by their names: those that end in _at, last_login and
	// date_joined are times, those that begin with is_ or has_ are true or false, bytes are given as they are.
	query string
}

// personalTables is everything that is stored about a person. Every table that refers to a user has a place here, with all
// that is not a secret or made of one; a test holds it to the tables that there are.
func personalTables() []personalTable {
	return []personalTable{
		{"account", `SELECT id, username, email, email_confirmed AS is_email_confirmed, display_name, is_active, is_staff, is_superuser,
			password NOT LIKE '!%' AS has_password, date_joined, last_login FROM auth_user WHERE id = $1`},
		{"permissions", `SELECT permission FROM auth_user_permission WHERE user_id = $1 ORDER BY permission`},
		{"groups", `SELECT g.name FROM auth_user_group m JOIN auth_group g ON g.id = m.group_id WHERE m.user_id = $1 ORDER BY g.name_key`},
		{"sessions", `SELECT created_at, expires_at, device, address, used_at, way, issuer, subject, issuer_session
			FROM browser_session WHERE user_id = $1 ORDER BY created_at`},
		{"tokens", `SELECT name, scopes, created_at, expires_at, used_at FROM token WHERE user_id = $1 ORDER BY created_at`},
		{"authenticators", `SELECT confirmed AS is_confirmed, created_at FROM totp WHERE user_id = $1`},
		{"passkeys", `SELECT name, created_at, used_at FROM passkey WHERE user_id = $1 ORDER BY created_at`},
		{"identities", `SELECT issuer, subject, name, created_at, used_at FROM identity WHERE user_id = $1 ORDER BY id`},
		{"recovery_codes", `SELECT 'unused' AS state FROM recovery_code WHERE user_id = $1`},
		{"tickets", `SELECT kind, tries, expires_at FROM ticket WHERE user_id = $1 ORDER BY expires_at`},
		{"invitations", `SELECT expires_at, uses_left FROM invitation WHERE created_by = $1 ORDER BY expires_at`},
		{"rooms", `SELECT id, name, title, topic, access, created_at FROM room WHERE owner_id = $1 ORDER BY name_key`},
		{"memberships", `SELECT r.id, r.name FROM room_member m JOIN room r ON r.id = m.room_id WHERE m.user_id = $1 ORDER BY r.name_key`},
		{"sanctions", `SELECT r.name AS room, s.kind, s.at AS made_at, nullif(s.until, 253402300799999) AS until_at, s.reason FROM room_sanction s
			JOIN room r ON r.id = s.room_id WHERE s.user_id = $1 ORDER BY s.at`},
		{"bans", `SELECT at AS made_at, nullif(until, 253402300799999) AS until_at, reason FROM server_ban WHERE user_id = $1`},
		{"actions", `SELECT at AS made_at, actor, road, verb, subject, room, details FROM action
			WHERE actor_id = $1 OR subject_key = (SELECT username_key FROM auth_user WHERE id = $1) ORDER BY id`},
		{"avatar", `SELECT media_type, picture, changed_at FROM avatar WHERE user_id = $1`},
		{"imported", `SELECT foreign_id FROM imported WHERE kind = 'user' AND own_id = $1`},
	}
}

// PersonalData implements earshot.OwnAccountStore.
func (s *Store) PersonalData(ctx context.Context, id earshot.UserID) (earshot.PersonalData, error) {
	all := make(earshot.PersonalData)
	for _, t := range personalTables() {
		list, err := s.personal(ctx, t.query, id)
		if err != nil {
			return nil, s.fail(ctx, err)
		}
		all[t.section] = list
	}
	if len(all["account"]) == 0 {
		return nil, errNoUser()
	}
	return all, nil
}

// personal gives the rows of one query, an empty list rather than none.
func (s *Store) personal(ctx context.Context, query string, id earshot.UserID) ([]map[string]any, error) {
	list := []map[string]any{}
	err := each(ctx, s.read, func(r *sql.Rows) error {
		columns, err := r.Columns()
		if err != nil {
			return err
		}
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := r.Scan(into...); err != nil {
			return err
		}
		thing := make(map[string]any, len(columns))
		for i, name := range columns {
			thing[name] = personalValue(name, values[i])
		}
		list = append(list, thing)
		return nil
	}, query, int64(id))
	return list, err
}

// personalValue gives a value the form that its name says it has: both databases keep times as numbers, and SQLite has no
// other truth.
func personalValue(name string, value any) any {
	number, ok := value.(int64)
	switch {
	case !ok:
		return value
	case strings.HasSuffix(name, "_at"), name == "last_login", name == "date_joined":
		return fromMillis(number)
	case strings.HasPrefix(name, "is_"), strings.HasPrefix(name, "has_"):
		return number != 0
	}
	return number
}
