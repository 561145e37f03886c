CREATE TABLE database_identity (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id        uuid    NOT NULL,
    epoch     bigint  NOT NULL DEFAULT 1
);

-- Answers to requests that carried an Idempotency-Key. The scope is searched by
-- prefix, in byte order.
CREATE TABLE idempotency_keys (
    scope       text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    fingerprint text NOT NULL,
    result      json NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);

-- Events to publish. The default of seq takes the transaction's id before the
-- number, which is how a reader knows that a missing number can no longer come.
CREATE SEQUENCE outbox_seq AS bigint;
CREATE TABLE outbox (
    seq          bigint PRIMARY KEY DEFAULT CASE WHEN pg_current_xact_id() IS NOT NULL THEN nextval('outbox_seq') END,
    id           uuid NOT NULL,
    name         text NOT NULL,
    version      integer NOT NULL,
    key          text NOT NULL,
    payload      json NOT NULL,
    trace_parent text NOT NULL,
    created_at   timestamptz NOT NULL
);
ALTER SEQUENCE outbox_seq OWNED BY outbox.seq;

-- How far each subscriber is, and which relay is delivering to it.
CREATE TABLE outbox_cursors (
    subscriber  text PRIMARY KEY,
    seq         bigint NOT NULL,
    holder      text NOT NULL DEFAULT '',
    lease_until bigint NOT NULL DEFAULT 0, -- milliseconds since 1970, the database's clock
    updated_at  timestamptz NOT NULL
);

-- Events that a cursor passed unhandled: failed, waiting behind one, or dead.
CREATE TABLE outbox_failures (
    subscriber text NOT NULL,
    seq        bigint NOT NULL,
    event_id   uuid NOT NULL,
    key        text NOT NULL,
    attempts   integer NOT NULL,
    next_at    timestamptz,
    error      text NOT NULL,
    dead       boolean NOT NULL,
    PRIMARY KEY (subscriber, seq)
);
CREATE INDEX outbox_failures_subscriber_key_seq_idx ON outbox_failures (subscriber, key, seq) WHERE NOT dead;
CREATE INDEX outbox_failures_subscriber_next_at_idx ON outbox_failures (subscriber, next_at) WHERE NOT dead;

CREATE TABLE products (
    id          uuid        PRIMARY KEY,
    sku         text        NOT NULL,
    name        text        NOT NULL,
    -- The name in lower case, in an order that is the same on every server.
    sort_name   text        COLLATE "C" NOT NULL,
    description text        NOT NULL,
    price_minor bigint      NOT NULL CHECK (price_minor >= 0),
    currency    text        NOT NULL CHECK (length(currency) = 3),
    category    text        NOT NULL,
    attributes  jsonb       NOT NULL,
    images      jsonb       NOT NULL,
    version     bigint      NOT NULL CHECK (version > 0),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    deleted_at  timestamptz,
    -- Which transaction changed the row last: replicas ask for what changed
    -- since they looked, and no commit can slip behind their mark.
    changed_in  xid8        NOT NULL DEFAULT pg_current_xact_id(),
    -- Punctuation separates words, also in what PostgreSQL would take for a
    -- number, a path or a host, so that search finds the same as on SQLite.
    search      tsvector    NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('simple', regexp_replace(name, '[!-/:-@[-`{-~]+', ' ', 'g')), 'A') ||
        setweight(to_tsvector('simple', regexp_replace(sku, '[!-/:-@[-`{-~]+', ' ', 'g')), 'A') ||
        setweight(to_tsvector('simple', regexp_replace(category, '[!-/:-@[-`{-~]+', ' ', 'g')), 'B') ||
        setweight(to_tsvector('simple', regexp_replace(description, '[!-/:-@[-`{-~]+', ' ', 'g')), 'C')
    ) STORED
);
CREATE UNIQUE INDEX products_sku_key ON products (sku) WHERE deleted_at IS NULL;
CREATE INDEX products_id_idx ON products (id) WHERE deleted_at IS NULL;
CREATE INDEX products_name_idx ON products (sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX products_price_idx ON products (price_minor, id) WHERE deleted_at IS NULL;
CREATE INDEX products_category_idx ON products (category, id) WHERE deleted_at IS NULL;
CREATE INDEX products_category_name_idx ON products (category, sort_name, id) WHERE deleted_at IS NULL;
CREATE INDEX products_category_price_idx ON products (category, price_minor, id) WHERE deleted_at IS NULL;
CREATE INDEX products_search_idx ON products USING gin (search);
CREATE INDEX products_changed_in_idx ON products (changed_in);

-- The level stands apart from the product: it changes with every sale, in a
-- narrow row without an index on what changes.
CREATE TABLE stock_levels (
    product_id uuid   PRIMARY KEY REFERENCES products (id),
    quantity   bigint NOT NULL CHECK (quantity >= 0),
    -- Counts the changes of the level.
    revision   bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

-- Every change of a level, append-only: the sum of a product's deltas is its
-- level.
CREATE TABLE stock_movements (
    id         uuid        PRIMARY KEY,
    product_id uuid        NOT NULL REFERENCES products (id),
    delta      bigint      NOT NULL,
    reason     text        NOT NULL CHECK (reason IN ('counted', 'reserved', 'released')),
    -- The checkout that took or gave back; NULL for a count.
    reference  uuid,
    at         timestamptz NOT NULL,
    changed_in xid8        NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((reason = 'counted') = (reference IS NULL))
);
CREATE UNIQUE INDEX stock_movements_reference_key ON stock_movements (reference, product_id, reason) WHERE reference IS NOT NULL;
CREATE INDEX stock_movements_product_id_idx ON stock_movements (product_id, id);
CREATE INDEX stock_movements_changed_in_idx ON stock_movements (changed_in);
