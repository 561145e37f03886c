-- What was given back and taken again is as if it had never been given back.
DELETE FROM stock_movements AS m WHERE m.reason = 'released' AND EXISTS (
    SELECT 1 FROM stock_movements r
     WHERE r.reference = m.reference AND r.product_id = m.product_id AND r.reason = 'retaken');
DELETE FROM stock_movements WHERE reason = 'retaken';
UPDATE stock_movements SET reason = 'released' WHERE reason = 'returned';
UPDATE stock_movements SET reason = 'counted' WHERE reason = 'restocked';
ALTER TABLE stock_movements DROP CONSTRAINT stock_movements_check;
ALTER TABLE stock_movements ADD CONSTRAINT stock_movements_check CHECK ((reason = 'counted') = (reference IS NULL));
ALTER TABLE stock_movements DROP CONSTRAINT stock_movements_reason_check;
ALTER TABLE stock_movements ADD CONSTRAINT stock_movements_reason_check CHECK (reason IN ('counted', 'reserved', 'released'));
ALTER TABLE stock_movements DROP COLUMN note;
DROP TABLE reservations;
