-- Reads go on while what is there is counted; writes wait.
LOCK TABLE log_entries IN SHARE ROW EXCLUSIVE MODE;

-- How many entries of an action were recorded for an hour: what a summary of a
-- long period reads. It stays when retention drops the entries.
CREATE TABLE log_hours (
    hour    timestamptz      NOT NULL,
    action  text COLLATE "C" NOT NULL,
    entries bigint           NOT NULL,
    PRIMARY KEY (hour, action)
) WITH (fillfactor = 70); -- the rows of the present hour change with every commit
CREATE INDEX log_hours_action_hour_idx ON log_hours (action, hour);
INSERT INTO log_hours (hour, action, entries)
SELECT date_bin('1 hour', at, timestamptz 'epoch'), action, count(*) FROM log_entries GROUP BY 1, 2;

-- The table becomes one of partitions, a day each. What is there becomes the
-- first partition as it is, together with all the past before it: no row is
-- moved. The days from there on get partitions of their own, these by this file,
-- the next ones by the program. There is no default partition, which each new
-- one would have to search.
ALTER TABLE log_entries RENAME TO log_entries_past;
ALTER INDEX log_entries_pkey RENAME TO log_entries_past_pkey;
ALTER INDEX log_entries_action_at_id_idx RENAME TO log_entries_past_action_at_id_idx;
ALTER INDEX log_entries_user_id_at_id_idx RENAME TO log_entries_past_user_id_at_id_idx;
CREATE TABLE log_entries (
    id      uuid             NOT NULL,
    user_id uuid,                      -- of the users module; none: nobody's, or of a removed user
    action  text COLLATE "C" NOT NULL CONSTRAINT log_entries_action_check CHECK (length(action) BETWEEN 1 AND 100),
    data    json,                      -- not jsonb, which would rewrite numbers and refuse huge ones
    at      timestamptz      NOT NULL,
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX log_entries_action_at_id_idx ON log_entries (action, at, id);
CREATE INDEX log_entries_user_id_at_id_idx ON log_entries (user_id, at, id) WHERE user_id IS NOT NULL;
DO $$
DECLARE
    day timestamptz := date_bin('1 day', greatest(now(), (SELECT max(at) FROM log_entries_past)), timestamptz 'epoch')
        + interval '24 hours';
BEGIN
    EXECUTE format('ALTER TABLE log_entries ATTACH PARTITION log_entries_past FOR VALUES FROM (MINVALUE) TO (%L)', day);
    FOR n IN 1..3 LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF log_entries FOR VALUES FROM (%L) TO (%L)',
            'log_entries_' || to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD'), day, day + interval '24 hours');
        day := day + interval '24 hours';
    END LOOP;
END
$$;

-- The database itself counts, so that a release that knows nothing of log_hours
-- is counted too. The order keeps two commits from waiting for each other.
CREATE FUNCTION count_log_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log_hours (hour, action, entries)
    SELECT date_bin('1 hour', at, timestamptz 'epoch'), action, count(*) FROM added GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (hour, action) DO UPDATE SET entries = log_hours.entries + excluded.entries;
    RETURN NULL;
END
$$;
CREATE TRIGGER log_entries_count AFTER INSERT ON log_entries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_log_entries();

-- From when on the entries are all there: retention has removed those before.
CREATE TABLE log_retention (
    singleton boolean     PRIMARY KEY DEFAULT true CHECK (singleton),
    kept_from timestamptz NOT NULL
);
INSERT INTO log_retention (kept_from) VALUES (timestamptz '2000-01-01 00:00:00Z');

-- Users who are gone, for as long as an event that names them may still come.
CREATE TABLE removed_users (
    user_id    uuid        PRIMARY KEY,
    removed_at timestamptz NOT NULL
);
CREATE INDEX removed_users_removed_at_idx ON removed_users (removed_at);

-- Events of other modules that were handled.
CREATE TABLE inbox (
    event_id   uuid PRIMARY KEY,
    handled_at timestamptz NOT NULL
);
CREATE INDEX inbox_handled_at_idx ON inbox (handled_at);
