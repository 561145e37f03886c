-- The queue of outgoing e-mail. A queued one is sent when its time has come and
-- no worker holds it; claimed_until is the end of a worker's lease by the
-- database's clock. Mails to a removed user are deleted.
CREATE TABLE emails (
    id              BLOB     NOT NULL PRIMARY KEY,
    user_id         BLOB,              -- whose address it is, if a user's
    recipient       TEXT     NOT NULL, -- as it was given
    recipient_key   TEXT     NOT NULL, -- in lower case: what makes an address the same
    subject         TEXT     NOT NULL,
    text_body       TEXT     NOT NULL,
    html_body       TEXT     NOT NULL,
    template        TEXT     NOT NULL,
    token_purpose   TEXT     NOT NULL CHECK (token_purpose IN ('', 'verification', 'password_reset')),
    status          TEXT     NOT NULL CHECK (status IN ('queued', 'sent', 'dead')),
    tries           INTEGER  NOT NULL CHECK (tries >= 0), -- since it was queued
    attempts        INTEGER  NOT NULL DEFAULT 0, -- rows of email_attempts
    next_attempt_at DATETIME,
    sent_at         DATETIME,
    claimed_by      TEXT     NOT NULL DEFAULT '',
    claimed_until   INTEGER  NOT NULL DEFAULT 0, -- milliseconds since 1970
    version         INTEGER  NOT NULL CHECK (version > 0),
    created_at      DATETIME NOT NULL,
    updated_at      DATETIME NOT NULL,
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
    email_id BLOB     NOT NULL REFERENCES emails (id) ON DELETE CASCADE,
    number   INTEGER  NOT NULL,
    at       DATETIME NOT NULL,
    error    TEXT     NOT NULL,
    PRIMARY KEY (email_id, number)
) WITHOUT ROWID;

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
