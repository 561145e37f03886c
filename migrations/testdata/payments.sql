-- An invoice of the last year, whose payment came with the new one, and seven of
-- the new one: paid (1, 6), open (2), of unknown payment (3), void (4), open after
-- payments that were declined and failed (5), and being paid (7). Two were made at
-- the same moment. They begin as open and change as triggers allow.
INSERT INTO invoices (id, user_id, currency, total, status, version, created_at, updated_at) VALUES
    (uuid '01900000-0007-7000-8000-000000000000', uuid '01900000-0001-7000-8000-000000000001', 'EUR', 2500, 'open', 1, timestamptz '2025-12-31 23:59:59.5Z', timestamptz '2025-12-31 23:59:59.5Z'),
    (uuid '01900000-0007-7000-8000-000000000001', uuid '01900000-0001-7000-8000-000000000001', 'EUR', 2500, 'open', 1, timestamptz '2026-01-05 09:59:01Z', timestamptz '2026-01-05 09:59:01Z'),
    (uuid '01900000-0007-7000-8000-000000000004', uuid '01900000-0001-7000-8000-000000000003', 'EUR', 499, 'open', 1, timestamptz '2026-01-06 11:00:00.000001Z', timestamptz '2026-01-06 11:00:00.000001Z'),
    (uuid '01900000-0007-7000-8000-000000000005', uuid '01900000-0001-7000-8000-000000000001', 'EUR', 1500, 'open', 1, timestamptz '2026-01-06 11:00:00.000001Z', timestamptz '2026-01-06 11:00:00.000001Z'),
    (uuid '01900000-0007-7000-8000-000000000006', uuid '01900000-0001-7000-8000-000000000001', 'EUR', 0, 'open', 1, timestamptz '2026-01-25 12:00:00Z', timestamptz '2026-01-25 12:00:00Z'),
    (uuid '01900000-0007-7000-8000-000000000002', uuid '01900000-0001-7000-8000-000000000001', 'EUR', 1250, 'open', 1, timestamptz '2026-02-02 09:00:01Z', timestamptz '2026-02-02 09:00:01Z'),
    (uuid '01900000-0007-7000-8000-000000000003', uuid '01900000-0001-7000-8000-000000000001', 'EUR', 1749, 'open', 1, timestamptz '2026-02-02 11:58:00Z', timestamptz '2026-02-02 11:58:00Z'),
    (uuid '01900000-0007-7000-8000-000000000007', uuid '01900000-0001-7000-8000-000000000003', 'USD', 999, 'open', 1, timestamptz '2026-02-02 11:59:00Z', timestamptz '2026-02-02 11:59:00Z');

INSERT INTO invoice_lines (invoice_id, id, product_id, description, quantity, unit_price, line_total) VALUES
    (uuid '01900000-0007-7000-8000-000000000000', uuid '01900000-0008-7000-8000-000000000001', uuid '01900000-0003-7000-8000-000000000001', 'Blue mug', 2, 1250, 2500),
    (uuid '01900000-0007-7000-8000-000000000001', uuid '01900000-0008-7000-8000-000000000002', uuid '01900000-0003-7000-8000-000000000001', 'Blue mug', 2, 1250, 2500),
    (uuid '01900000-0007-7000-8000-000000000004', uuid '01900000-0008-7000-8000-000000000003', uuid '01900000-0003-7000-8000-000000000002', 'Green tea', 1, 499, 499),
    (uuid '01900000-0007-7000-8000-000000000005', uuid '01900000-0008-7000-8000-000000000004', NULL, 'Engraving', 3, 500, 1500),
    (uuid '01900000-0007-7000-8000-000000000006', uuid '01900000-0008-7000-8000-000000000005', NULL, 'Gift', 1, 0, 0),
    (uuid '01900000-0007-7000-8000-000000000002', uuid '01900000-0008-7000-8000-000000000006', uuid '01900000-0003-7000-8000-000000000001', 'Blue mug', 1, 1250, 1250),
    (uuid '01900000-0007-7000-8000-000000000003', uuid '01900000-0008-7000-8000-000000000007', uuid '01900000-0003-7000-8000-000000000001', 'Blue mug', 1, 1250, 1250),
    (uuid '01900000-0007-7000-8000-000000000003', uuid '01900000-0008-7000-8000-000000000008', uuid '01900000-0003-7000-8000-000000000002', 'Green tea', 1, 499, 499),
    (uuid '01900000-0007-7000-8000-000000000007', uuid '01900000-0008-7000-8000-000000000009', NULL, 'Workshop', 1, 999, 999);

-- Payments that came to nothing leave their invoice open.
INSERT INTO payments (id, invoice_id, provider, method, amount, currency, state, reference, claims, due_at, created_at, updated_at) VALUES
    (uuid '01900000-0009-7000-8000-000000000001', uuid '01900000-0007-7000-8000-000000000001', 'sandbox', 'pm_declined', 2500, 'EUR', 'pending', '', 1, timestamptz '2026-01-05 09:59:40Z', timestamptz '2026-01-05 09:59:30Z', timestamptz '2026-01-05 09:59:30Z'),
    (uuid '01900000-0009-7000-8000-000000000003', uuid '01900000-0007-7000-8000-000000000005', 'sandbox', 'pm_declined', 1500, 'EUR', 'pending', '', 1, timestamptz '2026-01-07 10:00:10Z', timestamptz '2026-01-07 10:00:00Z', timestamptz '2026-01-07 10:00:00Z');
UPDATE payments SET state = 'declined', updated_at = timestamptz '2026-01-07 10:00:01Z';
INSERT INTO payments (id, invoice_id, provider, method, amount, currency, state, reference, claims, due_at, created_at, updated_at) VALUES
    (uuid '01900000-0009-7000-8000-000000000004', uuid '01900000-0007-7000-8000-000000000005', 'sandbox', 'pm_flaky', 1500, 'EUR', 'pending', '', 1, timestamptz '2026-01-07 10:05:10Z', timestamptz '2026-01-07 10:05:00Z', timestamptz '2026-01-07 10:05:00Z');
UPDATE payments SET state = 'failed', updated_at = timestamptz '2026-01-07 10:05:01Z' WHERE state = 'pending';

UPDATE invoices SET status = 'void', version = 2, updated_at = timestamptz '2026-01-08 10:00:00Z' WHERE total = 499;

-- Those that went well: the last year's, the first one's second, and one of nothing.
UPDATE invoices SET status = 'paying', version = 2 WHERE total IN (0, 2500);
INSERT INTO payments (id, invoice_id, provider, method, amount, currency, state, reference, claims, due_at, created_at, updated_at) VALUES
    (uuid '01900000-0009-7000-8000-000000000000', uuid '01900000-0007-7000-8000-000000000000', 'sandbox', 'pm_ok', 2500, 'EUR', 'pending', '', 1, timestamptz '2026-01-01 00:00:09Z', timestamptz '2025-12-31 23:59:59.75Z', timestamptz '2025-12-31 23:59:59.75Z'),
    (uuid '01900000-0009-7000-8000-000000000002', uuid '01900000-0007-7000-8000-000000000001', 'sandbox', 'pm_ok', 2500, 'EUR', 'pending', '', 1, timestamptz '2026-01-05 10:00:10Z', timestamptz '2026-01-05 10:00:00Z', timestamptz '2026-01-05 10:00:00Z'),
    (uuid '01900000-0009-7000-8000-000000000005', uuid '01900000-0007-7000-8000-000000000006', 'sandbox', 'pm_ok', 0, 'EUR', 'pending', '', 1, timestamptz '2026-01-25 12:00:12Z', timestamptz '2026-01-25 12:00:02Z', timestamptz '2026-01-25 12:00:02Z');
UPDATE payments SET state = 'succeeded', reference = 'sandbox_pay_01j0000009e008000000000000', updated_at = timestamptz '2026-01-01 00:00:00.25Z' WHERE id = uuid '01900000-0009-7000-8000-000000000000';
UPDATE payments SET state = 'succeeded', reference = 'sandbox_pay_01j0000009e008000000000002', updated_at = timestamptz '2026-01-05 10:00:01Z' WHERE id = uuid '01900000-0009-7000-8000-000000000002';
UPDATE payments SET state = 'succeeded', reference = 'sandbox_pay_01j0000009e008000000000005', updated_at = timestamptz '2026-01-25 12:00:03Z' WHERE id = uuid '01900000-0009-7000-8000-000000000005';
UPDATE invoices SET status = 'paid', version = 3, paid_at = timestamptz '2026-01-01 00:00:00.25Z', updated_at = timestamptz '2026-01-01 00:00:00.25Z' WHERE id = uuid '01900000-0007-7000-8000-000000000000';
UPDATE invoices SET status = 'paid', version = 3, paid_at = timestamptz '2026-01-05 10:00:01Z', updated_at = timestamptz '2026-01-05 10:00:01Z' WHERE id = uuid '01900000-0007-7000-8000-000000000001';
UPDATE invoices SET status = 'paid', version = 3, paid_at = timestamptz '2026-01-25 12:00:03Z', updated_at = timestamptz '2026-01-25 12:00:03Z' WHERE id = uuid '01900000-0007-7000-8000-000000000006';

-- Those without an outcome: an answer was lost, and a process was stopped before
-- it asked for the money.
UPDATE invoices SET status = 'paying', version = 2, updated_at = timestamptz '2026-02-02 11:59:40Z' WHERE total IN (999, 1749);
INSERT INTO payments (id, invoice_id, provider, method, amount, currency, state, reference, claims, due_at, created_at, updated_at) VALUES
    (uuid '01900000-0009-7000-8000-000000000006', uuid '01900000-0007-7000-8000-000000000003', 'sandbox', 'pm_timeout', 1749, 'EUR', 'pending', '', 1, timestamptz '2026-02-02 11:59:50Z', timestamptz '2026-02-02 11:59:40Z', timestamptz '2026-02-02 11:59:40Z'),
    (uuid '01900000-0009-7000-8000-000000000007', uuid '01900000-0007-7000-8000-000000000007', 'sandbox', 'pm_ok', 999, 'USD', 'pending', '', 1, timestamptz '2026-02-02 11:59:50Z', timestamptz '2026-02-02 11:59:40Z', timestamptz '2026-02-02 11:59:40Z');
UPDATE payments SET state = 'unknown' WHERE method = 'pm_timeout';

INSERT INTO sandbox_charges (idempotency_key, invoice, amount, currency, method, outcome, calls, created_at) VALUES
    ('pay_01j0000009e008000000000000', 'inv_01j0000007e008000000000000', 2500, 'EUR', 'pm_ok', 'succeeded', 1, timestamptz '2026-01-01 00:00:00Z'),
    ('pay_01j0000009e008000000000001', 'inv_01j0000007e008000000000001', 2500, 'EUR', 'pm_declined', 'declined', 1, timestamptz '2026-01-05 09:59:30Z'),
    ('pay_01j0000009e008000000000002', 'inv_01j0000007e008000000000001', 2500, 'EUR', 'pm_ok', 'succeeded', 1, timestamptz '2026-01-05 10:00:00Z'),
    ('pay_01j0000009e008000000000003', 'inv_01j0000007e008000000000005', 1500, 'EUR', 'pm_declined', 'declined', 1, timestamptz '2026-01-07 10:00:00Z'),
    ('pay_01j0000009e008000000000004', 'inv_01j0000007e008000000000005', 1500, 'EUR', 'pm_flaky', 'unreached', 1, timestamptz '2026-01-07 10:05:00Z'),
    ('pay_01j0000009e008000000000005', 'inv_01j0000007e008000000000006', 0, 'EUR', 'pm_ok', 'succeeded', 1, timestamptz '2026-01-25 12:00:02Z'),
    ('pay_01j0000009e008000000000006', 'inv_01j0000007e008000000000003', 1749, 'EUR', 'pm_timeout', 'succeeded', 1, timestamptz '2026-02-02 11:59:41Z');
