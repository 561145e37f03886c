package gormstore

import (
	"context"
	"fmt"

	"shop/modules/payments"
	"shop/modules/payments/internal/app"
	"shop/platform/database"
	"shop/platform/id"
)

// Store implements app.Store.
type Store struct{ db *database.DB }

var _ app.Store = (*Store)(nil)

// New makes a store over the module's own database.
func New(db *database.DB) *Store { return &Store{db} }

// InTx implements app.Store.
func (s *Store) InTx(ctx context.Context, fn func(context.Context) error) error {
	return s.db.InTx(ctx, fn)
}

// InsertInvoice implements app.Store.
func (s *Store) InsertInvoice(ctx context.Context, v payments.Invoice) error {
	tx := s.db.Write(ctx)
	row := invoiceRow(v)
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("insert invoice: %w", err)
	}
	lines := lineRows(v)
	if err := tx.Create(&lines).Error; err != nil {
		return fmt.Errorf("insert invoice lines: %w", err)
	}
	return nil
}

// Invoice implements app.Store. Every invoice has a line, hence the join.
func (s *Store) Invoice(ctx context.Context, invoiceID id.Invoice) (payments.Invoice, error) {
	var rows []billed
	err := s.db.Read(ctx).Raw(
		`SELECT `+invoiceColumns+`, l.id AS line_id, l.product_id, l.description, l.quantity, l.unit_price, l.line_total
		   FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id
		  WHERE i.id = ? ORDER BY l.id`, invoiceID,
	).Find(&rows).Error
	if err != nil {
		return payments.Invoice{}, fmt.Errorf("read invoice: %w", err)
	}
	if len(rows) == 0 {
		return payments.Invoice{}, payments.ErrInvoiceNotFound
	}
	v := rows[0].Invoice.value()
	v.Lines = make([]payments.Line, len(rows))
	for i, row := range rows {
		v.Lines[i] = row.line()
	}
	return v, nil
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
