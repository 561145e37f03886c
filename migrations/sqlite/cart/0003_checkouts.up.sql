-- A merge with a guest's cart may fill more places than adding does. SQLite changes
-- no check in place.
CREATE TABLE cart_items_wider (
    id         BLOB     NOT NULL PRIMARY KEY,
    user_id    BLOB     NOT NULL,
    product_id BLOB     NOT NULL,
    -- Each place in a cart is taken once, which is what bounds it however many
    -- requests add at the same time.
    slot       INTEGER  NOT NULL CHECK (slot BETWEEN 1 AND 1000),
    -- What the product was priced in when it was added: a cart holds one currency.
    currency   TEXT     NOT NULL CHECK (length(currency) = 3),
    quantity   INTEGER  NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
    version    INTEGER  NOT NULL CHECK (version > 0),
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
) WITHOUT ROWID;
INSERT INTO cart_items_wider SELECT id, user_id, product_id, slot, currency, quantity, version, created_at, updated_at
  FROM cart_items;
DROP TABLE cart_items;
ALTER TABLE cart_items_wider RENAME TO cart_items;
CREATE UNIQUE INDEX cart_items_user_id_product_id_key ON cart_items (user_id, product_id);
CREATE UNIQUE INDEX cart_items_user_id_slot_key ON cart_items (user_id, slot);

-- How the total comes about, until when to pay, which discount it has; NULL in
-- what an earlier release has started.
ALTER TABLE checkouts ADD COLUMN terms TEXT;
-- Who buys and where it goes: only until the invoice has it.
ALTER TABLE checkouts ADD COLUMN buyer TEXT;
-- Tells a repeat of the request from another one with its key.
ALTER TABLE checkouts ADD COLUMN fingerprint TEXT;
-- The invoice's number.
ALTER TABLE checkouts ADD COLUMN number TEXT NOT NULL DEFAULT '';
-- What becomes of the reserved stock: commit and release are decided and not yet
-- done. It is looked at again at settle_at, NULL when there is nothing to do.
ALTER TABLE checkouts ADD COLUMN settlement TEXT NOT NULL DEFAULT 'unsettled'
    CONSTRAINT checkouts_settlement_check CHECK (settlement IN ('unsettled', 'commit', 'committed', 'release', 'released'));
ALTER TABLE checkouts ADD COLUMN settle_at DATETIME;
CREATE INDEX checkouts_settle_at_idx ON checkouts (settle_at) WHERE settle_at IS NOT NULL AND state = 'done';

-- Codes that take something off a checkout.
CREATE TABLE discounts (
    id                BLOB     NOT NULL PRIMARY KEY,
    code              TEXT     NOT NULL,
    -- The code in lower case.
    code_folded       TEXT     NOT NULL,
    -- Either a percentage in hundredths or an amount in minor units; 0 is none.
    basis_points      INTEGER  NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
    amount            INTEGER  NOT NULL CHECK (amount >= 0),
    min_subtotal      INTEGER  NOT NULL CHECK (min_subtotal >= 0),
    -- That of amount and min_subtotal; NULL without either.
    currency          TEXT     CHECK (length(currency) = 3),
    -- Half-open; NULL is no bound.
    valid_from        DATETIME,
    valid_until       DATETIME,
    -- 0 is no limit.
    max_uses          INTEGER  NOT NULL CHECK (max_uses >= 0),
    max_uses_per_user INTEGER  NOT NULL CHECK (max_uses_per_user >= 0),
    uses              INTEGER  NOT NULL CHECK (uses >= 0),
    version           INTEGER  NOT NULL CHECK (version > 0),
    created_at        DATETIME NOT NULL,
    updated_at        DATETIME NOT NULL,
    CONSTRAINT discounts_worth_check CHECK ((basis_points > 0) <> (amount > 0))
) WITHOUT ROWID;
CREATE UNIQUE INDEX discounts_code_folded_key ON discounts (code_folded);

-- Which checkouts have a use of a discount. A use that is given back is gone.
CREATE TABLE discount_uses (
    checkout_id BLOB NOT NULL PRIMARY KEY,
    discount_id BLOB NOT NULL,
    user_id     BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX discount_uses_discount_id_user_id_idx ON discount_uses (discount_id, user_id);
