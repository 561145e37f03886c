-- The rows of a purchase, as in postgres.sql. Ids have no
-- affinity: GORM stores its usual text, the hand-written one 16 bytes.
CREATE TABLE products (
    rowid          INTEGER  PRIMARY KEY,
    id             BLOB     NOT NULL UNIQUE,
    sku            TEXT     NOT NULL UNIQUE,
    name           TEXT     NOT NULL,
    description    TEXT     NOT NULL,
    price_amount   INTEGER  NOT NULL,
    price_currency TEXT     NOT NULL,
    stock          INTEGER  NOT NULL CHECK (stock >= 0),
    category       TEXT     NOT NULL,
    attributes     TEXT     NOT NULL DEFAULT '{}',
    images         TEXT     NOT NULL DEFAULT '[]',
    version        INTEGER  NOT NULL DEFAULT 1,
    created_at     DATETIME NOT NULL,
    updated_at     DATETIME NOT NULL
);
CREATE VIRTUAL TABLE products_search USING fts5 (name, description, content = 'products', content_rowid = 'rowid');
CREATE TRIGGER products_search_insert AFTER INSERT ON products BEGIN
    INSERT INTO products_search (rowid, name, description) VALUES (new.rowid, new.name, new.description);
END;
CREATE TRIGGER products_search_update AFTER UPDATE OF name, description ON products BEGIN
    INSERT INTO products_search (products_search, rowid, name, description)
    VALUES ('delete', old.rowid, old.name, old.description);
    INSERT INTO products_search (rowid, name, description) VALUES (new.rowid, new.name, new.description);
END;

CREATE TABLE cart_items (
    id         BLOB     NOT NULL PRIMARY KEY,
    user_id    BLOB     NOT NULL,
    product_id BLOB     NOT NULL,
    quantity   INTEGER  NOT NULL CHECK (quantity > 0),
    version    INTEGER  NOT NULL DEFAULT 1,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    UNIQUE (user_id, product_id)
);

CREATE TABLE document_series (
    series TEXT    NOT NULL PRIMARY KEY,
    last   INTEGER NOT NULL
);
INSERT INTO document_series VALUES ('invoices', 0);

CREATE TABLE invoices (
    id         BLOB     NOT NULL PRIMARY KEY,
    user_id    BLOB     NOT NULL,
    number     INTEGER  NOT NULL UNIQUE,
    status     TEXT     NOT NULL CHECK (status IN ('open', 'paid', 'void')),
    total      INTEGER  NOT NULL,
    currency   TEXT     NOT NULL,
    version    INTEGER  NOT NULL DEFAULT 1,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
);
CREATE INDEX invoices_user ON invoices (user_id, id);

CREATE TABLE invoice_lines (
    id          BLOB    NOT NULL PRIMARY KEY,
    invoice_id  BLOB    NOT NULL REFERENCES invoices (id),
    product_id  BLOB    NOT NULL,
    description TEXT    NOT NULL,
    quantity    INTEGER NOT NULL,
    unit_price  INTEGER NOT NULL
);
CREATE INDEX invoice_lines_invoice ON invoice_lines (invoice_id);

CREATE TABLE payments (
    id         BLOB     NOT NULL PRIMARY KEY,
    invoice_id BLOB     NOT NULL UNIQUE REFERENCES invoices (id),
    method     TEXT     NOT NULL,
    amount     INTEGER  NOT NULL,
    currency   TEXT     NOT NULL,
    created_at DATETIME NOT NULL
);

CREATE TABLE log_entries (
    id      BLOB     NOT NULL PRIMARY KEY,
    user_id BLOB     NOT NULL,
    action  TEXT     NOT NULL,
    data    TEXT     NOT NULL,
    at      DATETIME NOT NULL
);
CREATE INDEX log_entries_at ON log_entries (at, id);

-- One row for each action and hour.
CREATE TABLE log_hours (
    hour       DATETIME NOT NULL,
    action     TEXT     NOT NULL,
    entries    INTEGER  NOT NULL,
    PRIMARY KEY (hour, action)
);

CREATE TABLE stock_movements (
    id         BLOB     NOT NULL PRIMARY KEY,
    product_id BLOB     NOT NULL,
    delta      INTEGER  NOT NULL,
    invoice_id BLOB     NOT NULL,
    at         DATETIME NOT NULL
);
CREATE INDEX stock_movements_product ON stock_movements (product_id, id);

CREATE TABLE money_movements (
    id         BLOB     NOT NULL PRIMARY KEY,
    invoice_id BLOB     NOT NULL REFERENCES invoices (id),
    receivable INTEGER  NOT NULL,
    cash       INTEGER  NOT NULL,
    at         DATETIME NOT NULL
);
CREATE INDEX money_movements_invoice ON money_movements (invoice_id);

-- What the payment provider has of a payment.
CREATE TABLE charges (
    id         BLOB     NOT NULL PRIMARY KEY,
    invoice_id BLOB     NOT NULL,
    amount     INTEGER  NOT NULL,
    currency   TEXT     NOT NULL,
    outcome    TEXT     NOT NULL,
    created_at DATETIME NOT NULL
);

CREATE TABLE orders (
    id         BLOB     NOT NULL PRIMARY KEY,
    invoice_id BLOB     NOT NULL UNIQUE,
    user_id    BLOB     NOT NULL,
    state      TEXT     NOT NULL,
    lines      TEXT     NOT NULL,
    total      INTEGER  NOT NULL,
    currency   TEXT     NOT NULL,
    created_at DATETIME NOT NULL
);
CREATE INDEX orders_user ON orders (user_id, id);
CREATE INDEX orders_state ON orders (state, id);

CREATE TABLE emails (
    id         BLOB     NOT NULL PRIMARY KEY,
    user_id    BLOB     NOT NULL,
    subject    TEXT     NOT NULL,
    text_body  TEXT     NOT NULL,
    html_body  TEXT     NOT NULL,
    status     TEXT     NOT NULL,
    created_at DATETIME NOT NULL
);
CREATE INDEX emails_queued ON emails (created_at) WHERE status = 'queued';
