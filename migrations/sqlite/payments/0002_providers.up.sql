-- What the sandbox provider gave back of a charge.
ALTER TABLE sandbox_charges ADD COLUMN refunded INTEGER NOT NULL DEFAULT 0;

CREATE TABLE sandbox_refunds (
    idempotency_key TEXT     NOT NULL PRIMARY KEY,
    charge          TEXT     NOT NULL, -- the idempotency key of the charge
    invoice         TEXT     NOT NULL,
    amount          INTEGER  NOT NULL,
    currency        TEXT     NOT NULL,
    outcome         TEXT     NOT NULL CONSTRAINT sandbox_refunds_outcome_check CHECK (outcome IN ('unreached', 'succeeded', 'declined')),
    calls           INTEGER  NOT NULL,
    created_at      DATETIME NOT NULL
) WITHOUT ROWID;

-- What payment providers sent by themselves, kept before it is acted on.
CREATE TABLE webhooks (
    id          BLOB     NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    provider    TEXT     NOT NULL,
    event_id    TEXT     NOT NULL, -- the provider's name of it
    kind        TEXT     NOT NULL,
    payment     TEXT     NOT NULL, -- the idempotency keys of what it is about
    refund      TEXT     NOT NULL,
    body        BLOB     NOT NULL,
    received_at DATETIME NOT NULL,
    handled_at  DATETIME,
    attempts    INTEGER  NOT NULL,
    error       TEXT     NOT NULL,
    due_at      DATETIME NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX webhooks_provider_event_id_key ON webhooks (provider, event_id);
CREATE INDEX webhooks_due_at_idx ON webhooks (due_at) WHERE handled_at IS NULL;
CREATE INDEX webhooks_handled_at_idx ON webhooks (handled_at) WHERE handled_at IS NOT NULL;
