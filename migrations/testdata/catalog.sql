-- Two products that are sold, one that is sold out, and one that was deleted,
-- whose SKU another one has now.
INSERT INTO products (id, sku, name, sort_name, description, price_minor, currency, category, attributes, images, version, created_at, updated_at, deleted_at) VALUES
    (uuid '01900000-0003-7000-8000-000000000001', 'MUG-01', 'Blue mug', 'blue mug', 'Holds 0.3 l', 1250, 'EUR', 'kitchen',
     '{"colour": "blue"}', '["https://shop.example.com/mug.jpg"]', 3, timestamptz '2025-12-29 09:00:00Z', timestamptz '2026-01-03 09:00:00Z', NULL),
    (uuid '01900000-0003-7000-8000-000000000002', 'TEA-02', 'Green tea', 'green tea', '', 499, 'EUR', 'tea',
     '{}', '[]', 1, timestamptz '2025-12-29 09:01:00Z', timestamptz '2025-12-29 09:01:00Z', NULL),
    (uuid '01900000-0003-7000-8000-000000000003', 'MUG-01', 'Old mug', 'old mug', '', 900, 'EUR', 'kitchen',
     '{}', '[]', 2, timestamptz '2025-12-28 09:00:00Z', timestamptz '2025-12-29 08:59:00Z', timestamptz '2025-12-29 08:59:00Z'),
    (uuid '01900000-0003-7000-8000-000000000004', 'POT-04', 'Tea pot', 'tea pot', '', 3900, 'EUR', 'kitchen',
     '{}', '[]', 1, timestamptz '2025-12-29 09:02:00Z', timestamptz '2025-12-29 09:02:00Z', NULL);

INSERT INTO stock_levels (product_id, quantity, revision) VALUES
    (uuid '01900000-0003-7000-8000-000000000001', 35, 6),
    (uuid '01900000-0003-7000-8000-000000000002', 8, 2),
    (uuid '01900000-0003-7000-8000-000000000003', 5, 0),
    (uuid '01900000-0003-7000-8000-000000000004', 0, 0);

-- The references are the checkouts of cart.sql. The third one failed, which gave
-- the stock back.
INSERT INTO stock_movements (id, product_id, delta, reason, reference, at) VALUES
    (uuid '01900000-0004-7000-8000-000000000001', uuid '01900000-0003-7000-8000-000000000001', 40, 'counted', NULL, timestamptz '2025-12-29 09:00:00Z'),
    (uuid '01900000-0004-7000-8000-000000000002', uuid '01900000-0003-7000-8000-000000000002', 10, 'counted', NULL, timestamptz '2025-12-29 09:01:00Z'),
    (uuid '01900000-0004-7000-8000-000000000003', uuid '01900000-0003-7000-8000-000000000003', 5, 'counted', NULL, timestamptz '2025-12-28 09:00:00Z'),
    (uuid '01900000-0004-7000-8000-000000000004', uuid '01900000-0003-7000-8000-000000000001', -2, 'reserved', uuid '01900000-0006-7000-8000-000000000001', timestamptz '2026-01-05 09:59:00Z'),
    (uuid '01900000-0004-7000-8000-000000000005', uuid '01900000-0003-7000-8000-000000000001', -3, 'reserved', uuid '01900000-0006-7000-8000-000000000003', timestamptz '2026-02-02 08:59:00Z'),
    (uuid '01900000-0004-7000-8000-000000000006', uuid '01900000-0003-7000-8000-000000000001', 3, 'released', uuid '01900000-0006-7000-8000-000000000003', timestamptz '2026-02-02 08:59:01Z'),
    (uuid '01900000-0004-7000-8000-000000000007', uuid '01900000-0003-7000-8000-000000000001', -1, 'reserved', uuid '01900000-0006-7000-8000-000000000002', timestamptz '2026-02-02 09:00:00Z'),
    (uuid '01900000-0004-7000-8000-000000000008', uuid '01900000-0003-7000-8000-000000000001', -1, 'reserved', uuid '01900000-0006-7000-8000-000000000005', timestamptz '2026-02-02 11:57:59Z'),
    (uuid '01900000-0004-7000-8000-000000000009', uuid '01900000-0003-7000-8000-000000000002', -1, 'reserved', uuid '01900000-0006-7000-8000-000000000005', timestamptz '2026-02-02 11:57:59Z'),
    (uuid '01900000-0004-7000-8000-00000000000a', uuid '01900000-0003-7000-8000-000000000001', -1, 'reserved', uuid '01900000-0006-7000-8000-000000000004', timestamptz '2026-02-02 11:59:50Z'),
    (uuid '01900000-0004-7000-8000-00000000000b', uuid '01900000-0003-7000-8000-000000000002', -1, 'reserved', uuid '01900000-0006-7000-8000-000000000004', timestamptz '2026-02-02 11:59:50Z');
