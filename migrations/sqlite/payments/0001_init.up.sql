-- What one database tells from another: two that report the same id share data.
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

CREATE TABLE invoices (
    id         BLOB     NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id    BLOB     NOT NULL CHECK (length(user_id) = 16),
    currency   TEXT     NOT NULL CHECK (length(currency) = 3),
    total      INTEGER  NOT NULL CHECK (total >= 0),
    status     TEXT     NOT NULL CONSTRAINT invoices_status_check CHECK (status IN ('open', 'paying', 'paid', 'void')),
    paid_at    DATETIME,
    version    INTEGER  NOT NULL CHECK (version >= 1),
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    CONSTRAINT invoices_paid_at_check CHECK ((status = 'paid') = (paid_at IS NOT NULL))
) WITHOUT ROWID;
CREATE INDEX invoices_user_id_id_idx ON invoices (user_id, id);

CREATE TRIGGER invoices_begin BEFORE INSERT ON invoices FOR EACH ROW
    WHEN NEW.status <> 'open'
BEGIN
    SELECT RAISE(ABORT, 'an invoice begins as open');
END;
CREATE TRIGGER invoices_transition BEFORE UPDATE ON invoices FOR EACH ROW
    WHEN NEW.status <> OLD.status AND OLD.status || ' > ' || NEW.status NOT IN (
        'open > paying', 'paying > open', 'paying > paid', 'open > void')
BEGIN
    SELECT RAISE(ABORT, 'an invoice may not change its status so');
END;
CREATE TRIGGER invoices_snapshot BEFORE UPDATE ON invoices FOR EACH ROW
    WHEN NEW.id <> OLD.id OR NEW.user_id <> OLD.user_id OR NEW.currency <> OLD.currency OR NEW.total <> OLD.total
BEGIN
    SELECT RAISE(ABORT, 'an invoice may not change what it is for');
END;

-- Identifiers ascend, so their order is that of the lines.
CREATE TABLE invoice_lines (
    invoice_id  BLOB    NOT NULL REFERENCES invoices (id),
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    product_id  BLOB    CHECK (length(product_id) = 16),
    description TEXT    NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity >= 1),
    unit_price  INTEGER NOT NULL CHECK (unit_price >= 0),
    line_total  INTEGER NOT NULL CHECK (line_total >= 0),
    PRIMARY KEY (invoice_id, id)
) WITHOUT ROWID;
CREATE TRIGGER invoice_lines_snapshot BEFORE UPDATE ON invoice_lines FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'a line of an invoice may not change');
END;
CREATE TRIGGER invoice_lines_kept BEFORE DELETE ON invoice_lines FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'a line of an invoice may not change');
END;

-- Attempts to pay. The identifier is the provider's idempotency key as well.
CREATE TABLE payments (
    id         BLOB     NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    invoice_id BLOB     NOT NULL REFERENCES invoices (id),
    provider   TEXT     NOT NULL,
    method     TEXT     NOT NULL,
    amount     INTEGER  NOT NULL CHECK (amount >= 0),
    currency   TEXT     NOT NULL CHECK (length(currency) = 3),
    state      TEXT     NOT NULL CONSTRAINT payments_state_check CHECK (state IN ('pending', 'unknown', 'succeeded', 'declined', 'failed')),
    reference  TEXT     NOT NULL, -- the provider's name of the charge
    claims     INTEGER  NOT NULL, -- how often somebody has taken it in hand
    due_at     DATETIME NOT NULL, -- when to ask the provider what came of it
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
) WITHOUT ROWID;
-- At most one charge of an invoice is under way, of unknown outcome, or done.
CREATE UNIQUE INDEX payments_invoice_id_key ON payments (invoice_id) WHERE state IN ('pending', 'unknown', 'succeeded');
CREATE INDEX payments_due_at_idx ON payments (due_at) WHERE state IN ('pending', 'unknown');

CREATE TRIGGER payments_begin BEFORE INSERT ON payments FOR EACH ROW
    WHEN NEW.state <> 'pending'
BEGIN
    SELECT RAISE(ABORT, 'a payment begins as pending');
END;
CREATE TRIGGER payments_transition BEFORE UPDATE ON payments FOR EACH ROW
    WHEN NEW.state <> OLD.state AND OLD.state || ' > ' || NEW.state NOT IN (
        'pending > unknown', 'pending > succeeded', 'pending > declined', 'pending > failed',
        'unknown > succeeded', 'unknown > declined', 'unknown > failed', 'failed > pending')
BEGIN
    SELECT RAISE(ABORT, 'a payment may not change its state so');
END;
CREATE TRIGGER payments_snapshot BEFORE UPDATE ON payments FOR EACH ROW
    WHEN NEW.id <> OLD.id OR NEW.invoice_id <> OLD.invoice_id OR NEW.provider <> OLD.provider
        OR NEW.method <> OLD.method OR NEW.amount <> OLD.amount OR NEW.currency <> OLD.currency
BEGIN
    SELECT RAISE(ABORT, 'a payment may not change what it is for');
END;

-- The books of the sandbox provider, which stands for an outside system: nothing
-- else reads or writes them.
CREATE TABLE sandbox_charges (
    idempotency_key TEXT     NOT NULL PRIMARY KEY,
    invoice         TEXT     NOT NULL,
    amount          INTEGER  NOT NULL,
    currency        TEXT     NOT NULL,
    method          TEXT     NOT NULL,
    outcome         TEXT     NOT NULL CHECK (outcome IN ('unreached', 'succeeded', 'declined')),
    calls           INTEGER  NOT NULL,
    created_at      DATETIME NOT NULL
) WITHOUT ROWID;
