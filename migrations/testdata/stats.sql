-- From the oldest moment that may be recorded on; of the last second of an hour
-- and the first one of the next, which is a day's, too.
INSERT INTO log_entries (id, user_id, action, data, at) VALUES
    (uuid '01900000-000b-7000-8000-000000000001', NULL, 'opened', NULL, timestamptz '2000-01-01 00:00:00Z'),
    (uuid '01900000-000b-7000-8000-000000000002', uuid '01900000-0001-7000-8000-000000000001', 'viewed', '{"product":"MUG-01","price":12.50}', timestamptz '2026-01-04 23:00:00Z'),
    (uuid '01900000-000b-7000-8000-000000000003', uuid '01900000-0001-7000-8000-000000000001', 'viewed', '{}', timestamptz '2026-01-04 23:59:59.999999Z'),
    (uuid '01900000-000b-7000-8000-000000000004', uuid '01900000-0001-7000-8000-000000000001', 'bought', NULL, timestamptz '2026-01-04 23:59:59.999999Z'),
    (uuid '01900000-000b-7000-8000-000000000005', uuid '01900000-0001-7000-8000-000000000003', 'viewed', NULL, timestamptz '2026-01-05 00:00:00Z'),
    (uuid '01900000-000b-7000-8000-000000000006', uuid '01900000-0001-7000-8000-000000000001', 'bought', NULL, timestamptz '2026-02-02 11:58:00.25Z'),
    (uuid '01900000-000b-7000-8000-000000000007', uuid '01900000-0001-7000-8000-000000000001', 'bought', NULL, timestamptz '2026-02-02 11:58:00.25Z'),
    (uuid '01900000-000b-7000-8000-000000000008', NULL, 'viewed', NULL, timestamptz '2026-02-02 12:00:00Z');
