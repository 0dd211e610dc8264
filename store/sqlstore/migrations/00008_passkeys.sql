-- The terms that are replaced for PostgreSQL are those of the first migration.

-- +goose Up

-- credential: what go-webauthn keeps, in JSON.
CREATE TABLE passkey (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       BIGINT NOT NULL REFERENCES auth_user (id) ON DELETE CASCADE,
    credential_id BLOB   NOT NULL UNIQUE,
    name          TEXT   NOT NULL,
    credential    BLOB   NOT NULL,
    created_at    BIGINT NOT NULL,
    used_at       BIGINT
);
CREATE INDEX passkey_user ON passkey (user_id);

-- +goose Down
DROP TABLE passkey;
