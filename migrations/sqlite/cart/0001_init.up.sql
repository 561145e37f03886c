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

-- What users mean to buy.
CREATE TABLE cart_items (
    id         BLOB     NOT NULL PRIMARY KEY,
    user_id    BLOB     NOT NULL,
    product_id BLOB     NOT NULL,
    -- Each place in a cart is taken once, which is what bounds it however many
    -- requests add at the same time.
    slot       INTEGER  NOT NULL CHECK (slot BETWEEN 1 AND 100),
    -- What the product was priced in when it was added: a cart holds one currency.
    currency   TEXT     NOT NULL CHECK (length(currency) = 3),
    quantity   INTEGER  NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
    version    INTEGER  NOT NULL CHECK (version > 0),
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX cart_items_user_id_product_id_key ON cart_items (user_id, product_id);
CREATE UNIQUE INDEX cart_items_user_id_slot_key ON cart_items (user_id, slot);

-- Attempts to check a cart out. What is started is carried to its end, whatever
-- crashes: every step outside is idempotent by the checkout's identifier.
CREATE TABLE checkouts (
    id         BLOB     NOT NULL PRIMARY KEY,
    user_id    BLOB     NOT NULL,
    state      TEXT     NOT NULL CHECK (state IN ('started', 'done', 'failed')),
    -- What is bought, at which price.
    lines      TEXT     NOT NULL,
    invoice_id BLOB,
    -- The request's Idempotency-Key and whose it is; NULL without one.
    scope      TEXT,
    key        TEXT,
    -- Counts who took it in hand. Nobody else does before held_until, and the
    -- resumer not before due_at.
    claims     INTEGER  NOT NULL CHECK (claims > 0),
    held_until DATETIME NOT NULL,
    due_at     DATETIME NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    CHECK ((state = 'done') = (invoice_id IS NOT NULL)),
    CHECK ((scope IS NULL) = (key IS NULL))
) WITHOUT ROWID;
CREATE UNIQUE INDEX checkouts_user_id_key ON checkouts (user_id) WHERE state = 'started';
CREATE UNIQUE INDEX checkouts_scope_key_key ON checkouts (scope, key) WHERE key IS NOT NULL AND state <> 'failed';
CREATE INDEX checkouts_due_at_idx ON checkouts (due_at) WHERE state = 'started';
