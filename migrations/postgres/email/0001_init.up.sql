-- The queue of outgoing e-mail. A queued one is sent when its time has come and
-- no worker holds it; claimed_until is the end of a worker's lease by the
-- database's clock. Mails to a removed user are deleted.
CREATE TABLE emails (
    id              uuid        PRIMARY KEY,
    user_id         uuid,                 -- whose address it is, if a user's
    recipient       text        NOT NULL, -- as it was given
    recipient_key   text        NOT NULL, -- in lower case: what makes an address the same
    subject         text        NOT NULL,
    text_body       text        NOT NULL,
    html_body       text        NOT NULL,
    template        text        NOT NULL,
    token_purpose   text        NOT NULL CHECK (token_purpose IN ('', 'verification', 'password_reset')),
    status          text        NOT NULL CHECK (status IN ('queued', 'sent', 'dead')),
    tries           bigint      NOT NULL CHECK (tries >= 0), -- since it was queued
    attempts        bigint      NOT NULL DEFAULT 0, -- rows of email_attempts
    next_attempt_at timestamptz,
    sent_at         timestamptz,
    claimed_by      text        NOT NULL DEFAULT '',
    claimed_until   bigint      NOT NULL DEFAULT 0, -- milliseconds since 1970
    version         bigint      NOT NULL CHECK (version > 0),
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    CONSTRAINT emails_next_attempt_at_check CHECK ((status = 'queued') = (next_attempt_at IS NOT NULL)),
    CONSTRAINT emails_sent_at_check CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT emails_token_purpose_user_check CHECK (token_purpose = '' OR user_id IS NOT NULL)
);
CREATE INDEX emails_next_attempt_at_idx ON emails (next_attempt_at) WHERE status = 'queued';
CREATE INDEX emails_created_at_id_idx ON emails (created_at, id);
CREATE INDEX emails_status_created_at_id_idx ON emails (status, created_at, id);
CREATE INDEX emails_recipient_key_created_at_id_idx ON emails (recipient_key, created_at, id);
CREATE INDEX emails_user_id_idx ON emails (user_id) WHERE user_id IS NOT NULL;

-- What became of each try; an empty error is success.
CREATE TABLE email_attempts (
    email_id uuid        NOT NULL REFERENCES emails (id) ON DELETE CASCADE,
    number   bigint      NOT NULL,
    at       timestamptz NOT NULL,
    error    text        NOT NULL,
    PRIMARY KEY (email_id, number)
);

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
