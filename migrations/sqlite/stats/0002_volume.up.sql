-- How many entries of an action were recorded for an hour: what a summary of a
-- long period reads. It stays when retention deletes the entries. An hour is the
-- microseconds since 1970 at which it begins.
CREATE TABLE log_hours (
    hour    INTEGER NOT NULL,
    action  TEXT    NOT NULL,
    entries INTEGER NOT NULL,
    PRIMARY KEY (hour, action)
) WITHOUT ROWID;
CREATE INDEX log_hours_action_hour_idx ON log_hours (action, hour);
INSERT INTO log_hours (hour, action, entries)
SELECT at - at % 3600000000, action, count(*) FROM log_entries GROUP BY 1, 2;

-- The database itself counts, as it does on PostgreSQL.
CREATE TRIGGER log_entries_count AFTER INSERT ON log_entries
BEGIN
    INSERT INTO log_hours (hour, action, entries) VALUES (NEW.at - NEW.at % 3600000000, NEW.action, 1)
    ON CONFLICT (hour, action) DO UPDATE SET entries = entries + 1;
END;

-- From when on the entries are all there: retention has removed those before.
CREATE TABLE log_retention (
    singleton BOOLEAN NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    kept_from INTEGER NOT NULL
);
INSERT INTO log_retention (kept_from) VALUES (946684800000000);

-- Users who are gone, for as long as an event that names them may still come.
CREATE TABLE removed_users (
    user_id    BLOB     NOT NULL PRIMARY KEY CHECK (length(user_id) = 16),
    removed_at DATETIME NOT NULL
) WITHOUT ROWID;
CREATE INDEX removed_users_removed_at_idx ON removed_users (removed_at);

-- Events of other modules that were handled.
CREATE TABLE inbox (
    event_id   BLOB PRIMARY KEY,
    handled_at DATETIME NOT NULL
) WITHOUT ROWID;
CREATE INDEX inbox_handled_at_idx ON inbox (handled_at);
