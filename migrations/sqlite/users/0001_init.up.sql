-- Accounts. A removed one leaves no row: identifiers are never given twice.
CREATE TABLE users (
    id               BLOB        NOT NULL PRIMARY KEY,
    email            TEXT        NOT NULL, -- as it was typed
    email_key        TEXT        NOT NULL, -- in lower case: what makes an address the same
    name             TEXT        NOT NULL,
    search_text      TEXT        NOT NULL, -- name and address in lower case
    role             TEXT        NOT NULL CHECK (role IN ('customer', 'administrator')),
    verified         BOOLEAN     NOT NULL,
    password_hash    TEXT        NOT NULL,
    password_version INTEGER     NOT NULL, -- counts new passwords; a rehash is none
    version          INTEGER     NOT NULL CHECK (version > 0),
    created_at       DATETIME    NOT NULL,
    updated_at       DATETIME    NOT NULL,
    CONSTRAINT users_email_key_key UNIQUE (email_key)
) WITHOUT ROWID;
CREATE INDEX users_administrators_idx ON users (id) WHERE role = 'administrator';

-- Sessions by the SHA-256 of their token.
CREATE TABLE sessions (
    token_hash BLOB        NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    id         BLOB        NOT NULL,
    user_id    BLOB        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at DATETIME    NOT NULL,
    expires_at DATETIME    NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

-- Tokens that e-mails carry, by their SHA-256; one of each purpose for a user.
CREATE TABLE tokens (
    token_hash BLOB        NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
    user_id    BLOB        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose    TEXT        NOT NULL CHECK (purpose IN ('verification', 'password_reset')),
    email_key  TEXT        NOT NULL, -- the address that it proves control of
    expires_at DATETIME    NOT NULL,
    CONSTRAINT tokens_user_id_purpose_key UNIQUE (user_id, purpose)
) WITHOUT ROWID;
CREATE INDEX tokens_expires_at_idx ON tokens (expires_at);

-- Failed sign-ins. An account is named by the SHA-256 of the address that was
-- typed, which may belong to nobody or be a password in the wrong field.
CREATE TABLE sign_in_failures (
    id        INTEGER     PRIMARY KEY,
    account   BLOB        NOT NULL,
    address   TEXT        NOT NULL, -- of the client; the network of an IPv6 one
    failed_at DATETIME    NOT NULL
);
CREATE INDEX sign_in_failures_address_failed_at_idx ON sign_in_failures (address, failed_at);
CREATE INDEX sign_in_failures_account_idx ON sign_in_failures (account);
CREATE INDEX sign_in_failures_failed_at_idx ON sign_in_failures (failed_at);

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
