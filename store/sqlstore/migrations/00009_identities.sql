-- The terms that are replaced for PostgreSQL are those of the first migration.

-- +goose Up

-- issuer and subject: what a provider of OpenID Connect knows somebody by, compared to the byte.
CREATE TABLE identity (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    BIGINT NOT NULL REFERENCES auth_user (id) ON DELETE CASCADE,
    issuer     TEXT   COLLATE BINARY NOT NULL,
    subject    TEXT   COLLATE BINARY NOT NULL,
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT,
    UNIQUE (issuer, subject)
);
CREATE INDEX identity_user ON identity (user_id);

-- +goose Down
DROP TABLE identity;
