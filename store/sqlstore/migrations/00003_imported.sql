-- The terms that are replaced for PostgreSQL are those of the first migration.

-- +goose Up

-- What came from another program, by its number there and here. Without references: what was deleted here is known as
-- such, and not imported a second time.
CREATE TABLE imported (
    kind       TEXT   COLLATE BINARY NOT NULL,
    foreign_id BIGINT NOT NULL,
    own_id     BIGINT NOT NULL,
    print      BLOB   NOT NULL,
    password   BLOB   NOT NULL,
    PRIMARY KEY (kind, foreign_id)
);

-- +goose Down
DROP TABLE imported;
