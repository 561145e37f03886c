CREATE TABLE database_identity (
    singleton boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    id        blob    NOT NULL CHECK (length(id) = 16),
    epoch     integer NOT NULL DEFAULT 1
);

CREATE TABLE books (
    id         blob     NOT NULL PRIMARY KEY,
    title      text     NOT NULL,
    shelf      text     NOT NULL,
    place      integer  NOT NULL CHECK (place >= 0),
    created_at datetime NOT NULL,
    CONSTRAINT books_shelf_place_key UNIQUE (shelf, place)
) WITHOUT ROWID;
