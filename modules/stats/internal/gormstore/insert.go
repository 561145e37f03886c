package gormstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"shop/modules/stats"
	"shop/platform/database"
)

// copyFrom is from how many entries on COPY is cheaper than an INSERT.
const copyFrom = 250

// insert adds entries, all or none, in the transaction of ctx or else in one of
// its own.
func (s *Store) insert(ctx context.Context, entries []stats.Entry) error {
	var err error
	switch {
	case len(entries) == 0:
	case s.db.Dialect() == database.SQLite:
		err = s.insertSQLite(ctx, entries)
	case len(entries) == 1:
		err = s.insertOne(ctx, entries[0])
	case len(entries) >= copyFrom && !database.InTransaction(ctx):
		err = s.copy(ctx, entries)
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

func (s *Store) copy(ctx context.Context, entries []stats.Entry) error {
	return s.db.Copy(ctx, "log_entries", []string{"id", "user_id", "action", "data", "at"}, len(entries), func(n int) ([]any, error) {
		e := &entries[n]
		return []any{pgtype.UUID{Bytes: e.ID, Valid: true}, user(e), e.Action, []byte(e.Data), e.At}, nil
	})
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
		ids[i], users[i] = e.ID, user(e)
		actions[i], data[i], times[i] = e.Action, text(e.Data), e.At
	}
	// GORM writes a slice as a list of parameters, but passes a pointer on.
	return s.db.Write(ctx).Exec(insertInto+
		`SELECT * FROM unnest(?::uuid[], ?::uuid[], ?::text[], ?::json[], ?::timestamptz[])`,
		&ids, &users, &actions, &data, &times).Error
}

// insertSizes are how many rows a statement on SQLite has, largest first, or
// fewer than the least: few sizes, so that the database package keeps them all
// prepared, which it does up to 4 KiB of text; large ones, so that the cost of a
// statement does not matter.
func insertSizes() []int { return []int{200, 64, 16} }

func (s *Store) insertSQLite(ctx context.Context, entries []stats.Entry) error {
	chunks := chunked(entries)
	if len(chunks) == 1 {
		return s.insertRows(ctx, chunks[0])
	}
	return s.db.InTx(ctx, func(ctx context.Context) error {
		for _, chunk := range chunks {
			if err := s.insertRows(ctx, chunk); err != nil {
				return err
			}
		}
		return nil
	})
}

// chunked cuts entries into pieces of the sizes that there are statements for.
func chunked(entries []stats.Entry) (chunks [][]stats.Entry) {
	for _, size := range insertSizes() {
		for len(entries) >= size {
			chunks = append(chunks, entries[:size])
			entries = entries[size:]
		}
	}
	if len(entries) > 0 {
		chunks = append(chunks, entries)
	}
	return chunks
}

func (s *Store) insertRows(ctx context.Context, entries []stats.Entry) error {
	const row = ", (?, ?, ?, ?, ?)"
	values := make([]any, 0, 5*len(entries))
	for i := range entries {
		e := &entries[i]
		values = append(values, e.ID, e.UserID, e.Action, text(e.Data), s.parameter(e.At))
	}
	return s.db.Write(ctx).Exec(insertInto+"VALUES "+strings.Repeat(row, len(entries))[2:], values...).Error
}

// user is whose entry it is; nobody's is NULL.
func user(e *stats.Entry) pgtype.UUID {
	return pgtype.UUID{Bytes: e.UserID, Valid: !e.UserID.IsZero()}
}

// text is data as both databases take it; nil is NULL.
func text(data []byte) *string {
	if data == nil {
		return nil
	}
	s := string(data)
	return &s
}
