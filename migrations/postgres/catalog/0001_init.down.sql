DROP TABLE stock_movements;
DROP TABLE stock_levels;
DROP TABLE products;
DROP TABLE outbox_failures;
DROP TABLE outbox_cursors;
DROP TABLE outbox;
DROP TABLE idempotency_keys;
DROP TABLE database_identity;
