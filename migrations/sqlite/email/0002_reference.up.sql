-- reference names what an e-mail is about: an invoice. occasion names what called
-- for one that the shop writes by itself and that must be there once only, such
-- as "receipt inv_…"; the release before leaves it NULL.
ALTER TABLE emails ADD COLUMN reference TEXT NOT NULL DEFAULT '';
ALTER TABLE emails ADD COLUMN occasion TEXT;
CREATE UNIQUE INDEX emails_occasion_key ON emails (occasion);
CREATE INDEX emails_reference_created_at_id_idx ON emails (reference, created_at, id) WHERE reference <> '';
