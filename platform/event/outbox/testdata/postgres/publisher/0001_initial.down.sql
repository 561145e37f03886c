DROP TABLE effects;
DROP TABLE inbox;
DROP TABLE outbox_failures;
DROP TABLE outbox_cursors;
DROP TABLE outbox;
DROP TABLE database_identity;
