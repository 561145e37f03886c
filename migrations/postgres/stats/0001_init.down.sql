DROP TABLE idempotency_keys;
DROP TABLE database_identity;
DROP TABLE log_entries;
