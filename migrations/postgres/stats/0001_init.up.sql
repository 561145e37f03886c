-- What was recorded. It is read by time, so the time leads the primary key; a
-- key with the time in it also allows to partition the table by time.
CREATE TABLE log_entries (
    id      uuid             NOT NULL,
    user_id uuid,                      -- of the users module; none: nobody's, or of a removed user
    action  text COLLATE "C" NOT NULL CHECK (length(action) BETWEEN 1 AND 100),
    data    json,                      -- not jsonb, which would rewrite numbers and refuse huge ones
    at      timestamptz      NOT NULL,
    PRIMARY KEY (at, id)
);
CREATE INDEX log_entries_action_at_id_idx ON log_entries (action, at, id);
CREATE INDEX log_entries_user_id_at_id_idx ON log_entries (user_id, at, id) WHERE user_id IS NOT NULL;

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
