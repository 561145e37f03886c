-- What was given back and taken again is as if it had never been given back.
DELETE FROM stock_movements WHERE reason = 'released' AND EXISTS (
    SELECT 1 FROM stock_movements r
     WHERE r.reference = stock_movements.reference AND r.product_id = stock_movements.product_id AND r.reason = 'retaken');
DELETE FROM stock_movements WHERE reason = 'retaken';
CREATE TABLE stock_movements_narrow (
    id         BLOB     PRIMARY KEY,
    product_id BLOB     NOT NULL REFERENCES products (id),
    delta      INTEGER  NOT NULL,
    reason     TEXT     NOT NULL CHECK (reason IN ('counted', 'reserved', 'released')),
    -- The checkout that took or gave back; NULL for a count.
    reference  BLOB,
    at         DATETIME NOT NULL,
    CHECK ((reason = 'counted') = (reference IS NULL))
);
INSERT INTO stock_movements_narrow (id, product_id, delta, reason, reference, at)
SELECT id, product_id, delta,
       CASE reason WHEN 'returned' THEN 'released' WHEN 'restocked' THEN 'counted' ELSE reason END,
       reference, at
  FROM stock_movements ORDER BY rowid;
DROP TABLE stock_movements;
ALTER TABLE stock_movements_narrow RENAME TO stock_movements;
CREATE UNIQUE INDEX stock_movements_reference_key ON stock_movements (reference, product_id, reason) WHERE reference IS NOT NULL;
CREATE INDEX stock_movements_product_id_idx ON stock_movements (product_id, id);
CREATE INDEX stock_movements_at_idx ON stock_movements (at);
DROP TABLE reservations;
