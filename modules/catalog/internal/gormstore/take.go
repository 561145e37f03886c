package gormstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"shop/modules/catalog"
	"shop/modules/catalog/internal/app"
	"shop/platform/database"
	"shop/platform/event/outbox"
	"shop/platform/id"
)

// Take implements app.Store. A level is lowered only where enough is left, in
// the same statement that looks, so that nothing is sold twice. On PostgreSQL
// all of it is one statement, which commits by itself: the rows of the levels
// are locked no longer than that.
func (s *Store) Take(ctx context.Context, takings []app.Taking, at time.Time) (bool, error) {
	lines := linesOfTakings(takings)
	totals := totalsOf(lines)
	if s.db.Dialect() == database.Postgres {
		return s.takePostgres(ctx, takings, lines, totals, at)
	}
	err := s.db.InTx(ctx, func(ctx context.Context) error { return s.takeSQLite(ctx, takings, lines, at) })
	if errors.Is(err, errShort) {
		return false, nil
	}
	return err == nil, err
}

func linesOfTakings(takings []app.Taking) []held {
	var lines []held
	for _, t := range takings {
		for _, line := range t.Lines {
			lines = append(lines, held{Reference: t.Key, ProductID: line.Product, Quantity: line.Quantity})
		}
	}
	return lines
}

func (s *Store) takeSQLite(ctx context.Context, takings []app.Taking, lines []held, at time.Time) error {
	products := make([]id.Product, len(lines))
	for i, line := range lines {
		products[i] = line.ProductID
	}
	tx := s.db.Write(ctx)
	var gone int64
	err := tx.Raw(`SELECT count(*) FROM products WHERE id IN ? AND deleted_at IS NOT NULL`, products).Scan(&gone).Error
	if err != nil {
		return fmt.Errorf("look whether products are on sale: %w", err)
	}
	if gone > 0 {
		return errShort
	}
	if _, err := s.move(ctx, lines, reserved, -1, at); err != nil {
		return err
	}
	rows := make([]reservation, len(takings))
	for i, t := range takings {
		rows[i] = reservation{Reference: t.Key, State: catalog.StateReserved, CreatedAt: at, UpdatedAt: at}
		if !t.ExpiresAt.IsZero() {
			rows[i].ExpiresAt = &t.ExpiresAt
		}
	}
	if err := tx.Create(&rows).Error; err != nil {
		return translateTaken(err)
	}
	return nil
}

// takePostgres: enough has a row when everything is there, and the other parts
// act only then. Several levels are locked in one order before any is lowered,
// so that two statements never wait for each other. Rows travel as arrays in
// text, so that the statement is the same however many there are.
func (s *Store) takePostgres(
	ctx context.Context, takings []app.Taking, lines []held, totals []total, at time.Time,
) (bool, error) {
	var keys, expiries, ids, products, deltas, references array
	for _, t := range takings {
		keys.uuid(t.Key)
		expiries.time(t.ExpiresAt)
	}
	for _, line := range lines {
		ids.uuid(id.NewStockMovement())
		products.uuid(line.ProductID)
		deltas.number(-line.Quantity)
		references.uuid(line.Reference)
	}
	entries, told, err := s.announce(ctx, totals)
	if err != nil {
		return false, err
	}
	statement, args := database.Compose(
		database.SQL(`WITH `), lowerLevels(totals),
		database.SQL(`, told AS (`), told, database.SQL(`), header AS (
		   INSERT INTO reservations (reference, state, expires_at, created_at, updated_at)
		   SELECT h.reference, ?, h.expires_at, ?, ?
		     FROM enough, unnest(?::text::uuid[], ?::text::timestamptz[]) AS h (reference, expires_at))
		 INSERT INTO stock_movements (id, product_id, delta, reason, reference, at)
		 SELECT m.id, m.product_id, m.delta, ?, m.reference, ?
		   FROM enough, unnest(?::text::uuid[], ?::text::uuid[], ?::text::bigint[], ?::text::uuid[]) AS m (id, product_id, delta, reference)`,
			catalog.StateReserved, at, at, keys.text(), expiries.text(),
			reserved, at, ids.text(), products.text(), deltas.text(), references.text()),
	)
	noted := s.db.Write(ctx).Exec(statement, args...)
	if noted.Error != nil {
		return false, translateTaken(noted.Error)
	}
	if noted.RowsAffected == 0 {
		return false, nil
	}
	s.outbox.Appended(ctx, entries...)
	return true, nil
}

// announce makes the events of levels that are lowered, and the part that stores
// them with what the levels are then.
func (s *Store) announce(ctx context.Context, totals []total) ([]outbox.Entry, database.Part, error) {
	entries := make([]outbox.Entry, len(totals))
	for i, t := range totals {
		var err error
		if entries[i], err = s.outbox.Prepare(ctx, t.event(reserved, -1)); err != nil {
			return nil, database.Part{}, err
		}
	}
	told, err := outbox.InsertEach(entries,
		`(SELECT taken.key, jsonb_build_object('quantity', taken.quantity) AS more FROM taken)`)
	return entries, told, err
}

// lowerLevels are the parts taken, which lowers the levels, and enough, which
// has a row if it could.
func lowerLevels(totals []total) database.Part {
	if len(totals) == 1 {
		t := totals[0]
		return database.SQL(
			`taken AS (
			   UPDATE stock_levels AS s SET quantity = s.quantity - ?, revision = s.revision + ?
			     FROM products p
			    WHERE s.product_id = ? AND s.quantity >= ? AND p.id = s.product_id AND p.deleted_at IS NULL
			   RETURNING ?::text AS key, s.quantity),
			 enough AS (SELECT 1 FROM taken)`,
			t.quantity, t.lines, t.product, t.quantity, t.product.String())
	}
	var products, keys, quantities, lines array
	for _, t := range totals {
		keys.items = append(keys.items, t.product.String())
		products.uuid(t.product)
		quantities.number(t.quantity)
		lines.number(t.lines)
	}
	return database.SQL(
		`wanted AS (
		   SELECT * FROM unnest(?::text::uuid[], ?::text::text[], ?::text::bigint[], ?::text::bigint[])
		       AS w (product_id, key, quantity, lines)),
		 locked AS (
		   SELECT s.product_id
		     FROM wanted w JOIN stock_levels s ON s.product_id = w.product_id
		     JOIN products p ON p.id = s.product_id AND p.deleted_at IS NULL
		    WHERE s.quantity >= w.quantity ORDER BY s.product_id FOR NO KEY UPDATE OF s),
		 enough AS (SELECT 1 FROM locked HAVING count(*) = ?),
		 taken AS (
		   UPDATE stock_levels AS s SET quantity = s.quantity - w.quantity, revision = s.revision + w.lines
		     FROM enough, wanted w WHERE s.product_id = w.product_id
		   RETURNING w.key, s.quantity)`,
		products.text(), keys.text(), quantities.text(), lines.text(), len(totals))
}

// array is an array of PostgreSQL in its text form.
type array struct{ items []string }

func (a *array) uuid(value [16]byte) { a.items = append(a.items, hex.EncodeToString(value[:])) }
func (a *array) number(value int64)  { a.items = append(a.items, strconv.FormatInt(value, 10)) }
func (a *array) time(value time.Time) {
	if value.IsZero() {
		a.items = append(a.items, "NULL")
		return
	}
	a.items = append(a.items, `"`+value.UTC().Format(time.RFC3339Nano)+`"`)
}

func (a *array) text() string { return "{" + strings.Join(a.items, ",") + "}" }
