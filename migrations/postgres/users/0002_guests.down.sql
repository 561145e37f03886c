-- The release before has no guests.
DELETE FROM users WHERE guest;
DROP INDEX users_accounts_idx;
DROP INDEX users_guests_idx;
ALTER TABLE users DROP COLUMN merged_into;
ALTER TABLE users DROP COLUMN guest;
