-- What the sandbox provider gave back of a charge.
ALTER TABLE sandbox_charges ADD COLUMN refunded bigint NOT NULL DEFAULT 0;

CREATE TABLE sandbox_refunds (
    idempotency_key text        PRIMARY KEY,
    charge          text        NOT NULL, -- the idempotency key of the charge
    invoice         text        NOT NULL,
    amount          bigint      NOT NULL,
    currency        text        NOT NULL,
    outcome         text        NOT NULL CONSTRAINT sandbox_refunds_outcome_check CHECK (outcome IN ('unreached', 'succeeded', 'declined')),
    calls           bigint      NOT NULL,
    created_at      timestamptz NOT NULL
);

-- What payment providers sent by themselves, kept before it is acted on.
CREATE TABLE webhooks (
    id          uuid        PRIMARY KEY,
    provider    text        NOT NULL,
    event_id    text        NOT NULL, -- the provider's name of it
    kind        text        NOT NULL,
    payment     text        NOT NULL, -- the idempotency keys of what it is about
    refund      text        NOT NULL,
    body        bytea       NOT NULL,
    received_at timestamptz NOT NULL,
    handled_at  timestamptz,
    attempts    bigint      NOT NULL,
    error       text        NOT NULL,
    due_at      timestamptz NOT NULL
);
CREATE UNIQUE INDEX webhooks_provider_event_id_key ON webhooks (provider, event_id);
CREATE INDEX webhooks_due_at_idx ON webhooks (due_at) WHERE handled_at IS NULL;
CREATE INDEX webhooks_handled_at_idx ON webhooks (handled_at) WHERE handled_at IS NOT NULL;
