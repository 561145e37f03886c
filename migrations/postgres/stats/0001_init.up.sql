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

-- Events to publish. The default of seq takes the transaction's id before the
-- number, which is how a reader knows that a missing number can no longer come.
CREATE SEQUENCE outbox_seq AS bigint;
CREATE TABLE outbox (
    seq          bigint PRIMARY KEY DEFAULT CASE WHEN pg_current_xact_id() IS NOT NULL THEN nextval('outbox_seq') END,
    id           uuid NOT NULL,
    name         text NOT NULL,
    version      integer NOT NULL,
    key          text NOT NULL,
    payload      json NOT NULL,
    trace_parent text NOT NULL,
    created_at   timestamptz NOT NULL
);
ALTER SEQUENCE outbox_seq OWNED BY outbox.seq;

-- How far each subscriber is, and which relay is delivering to it.
CREATE TABLE outbox_cursors (
    subscriber  text PRIMARY KEY,
    seq         bigint NOT NULL,
    holder      text NOT NULL DEFAULT '',
    lease_until bigint NOT NULL DEFAULT 0, -- milliseconds since 1970, the database's clock
    updated_at  timestamptz NOT NULL
);

-- Events that a cursor passed unhandled: failed, waiting behind one, or dead.
CREATE TABLE outbox_failures (
    subscriber text NOT NULL,
    seq        bigint NOT NULL,
    event_id   uuid NOT NULL,
    key        text NOT NULL,
    attempts   integer NOT NULL,
    next_at    timestamptz,
    error      text NOT NULL,
    dead       boolean NOT NULL,
    PRIMARY KEY (subscriber, seq)
);
CREATE INDEX outbox_failures_subscriber_key_seq_idx ON outbox_failures (subscriber, key, seq) WHERE NOT dead;
CREATE INDEX outbox_failures_subscriber_next_at_idx ON outbox_failures (subscriber, next_at) WHERE NOT dead;

-- Events of other modules that were handled.
CREATE TABLE inbox (
    event_id   uuid PRIMARY KEY,
    handled_at timestamptz NOT NULL
);
CREATE INDEX inbox_handled_at_idx ON inbox (handled_at);

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
