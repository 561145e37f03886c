package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/catalog/internal/app"
	"shop/platform/database"
	"shop/platform/id"
)

// Changed implements app.Store.
func (s *Store) Changed(ctx context.Context, mark string) (app.Changes, error) {
	if s.db.Dialect() == database.Postgres {
		return s.changedPostgres(ctx, mark)
	}
	return s.changedSQLite(ctx, mark)
}

// changed is a product and whether more than its stock changed. A row without
// a product carries the mark only.
type changed struct {
	Mark   string
	ID     id.Product
	Edited bool
}

// changedPostgres marks time by transactions: what was done in a transaction
// that had not ended when the last mark was taken is at or after that mark,
// whenever it commits.
func (s *Store) changedPostgres(ctx context.Context, mark string) (app.Changes, error) {
	if mark == "" {
		var rows []changed
		err := s.db.Read(ctx).Raw(`SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS mark`).Find(&rows).Error
		return changes(rows, err)
	}
	var rows []changed
	err := s.db.Read(ctx).Raw(
		`SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS mark, c.id, coalesce(c.edited, false) AS edited
		   FROM (SELECT 1) AS one
		   LEFT JOIN (
		     SELECT id, true AS edited FROM products WHERE changed_in >= ?::xid8
		     UNION ALL
		     SELECT DISTINCT product_id, false FROM stock_movements WHERE changed_in >= ?::xid8
		   ) AS c ON true`, mark, mark,
	).Find(&rows).Error
	return changes(rows, err)
}

// overlap is how long a write on SQLite may take between reading the clock and
// its commit; one writer at a time keeps it short.
const overlap = 2 * time.Second

// changedSQLite marks time by the clock, which all processes on the file share.
func (s *Store) changedSQLite(ctx context.Context, mark string) (app.Changes, error) {
	next := database.Now().Add(-overlap)
	if mark == "" {
		return app.Changes{Mark: next.Format(time.RFC3339Nano)}, nil
	}
	since, err := time.Parse(time.RFC3339Nano, mark)
	if err != nil {
		return app.Changes{}, fmt.Errorf("read mark: %w", err)
	}
	var rows []changed
	err = s.db.Read(ctx).Raw(
		`SELECT id, true AS edited FROM products WHERE updated_at >= ?
		 UNION ALL
		 SELECT DISTINCT product_id, false FROM stock_movements WHERE at >= ?`, since, since,
	).Find(&rows).Error
	result, err := changes(rows, err)
	result.Mark = next.Format(time.RFC3339Nano)
	return result, err
}

func changes(rows []changed, err error) (app.Changes, error) {
	var result app.Changes
	if err != nil {
		return result, fmt.Errorf("read what changed: %w", err)
	}
	for _, row := range rows {
		result.Mark = row.Mark
		switch {
		case row.ID.IsZero():
		case row.Edited:
			result.Edited = append(result.Edited, row.ID)
		default:
			result.Moved = append(result.Moved, row.ID)
		}
	}
	return result, nil
}
