-- Ada's cart, and Ben's with the last place taken.
INSERT INTO cart_items (id, user_id, product_id, slot, currency, quantity, version, created_at, updated_at) VALUES
    (uuid '01900000-0005-7000-8000-000000000001', uuid '01900000-0001-7000-8000-000000000001', uuid '01900000-0003-7000-8000-000000000002', 1, 'EUR', 3, 2, timestamptz '2026-02-01 10:00:00Z', timestamptz '2026-02-01 10:05:00Z'),
    (uuid '01900000-0005-7000-8000-000000000002', uuid '01900000-0001-7000-8000-000000000001', uuid '01900000-0003-7000-8000-000000000004', 2, 'EUR', 10000, 1, timestamptz '2026-02-01 10:01:00Z', timestamptz '2026-02-01 10:01:00Z'),
    (uuid '01900000-0005-7000-8000-000000000003', uuid '01900000-0001-7000-8000-000000000003', uuid '01900000-0003-7000-8000-000000000001', 1, 'EUR', 1, 1, timestamptz '2026-02-02 11:50:00Z', timestamptz '2026-02-02 11:50:00Z'),
    (uuid '01900000-0005-7000-8000-000000000004', uuid '01900000-0001-7000-8000-000000000003', uuid '01900000-0003-7000-8000-000000000002', 100, 'EUR', 1, 1, timestamptz '2026-02-02 11:51:00Z', timestamptz '2026-02-02 11:51:00Z');

-- Three checkouts that are done (the invoices of payments.sql: paid, open, and
-- being paid), one that failed and was tried again with its key, and one of Ben's
-- that the old release had in hand when it was stopped.
INSERT INTO checkouts (id, user_id, state, lines, invoice_id, scope, key, claims, held_until, due_at, created_at, updated_at) VALUES
    (uuid '01900000-0006-7000-8000-000000000001', uuid '01900000-0001-7000-8000-000000000001', 'done',
     '[{"item_id":"cart_01j0000005e008000000000006","version":1,"product_id":"prod_01j0000003e008000000000001","name":"Blue mug","quantity":2,"unit_price":{"amount":1250,"currency":"EUR"}}]',
     uuid '01900000-0007-7000-8000-000000000001', NULL, NULL, 1, timestamptz '2026-01-05 09:59:20Z', timestamptz '2026-01-05 09:59:20Z', timestamptz '2026-01-05 09:59:00Z', timestamptz '2026-01-05 09:59:01Z'),
    (uuid '01900000-0006-7000-8000-000000000003', uuid '01900000-0001-7000-8000-000000000001', 'failed',
     '[{"item_id":"cart_01j0000005e008000000000007","version":1,"product_id":"prod_01j0000003e008000000000001","name":"Blue mug","quantity":3,"unit_price":{"amount":1250,"currency":"EUR"}}]',
     NULL, 'user_01j0000001e008000000000001 cart.Checkout', 'k2', 2, timestamptz '2026-02-02 08:59:20Z', timestamptz '2026-02-02 08:59:20Z', timestamptz '2026-02-02 08:59:00Z', timestamptz '2026-02-02 08:59:01Z'),
    (uuid '01900000-0006-7000-8000-000000000002', uuid '01900000-0001-7000-8000-000000000001', 'done',
     '[{"item_id":"cart_01j0000005e008000000000007","version":2,"product_id":"prod_01j0000003e008000000000001","name":"Blue mug","quantity":1,"unit_price":{"amount":1250,"currency":"EUR"}}]',
     uuid '01900000-0007-7000-8000-000000000002', 'user_01j0000001e008000000000001 cart.Checkout', 'k2', 1, timestamptz '2026-02-02 09:00:20Z', timestamptz '2026-02-02 09:00:20Z', timestamptz '2026-02-02 09:00:00Z', timestamptz '2026-02-02 09:00:01Z'),
    (uuid '01900000-0006-7000-8000-000000000005', uuid '01900000-0001-7000-8000-000000000001', 'done',
     '[{"item_id":"cart_01j0000005e008000000000008","version":1,"product_id":"prod_01j0000003e008000000000001","name":"Blue mug","quantity":1,"unit_price":{"amount":1250,"currency":"EUR"}},{"item_id":"cart_01j0000005e008000000000009","version":1,"product_id":"prod_01j0000003e008000000000002","name":"Green tea","quantity":1,"unit_price":{"amount":499,"currency":"EUR"}}]',
     uuid '01900000-0007-7000-8000-000000000003', NULL, NULL, 1, timestamptz '2026-02-02 11:58:20Z', timestamptz '2026-02-02 11:58:20Z', timestamptz '2026-02-02 11:57:59Z', timestamptz '2026-02-02 11:58:00Z'),
    (uuid '01900000-0006-7000-8000-000000000004', uuid '01900000-0001-7000-8000-000000000003', 'started',
     '[{"item_id":"cart_01j0000005e008000000000003","version":1,"product_id":"prod_01j0000003e008000000000001","name":"Blue mug","quantity":1,"unit_price":{"amount":1250,"currency":"EUR"}},{"item_id":"cart_01j0000005e008000000000004","version":1,"product_id":"prod_01j0000003e008000000000002","name":"Green tea","quantity":1,"unit_price":{"amount":499,"currency":"EUR"}}]',
     NULL, 'user_01j0000001e008000000000003 cart.Checkout', 'k3', 1, timestamptz '2026-02-02 11:59:55Z', timestamptz '2026-02-02 11:59:55Z', timestamptz '2026-02-02 11:59:50Z', timestamptz '2026-02-02 11:59:50Z');
