-- The terms that are replaced for PostgreSQL are those of the first migration.

-- +goose Up

-- Addresses that are here already were given by whoever runs the server, or came from another program with the account.
ALTER TABLE auth_user ADD COLUMN email_confirmed BOOLEAN NOT NULL DEFAULT TRUE;
CREATE INDEX auth_user_email ON auth_user (lower(email)) WHERE email <> '';

-- What the server signs with. Whoever reads it can make links that let people in.
CREATE TABLE server_secret (
    name   TEXT COLLATE BINARY NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL
);

-- The groups that whoever comes by an invitation is put into.
CREATE TABLE invitation_group (
    secret_hash BLOB   NOT NULL REFERENCES invitation (secret_hash) ON DELETE CASCADE,
    group_id    BIGINT NOT NULL REFERENCES auth_group (id) ON DELETE CASCADE,
    PRIMARY KEY (secret_hash, group_id)
);
CREATE INDEX invitation_group_group ON invitation_group (group_id);
CREATE INDEX invitation_expires ON invitation (expires_at);

-- tag: what the picture is told from others by. It changes with it.
CREATE TABLE avatar (
    user_id    BIGINT NOT NULL PRIMARY KEY REFERENCES auth_user (id) ON DELETE CASCADE,
    media_type TEXT   NOT NULL,
    tag        TEXT   COLLATE BINARY NOT NULL,
    picture    BLOB   NOT NULL,
    changed_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE avatar;
DROP INDEX invitation_expires;
DROP TABLE invitation_group;
DROP TABLE server_secret;
DROP INDEX auth_user_email;
ALTER TABLE auth_user DROP COLUMN email_confirmed;
