-- What was recorded. It is read by time, so the time leads the primary key and
-- the rows lie in its order. Times are whole microseconds since 1970: a quarter
-- of the text in each index, and buckets are integer arithmetic.
CREATE TABLE log_entries (
    id      BLOB    NOT NULL CHECK (length(id) = 16),
    user_id BLOB             CHECK (length(user_id) = 16), -- of the users module; none: nobody's, or of a removed user
    action  TEXT    NOT NULL CHECK (length(action) BETWEEN 1 AND 100),
    data    TEXT,
    at      INTEGER NOT NULL,
    PRIMARY KEY (at, id)
) WITHOUT ROWID;
CREATE INDEX log_entries_action_at_id_idx ON log_entries (action, at, id);
CREATE INDEX log_entries_user_id_at_id_idx ON log_entries (user_id, at, id) WHERE user_id IS NOT NULL;

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
