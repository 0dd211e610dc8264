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

-- +goose Down
DROP INDEX token_expires;
ALTER TABLE token DROP COLUMN used_at;
ALTER TABLE token DROP COLUMN expires_at;
ALTER TABLE token DROP COLUMN scopes;
ALTER TABLE token DROP COLUMN name;
ALTER TABLE browser_session DROP COLUMN used_at;
ALTER TABLE browser_session DROP COLUMN address;
ALTER TABLE browser_session DROP COLUMN device;
