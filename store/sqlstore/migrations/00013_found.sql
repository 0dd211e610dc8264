-- The terms that are replaced for PostgreSQL are those of the first migration.

-- +goose Up

-- Users are found by their display names, too, and rooms by their titles: in small letters, which the program makes, for a database
-- knows those of English only.
ALTER TABLE auth_user ADD COLUMN display_key TEXT COLLATE BINARY NOT NULL DEFAULT '';
UPDATE auth_user SET display_key = lower(display_name) WHERE display_name <> '';
DROP INDEX auth_user_search;
CREATE INDEX auth_user_search ON auth_user (username_key, lower(email), display_key);
ALTER TABLE room ADD COLUMN title_key TEXT COLLATE BINARY NOT NULL DEFAULT '';
UPDATE room SET title_key = lower(title);

-- Everybody is found by what the name looks like, for nobody is to sign up under a name that looks like it.
CREATE INDEX auth_user_skeleton ON auth_user (username_skeleton);

-- +goose Down
DROP INDEX auth_user_skeleton;
ALTER TABLE room DROP COLUMN title_key;
DROP INDEX auth_user_search;
CREATE INDEX auth_user_search ON auth_user (username_key, lower(email));
ALTER TABLE auth_user DROP COLUMN display_key;
