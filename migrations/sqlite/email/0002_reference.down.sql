DROP INDEX emails_reference_created_at_id_idx;
DROP INDEX emails_occasion_key;
ALTER TABLE emails DROP COLUMN occasion;
ALTER TABLE emails DROP COLUMN reference;
