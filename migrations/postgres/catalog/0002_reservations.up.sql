-- A reservation of stock by a checkout. What it took is in stock_movements; the
-- row says what has become of it. Rows that the release before has written are
-- movements alone.
CREATE TABLE reservations (
    reference  uuid        PRIMARY KEY,
    state      text        NOT NULL CHECK (state IN ('reserved', 'committed', 'released', 'expired', 'returned')),
    -- When the stock goes back unless it was sold; NULL is never.
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX reservations_expires_at_idx ON reservations (expires_at) WHERE state = 'reserved';

-- Why an administrator restocked, in words.
ALTER TABLE stock_movements ADD COLUMN note text NOT NULL DEFAULT '';
ALTER TABLE stock_movements DROP CONSTRAINT stock_movements_reason_check;
ALTER TABLE stock_movements ADD CONSTRAINT stock_movements_reason_check
    CHECK (reason IN ('counted', 'restocked', 'reserved', 'released', 'retaken', 'returned'));
ALTER TABLE stock_movements DROP CONSTRAINT stock_movements_check;
ALTER TABLE stock_movements ADD CONSTRAINT stock_movements_check
    CHECK ((reason IN ('counted', 'restocked')) = (reference IS NULL));
