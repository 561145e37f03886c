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
