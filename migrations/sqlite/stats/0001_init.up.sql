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

-- Events to publish. AUTOINCREMENT never gives a number again, also when the
-- last events were removed.
CREATE TABLE outbox (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB NOT NULL,
    name         TEXT NOT NULL,
    version      INTEGER NOT NULL,
    key          TEXT NOT NULL,
    payload      TEXT NOT NULL,
    trace_parent TEXT NOT NULL,
    created_at   DATETIME NOT NULL
);

-- How far each subscriber is, and which relay is delivering to it.
CREATE TABLE outbox_cursors (
    subscriber  TEXT PRIMARY KEY,
    seq         INTEGER NOT NULL,
    holder      TEXT NOT NULL DEFAULT '',
    lease_until INTEGER NOT NULL DEFAULT 0, -- milliseconds since 1970
    updated_at  DATETIME NOT NULL
) WITHOUT ROWID;

-- Events that a cursor passed unhandled: failed, waiting behind one, or dead.
CREATE TABLE outbox_failures (
    subscriber TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    event_id   BLOB NOT NULL,
    key        TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    next_at    DATETIME,
    error      TEXT NOT NULL,
    dead       BOOLEAN NOT NULL,
    PRIMARY KEY (subscriber, seq)
) WITHOUT ROWID;
CREATE INDEX outbox_failures_subscriber_key_seq_idx ON outbox_failures (subscriber, key, seq) WHERE NOT dead;
CREATE INDEX outbox_failures_subscriber_next_at_idx ON outbox_failures (subscriber, next_at) WHERE NOT dead;

-- Events of other modules that were handled.
CREATE TABLE inbox (
    event_id   BLOB PRIMARY KEY,
    handled_at DATETIME NOT NULL
) WITHOUT ROWID;
CREATE INDEX inbox_handled_at_idx ON inbox (handled_at);

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
