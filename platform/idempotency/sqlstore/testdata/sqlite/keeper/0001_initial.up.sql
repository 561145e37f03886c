CREATE TABLE database_identity (
    singleton boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    id        blob    NOT NULL CHECK (length(id) = 16),
    epoch     integer NOT NULL DEFAULT 1
);

-- Answers to requests that carried an Idempotency-Key.
CREATE TABLE idempotency_keys (
    scope       TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    result      TEXT NOT NULL,
    created_at  DATETIME NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);

-- What handlers do, and what publishers lock.
CREATE TABLE effects (
    name text PRIMARY KEY,
    n    bigint NOT NULL
);
