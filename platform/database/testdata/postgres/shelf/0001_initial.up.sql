CREATE TABLE database_identity (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id        uuid    NOT NULL,
    epoch     bigint  NOT NULL DEFAULT 1
);

CREATE TABLE books (
    id         uuid        PRIMARY KEY,
    title      text        NOT NULL,
    shelf      text        NOT NULL,
    place      bigint      NOT NULL CHECK (place >= 0),
    created_at timestamptz NOT NULL,
    CONSTRAINT books_shelf_place_key UNIQUE (shelf, place)
);
