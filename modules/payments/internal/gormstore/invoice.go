package gormstore

import (
	"context"
	"fmt"
	"strings"

	"shop/modules/payments"
	"shop/platform/database"
	"shop/platform/event/outbox"
	"shop/platform/id"
	"shop/platform/idempotency/sqlstore"
)

// InsertInvoice implements app.Store.
func (s *Store) InsertInvoice(ctx context.Context, v payments.Invoice, created outbox.Entry, guard *sqlstore.Guard) error {
	if guard != nil {
		return s.insertGuarded(ctx, v, created, guard)
	}
	tx := s.db.Write(ctx)
	row := invoiceRow(v)
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("insert invoice: %w", err)
	}
	lines := lineRows(v)
	if err := tx.Create(&lines).Error; err != nil {
		return fmt.Errorf("insert invoice lines: %w", err)
	}
	return s.publish(ctx, created)
}

// insertGuarded is all of it in one statement, on PostgreSQL.
func (s *Store) insertGuarded(ctx context.Context, v payments.Invoice, created outbox.Entry, guard *sqlstore.Guard) error {
	row := invoiceRow(v)
	statement, args := database.Compose(
		database.SQL(`WITH turn AS MATERIALIZED (`), guard.Turn(),
		database.SQL(
			`), invoice AS (
			   INSERT INTO invoices (id, user_id, currency, total, status, version, created_at, updated_at)
			   SELECT ?, ?, ?, ?, ?, ?, ?, ? FROM turn WHERE turn.free
			   RETURNING id),
			 lines AS (
			   INSERT INTO invoice_lines (invoice_id, id, product_id, description, quantity, unit_price, line_total)
			   SELECT invoice.id, line.* FROM invoice CROSS JOIN (VALUES `,
			row.ID, row.UserID, row.Currency, row.Total, row.Status, row.Version, row.CreatedAt, row.UpdatedAt),
		lineValues(v), database.SQL(`) AS line),
			 event AS (`), created.Insert("invoice"), database.SQL(`),
			 record AS (`), guard.Record("invoice"), database.SQL(`)
		 SELECT id FROM invoice`),
	)
	inserted := make([]id.Invoice, 0, 1) // else GORM makes room for 20 rows
	if err := s.db.Write(ctx).Raw(statement, args...).Find(&inserted).Error; err != nil {
		return fmt.Errorf("insert invoice with its record: %w", err)
	}
	if len(inserted) == 0 {
		return errNotFree
	}
	return nil
}

// lineValues are the lines of an invoice as rows of a VALUES list.
func lineValues(v payments.Invoice) database.Part {
	rows := make([]string, len(v.Lines))
	var args []any
	for i, l := range lineRows(v) {
		rows[i] = `(?::uuid, ?::uuid, ?::text, ?::bigint, ?::bigint, ?::bigint)`
		args = append(args, l.ID, l.ProductID, l.Description, l.Quantity, l.UnitPrice, l.LineTotal)
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

// Invoice implements app.Store.
func (s *Store) Invoice(ctx context.Context, invoiceID id.Invoice) (payments.Invoice, error) {
	var rows []billed
	err := s.db.Read(ctx).Raw(
		`SELECT `+billedColumns+` FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id
		  WHERE i.id = ? ORDER BY l.id`, invoiceID,
	).Find(&rows).Error
	if err != nil {
		return payments.Invoice{}, fmt.Errorf("read invoice: %w", err)
	}
	if len(rows) == 0 {
		return payments.Invoice{}, payments.ErrInvoiceNotFound
	}
	return whole(rows), nil
}

// ListInvoices implements app.Store.
func (s *Store) ListInvoices(ctx context.Context, user id.User, before id.Invoice, limit int) ([]payments.Invoice, error) {
	place, args := "", []any{user}
	if !before.IsZero() {
		place, args = "AND i.id < ?", append(args, before)
	}
	var rows []invoice
	err := s.db.Read(ctx).Raw(
		`SELECT `+invoiceColumns+` FROM invoices i WHERE i.user_id = ? `+place+` ORDER BY i.id DESC LIMIT ?`,
		append(args, limit)...,
	).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list invoices: %w", err)
	}
	invoices := make([]payments.Invoice, len(rows))
	for i, row := range rows {
		invoices[i] = row.value()
	}
	return invoices, nil
}

// CountInvoices implements app.Store.
func (s *Store) CountInvoices(ctx context.Context, user id.User) (int64, error) {
	var count int64
	err := s.db.Read(ctx).Raw(`SELECT count(*) FROM invoices WHERE user_id = ?`, user).Scan(&count).Error
	if err != nil {
		return 0, fmt.Errorf("count invoices: %w", err)
	}
	return count, nil
}
