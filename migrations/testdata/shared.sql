-- Rows of the tables that several modules have. A module takes those whose
-- tables its first release had. The second group of an identifier says of what it
-- is: 0001 users, 0003 products, 0006 checkouts, 0007 invoices, 0009 payments.
INSERT INTO outbox (id, name, version, key, payload, trace_parent, created_at) VALUES
    (uuid '01900000-000c-7000-8000-000000000001', 'users.registered', 1, 'user_01j0000001e008000000000001', '{"user_id":"user_01j0000001e008000000000001"}', '', timestamptz '2026-01-02 09:00:00Z'),
    (uuid '01900000-000c-7000-8000-000000000002', 'users.removed', 1, 'user_01j0000001e008000000000009', '{"user_id":"user_01j0000001e008000000000009"}', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', timestamptz '2026-01-02 09:00:01.25Z');
INSERT INTO outbox_cursors (subscriber, seq, updated_at) VALUES ('email', 1, timestamptz '2026-01-02 09:00:02Z');
INSERT INTO outbox_failures (subscriber, seq, event_id, key, attempts, next_at, error, dead) VALUES
    ('email', 1, uuid '01900000-000c-7000-8000-000000000001', 'user_01j0000001e008000000000001', 3, NULL, 'no such user', true);
INSERT INTO inbox (event_id, handled_at) VALUES (uuid '01900000-000c-7000-8000-000000000003', timestamptz '2026-01-02 09:00:03Z');
INSERT INTO idempotency_keys (scope, key, fingerprint, result, created_at) VALUES
    ('user_01j0000001e008000000000001 stats.Record', 'k1', '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', '{"ids":[]}', timestamptz '2026-02-02 11:00:00Z');
