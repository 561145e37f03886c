package gormstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"shop/modules/payments"
	"shop/modules/payments/internal/app"
	"shop/platform/database"
	"shop/platform/event/outbox"
	"shop/platform/idempotency/sqlstore"
)

// InsertInvoice implements app.Store. The number is given by a trigger of the
// table, under a lock on its series that lasts until the commit: whatever fails
// before that gives the number back.
func (s *Store) InsertInvoice(
	ctx context.Context, v payments.Invoice, created outbox.Entry, guard *sqlstore.Guard,
) (app.Numbered, error) {
	if guard != nil {
		return s.insertGuarded(ctx, v, created, guard)
	}
	tx := s.db.Write(ctx)
	row := invoiceRow(v)
	if err := tx.Create(&row).Error; err != nil {
		return app.Numbered{}, inserted(err)
	}
	lines := lineRows(v)
	if err := tx.Create(&lines).Error; err != nil {
		return app.Numbered{}, fmt.Errorf("insert invoice lines: %w", err)
	}
	if v.Status == payments.StatusDraft {
		return app.Numbered{}, nil
	}
	var given numbered
	if err := tx.Raw(`SELECT series, number FROM invoices WHERE id = ?`, v.ID).Find(&given).Error; err != nil {
		return app.Numbered{}, fmt.Errorf("read the number of an invoice: %w", err)
	}
	created, err := created.With("number", given.value().Number)
	if err != nil {
		return app.Numbered{}, err //nolint:wrapcheck // says what it was about
	}
	return given.value(), s.publish(ctx, created)
}

// numbered is the number of an invoice.
type numbered struct {
	Series *string
	Number *int64
}

func (r numbered) value() app.Numbered {
	if r.Series == nil || r.Number == nil {
		return app.Numbered{}
	}
	return app.Numbered{Series: *r.Series, Number: number(r.Series, r.Number)}
}

// inserted is what an error of the insert of an invoice means.
func inserted(err error) error {
	if duplicate, ok := errors.AsType[*database.DuplicateError](err); ok && duplicate.Constraint == "invoices_reference_key" {
		return app.ErrReferenceTaken
	}
	return fmt.Errorf("insert invoice: %w", err)
}

// insertGuarded is all of it in one statement, on PostgreSQL.
func (s *Store) insertGuarded(
	ctx context.Context, v payments.Invoice, created outbox.Entry, guard *sqlstore.Guard,
) (app.Numbered, error) {
	r := invoiceRow(v)
	event := database.SQL("")
	if !created.IsZero() {
		event = created.InsertWith("invoice", "number", "invoice.text")
		event.SQL = `event AS (` + event.SQL + `), `
	}
	statement, args := database.Compose(
		database.SQL(`WITH turn AS MATERIALIZED (`), guard.Turn(),
		database.SQL(
			`), invoice AS (
			   INSERT INTO invoices (id, user_id, currency, total, status, version, created_at, updated_at, series, reference,
			     buyer, ship_to, tax_rate, tax_included, tax_amount, discount, shipping, pay_until, opened_at)
			   SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::timestamptz, ?::timestamptz FROM turn WHERE turn.free
			   RETURNING id, series, number, series || '-' || lpad(number::text, greatest(6, length(number::text)), '0') AS text),
			 lines AS (
			   INSERT INTO invoice_lines (invoice_id, id, product_id, description, quantity, unit_price, line_total, kind)
			   SELECT invoice.id, line.* FROM invoice CROSS JOIN (VALUES `,
			r.ID, r.UserID, r.Currency, r.Total, r.Status, r.Version, r.CreatedAt, r.UpdatedAt, r.Series, r.Reference,
			r.Buyer, r.ShipTo, r.TaxRate, r.TaxIncluded, r.TaxAmount, r.Discount, r.Shipping, r.PayUntil, r.OpenedAt),
		lineValues(v), database.SQL(`) AS line), `), event,
		database.SQL(`record AS (`), guard.Record("invoice"), database.SQL(`)
		 SELECT series, number FROM invoice`),
	)
	given := make([]numbered, 0, 1) // else GORM makes room for 20 rows
	err := s.numbering.InTx(ctx, func(ctx context.Context) error {
		err := s.db.Write(ctx).Raw(statement, args...).Find(&given).Error
		if err == nil && len(given) == 0 {
			err = errNotFree
		}
		return err //nolint:wrapcheck // told by inserted
	})
	if err != nil {
		return app.Numbered{}, inserted(err)
	}
	return given[0].value(), nil
}

// lineValues are the lines of an invoice as rows of a VALUES list.
func lineValues(v payments.Invoice) database.Part {
	rows := make([]string, len(v.Lines))
	var args []any
	for i, l := range lineRows(v) {
		rows[i] = `(?::uuid, ?::uuid, ?::text, ?::bigint, ?::bigint, ?::bigint, ?::text)`
		args = append(args, l.ID, l.ProductID, l.Description, l.Quantity, l.UnitPrice, l.LineTotal, l.Kind)
	}
	return database.SQL(strings.Join(rows, ", "), args...)
}

// publish stores an event in the transaction of ctx.
func (s *Store) publish(ctx context.Context, e outbox.Entry) error {
	if e.IsZero() {
		return nil
	}
	statement, args := database.Compose(e.Insert("(SELECT 1) AS one"))
	if err := s.db.Write(ctx).Exec(statement, args...).Error; err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// Move implements app.Store.
func (s *Store) Move(ctx context.Context, m app.Move) (payments.Invoice, bool, error) {
	set := database.SQL(`UPDATE invoices SET status = ?, version = version + 1, updated_at = ?`, m.To, m.At)
	switch m.To {
	case payments.StatusOpen:
		set.SQL, set.Args = set.SQL+`, series = ?, opened_at = ?`, append(set.Args, m.Series, m.At)
	case payments.StatusVoid:
		set.SQL, set.Args = set.SQL+`, voided_at = ?`, append(set.Args, m.At)
	default:
	}
	statement, args := database.Compose(set, database.SQL(` WHERE id = ? AND status IN ?`, m.Invoice, m.From))
	moved := s.db.Write(ctx).Exec(statement, args...)
	if moved.Error != nil {
		return payments.Invoice{}, false, fmt.Errorf("move invoice to %s: %w", m.To, moved.Error)
	}
	if moved.RowsAffected == 0 {
		return payments.Invoice{}, false, nil
	}
	v, err := s.Invoice(ctx, m.Invoice)
	return v, err == nil, err
}

// VoidOverdue implements app.Store. Replicas that do it at the same time take
// different ones.
func (s *Store) VoidOverdue(ctx context.Context, now time.Time, limit int) ([]payments.Invoice, error) {
	passing := ""
	if s.db.Dialect() == database.Postgres {
		passing = " FOR UPDATE SKIP LOCKED"
	}
	var rows []invoice
	err := s.db.Write(ctx).Raw(
		`UPDATE invoices SET status = 'void', voided_at = ?, version = version + 1, updated_at = ?
		  WHERE status = 'open' AND id IN (
		    SELECT id FROM invoices WHERE status = 'open' AND pay_until IS NOT NULL AND pay_until <= ?
		     ORDER BY pay_until LIMIT ?`+passing+`)
		 RETURNING id, user_id, currency, reference`, now, now, now, limit,
	).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("void overdue invoices: %w", err)
	}
	voided := make([]payments.Invoice, len(rows))
	for i, row := range rows {
		voided[i] = payments.Invoice{ID: row.ID, UserID: row.UserID, Currency: row.Currency, Reference: row.Reference}
	}
	return voided, nil
}
