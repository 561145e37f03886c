DROP TRIGGER invoices_number;
DROP TRIGGER invoices_number_later;
DROP TRIGGER invoices_issued;
DROP TRIGGER invoices_issued_later;
DROP TRIGGER invoices_voided;
DROP TRIGGER invoices_written_off;
DROP TRIGGER payments_charged;
DROP TABLE money_movements;
DROP TABLE credit_notes;
DROP TABLE document_series;

ALTER TABLE invoices RENAME TO invoices_after;
ALTER TABLE invoice_lines RENAME TO invoice_lines_after;
ALTER TABLE payments RENAME TO payments_after;

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
INSERT INTO invoices (id, user_id, currency, total, status, paid_at, version, created_at, updated_at)
SELECT id, user_id, currency, total, status, paid_at, version, created_at, updated_at FROM invoices_after;

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
INSERT INTO invoice_lines (invoice_id, id, product_id, description, quantity, unit_price, line_total)
SELECT invoice_id, id, product_id, description, quantity, unit_price, line_total FROM invoice_lines_after;

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
INSERT INTO payments (id, invoice_id, provider, method, amount, currency, state, reference, claims, due_at, created_at, updated_at)
SELECT id, invoice_id, provider, method, amount, currency, state, reference, claims, due_at, created_at, updated_at FROM payments_after;

DROP TABLE invoice_lines_after;
DROP TABLE payments_after;
DROP TABLE invoices_after;

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

CREATE TRIGGER invoice_lines_snapshot BEFORE UPDATE ON invoice_lines FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'a line of an invoice may not change');
END;
CREATE TRIGGER invoice_lines_kept BEFORE DELETE ON invoice_lines FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'a line of an invoice may not change');
END;

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
