-- The terms that are replaced for PostgreSQL are those of the first migration.

-- +goose Up
ALTER TABLE room ADD COLUMN slow_seconds INTEGER NOT NULL DEFAULT 0;
ALTER TABLE room ADD COLUMN locked TEXT NOT NULL DEFAULT '';

-- Who may not be in a room (kind ban), or not speak there (mute). What is for good holds until the year 9999.
CREATE TABLE room_sanction (
    room_id BIGINT NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    kind    TEXT   COLLATE BINARY NOT NULL,
    user_id BIGINT NOT NULL REFERENCES auth_user (id) ON DELETE CASCADE,
    by_id   BIGINT REFERENCES auth_user (id) ON DELETE SET NULL,
    at      BIGINT NOT NULL,
    until   BIGINT NOT NULL,
    reason  TEXT   NOT NULL,
    PRIMARY KEY (room_id, kind, user_id)
);
CREATE INDEX room_sanction_user ON room_sanction (user_id);
CREATE INDEX room_sanction_by ON room_sanction (by_id);
CREATE INDEX room_sanction_until ON room_sanction (until);

-- Who may not be on the server: a user, or whoever comes from a range of addresses.
CREATE TABLE server_ban (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT UNIQUE REFERENCES auth_user (id) ON DELETE CASCADE,
    addresses TEXT   COLLATE BINARY UNIQUE,
    by_id   BIGINT REFERENCES auth_user (id) ON DELETE SET NULL,
    at      BIGINT NOT NULL,
    until   BIGINT NOT NULL,
    reason  TEXT   NOT NULL
);
CREATE INDEX server_ban_by ON server_ban (by_id);
CREATE INDEX server_ban_until ON server_ban (until);

-- The log of actions: who did what. Names are kept as they were, without references: users, groups and rooms may be gone.
-- The keys are the names in small letters, to be found by.
CREATE TABLE action (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          BIGINT NOT NULL,
    actor_id    BIGINT NOT NULL,
    actor       TEXT   NOT NULL,
    actor_key   TEXT   COLLATE BINARY NOT NULL,
    road        TEXT   NOT NULL,
    verb        TEXT   COLLATE BINARY NOT NULL,
    subject     TEXT   NOT NULL,
    subject_key TEXT   COLLATE BINARY NOT NULL,
    room        TEXT   NOT NULL,
    details     TEXT   NOT NULL
);
CREATE INDEX action_at ON action (at);
CREATE INDEX action_actor ON action (actor_key, id);
CREATE INDEX action_subject ON action (subject_key, id);

-- +goose Down
DROP TABLE action;
DROP TABLE server_ban;
DROP TABLE room_sanction;
ALTER TABLE room DROP COLUMN locked;
ALTER TABLE room DROP COLUMN slow_seconds;
