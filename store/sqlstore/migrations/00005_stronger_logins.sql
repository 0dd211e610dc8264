-- The terms that are replaced for PostgreSQL are those of the first migration.

-- +goose Up

-- What a person recognises a log-in by. used_at is written now and then, not with each request.
ALTER TABLE browser_session ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE browser_session ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE browser_session ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
UPDATE browser_session SET used_at = created_at;

-- scopes: the names of earshot.Scope. Tokens of before could do everything.
ALTER TABLE token ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN scopes TEXT NOT NULL DEFAULT 'chat rooms account admin';
ALTER TABLE token ADD COLUMN expires_at BIGINT;
ALTER TABLE token ADD COLUMN used_at BIGINT;
CREATE INDEX token_expires ON token (expires_at) WHERE expires_at IS NOT NULL;

-- secret: shared with the authenticator, as it is. last_step: a code is taken once.
CREATE TABLE totp (
    user_id    BIGINT  NOT NULL PRIMARY KEY REFERENCES auth_user (id) ON DELETE CASCADE,
    secret     BLOB    NOT NULL,
    confirmed  BOOLEAN NOT NULL,
    last_step  BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL
);

CREATE TABLE recovery_code (
    user_id   BIGINT NOT NULL REFERENCES auth_user (id) ON DELETE CASCADE,
    code_hash BLOB   NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- What was begun and is gone on with within minutes.
CREATE TABLE ticket (
    secret_hash BLOB    NOT NULL PRIMARY KEY,
    kind        TEXT    COLLATE BINARY NOT NULL,
    user_id     BIGINT  REFERENCES auth_user (id) ON DELETE CASCADE,
    data        BLOB    NOT NULL,
    tries       INTEGER NOT NULL,
    expires_at  BIGINT  NOT NULL
);
CREATE INDEX ticket_user ON ticket (user_id);
CREATE INDEX ticket_expires ON ticket (expires_at);

-- +goose Down
DROP TABLE ticket;
DROP TABLE recovery_code;
DROP TABLE totp;
DROP INDEX token_expires;
ALTER TABLE token DROP COLUMN used_at;
ALTER TABLE token DROP COLUMN expires_at;
ALTER TABLE token DROP COLUMN scopes;
ALTER TABLE token DROP COLUMN name;
ALTER TABLE browser_session DROP COLUMN used_at;
ALTER TABLE browser_session DROP COLUMN address;
ALTER TABLE browser_session DROP COLUMN device;
