-- What one database tells from another: two that report the same id share data.
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

-- What the triggers below do: they refuse a change, whoever tries it. A trigger
-- whose condition does not hold costs next to nothing.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0];
END
$$;

CREATE TABLE invoices (
    id         uuid        PRIMARY KEY,
    user_id    uuid        NOT NULL,
    currency   text        NOT NULL CHECK (length(currency) = 3),
    total      bigint      NOT NULL CHECK (total >= 0),
    status     text        NOT NULL CONSTRAINT invoices_status_check CHECK (status IN ('open', 'paying', 'paid', 'void')),
    paid_at    timestamptz,
    version    bigint      NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT invoices_paid_at_check CHECK ((status = 'paid') = (paid_at IS NOT NULL))
);
CREATE INDEX invoices_user_id_id_idx ON invoices (user_id, id);

CREATE TRIGGER invoices_begin BEFORE INSERT ON invoices FOR EACH ROW
    WHEN (NEW.status <> 'open')
    EXECUTE FUNCTION refuse_change('an invoice begins as open');
CREATE TRIGGER invoices_transition BEFORE UPDATE ON invoices FOR EACH ROW
    WHEN (NEW.status <> OLD.status AND OLD.status || ' > ' || NEW.status NOT IN (
        'open > paying', 'paying > open', 'paying > paid', 'open > void'))
    EXECUTE FUNCTION refuse_change('an invoice may not change its status so');
CREATE TRIGGER invoices_snapshot BEFORE UPDATE ON invoices FOR EACH ROW
    WHEN (NEW.id <> OLD.id OR NEW.user_id <> OLD.user_id OR NEW.currency <> OLD.currency OR NEW.total <> OLD.total)
    EXECUTE FUNCTION refuse_change('an invoice may not change what it is for');

-- Identifiers ascend, so their order is that of the lines.
CREATE TABLE invoice_lines (
    invoice_id  uuid   NOT NULL REFERENCES invoices (id),
    id          uuid   NOT NULL,
    product_id  uuid,
    description text   NOT NULL,
    quantity    bigint NOT NULL CHECK (quantity >= 1),
    unit_price  bigint NOT NULL CHECK (unit_price >= 0),
    line_total  bigint NOT NULL CHECK (line_total >= 0),
    PRIMARY KEY (invoice_id, id)
);
CREATE TRIGGER invoice_lines_snapshot BEFORE UPDATE OR DELETE ON invoice_lines FOR EACH ROW
    EXECUTE FUNCTION refuse_change('a line of an invoice may not change');

-- Attempts to pay. The identifier is the provider's idempotency key as well.
CREATE TABLE payments (
    id         uuid        PRIMARY KEY,
    invoice_id uuid        NOT NULL REFERENCES invoices (id),
    provider   text        NOT NULL,
    method     text        NOT NULL,
    amount     bigint      NOT NULL CHECK (amount >= 0),
    currency   text        NOT NULL CHECK (length(currency) = 3),
    state      text        NOT NULL CONSTRAINT payments_state_check CHECK (state IN ('pending', 'unknown', 'succeeded', 'declined', 'failed')),
    reference  text        NOT NULL, -- the provider's name of the charge
    claims     bigint      NOT NULL, -- how often somebody has taken it in hand
    due_at     timestamptz NOT NULL, -- when to ask the provider what came of it
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
-- At most one charge of an invoice is under way, of unknown outcome, or done.
CREATE UNIQUE INDEX payments_invoice_id_key ON payments (invoice_id) WHERE state IN ('pending', 'unknown', 'succeeded');
CREATE INDEX payments_due_at_idx ON payments (due_at) WHERE state IN ('pending', 'unknown');

CREATE TRIGGER payments_begin BEFORE INSERT ON payments FOR EACH ROW
    WHEN (NEW.state <> 'pending')
    EXECUTE FUNCTION refuse_change('a payment begins as pending');
CREATE TRIGGER payments_transition BEFORE UPDATE ON payments FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND OLD.state || ' > ' || NEW.state NOT IN (
        'pending > unknown', 'pending > succeeded', 'pending > declined', 'pending > failed',
        'unknown > succeeded', 'unknown > declined', 'unknown > failed', 'failed > pending'))
    EXECUTE FUNCTION refuse_change('a payment may not change its state so');
CREATE TRIGGER payments_snapshot BEFORE UPDATE ON payments FOR EACH ROW
    WHEN (NEW.id <> OLD.id OR NEW.invoice_id <> OLD.invoice_id OR NEW.provider <> OLD.provider
        OR NEW.method <> OLD.method OR NEW.amount <> OLD.amount OR NEW.currency <> OLD.currency)
    EXECUTE FUNCTION refuse_change('a payment may not change what it is for');

-- The books of the sandbox provider, which stands for an outside system: nothing
-- else reads or writes them.
CREATE TABLE sandbox_charges (
    idempotency_key text        PRIMARY KEY,
    invoice         text        NOT NULL,
    amount          bigint      NOT NULL,
    currency        text        NOT NULL,
    method          text        NOT NULL,
    outcome         text        NOT NULL CHECK (outcome IN ('unreached', 'succeeded', 'declined')),
    calls           bigint      NOT NULL,
    created_at      timestamptz NOT NULL
);
