-- One e-mail that waits, three that were sent and one that was given up. Receipts
-- name their invoice in the text alone.
INSERT INTO emails (id, user_id, recipient, recipient_key, subject, text_body, html_body, template, token_purpose, status, tries, attempts,
    next_attempt_at, sent_at, version, created_at, updated_at) VALUES
    (uuid '01900000-000a-7000-8000-000000000001', uuid '01900000-0001-7000-8000-000000000001', 'Ada@Example.com', 'ada@example.com',
     'Shop: receipt for your payment of 25.00 EUR', 'Hello Ada, we have received your payment of 25.00 EUR on 5 January 2026 for invoice inv_01j0000007e008000000000001.',
     '<p>Hello Ada</p>', 'receipt', '', 'sent', 2, 2, NULL, timestamptz '2026-01-05 10:01:00Z', 4, timestamptz '2026-01-05 10:00:03Z', timestamptz '2026-01-05 10:01:00Z'),
    (uuid '01900000-000a-7000-8000-000000000002', uuid '01900000-0001-7000-8000-000000000001', 'Ada@Example.com', 'ada@example.com',
     'Shop: receipt for your payment of 0.00 EUR', 'Hello Ada, we have received your payment of 0.00 EUR on 25 January 2026 for invoice inv_01j0000007e008000000000006.',
     '', 'receipt', '', 'sent', 1, 1, NULL, timestamptz '2026-01-25 12:00:05Z', 2, timestamptz '2026-01-25 12:00:03Z', timestamptz '2026-01-25 12:00:05Z'),
    (uuid '01900000-000a-7000-8000-000000000003', uuid '01900000-0001-7000-8000-000000000003', 'ben@example.com', 'ben@example.com',
     'Shop: confirm your address', 'Hello Ben', '', 'verification', 'verification', 'queued', 1, 1,
     timestamptz '2026-02-02 12:10:00Z', NULL, 2, timestamptz '2026-02-02 11:59:00Z', timestamptz '2026-02-02 11:59:30Z'),
    (uuid '01900000-000a-7000-8000-000000000004', NULL, 'nobody@invalid.example', 'nobody@invalid.example',
     'Hello', 'Hello', '', '', '', 'dead', 8, 1, NULL, NULL, 9, timestamptz '2025-12-30 10:00:00Z', timestamptz '2025-12-30 20:00:00Z'),
    (uuid '01900000-000a-7000-8000-000000000005', uuid '01900000-0001-7000-8000-000000000001', 'Ada@Example.com', 'ada@example.com',
     'Shop: your invoice', 'Hello Ada, this is your invoice of 2 February 2026, number inv_01j0000007e008000000000002.',
     '', 'invoice', '', 'sent', 1, 1, NULL, timestamptz '2026-02-02 09:00:02Z', 2, timestamptz '2026-02-02 09:00:01Z', timestamptz '2026-02-02 09:00:02Z');

INSERT INTO email_attempts (email_id, number, at, error) VALUES
    (uuid '01900000-000a-7000-8000-000000000001', 1, timestamptz '2026-01-05 10:00:04Z', 'connection refused'),
    (uuid '01900000-000a-7000-8000-000000000001', 2, timestamptz '2026-01-05 10:01:00Z', ''),
    (uuid '01900000-000a-7000-8000-000000000002', 1, timestamptz '2026-01-25 12:00:05Z', ''),
    (uuid '01900000-000a-7000-8000-000000000003', 1, timestamptz '2026-02-02 11:59:30Z', 'mailbox busy'),
    (uuid '01900000-000a-7000-8000-000000000004', 1, timestamptz '2025-12-30 20:00:00Z', 'no such host'),
    (uuid '01900000-000a-7000-8000-000000000005', 1, timestamptz '2026-02-02 09:00:02Z', '');
