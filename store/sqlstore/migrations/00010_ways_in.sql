-- The terms that are replaced for PostgreSQL are those of the first migration.

-- +goose Up

-- How a log-in was begun: link, from another device; empty for by what the user has.
ALTER TABLE browser_session ADD COLUMN way TEXT NOT NULL DEFAULT '';

-- What is set while the server runs, by name.
CREATE TABLE server_setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- +goose Down
DROP TABLE server_setting;
ALTER TABLE browser_session DROP COLUMN way;
