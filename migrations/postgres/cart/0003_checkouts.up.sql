-- A merge with a guest's cart may fill more places than adding does.
ALTER TABLE cart_items DROP CONSTRAINT cart_items_slot_check;
ALTER TABLE cart_items ADD CONSTRAINT cart_items_slot_check CHECK (slot BETWEEN 1 AND 1000);

-- How the total comes about, until when to pay, which discount it has; NULL in
-- what an earlier release has started.
ALTER TABLE checkouts ADD COLUMN terms json;
-- Who buys and where it goes: only until the invoice has it.
ALTER TABLE checkouts ADD COLUMN buyer json;
-- Tells a repeat of the request from another one with its key.
ALTER TABLE checkouts ADD COLUMN fingerprint text;
-- The invoice's number.
ALTER TABLE checkouts ADD COLUMN number text NOT NULL DEFAULT '';
-- What becomes of the reserved stock: commit and release are decided and not yet
-- done. It is looked at again at settle_at, NULL when there is nothing to do.
ALTER TABLE checkouts ADD COLUMN settlement text NOT NULL DEFAULT 'unsettled'
    CONSTRAINT checkouts_settlement_check CHECK (settlement IN ('unsettled', 'commit', 'committed', 'release', 'released'));
ALTER TABLE checkouts ADD COLUMN settle_at timestamptz;
CREATE INDEX checkouts_settle_at_idx ON checkouts (settle_at) WHERE settle_at IS NOT NULL AND state = 'done';

-- Codes that take something off a checkout.
CREATE TABLE discounts (
    id                uuid        PRIMARY KEY,
    code              text        NOT NULL,
    -- The code in lower case.
    code_folded       text        NOT NULL,
    -- Either a percentage in hundredths or an amount in minor units; 0 is none.
    basis_points      bigint      NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
    amount            bigint      NOT NULL CHECK (amount >= 0),
    min_subtotal      bigint      NOT NULL CHECK (min_subtotal >= 0),
    -- That of amount and min_subtotal; NULL without either.
    currency          text        CHECK (length(currency) = 3),
    -- Half-open; NULL is no bound.
    valid_from        timestamptz,
    valid_until       timestamptz,
    -- 0 is no limit.
    max_uses          bigint      NOT NULL CHECK (max_uses >= 0),
    max_uses_per_user bigint      NOT NULL CHECK (max_uses_per_user >= 0),
    uses              bigint      NOT NULL CHECK (uses >= 0),
    version           bigint      NOT NULL CHECK (version > 0),
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    CONSTRAINT discounts_worth_check CHECK ((basis_points > 0) <> (amount > 0))
);
CREATE UNIQUE INDEX discounts_code_folded_key ON discounts (code_folded);

-- Which checkouts have a use of a discount. A use that is given back is gone.
CREATE TABLE discount_uses (
    checkout_id uuid PRIMARY KEY,
    discount_id uuid NOT NULL,
    user_id     uuid NOT NULL
);
CREATE INDEX discount_uses_discount_id_user_id_idx ON discount_uses (discount_id, user_id);
