CREATE TABLE database_identity (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id        uuid    NOT NULL,
    epoch     bigint  NOT NULL DEFAULT 1
);

-- Answers to requests that carried an Idempotency-Key. The scope is searched by
-- prefix, in byte order.
CREATE TABLE idempotency_keys (
    scope       text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    fingerprint text NOT NULL,
    result      json NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);

-- What handlers do, and what publishers lock.
CREATE TABLE effects (
    name text PRIMARY KEY,
    n    bigint NOT NULL
);
