-- Accounts. A removed one leaves no row: identifiers are never given twice.
CREATE TABLE users (
    id               uuid        PRIMARY KEY,
    email            text        NOT NULL, -- as it was typed
    email_key        text        NOT NULL, -- in lower case: what makes an address the same
    name             text        NOT NULL,
    search_text      text        NOT NULL, -- name and address in lower case
    role             text        NOT NULL CHECK (role IN ('customer', 'administrator')),
    verified         boolean     NOT NULL,
    password_hash    text        NOT NULL,
    password_version bigint      NOT NULL, -- counts new passwords; a rehash is none
    version          bigint      NOT NULL CHECK (version > 0),
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    CONSTRAINT users_email_key_key UNIQUE (email_key)
);
CREATE INDEX users_administrators_idx ON users (id) WHERE role = 'administrator';

-- Sessions by the SHA-256 of their token.
CREATE TABLE sessions (
    token_hash bytea       PRIMARY KEY CHECK (length(token_hash) = 32),
    id         uuid        NOT NULL,
    user_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

-- Tokens that e-mails carry, by their SHA-256; one of each purpose for a user.
CREATE TABLE tokens (
    token_hash bytea       PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id    uuid        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose    text        NOT NULL CHECK (purpose IN ('verification', 'password_reset')),
    email_key  text        NOT NULL, -- the address that it proves control of
    expires_at timestamptz NOT NULL,
    CONSTRAINT tokens_user_id_purpose_key UNIQUE (user_id, purpose)
);
CREATE INDEX tokens_expires_at_idx ON tokens (expires_at);

-- Failed sign-ins. An account is named by the SHA-256 of the address that was
-- typed, which may belong to nobody or be a password in the wrong field.
CREATE TABLE sign_in_failures (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account   bytea       NOT NULL,
    address   text        NOT NULL, -- of the client; the network of an IPv6 one
    failed_at timestamptz NOT NULL
);
CREATE INDEX sign_in_failures_address_failed_at_idx ON sign_in_failures (address, failed_at);
CREATE INDEX sign_in_failures_account_idx ON sign_in_failures (account);
CREATE INDEX sign_in_failures_failed_at_idx ON sign_in_failures (failed_at);

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
