-- A reservation of stock by a checkout. What it took is in stock_movements; the
-- row says what has become of it. Rows that the release before has written are
-- movements alone.
CREATE TABLE reservations (
    reference  BLOB     NOT NULL PRIMARY KEY,
    state      TEXT     NOT NULL CHECK (state IN ('reserved', 'committed', 'released', 'expired', 'returned')),
    -- When the stock goes back unless it was sold; NULL is never.
    expires_at DATETIME,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
) WITHOUT ROWID;
CREATE INDEX reservations_expires_at_idx ON reservations (expires_at) WHERE state = 'reserved';

-- SQLite changes a check by making the table anew.
CREATE TABLE stock_movements_wide (
    id         BLOB     PRIMARY KEY,
    product_id BLOB     NOT NULL REFERENCES products (id),
    delta      INTEGER  NOT NULL,
    reason     TEXT     NOT NULL CHECK (reason IN ('counted', 'restocked', 'reserved', 'released', 'retaken', 'returned')),
    -- The checkout that took or gave back; NULL for a count.
    reference  BLOB,
    at         DATETIME NOT NULL,
    -- Why an administrator restocked, in words.
    note       TEXT     NOT NULL DEFAULT '',
    CHECK ((reason IN ('counted', 'restocked')) = (reference IS NULL))
);
INSERT INTO stock_movements_wide (id, product_id, delta, reason, reference, at)
SELECT id, product_id, delta, reason, reference, at FROM stock_movements ORDER BY rowid;
DROP TABLE stock_movements;
ALTER TABLE stock_movements_wide RENAME TO stock_movements;
CREATE UNIQUE INDEX stock_movements_reference_key ON stock_movements (reference, product_id, reason) WHERE reference IS NOT NULL;
CREATE INDEX stock_movements_product_id_idx ON stock_movements (product_id, id);
CREATE INDEX stock_movements_at_idx ON stock_movements (at);
