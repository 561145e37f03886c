DROP TABLE effects;
DROP TABLE idempotency_keys;
DROP TABLE database_identity;
