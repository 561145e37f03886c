-- Invoices as the books need them: numbers without a gap, a snapshot of whom it
-- was sold to, refunds, and a ledger of money. What must hold is kept by
-- triggers, so that it also holds of what the release before writes.

-- The last number of each series. It is counted up in the transaction that
-- opens the invoice or completes the refund, so none is left out.
CREATE TABLE document_series (
    kind   TEXT    NOT NULL CONSTRAINT document_series_kind_check CHECK (kind IN ('invoice', 'credit_note')),
    series TEXT    NOT NULL,
    last   INTEGER NOT NULL,
    PRIMARY KEY (kind, series)
) WITHOUT ROWID;

-- A check can only be changed by making its table anew, and then those that
-- refer to it.
ALTER TABLE invoices RENAME TO invoices_before;
ALTER TABLE invoice_lines RENAME TO invoice_lines_before;
ALTER TABLE payments RENAME TO payments_before;

CREATE TABLE invoices (
    id           BLOB     NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id      BLOB     NOT NULL CHECK (length(user_id) = 16),
    currency     TEXT     NOT NULL CHECK (length(currency) = 3),
    total        INTEGER  NOT NULL CHECK (total >= 0),
    status       TEXT     NOT NULL CONSTRAINT invoices_status_check CHECK (status IN ('draft', 'open', 'paying', 'paid', 'void', 'refunded', 'uncollectible')),
    paid_at      DATETIME,
    version      INTEGER  NOT NULL CHECK (version >= 1),
    created_at   DATETIME NOT NULL,
    updated_at   DATETIME NOT NULL,
    series       TEXT,
    number       INTEGER,
    reference    TEXT     NOT NULL DEFAULT '', -- what it is for, as its maker names it
    buyer        TEXT     NOT NULL DEFAULT '{}',
    ship_to      TEXT     NOT NULL DEFAULT '{}',
    tax_rate     TEXT     NOT NULL DEFAULT '',
    tax_included BOOLEAN  NOT NULL DEFAULT false,
    tax_amount   INTEGER  NOT NULL DEFAULT 0,
    discount     INTEGER  NOT NULL DEFAULT 0,
    shipping     INTEGER  NOT NULL DEFAULT 0,
    refunded     INTEGER  NOT NULL DEFAULT 0, -- what went back
    refunding    INTEGER  NOT NULL DEFAULT 0, -- what is on its way back
    pay_until    DATETIME,
    opened_at    DATETIME,
    voided_at    DATETIME,
    CONSTRAINT invoices_paid_at_check CHECK ((status IN ('paid', 'refunded')) = (paid_at IS NOT NULL)),
    CONSTRAINT invoices_refunded_check CHECK (
        refunded >= 0 AND refunding >= 0 AND refunded + refunding <= total
        AND (status IN ('paid', 'refunded') OR refunded + refunding = 0)
        AND (status = 'refunded') = (total > 0 AND refunded = total)),
    CONSTRAINT invoices_draft_check CHECK (status <> 'draft' OR number IS NULL)
) WITHOUT ROWID;
-- What was there before is numbered in the order of creation.
INSERT INTO invoices (id, user_id, currency, total, status, paid_at, version, created_at, updated_at, series, number)
SELECT id, user_id, currency, total, status, paid_at, version, created_at, updated_at, substr(created_at, 1, 4),
       row_number() OVER (PARTITION BY substr(created_at, 1, 4) ORDER BY created_at, id)
  FROM invoices_before;
INSERT INTO document_series (kind, series, last) SELECT 'invoice', series, max(number) FROM invoices GROUP BY series;

-- Identifiers ascend, so their order is that of the lines.
CREATE TABLE invoice_lines (
    invoice_id  BLOB    NOT NULL REFERENCES invoices (id),
    id          BLOB    NOT NULL CHECK (length(id) = 16),
    product_id  BLOB    CHECK (length(product_id) = 16),
    description TEXT    NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity >= 1),
    unit_price  INTEGER NOT NULL,
    line_total  INTEGER NOT NULL,
    kind        TEXT    NOT NULL DEFAULT '' CONSTRAINT invoice_lines_kind_check CHECK (kind IN ('', 'product', 'discount', 'shipping', 'other')),
    PRIMARY KEY (invoice_id, id),
    CONSTRAINT invoice_lines_unit_price_check CHECK (unit_price >= 0 OR kind = 'discount'),
    CONSTRAINT invoice_lines_line_total_check CHECK (line_total >= 0 OR kind = 'discount')
) WITHOUT ROWID;
INSERT INTO invoice_lines (invoice_id, id, product_id, description, quantity, unit_price, line_total)
SELECT invoice_id, id, product_id, description, quantity, unit_price, line_total FROM invoice_lines_before;

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
SELECT id, invoice_id, provider, method, amount, currency, state, reference, claims, due_at, created_at, updated_at FROM payments_before;

DROP TABLE invoice_lines_before;
DROP TABLE payments_before;
DROP TABLE invoices_before;

CREATE INDEX invoices_user_id_id_idx ON invoices (user_id, id);
CREATE UNIQUE INDEX invoices_series_number_key ON invoices (series, number);
CREATE UNIQUE INDEX invoices_reference_key ON invoices (reference) WHERE reference <> '';
CREATE INDEX invoices_pay_until_idx ON invoices (pay_until) WHERE status = 'open' AND pay_until IS NOT NULL;
CREATE TRIGGER invoices_begin BEFORE INSERT ON invoices FOR EACH ROW
    WHEN NEW.status NOT IN ('draft', 'open')
BEGIN
    SELECT RAISE(ABORT, 'an invoice begins as draft or open');
END;
CREATE TRIGGER invoices_transition BEFORE UPDATE ON invoices FOR EACH ROW
    WHEN NEW.status <> OLD.status AND OLD.status || ' > ' || NEW.status NOT IN (
        'draft > open', 'draft > void', 'open > paying', 'paying > open', 'paying > paid', 'open > void',
        'open > uncollectible', 'paid > refunded')
BEGIN
    SELECT RAISE(ABORT, 'an invoice may not change its status so');
END;
CREATE TRIGGER invoices_snapshot BEFORE UPDATE ON invoices FOR EACH ROW
    WHEN NEW.id <> OLD.id OR NEW.user_id <> OLD.user_id OR NEW.currency <> OLD.currency OR NEW.total <> OLD.total
        OR NEW.reference <> OLD.reference OR NEW.buyer <> OLD.buyer OR NEW.ship_to <> OLD.ship_to
        OR NEW.tax_rate <> OLD.tax_rate OR NEW.tax_included <> OLD.tax_included OR NEW.tax_amount <> OLD.tax_amount
        OR NEW.discount <> OLD.discount OR NEW.shipping <> OLD.shipping OR NEW.refunded < OLD.refunded
        OR OLD.number IS NOT NULL AND (NEW.number IS NOT OLD.number OR NEW.series IS NOT OLD.series)
BEGIN
    SELECT RAISE(ABORT, 'an invoice may not change what it is for');
END;
CREATE TRIGGER invoices_kept BEFORE DELETE ON invoices FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'an invoice is kept');
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

-- Credit notes, each with the refund that it is about. The identifier is the
-- provider's idempotency key as well.
CREATE TABLE credit_notes (
    id         BLOB     NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    invoice_id BLOB     NOT NULL REFERENCES invoices (id),
    payment_id BLOB     NOT NULL REFERENCES payments (id),
    series     TEXT,
    number     INTEGER,
    amount     INTEGER  NOT NULL CONSTRAINT credit_notes_amount_check CHECK (amount > 0),
    currency   TEXT     NOT NULL CONSTRAINT credit_notes_currency_check CHECK (length(currency) = 3),
    reason     TEXT     NOT NULL,
    order_id   BLOB     CHECK (length(order_id) = 16),
    state      TEXT     NOT NULL CONSTRAINT credit_notes_state_check CHECK (state IN ('pending', 'succeeded', 'failed')),
    reference  TEXT     NOT NULL, -- the provider's name of the refund
    claims     INTEGER  NOT NULL, -- how often somebody has taken it in hand
    due_at     DATETIME NOT NULL, -- when to ask the provider what came of it
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX credit_notes_series_number_key ON credit_notes (series, number);
-- An order is refunded once.
CREATE UNIQUE INDEX credit_notes_order_id_key ON credit_notes (order_id) WHERE state <> 'failed';
CREATE INDEX credit_notes_invoice_id_id_idx ON credit_notes (invoice_id, id);
CREATE INDEX credit_notes_due_at_idx ON credit_notes (due_at) WHERE state = 'pending';
CREATE TRIGGER credit_notes_begin BEFORE INSERT ON credit_notes FOR EACH ROW
    WHEN NEW.state <> 'pending'
BEGIN
    SELECT RAISE(ABORT, 'a refund begins as pending');
END;
CREATE TRIGGER credit_notes_transition BEFORE UPDATE ON credit_notes FOR EACH ROW
    WHEN NEW.state <> OLD.state AND OLD.state <> 'pending'
BEGIN
    SELECT RAISE(ABORT, 'a refund that has ended may not change its state');
END;
CREATE TRIGGER credit_notes_snapshot BEFORE UPDATE ON credit_notes FOR EACH ROW
    WHEN NEW.id <> OLD.id OR NEW.invoice_id <> OLD.invoice_id OR NEW.payment_id <> OLD.payment_id
        OR NEW.amount <> OLD.amount OR NEW.currency <> OLD.currency OR NEW.reason <> OLD.reason
        OR NEW.order_id IS NOT OLD.order_id
        OR OLD.number IS NOT NULL AND (NEW.number IS NOT OLD.number OR NEW.series IS NOT OLD.series)
BEGIN
    SELECT RAISE(ABORT, 'a credit note may not change what it is for');
END;
CREATE TRIGGER credit_notes_kept BEFORE DELETE ON credit_notes FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'a credit note is kept');
END;

-- The ledger: what is owed to the shop and what it has, change by change.
CREATE TABLE money_movements (
    seq            INTEGER PRIMARY KEY AUTOINCREMENT,
    invoice_id     BLOB     NOT NULL,
    kind           TEXT     NOT NULL CONSTRAINT money_movements_kind_check CHECK (kind IN ('issued', 'voided', 'written_off', 'charged', 'refunded')),
    receivable     INTEGER  NOT NULL,
    cash           INTEGER  NOT NULL,
    currency       TEXT     NOT NULL,
    payment_id     BLOB,
    credit_note_id BLOB,
    at             DATETIME NOT NULL,
    CONSTRAINT money_movements_payment_id_check CHECK ((kind = 'charged') = (payment_id IS NOT NULL)),
    CONSTRAINT money_movements_credit_note_id_check CHECK ((kind = 'refunded') = (credit_note_id IS NOT NULL))
);
CREATE UNIQUE INDEX money_movements_invoice_id_kind_key ON money_movements (invoice_id, kind) WHERE kind <> 'refunded';
CREATE UNIQUE INDEX money_movements_credit_note_id_key ON money_movements (credit_note_id) WHERE kind = 'refunded';
INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, at)
SELECT id, 'issued', total, 0, currency, created_at FROM invoices ORDER BY created_at, id;
INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, at)
SELECT id, 'voided', -total, 0, currency, updated_at FROM invoices WHERE status = 'void' ORDER BY updated_at, id;
INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, payment_id, at)
SELECT invoice_id, 'charged', -amount, amount, currency, id, updated_at FROM payments WHERE state = 'succeeded' ORDER BY updated_at, id;
CREATE TRIGGER money_movements_snapshot BEFORE UPDATE ON money_movements FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'what the ledger says is never changed');
END;
CREATE TRIGGER money_movements_kept BEFORE DELETE ON money_movements FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'what the ledger says is never changed');
END;

-- Give a document its number. The release before names no series: it gets the
-- year's.
CREATE TRIGGER invoices_number AFTER INSERT ON invoices FOR EACH ROW
    WHEN NEW.status = 'open' AND NEW.number IS NULL
BEGIN
    INSERT INTO document_series (kind, series, last)
    VALUES ('invoice', coalesce(NEW.series, substr(NEW.updated_at, 1, 4)), 1)
        ON CONFLICT (kind, series) DO UPDATE SET last = last + 1;
    UPDATE invoices SET (series, number) = (
        SELECT series, last FROM document_series
         WHERE kind = 'invoice' AND series = coalesce(NEW.series, substr(NEW.updated_at, 1, 4)))
     WHERE id = NEW.id;
END;
CREATE TRIGGER invoices_number_later AFTER UPDATE ON invoices FOR EACH ROW
    WHEN NEW.status = 'open' AND NEW.number IS NULL
BEGIN
    INSERT INTO document_series (kind, series, last)
    VALUES ('invoice', coalesce(NEW.series, substr(NEW.updated_at, 1, 4)), 1)
        ON CONFLICT (kind, series) DO UPDATE SET last = last + 1;
    UPDATE invoices SET (series, number) = (
        SELECT series, last FROM document_series
         WHERE kind = 'invoice' AND series = coalesce(NEW.series, substr(NEW.updated_at, 1, 4)))
     WHERE id = NEW.id;
END;
CREATE TRIGGER credit_notes_number AFTER UPDATE ON credit_notes FOR EACH ROW
    WHEN NEW.state = 'succeeded' AND NEW.number IS NULL
BEGIN
    INSERT INTO document_series (kind, series, last)
    VALUES ('credit_note', coalesce(NEW.series, 'CN' || substr(NEW.updated_at, 1, 4)), 1)
        ON CONFLICT (kind, series) DO UPDATE SET last = last + 1;
    UPDATE credit_notes SET (series, number) = (
        SELECT series, last FROM document_series
         WHERE kind = 'credit_note' AND series = coalesce(NEW.series, 'CN' || substr(NEW.updated_at, 1, 4)))
     WHERE id = NEW.id;
END;

-- Enter into the ledger what a change of state means.
CREATE TRIGGER invoices_issued AFTER INSERT ON invoices FOR EACH ROW
    WHEN NEW.status = 'open'
BEGIN
    INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, at)
    VALUES (NEW.id, 'issued', NEW.total, 0, NEW.currency, NEW.updated_at);
END;
CREATE TRIGGER invoices_issued_later AFTER UPDATE ON invoices FOR EACH ROW
    WHEN OLD.status = 'draft' AND NEW.status = 'open'
BEGIN
    INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, at)
    VALUES (NEW.id, 'issued', NEW.total, 0, NEW.currency, NEW.updated_at);
END;
CREATE TRIGGER invoices_voided AFTER UPDATE ON invoices FOR EACH ROW
    WHEN OLD.status = 'open' AND NEW.status = 'void'
BEGIN
    INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, at)
    VALUES (NEW.id, 'voided', -NEW.total, 0, NEW.currency, NEW.updated_at);
END;
CREATE TRIGGER invoices_written_off AFTER UPDATE ON invoices FOR EACH ROW
    WHEN OLD.status = 'open' AND NEW.status = 'uncollectible'
BEGIN
    INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, at)
    VALUES (NEW.id, 'written_off', -NEW.total, 0, NEW.currency, NEW.updated_at);
END;
CREATE TRIGGER payments_charged AFTER UPDATE ON payments FOR EACH ROW
    WHEN OLD.state <> 'succeeded' AND NEW.state = 'succeeded'
BEGIN
    INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, payment_id, at)
    VALUES (NEW.invoice_id, 'charged', -NEW.amount, NEW.amount, NEW.currency, NEW.id, NEW.updated_at);
END;
CREATE TRIGGER credit_notes_refunded AFTER UPDATE ON credit_notes FOR EACH ROW
    WHEN OLD.state <> 'succeeded' AND NEW.state = 'succeeded'
BEGIN
    INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, credit_note_id, at)
    VALUES (NEW.invoice_id, 'refunded', 0, -NEW.amount, NEW.currency, NEW.id, NEW.updated_at);
END;
