-- The terms that are replaced for PostgreSQL are those of the first migration.

-- +goose Up

-- What was done in a room is found by the room's name, too, and everything by what was done.
ALTER TABLE action ADD COLUMN room_key TEXT COLLATE BINARY NOT NULL DEFAULT '';
UPDATE action SET room_key = lower(room);
CREATE INDEX action_room ON action (room_key, id);
CREATE INDEX action_verb ON action (verb, id);

-- The bans of all rooms are listed by when they were made.
CREATE INDEX room_sanction_latest ON room_sanction (kind, at, room_id, user_id);

-- Of many users, a part of a name or of an address is looked for in an index, which is shorter than the table; and the few who are
-- on the staff or superusers, or not active, have indexes of their own.
CREATE INDEX auth_user_search ON auth_user (username_key, lower(email));
CREATE INDEX auth_user_is_staff ON auth_user (username_key) WHERE is_staff;
CREATE INDEX auth_user_is_superuser ON auth_user (username_key) WHERE is_superuser;
CREATE INDEX auth_user_inactive ON auth_user (username_key) WHERE NOT (is_active);

-- Those who signed up and never confirmed their address: see edit.go.
CREATE INDEX auth_user_unconfirmed ON auth_user (username_key) WHERE email <> '' AND NOT email_confirmed AND last_login IS NULL;

-- What a server that runs must act on about rooms; user_id is 0 where it is the room itself.
CREATE TABLE room_note (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL
);

-- +goose Down
DROP TABLE room_note;
DROP INDEX auth_user_unconfirmed;
DROP INDEX auth_user_inactive;
DROP INDEX auth_user_is_superuser;
DROP INDEX auth_user_is_staff;
DROP INDEX auth_user_search;
DROP INDEX room_sanction_latest;
DROP INDEX action_verb;
DROP INDEX action_room;
ALTER TABLE action DROP COLUMN room_key;
