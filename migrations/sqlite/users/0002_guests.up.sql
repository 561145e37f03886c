-- Guests: visitors with a session and neither address nor password. Their role
-- stays customer and their email_key is no address, so that the release before
-- reads them as customers whom nobody can sign in as. merged_into is the account
-- that a guest signed in to.
ALTER TABLE users ADD COLUMN guest BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE users ADD COLUMN merged_into BLOB;
CREATE INDEX users_guests_idx ON users (id) WHERE guest;
CREATE INDEX users_accounts_idx ON users (id) WHERE NOT guest;
