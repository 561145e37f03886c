package gormstore

import (
	"context"
	"fmt"

	"shop/modules/payments"
	"shop/platform/database"
	"shop/platform/id"
)

// Invoice implements app.Store.
func (s *Store) Invoice(ctx context.Context, invoiceID id.Invoice) (payments.Invoice, error) {
	return s.invoiceWhere(ctx, `i.id = ?`, invoiceID)
}

// InvoiceOf implements app.Store.
func (s *Store) InvoiceOf(ctx context.Context, reference string) (payments.Invoice, error) {
	return s.invoiceWhere(ctx, `i.reference = ? AND i.reference <> ''`, reference)
}

func (s *Store) invoiceWhere(ctx context.Context, where string, arg any) (payments.Invoice, error) {
	var rows []billed
	err := s.db.Read(ctx).Raw(
		`SELECT `+billedColumns+` FROM invoices i JOIN invoice_lines l ON l.invoice_id = i.id
		  WHERE `+where+` ORDER BY l.id`, arg,
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
func (s *Store) ListInvoices(
	ctx context.Context, which payments.ListInvoicesInput, before id.Invoice, limit int,
) ([]payments.Invoice, error) {
	where, args := selected(which)
	if !before.IsZero() {
		where, args = where+" AND i.id < ?", append(args, before)
	}
	var rows []invoice
	err := s.db.Read(ctx).Raw(
		`SELECT `+invoiceColumns+` FROM invoices i WHERE `+where+` ORDER BY i.id DESC LIMIT ?`, append(args, limit)...,
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
func (s *Store) CountInvoices(ctx context.Context, which payments.ListInvoicesInput) (int64, error) {
	where, args := selected(which)
	var count int64
	err := s.db.Read(ctx).Raw(`SELECT count(*) FROM invoices i WHERE `+where, args...).Scan(&count).Error
	if err != nil {
		return 0, fmt.Errorf("count invoices: %w", err)
	}
	return count, nil
}

// selected is the condition that selects the invoices of a list.
func selected(which payments.ListInvoicesInput) (where string, args []any) {
	where = "TRUE"
	if !which.UserID.IsZero() {
		where, args = where+" AND i.user_id = ?", append(args, which.UserID)
	}
	if which.Status != "" {
		where, args = where+" AND i.status = ?", append(args, which.Status)
	}
	if !which.Since.IsZero() {
		where, args = where+" AND i.updated_at >= ?", append(args, database.Timestamp(which.Since))
	}
	return where, args
}
