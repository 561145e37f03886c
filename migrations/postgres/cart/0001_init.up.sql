CREATE TABLE database_identity (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id        uuid    NOT NULL,
    epoch     bigint  NOT NULL DEFAULT 1
);

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

-- Events of other modules that were handled.
CREATE TABLE inbox (
    event_id   uuid PRIMARY KEY,
    handled_at timestamptz NOT NULL
);
CREATE INDEX inbox_handled_at_idx ON inbox (handled_at);

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

-- What users mean to buy.
CREATE TABLE cart_items (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL,
    product_id uuid        NOT NULL,
    -- Each place in a cart is taken once, which is what bounds it however many
    -- requests add at the same time.
    slot       integer     NOT NULL CHECK (slot BETWEEN 1 AND 100),
    -- What the product was priced in when it was added: a cart holds one currency.
    currency   text        NOT NULL CHECK (length(currency) = 3),
    quantity   bigint      NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
    version    bigint      NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX cart_items_user_id_product_id_key ON cart_items (user_id, product_id);
CREATE UNIQUE INDEX cart_items_user_id_slot_key ON cart_items (user_id, slot);

-- Attempts to check a cart out. What is started is carried to its end, whatever
-- crashes: every step outside is idempotent by the checkout's identifier.
CREATE TABLE checkouts (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL,
    state      text        NOT NULL CHECK (state IN ('started', 'done', 'failed')),
    -- What is bought, at which price.
    lines      json        NOT NULL,
    invoice_id uuid,
    -- The request's Idempotency-Key and whose it is; NULL without one.
    scope      text,
    key        text,
    -- Counts who took it in hand. Nobody else does before held_until, and the
    -- resumer not before due_at.
    claims     bigint      NOT NULL CHECK (claims > 0),
    held_until timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((state = 'done') = (invoice_id IS NOT NULL)),
    CHECK ((scope IS NULL) = (key IS NULL))
);
CREATE UNIQUE INDEX checkouts_user_id_key ON checkouts (user_id) WHERE state = 'started';
CREATE UNIQUE INDEX checkouts_scope_key_key ON checkouts (scope, key) WHERE key IS NOT NULL AND state <> 'failed';
CREATE INDEX checkouts_due_at_idx ON checkouts (due_at) WHERE state = 'started';
