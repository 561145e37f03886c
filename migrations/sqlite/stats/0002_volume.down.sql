DROP TABLE inbox;
DROP TABLE removed_users;
DROP TABLE log_retention;
DROP TRIGGER log_entries_count;
DROP TABLE log_hours;
