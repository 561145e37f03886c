-- An administrator, a customer who is signed in twice, and one who has yet to
-- prove his address.
INSERT INTO users (id, email, email_key, name, search_text, role, verified, password_hash, password_version, version, created_at, updated_at) VALUES
    (uuid '01900000-0001-7000-8000-000000000001', 'Ada@Example.com', 'ada@example.com', 'Ada', 'ada ada@example.com', 'customer', true,
     '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g', 2, 4, timestamptz '2025-12-30 08:00:00Z', timestamptz '2026-01-02 09:00:00.5Z'),
    (uuid '01900000-0001-7000-8000-000000000002', 'admin@localhost', 'admin@localhost', 'Administrator', 'administrator admin@localhost', 'administrator', true,
     '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g', 1, 1, timestamptz '2025-12-29 08:00:00Z', timestamptz '2025-12-29 08:00:00Z'),
    (uuid '01900000-0001-7000-8000-000000000003', 'ben@example.com', 'ben@example.com', 'Ben', 'ben ben@example.com', 'customer', false,
     '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g', 1, 1, timestamptz '2026-01-06 10:00:00Z', timestamptz '2026-01-06 10:00:00Z');

-- The hashes of 32 times "1" (the test signs in with it), "2" and "3".
INSERT INTO sessions (token_hash, id, user_id, created_at, expires_at) VALUES
    (bytea '\x8a83665f3798727f14f92ad0e6c99fdab08ee731d6cd644c131223fd2f4fed2a', uuid '01900000-0002-7000-8000-000000000001', uuid '01900000-0001-7000-8000-000000000001', timestamptz '2026-01-30 08:00:00Z', timestamptz '2026-03-01 08:00:00Z'),
    (bytea '\x0d6ba19b62531ccb0deb8804313eca283c69560f66f1b7b8a2c1592ae8c35c6b', uuid '01900000-0002-7000-8000-000000000002', uuid '01900000-0001-7000-8000-000000000001', timestamptz '2025-12-30 08:00:00Z', timestamptz '2026-01-29 08:00:00Z'),
    (bytea '\xdeb0e38ced1e41de6f92e70e80c418d2d356afaaa99e26f5939dbc7d3ef4772a', uuid '01900000-0002-7000-8000-000000000003', uuid '01900000-0001-7000-8000-000000000002', timestamptz '2026-02-01 08:00:00Z', timestamptz '2026-03-03 08:00:00Z');

INSERT INTO tokens (token_hash, user_id, purpose, email_key, expires_at) VALUES
    (bytea '\xca02a7bbd898b4cdf99e60c923abcf116f3cc8224a790f395c36953f207cf09a', uuid '01900000-0001-7000-8000-000000000003', 'verification', 'ben@example.com', timestamptz '2026-02-03 10:00:00Z');

INSERT INTO sign_in_failures (account, address, failed_at) VALUES
    (bytea '\x0d6ba19b62531ccb0deb8804313eca283c69560f66f1b7b8a2c1592ae8c35c6b', '192.0.2.7', timestamptz '2026-02-02 11:50:00Z');
