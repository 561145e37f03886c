-- The rows that a purchase leaves to the owner of a shop, and nothing else: no
-- users, sessions, events, reservations, checkouts under way, idempotency records
-- or foreign keys across what are modules in the shop.
CREATE TABLE products (
    id             uuid        PRIMARY KEY,
    sku            text        NOT NULL UNIQUE,
    name           text        NOT NULL,
    description    text        NOT NULL,
    price_amount   bigint      NOT NULL,
    price_currency text        NOT NULL,
    stock          bigint      NOT NULL CHECK (stock >= 0),
    category       text        NOT NULL,
    attributes     jsonb       NOT NULL DEFAULT '{}',
    images         jsonb       NOT NULL DEFAULT '[]',
    version        bigint      NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    search         tsvector    NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', name), 'A') || setweight(to_tsvector('simple', description), 'B')
    ) STORED
);
CREATE INDEX products_search ON products USING gin (search);

CREATE TABLE cart_items (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL,
    product_id uuid        NOT NULL,
    quantity   bigint      NOT NULL CHECK (quantity > 0),
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (user_id, product_id)
);

-- The numbers of invoices have no gaps.
CREATE TABLE document_series (
    series text   PRIMARY KEY,
    last   bigint NOT NULL
);
INSERT INTO document_series VALUES ('invoices', 0);

CREATE TABLE invoices (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL,
    number     bigint      NOT NULL UNIQUE,
    status     text        NOT NULL CHECK (status IN ('open', 'paid', 'void')),
    total      bigint      NOT NULL,
    currency   text        NOT NULL,
    version    bigint      NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX invoices_user ON invoices (user_id, id);

CREATE TABLE invoice_lines (
    id          uuid   PRIMARY KEY,
    invoice_id  uuid   NOT NULL REFERENCES invoices (id),
    product_id  uuid   NOT NULL,
    description text   NOT NULL,
    quantity    bigint NOT NULL,
    unit_price  bigint NOT NULL
);
CREATE INDEX invoice_lines_invoice ON invoice_lines (invoice_id);

CREATE TABLE payments (
    id         uuid        PRIMARY KEY,
    invoice_id uuid        NOT NULL UNIQUE REFERENCES invoices (id),
    method     text        NOT NULL,
    amount     bigint      NOT NULL,
    currency   text        NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE log_entries (
    id      uuid        PRIMARY KEY,
    user_id uuid        NOT NULL,
    action  text        NOT NULL,
    data    jsonb       NOT NULL,
    at      timestamptz NOT NULL
);
CREATE INDEX log_entries_at ON log_entries (at, id);

-- One row for each action and hour.
CREATE TABLE log_hours (
    hour    timestamptz NOT NULL,
    action  text        NOT NULL,
    entries bigint      NOT NULL,
    PRIMARY KEY (hour, action)
);

CREATE TABLE stock_movements (
    id         uuid        PRIMARY KEY,
    product_id uuid        NOT NULL,
    delta      bigint      NOT NULL,
    invoice_id uuid        NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX stock_movements_product ON stock_movements (product_id, id);

CREATE TABLE money_movements (
    id         uuid        PRIMARY KEY,
    invoice_id uuid        NOT NULL REFERENCES invoices (id),
    receivable bigint      NOT NULL,
    cash       bigint      NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX money_movements_invoice ON money_movements (invoice_id);

-- What the payment provider has of a payment.
CREATE TABLE charges (
    id         uuid        PRIMARY KEY,
    invoice_id uuid        NOT NULL,
    amount     bigint      NOT NULL,
    currency   text        NOT NULL,
    outcome    text        NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE orders (
    id         uuid        PRIMARY KEY,
    invoice_id uuid        NOT NULL UNIQUE,
    user_id    uuid        NOT NULL,
    state      text        NOT NULL,
    lines      jsonb       NOT NULL,
    total      bigint      NOT NULL,
    currency   text        NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX orders_user ON orders (user_id, id);
CREATE INDEX orders_state ON orders (state, id);

CREATE TABLE emails (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL,
    subject    text        NOT NULL,
    text_body  text        NOT NULL,
    html_body  text        NOT NULL,
    status     text        NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX emails_queued ON emails (created_at) WHERE status = 'queued';
