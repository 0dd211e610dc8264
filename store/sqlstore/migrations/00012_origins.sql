-- The terms that are replaced for PostgreSQL are those of the first migration.

-- +goose Up

-- By whom at a provider of OpenID Connect a log-in was begun; empty for all others. hint is sealed with the log-in's secret.
ALTER TABLE browser_session ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE browser_session ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE browser_session ADD COLUMN issuer_session TEXT NOT NULL DEFAULT '';
ALTER TABLE browser_session ADD COLUMN hint BLOB;
CREATE INDEX browser_session_issuer ON browser_session (subject, issuer) WHERE issuer <> '';
CREATE INDEX browser_session_issuer_session ON browser_session (issuer_session, issuer) WHERE issuer_session <> '';

-- +goose Down
DROP INDEX browser_session_issuer_session;
DROP INDEX browser_session_issuer;
ALTER TABLE browser_session DROP COLUMN hint;
ALTER TABLE browser_session DROP COLUMN issuer_session;
ALTER TABLE browser_session DROP COLUMN subject;
ALTER TABLE browser_session DROP COLUMN issuer;
