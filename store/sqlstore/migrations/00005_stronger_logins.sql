-- The terms that are replaced for PostgreSQL are those of the first migration.

-- +goose Up

-- What a person recognises a log-in by. used_at is written now and then, not with each request.
ALTER TABLE browser_session ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE browser_session ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE browser_session ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
UPDATE browser_session SET used_at = created_at;

-- +goose Down
ALTER TABLE browser_session DROP COLUMN used_at;
ALTER TABLE browser_session DROP COLUMN address;
ALTER TABLE browser_session DROP COLUMN device;
