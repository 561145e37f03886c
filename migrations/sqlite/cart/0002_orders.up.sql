-- What paid invoices become for the people who ship: one order an invoice.
CREATE TABLE orders (
    id            BLOB        NOT NULL PRIMARY KEY,
    user_id       BLOB        NOT NULL,
    invoice_id    BLOB        NOT NULL,
    -- NULL for an invoice that an administrator made.
    checkout_id   BLOB,
    number        TEXT        NOT NULL,
    state         TEXT        NOT NULL CHECK (state IN ('paid', 'packed', 'shipped', 'delivered', 'cancelling', 'cancelled')),
    lines         TEXT        NOT NULL,
    total         INTEGER     NOT NULL CHECK (total >= 0),
    currency      TEXT        NOT NULL CHECK (length(currency) = 3),
    ship_to       TEXT        NOT NULL,
    carrier       TEXT        NOT NULL DEFAULT '',
    tracking      TEXT        NOT NULL DEFAULT '',
    -- The goods were gone when the payment arrived.
    short         BOOLEAN     NOT NULL DEFAULT false,
    version       INTEGER     NOT NULL CHECK (version > 0),
    cancel_reason TEXT        NOT NULL DEFAULT '',
    -- While it is cancelling: how often that was tried, what the last attempt met
    -- with, and when it is tried again.
    attempts      INTEGER     NOT NULL DEFAULT 0,
    cancel_error  TEXT        NOT NULL DEFAULT '',
    due_at        DATETIME,
    paid_at       DATETIME    NOT NULL,
    packed_at     DATETIME,
    shipped_at    DATETIME,
    delivered_at  DATETIME,
    cancelled_at  DATETIME,
    created_at    DATETIME    NOT NULL,
    updated_at    DATETIME    NOT NULL,
    CHECK ((state = 'cancelling') = (due_at IS NOT NULL)),
    CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL)),
    CHECK (state NOT IN ('shipped', 'delivered') OR shipped_at IS NOT NULL)
) WITHOUT ROWID;
CREATE UNIQUE INDEX orders_invoice_id_key ON orders (invoice_id);
CREATE UNIQUE INDEX orders_checkout_id_key ON orders (checkout_id) WHERE checkout_id IS NOT NULL;
CREATE INDEX orders_user_id_id_idx ON orders (user_id, id);
CREATE INDEX orders_state_id_idx ON orders (state, id);
CREATE INDEX orders_due_at_idx ON orders (due_at) WHERE state = 'cancelling';
