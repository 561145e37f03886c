package gormstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"shop/modules/stats"
	"shop/platform/database"
	"shop/platform/id"
)

// Insert implements app.Store.
func (s *Store) Insert(ctx context.Context, entries []stats.Entry) error {
	var err error
	switch {
	case len(entries) == 0:
	case s.db.Dialect() == database.SQLite:
		err = s.insertSQLite(ctx, entries)
	case len(entries) == 1:
		err = s.insertOne(ctx, entries[0])
	default:
		err = s.insertArrays(ctx, entries)
	}
	if err != nil {
		return fmt.Errorf("insert log entries: %w", err)
	}
	return nil
}

const insertInto = "INSERT INTO log_entries (id, user_id, action, data, at) "

func (s *Store) insertOne(ctx context.Context, e stats.Entry) error {
	return s.db.Write(ctx).Exec(insertInto+"VALUES (?, ?, ?, ?, ?)", e.ID, e.UserID, e.Action, text(e.Data), e.At).Error
}

// insertArrays sends a column as one parameter, so that one prepared statement
// serves any number of entries.
func (s *Store) insertArrays(ctx context.Context, entries []stats.Entry) error {
	n := len(entries)
	ids, users := make([][16]byte, n), make([]pgtype.UUID, n)
	actions, data := make([]string, n), make([]*string, n)
	times := make([]time.Time, n)
	for i := range entries {
		e := &entries[i]
		ids[i], users[i] = e.ID, pgtype.UUID{Bytes: e.UserID, Valid: !e.UserID.IsZero()}
		actions[i], data[i], times[i] = e.Action, text(e.Data), e.At
	}
	// GORM writes a slice as a list of parameters, but passes a pointer on.
	return s.db.Write(ctx).Exec(insertInto+
		`SELECT * FROM unnest(?::uuid[], ?::uuid[], ?::text[], ?::json[], ?::timestamptz[])`,
		&ids, &users, &actions, &data, &times).Error
}

// insertBatch is how many rows a statement on SQLite has: enough that the cost
// of a statement does not matter, few enough that the database package keeps it
// prepared, which it does up to 4 KiB of text.
const insertBatch = 200

// insertSQLite inserts whole batches by one prepared statement and the rest by
// another.
func (s *Store) insertSQLite(ctx context.Context, entries []stats.Entry) error {
	if len(entries) <= insertBatch {
		return s.insertRows(ctx, entries)
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for batch := range slices.Chunk(entries, insertBatch) {
			if err := s.insertRows(ctx, batch); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) insertRows(ctx context.Context, entries []stats.Entry) error {
	const row = ", (?, ?, ?, ?, ?)"
	values := make([]any, 0, 5*len(entries))
	for i := range entries {
		e := &entries[i]
		values = append(values, e.ID, e.UserID, e.Action, text(e.Data), e.At.UnixMicro())
	}
	return s.db.Write(ctx).Exec(insertInto+"VALUES "+strings.Repeat(row, len(entries))[2:], values...).Error
}

// text is data as both databases take it; nil is NULL.
func text(data []byte) *string {
	if data == nil {
		return nil
	}
	s := string(data)
	return &s
}

// Anonymize implements app.Store.
func (s *Store) Anonymize(ctx context.Context, user id.User, limit int) (int, error) {
	done := s.db.Write(ctx).Exec(
		`UPDATE log_entries SET user_id = NULL, data = NULL
		  WHERE (at, id) IN (SELECT at, id FROM log_entries WHERE user_id = ? LIMIT ?)`, user, limit)
	if done.Error != nil {
		return 0, fmt.Errorf("anonymize log entries: %w", done.Error)
	}
	return int(done.RowsAffected), nil
}
