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
