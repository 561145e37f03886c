DROP TABLE idempotency_keys;
DROP TABLE inbox;
DROP TABLE outbox_failures;
DROP TABLE outbox_cursors;
DROP TABLE outbox;
DROP TABLE database_identity;
DROP TABLE email_attempts;
DROP TABLE emails;
