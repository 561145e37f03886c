package database

import (
	"context"
	"encoding/hex"
	"fmt"
)

// Identity tells one database from another: two processes that report the same
// one share their data.
type Identity struct {
	// ID is 32 hexadecimal digits, made at random when the database was made.
	ID string
	// Epoch goes up when the data is replaced under the same ID.
	Epoch int64
}

// Identity reads the identity, which Migrate wrote.
func (db *DB) Identity(ctx context.Context) (Identity, error) {
	// Text on both: uuid without its dashes, blob as hexadecimal digits.
	text := "lower(hex(id))"
	if db.dialect == Postgres {
		text = "replace(id::text, '-', '')"
	}
	var row struct {
		ID    string
		Epoch int64
	}
	err := db.Read(ctx).Raw("SELECT " + text + " AS id, epoch FROM database_identity").Take(&row).Error
	if err != nil {
		return Identity{}, fmt.Errorf("read the database's identity: %w", err)
	}
	if raw, err := hex.DecodeString(row.ID); err != nil || len(raw) != 16 {
		return Identity{}, fmt.Errorf("read the database's identity: %q is not 32 hexadecimal digits", row.ID)
	}
	return Identity{ID: row.ID, Epoch: row.Epoch}, nil
}
