DROP TABLE discount_uses;
DROP TABLE discounts;
DROP INDEX checkouts_settle_at_idx;
ALTER TABLE checkouts DROP COLUMN settle_at;
ALTER TABLE checkouts DROP COLUMN settlement;
ALTER TABLE checkouts DROP COLUMN number;
ALTER TABLE checkouts DROP COLUMN fingerprint;
ALTER TABLE checkouts DROP COLUMN buyer;
ALTER TABLE checkouts DROP COLUMN terms;
CREATE TABLE cart_items_before (
    id         BLOB     NOT NULL PRIMARY KEY,
    user_id    BLOB     NOT NULL,
    product_id BLOB     NOT NULL,
    -- Each place in a cart is taken once, which is what bounds it however many
    -- requests add at the same time.
    slot       INTEGER  NOT NULL CHECK (slot BETWEEN 1 AND 100),
    -- What the product was priced in when it was added: a cart holds one currency.
    currency   TEXT     NOT NULL CHECK (length(currency) = 3),
    quantity   INTEGER  NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
    version    INTEGER  NOT NULL CHECK (version > 0),
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
) WITHOUT ROWID;
INSERT INTO cart_items_before SELECT id, user_id, product_id, slot, currency, quantity, version, created_at, updated_at
  FROM cart_items WHERE slot <= 100;
DROP TABLE cart_items;
ALTER TABLE cart_items_before RENAME TO cart_items;
CREATE UNIQUE INDEX cart_items_user_id_product_id_key ON cart_items (user_id, product_id);
CREATE UNIQUE INDEX cart_items_user_id_slot_key ON cart_items (user_id, slot);
