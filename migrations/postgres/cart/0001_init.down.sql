DROP TABLE checkouts;
DROP TABLE cart_items;
DROP TABLE idempotency_keys;
DROP TABLE inbox;
DROP TABLE outbox_failures;
DROP TABLE outbox_cursors;
DROP TABLE outbox;
DROP TABLE database_identity;
