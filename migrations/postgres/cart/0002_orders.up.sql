-- What paid invoices become for the people who ship: one order an invoice.
CREATE TABLE orders (
    id            uuid        PRIMARY KEY,
    user_id       uuid        NOT NULL,
    invoice_id    uuid        NOT NULL,
    -- NULL for an invoice that an administrator made.
    checkout_id   uuid,
    number        text        NOT NULL,
    state         text        NOT NULL CHECK (state IN ('paid', 'packed', 'shipped', 'delivered', 'cancelling', 'cancelled')),
    lines         json        NOT NULL,
    total         bigint      NOT NULL CHECK (total >= 0),
    currency      text        NOT NULL CHECK (length(currency) = 3),
    ship_to       json        NOT NULL,
    carrier       text        NOT NULL DEFAULT '',
    tracking      text        NOT NULL DEFAULT '',
    -- The goods were gone when the payment arrived.
    short         boolean     NOT NULL DEFAULT false,
    version       bigint      NOT NULL CHECK (version > 0),
    cancel_reason text        NOT NULL DEFAULT '',
    -- While it is cancelling: how often that was tried, what the last attempt met
    -- with, and when it is tried again.
    attempts      bigint      NOT NULL DEFAULT 0,
    cancel_error  text        NOT NULL DEFAULT '',
    due_at        timestamptz,
    paid_at       timestamptz NOT NULL,
    packed_at     timestamptz,
    shipped_at    timestamptz,
    delivered_at  timestamptz,
    cancelled_at  timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CHECK ((state = 'cancelling') = (due_at IS NOT NULL)),
    CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL)),
    CHECK (state NOT IN ('shipped', 'delivered') OR shipped_at IS NOT NULL)
);
CREATE UNIQUE INDEX orders_invoice_id_key ON orders (invoice_id);
CREATE UNIQUE INDEX orders_checkout_id_key ON orders (checkout_id) WHERE checkout_id IS NOT NULL;
CREATE INDEX orders_user_id_id_idx ON orders (user_id, id);
CREATE INDEX orders_state_id_idx ON orders (state, id);
CREATE INDEX orders_due_at_idx ON orders (due_at) WHERE state = 'cancelling';
