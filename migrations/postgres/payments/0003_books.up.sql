-- Invoices as the books need them: numbers without a gap, a snapshot of whom it
-- was sold to, refunds, and a ledger of money. What must hold is kept by
-- triggers, so that it also holds of what the release before writes.

-- The last number of each series. It is counted up in the transaction that
-- opens the invoice or completes the refund, so none is left out.
CREATE TABLE document_series (
    kind   text   NOT NULL CONSTRAINT document_series_kind_check CHECK (kind IN ('invoice', 'credit_note')),
    series text   NOT NULL,
    last   bigint NOT NULL,
    PRIMARY KEY (kind, series)
);

ALTER TABLE invoices
    ADD COLUMN series       text,
    ADD COLUMN number       bigint,
    ADD COLUMN reference    text    NOT NULL DEFAULT '', -- what it is for, as its maker names it
    ADD COLUMN buyer        json    NOT NULL DEFAULT '{}',
    ADD COLUMN ship_to      json    NOT NULL DEFAULT '{}',
    ADD COLUMN tax_rate     text    NOT NULL DEFAULT '',
    ADD COLUMN tax_included boolean NOT NULL DEFAULT false,
    ADD COLUMN tax_amount   bigint  NOT NULL DEFAULT 0,
    ADD COLUMN discount     bigint  NOT NULL DEFAULT 0,
    ADD COLUMN shipping     bigint  NOT NULL DEFAULT 0,
    ADD COLUMN refunded     bigint  NOT NULL DEFAULT 0, -- what went back
    ADD COLUMN refunding    bigint  NOT NULL DEFAULT 0, -- what is on its way back
    ADD COLUMN pay_until    timestamptz,
    ADD COLUMN opened_at    timestamptz,
    ADD COLUMN voided_at    timestamptz,
    DROP CONSTRAINT invoices_status_check,
    DROP CONSTRAINT invoices_paid_at_check,
    ADD CONSTRAINT invoices_status_check CHECK (status IN ('draft', 'open', 'paying', 'paid', 'void', 'refunded', 'uncollectible')),
    ADD CONSTRAINT invoices_paid_at_check CHECK ((status IN ('paid', 'refunded')) = (paid_at IS NOT NULL)),
    ADD CONSTRAINT invoices_refunded_check CHECK (
        refunded >= 0 AND refunding >= 0 AND refunded + refunding <= total
        AND (status IN ('paid', 'refunded') OR refunded + refunding = 0)
        AND (status = 'refunded') = (total > 0 AND refunded = total)),
    ADD CONSTRAINT invoices_draft_check CHECK (status <> 'draft' OR number IS NULL);

ALTER TABLE invoice_lines
    ADD COLUMN kind text NOT NULL DEFAULT '' CONSTRAINT invoice_lines_kind_check CHECK (kind IN ('', 'product', 'discount', 'shipping', 'other')),
    DROP CONSTRAINT invoice_lines_unit_price_check,
    DROP CONSTRAINT invoice_lines_line_total_check,
    ADD CONSTRAINT invoice_lines_unit_price_check CHECK (unit_price >= 0 OR kind = 'discount'),
    ADD CONSTRAINT invoice_lines_line_total_check CHECK (line_total >= 0 OR kind = 'discount');

-- Credit notes, each with the refund that it is about. The identifier is the
-- provider's idempotency key as well.
CREATE TABLE credit_notes (
    id         uuid        PRIMARY KEY,
    invoice_id uuid        NOT NULL REFERENCES invoices (id),
    payment_id uuid        NOT NULL REFERENCES payments (id),
    series     text,
    number     bigint,
    amount     bigint      NOT NULL CONSTRAINT credit_notes_amount_check CHECK (amount > 0),
    currency   text        NOT NULL CONSTRAINT credit_notes_currency_check CHECK (length(currency) = 3),
    reason     text        NOT NULL,
    order_id   uuid,
    state      text        NOT NULL CONSTRAINT credit_notes_state_check CHECK (state IN ('pending', 'succeeded', 'failed')),
    reference  text        NOT NULL, -- the provider's name of the refund
    claims     bigint      NOT NULL, -- how often somebody has taken it in hand
    due_at     timestamptz NOT NULL, -- when to ask the provider what came of it
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT credit_notes_number_check CHECK ((state = 'succeeded') = (number IS NOT NULL))
);
CREATE UNIQUE INDEX credit_notes_series_number_key ON credit_notes (series, number);
-- An order is refunded once.
CREATE UNIQUE INDEX credit_notes_order_id_key ON credit_notes (order_id) WHERE state <> 'failed';
CREATE INDEX credit_notes_invoice_id_id_idx ON credit_notes (invoice_id, id);
CREATE INDEX credit_notes_due_at_idx ON credit_notes (due_at) WHERE state = 'pending';

-- The ledger: what is owed to the shop and what it has, change by change.
CREATE TABLE money_movements (
    seq            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invoice_id     uuid        NOT NULL,
    kind           text        NOT NULL CONSTRAINT money_movements_kind_check CHECK (kind IN ('issued', 'voided', 'written_off', 'charged', 'refunded')),
    receivable     bigint      NOT NULL,
    cash           bigint      NOT NULL,
    currency       text        NOT NULL,
    payment_id     uuid,
    credit_note_id uuid,
    at             timestamptz NOT NULL,
    CONSTRAINT money_movements_payment_id_check CHECK ((kind = 'charged') = (payment_id IS NOT NULL)),
    CONSTRAINT money_movements_credit_note_id_check CHECK ((kind = 'refunded') = (credit_note_id IS NOT NULL))
);
CREATE UNIQUE INDEX money_movements_invoice_id_kind_key ON money_movements (invoice_id, kind) WHERE kind <> 'refunded';
CREATE UNIQUE INDEX money_movements_credit_note_id_key ON money_movements (credit_note_id) WHERE kind = 'refunded';

-- What was there before: numbered in the order of creation, and entered.
UPDATE invoices SET series = numbered.series, number = numbered.number
  FROM (SELECT id, to_char(created_at AT TIME ZONE 'UTC', 'YYYY') AS series,
               row_number() OVER (PARTITION BY to_char(created_at AT TIME ZONE 'UTC', 'YYYY') ORDER BY created_at, id) AS number
          FROM invoices) AS numbered
 WHERE numbered.id = invoices.id;
INSERT INTO document_series (kind, series, last) SELECT 'invoice', series, max(number) FROM invoices GROUP BY series;
INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, at)
SELECT id, 'issued', total, 0, currency, created_at FROM invoices ORDER BY created_at, id;
INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, at)
SELECT id, 'voided', -total, 0, currency, updated_at FROM invoices WHERE status = 'void' ORDER BY updated_at, id;
INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, payment_id, at)
SELECT invoice_id, 'charged', -amount, amount, currency, id, updated_at FROM payments WHERE state = 'succeeded' ORDER BY updated_at, id;

CREATE UNIQUE INDEX invoices_series_number_key ON invoices (series, number);
CREATE UNIQUE INDEX invoices_reference_key ON invoices (reference) WHERE reference <> '';
CREATE INDEX invoices_pay_until_idx ON invoices (pay_until) WHERE status = 'open' AND pay_until IS NOT NULL;

-- Gives a document its number. The release before names no series: it gets the
-- year's.
CREATE FUNCTION number_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.series := coalesce(NEW.series, TG_ARGV[1] || to_char(NEW.updated_at AT TIME ZONE 'UTC', 'YYYY'));
    INSERT INTO document_series AS s (kind, series, last) VALUES (TG_ARGV[0], NEW.series, 1)
        ON CONFLICT (kind, series) DO UPDATE SET last = s.last + 1
        RETURNING last INTO NEW.number;
    RETURN NEW;
END
$$;
CREATE TRIGGER invoices_number BEFORE INSERT OR UPDATE ON invoices FOR EACH ROW
    WHEN (NEW.status = 'open' AND NEW.number IS NULL)
    EXECUTE FUNCTION number_document('invoice', '');
CREATE TRIGGER credit_notes_number BEFORE UPDATE ON credit_notes FOR EACH ROW
    WHEN (NEW.state = 'succeeded' AND NEW.number IS NULL)
    EXECUTE FUNCTION number_document('credit_note', 'CN');

DROP TRIGGER invoices_begin ON invoices;
CREATE TRIGGER invoices_begin BEFORE INSERT ON invoices FOR EACH ROW
    WHEN (NEW.status NOT IN ('draft', 'open'))
    EXECUTE FUNCTION refuse_change('an invoice begins as draft or open');
DROP TRIGGER invoices_transition ON invoices;
CREATE TRIGGER invoices_transition BEFORE UPDATE ON invoices FOR EACH ROW
    WHEN (NEW.status <> OLD.status AND OLD.status || ' > ' || NEW.status NOT IN (
        'draft > open', 'draft > void', 'open > paying', 'paying > open', 'paying > paid', 'open > void',
        'open > uncollectible', 'paid > refunded'))
    EXECUTE FUNCTION refuse_change('an invoice may not change its status so');
DROP TRIGGER invoices_snapshot ON invoices;
CREATE TRIGGER invoices_snapshot BEFORE UPDATE ON invoices FOR EACH ROW
    WHEN (NEW.id <> OLD.id OR NEW.user_id <> OLD.user_id OR NEW.currency <> OLD.currency OR NEW.total <> OLD.total
        OR NEW.reference <> OLD.reference OR NEW.buyer::text <> OLD.buyer::text OR NEW.ship_to::text <> OLD.ship_to::text
        OR NEW.tax_rate <> OLD.tax_rate OR NEW.tax_included <> OLD.tax_included OR NEW.tax_amount <> OLD.tax_amount
        OR NEW.discount <> OLD.discount OR NEW.shipping <> OLD.shipping OR NEW.refunded < OLD.refunded
        OR OLD.number IS NOT NULL AND (NEW.number IS DISTINCT FROM OLD.number OR NEW.series IS DISTINCT FROM OLD.series))
    EXECUTE FUNCTION refuse_change('an invoice may not change what it is for');
CREATE TRIGGER invoices_kept BEFORE DELETE ON invoices FOR EACH ROW
    EXECUTE FUNCTION refuse_change('an invoice is kept');

CREATE TRIGGER credit_notes_begin BEFORE INSERT ON credit_notes FOR EACH ROW
    WHEN (NEW.state <> 'pending')
    EXECUTE FUNCTION refuse_change('a refund begins as pending');
CREATE TRIGGER credit_notes_transition BEFORE UPDATE ON credit_notes FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND OLD.state <> 'pending')
    EXECUTE FUNCTION refuse_change('a refund that has ended may not change its state');
CREATE TRIGGER credit_notes_snapshot BEFORE UPDATE ON credit_notes FOR EACH ROW
    WHEN (NEW.id <> OLD.id OR NEW.invoice_id <> OLD.invoice_id OR NEW.payment_id <> OLD.payment_id
        OR NEW.amount <> OLD.amount OR NEW.currency <> OLD.currency OR NEW.reason <> OLD.reason
        OR NEW.order_id IS DISTINCT FROM OLD.order_id
        OR OLD.number IS NOT NULL AND (NEW.number IS DISTINCT FROM OLD.number OR NEW.series IS DISTINCT FROM OLD.series))
    EXECUTE FUNCTION refuse_change('a credit note may not change what it is for');
CREATE TRIGGER credit_notes_kept BEFORE DELETE ON credit_notes FOR EACH ROW
    EXECUTE FUNCTION refuse_change('a credit note is kept');

CREATE TRIGGER money_movements_kept BEFORE UPDATE OR DELETE ON money_movements FOR EACH ROW
    EXECUTE FUNCTION refuse_change('what the ledger says is never changed');

-- Enter into the ledger what a change of state means.
CREATE FUNCTION enter_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, at)
    VALUES (NEW.id, TG_ARGV[0], TG_ARGV[1]::bigint * NEW.total, 0, NEW.currency, NEW.updated_at);
    RETURN NULL;
END
$$;
CREATE TRIGGER invoices_issued AFTER INSERT ON invoices FOR EACH ROW
    WHEN (NEW.status = 'open')
    EXECUTE FUNCTION enter_invoice('issued', '1');
CREATE TRIGGER invoices_issued_later AFTER UPDATE ON invoices FOR EACH ROW
    WHEN (OLD.status = 'draft' AND NEW.status = 'open')
    EXECUTE FUNCTION enter_invoice('issued', '1');
CREATE TRIGGER invoices_voided AFTER UPDATE ON invoices FOR EACH ROW
    WHEN (OLD.status = 'open' AND NEW.status = 'void')
    EXECUTE FUNCTION enter_invoice('voided', '-1');
CREATE TRIGGER invoices_written_off AFTER UPDATE ON invoices FOR EACH ROW
    WHEN (OLD.status = 'open' AND NEW.status = 'uncollectible')
    EXECUTE FUNCTION enter_invoice('written_off', '-1');

CREATE FUNCTION enter_charge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, payment_id, at)
    VALUES (NEW.invoice_id, 'charged', -NEW.amount, NEW.amount, NEW.currency, NEW.id, NEW.updated_at);
    RETURN NULL;
END
$$;
CREATE TRIGGER payments_charged AFTER UPDATE ON payments FOR EACH ROW
    WHEN (OLD.state <> 'succeeded' AND NEW.state = 'succeeded')
    EXECUTE FUNCTION enter_charge();

CREATE FUNCTION enter_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO money_movements (invoice_id, kind, receivable, cash, currency, credit_note_id, at)
    VALUES (NEW.invoice_id, 'refunded', 0, -NEW.amount, NEW.currency, NEW.id, NEW.updated_at);
    RETURN NULL;
END
$$;
CREATE TRIGGER credit_notes_refunded AFTER UPDATE ON credit_notes FOR EACH ROW
    WHEN (OLD.state <> 'succeeded' AND NEW.state = 'succeeded')
    EXECUTE FUNCTION enter_refund();
