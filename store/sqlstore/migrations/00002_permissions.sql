-- The terms that are replaced for PostgreSQL are those of the first migration.

-- +goose Up
ALTER TABLE auth_user ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE auth_user ADD COLUMN display_name TEXT NOT NULL DEFAULT '';

-- permission: the names of earshot.Permission. A name that the program does not know counts for nothing.
CREATE TABLE auth_user_permission (
    user_id    BIGINT NOT NULL REFERENCES auth_user (id) ON DELETE CASCADE,
    permission TEXT   COLLATE BINARY NOT NULL,
    PRIMARY KEY (user_id, permission)
);

CREATE TABLE auth_group (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT    NOT NULL,
    name_key TEXT    COLLATE BINARY NOT NULL UNIQUE
);

CREATE TABLE auth_group_permission (
    group_id   BIGINT NOT NULL REFERENCES auth_group (id) ON DELETE CASCADE,
    permission TEXT   COLLATE BINARY NOT NULL,
    PRIMARY KEY (group_id, permission)
);

CREATE TABLE auth_user_group (
    user_id  BIGINT NOT NULL REFERENCES auth_user (id) ON DELETE CASCADE,
    group_id BIGINT NOT NULL REFERENCES auth_group (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, group_id)
);
CREATE INDEX auth_user_group_group ON auth_user_group (group_id);

-- What staff could do until now was a matter of is_staff.
INSERT INTO auth_user_permission (user_id, permission) SELECT id, 'add_room' FROM auth_user WHERE is_staff;
INSERT INTO auth_user_permission (user_id, permission) SELECT id, 'change_room' FROM auth_user WHERE is_staff;
INSERT INTO auth_user_permission (user_id, permission) SELECT id, 'delete_room' FROM auth_user WHERE is_staff;
INSERT INTO auth_user_permission (user_id, permission) SELECT id, 'view_room' FROM auth_user WHERE is_staff;
INSERT INTO auth_user_permission (user_id, permission) SELECT id, 'moderate_room' FROM auth_user WHERE is_staff;
INSERT INTO auth_user_permission (user_id, permission) SELECT id, 'add_invitation' FROM auth_user WHERE is_staff;

-- What the server that runs must act on, and has not yet. No reference: the user may be gone.
CREATE TABLE account_change (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    BIGINT NOT NULL,
    credential BLOB
);

-- +goose Down
DROP TABLE account_change;
DROP TABLE auth_user_group;
DROP TABLE auth_group_permission;
DROP TABLE auth_group;
DROP TABLE auth_user_permission;
ALTER TABLE auth_user DROP COLUMN display_name;
ALTER TABLE auth_user DROP COLUMN email;
