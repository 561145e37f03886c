CREATE TABLE database_identity (
    singleton boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    id        blob    NOT NULL CHECK (length(id) = 16),
    epoch     integer NOT NULL DEFAULT 1
);

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

CREATE TABLE products (
    id          BLOB    PRIMARY KEY,
    sku         TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    -- The name in lower case, in an order that is the same on every server.
    sort_name   TEXT    NOT NULL,
    description TEXT    NOT NULL,
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    currency    TEXT    NOT NULL CHECK (length(currency) = 3),
    category    TEXT    NOT NULL,
    attributes  TEXT    NOT NULL,
    images      TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version > 0),
    created_at  DATETIME NOT NULL,
    updated_at  DATETIME NOT NULL,
    deleted_at  DATETIME
);
CREATE UNIQUE INDEX products_sku_key ON products (sku) WHERE deleted_at IS NULL;
CREATE INDEX products_id_idx ON products (id) WHERE deleted_at IS NULL;
CREATE INDEX products_name_idx ON products (sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX products_price_idx ON products (price_minor, id) WHERE deleted_at IS NULL;
CREATE INDEX products_category_idx ON products (category, id) WHERE deleted_at IS NULL;
CREATE INDEX products_category_name_idx ON products (category, sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX products_category_price_idx ON products (category, price_minor, id) WHERE deleted_at IS NULL;
CREATE INDEX products_updated_at_idx ON products (updated_at);

CREATE VIRTUAL TABLE products_search USING fts5 (
    name, sku, category, description,
    content = 'products', tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3'
);
CREATE TRIGGER products_search_insert AFTER INSERT ON products BEGIN
    INSERT INTO products_search (rowid, name, sku, category, description)
    VALUES (new.rowid, new.name, new.sku, new.category, new.description);
END;
CREATE TRIGGER products_search_delete AFTER DELETE ON products BEGIN
    INSERT INTO products_search (products_search, rowid, name, sku, category, description)
    VALUES ('delete', old.rowid, old.name, old.sku, old.category, old.description);
END;
CREATE TRIGGER products_search_update AFTER UPDATE OF name, sku, category, description ON products BEGIN
    INSERT INTO products_search (products_search, rowid, name, sku, category, description)
    VALUES ('delete', old.rowid, old.name, old.sku, old.category, old.description);
    INSERT INTO products_search (rowid, name, sku, category, description)
    VALUES (new.rowid, new.name, new.sku, new.category, new.description);
END;

-- The level stands apart from the product: it changes with every sale.
CREATE TABLE stock_levels (
    product_id BLOB    PRIMARY KEY REFERENCES products (id),
    quantity   INTEGER NOT NULL CHECK (quantity >= 0),
    -- Counts the changes of the level.
    revision   INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Every change of a level, append-only: the sum of a product's deltas is its
-- level.
CREATE TABLE stock_movements (
    id         BLOB     PRIMARY KEY,
    product_id BLOB     NOT NULL REFERENCES products (id),
    delta      INTEGER  NOT NULL,
    reason     TEXT     NOT NULL CHECK (reason IN ('counted', 'reserved', 'released')),
    -- The checkout that took or gave back; NULL for a count.
    reference  BLOB,
    at         DATETIME NOT NULL,
    CHECK ((reason = 'counted') = (reference IS NULL))
);
CREATE UNIQUE INDEX stock_movements_reference_key ON stock_movements (reference, product_id, reason) WHERE reference IS NOT NULL;
CREATE INDEX stock_movements_product_id_idx ON stock_movements (product_id, id);
CREATE INDEX stock_movements_at_idx ON stock_movements (at);
