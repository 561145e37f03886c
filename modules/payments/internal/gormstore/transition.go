package gormstore

import (
	"context"
	"fmt"
	"time"

	"shop/modules/payments"
	"shop/modules/payments/internal/app"
	"shop/platform/database"
	"shop/platform/id"
	"shop/platform/money"
)

// Payment and invoice change together, each only from the states that the
// statement names, so that of several who try at once one succeeds. PostgreSQL
// does both in one statement; SQLite, which has no such statement and no round
// trip to save, in two. The triggers of the tables refuse what is forbidden
// even so.

const reserveInvoice = `UPDATE invoices SET status = 'paying', version = version + 1, updated_at = ?
  WHERE id = ? AND status = 'open'`

const insertPayment = `INSERT INTO payments
  (id, invoice_id, provider, method, amount, currency, state, reference, claims, due_at, created_at, updated_at) `

// reserved is what a payment needs to know of the invoice that it has reserved.
type reserved struct {
	Total    int64
	Currency money.Currency
}

// Begin implements app.Store.
func (s *Store) Begin(ctx context.Context, a app.Attempt, owner id.User) (money.Amount, bool, error) {
	reserve, args := reserveInvoice, []any{a.CreatedAt, a.InvoiceID}
	if !owner.IsZero() {
		reserve, args = reserve+` AND user_id = ?`, append(args, owner)
	}
	reserve += ` RETURNING total, currency`
	begin := s.beginSQLite
	if s.db.Dialect() == database.Postgres {
		begin = s.beginPostgres
	}
	rows, err := begin(ctx, a, reserve, args)
	if err != nil {
		return money.Amount{}, false, fmt.Errorf("begin payment: %w", err)
	}
	if len(rows) == 0 {
		return money.Amount{}, false, nil
	}
	return money.Of(rows[0].Total, rows[0].Currency), true, nil
}

func (s *Store) beginPostgres(ctx context.Context, a app.Attempt, reserve string, args []any) (rows []reserved, err error) {
	err = s.db.Write(ctx).Raw(
		`WITH reserved AS (`+reserve+`) `+insertPayment+`
		 SELECT ?::uuid, ?::uuid, ?, ?, total, currency, ?, '', ?::bigint, ?::timestamptz, ?::timestamptz, ?::timestamptz
		   FROM reserved
		 RETURNING amount AS total, currency`,
		append(args, a.ID, a.InvoiceID, a.Provider, a.Method, a.State, a.Claims, a.DueAt, a.CreatedAt, a.CreatedAt)...,
	).Find(&rows).Error
	return rows, err
}

func (s *Store) beginSQLite(ctx context.Context, a app.Attempt, reserve string, args []any) (rows []reserved, err error) {
	tx := s.db.Write(ctx)
	if err = tx.Raw(reserve, args...).Find(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	err = tx.Exec(
		insertPayment+`VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?)`,
		a.ID, a.InvoiceID, a.Provider, a.Method, rows[0].Total, rows[0].Currency, a.State, a.Claims,
		a.DueAt, a.CreatedAt, a.CreatedAt,
	).Error
	return rows, err
}

// Revive implements app.Store.
func (s *Store) Revive(ctx context.Context, a app.Attempt, at time.Time) (bool, error) {
	tx := s.db.Write(ctx)
	invoices := tx.Exec(reserveInvoice, at, a.InvoiceID)
	if invoices.Error != nil {
		return false, fmt.Errorf("reserve invoice: %w", invoices.Error)
	}
	if invoices.RowsAffected == 0 {
		return false, nil
	}
	revived := tx.Exec(
		`UPDATE payments SET state = ?, claims = ?, due_at = ?, updated_at = ? WHERE id = ? AND state = ?`,
		app.Pending, a.Claims, a.DueAt, at, a.ID, app.Failed)
	if revived.Error != nil {
		return false, fmt.Errorf("revive payment: %w", revived.Error)
	}
	if revived.RowsAffected == 0 {
		return false, fmt.Errorf("revive payment %s: its invoice was open and it had not failed", a.ID)
	}
	return true, nil
}

// Conclude implements app.Store.
func (s *Store) Conclude(ctx context.Context, c app.Conclusion) (id.User, bool, error) {
	conclude := `UPDATE payments SET state = ?, reference = ?, updated_at = ? WHERE id = ? AND state IN (?, ?)`
	args := []any{c.State, c.Reference, c.At, c.Payment, app.Pending, app.Unknown}
	if c.State == app.Failed {
		conclude, args = conclude+` AND claims = ?`, append(args, c.Claims)
	}
	conclude += ` RETURNING invoice_id`
	run := s.concludeSQLite
	if s.db.Dialect() == database.Postgres {
		run = s.concludePostgres
	}
	owners, err := run(ctx, c, conclude, args)
	if err != nil {
		return id.User{}, false, fmt.Errorf("conclude payment: %w", err)
	}
	if len(owners) == 0 {
		return id.User{}, false, nil
	}
	return owners[0].UserID, true, nil
}

// owner is whose invoice was changed.
type owner struct{ UserID id.User }

func (s *Store) concludePostgres(ctx context.Context, c app.Conclusion, conclude string, args []any) (owners []owner, err error) {
	status, paidAt := follows(c)
	err = s.db.Write(ctx).Raw(
		`WITH concluded AS (`+conclude+`)
		 UPDATE invoices i SET status = ?, paid_at = ?, version = version + 1, updated_at = ?
		   FROM concluded WHERE i.id = concluded.invoice_id
		 RETURNING i.user_id`,
		append(args, status, paidAt, c.At)...,
	).Scan(&owners).Error
	return owners, err
}

func (s *Store) concludeSQLite(ctx context.Context, c app.Conclusion, conclude string, args []any) (owners []owner, err error) {
	tx := s.db.Write(ctx)
	var concluded []struct{ InvoiceID id.Invoice }
	if err = tx.Raw(conclude, args...).Find(&concluded).Error; err != nil || len(concluded) == 0 {
		return nil, err
	}
	status, paidAt := follows(c)
	err = tx.Raw(
		`UPDATE invoices SET status = ?, paid_at = ?, version = version + 1, updated_at = ? WHERE id = ? RETURNING user_id`,
		status, paidAt, c.At, concluded[0].InvoiceID,
	).Scan(&owners).Error
	return owners, err
}

// follows is what the invoice becomes.
func follows(c app.Conclusion) (status payments.Status, paidAt *time.Time) {
	if c.State == app.Succeeded {
		return payments.StatusPaid, &c.At
	}
	return payments.StatusOpen, nil
}

// SetUnknown implements app.Store.
func (s *Store) SetUnknown(ctx context.Context, paymentID id.Payment, at, due time.Time) error {
	err := s.db.Write(ctx).Exec(
		`UPDATE payments SET state = ?, due_at = ?, updated_at = ? WHERE id = ? AND state IN (?, ?)`,
		app.Unknown, due, at, paymentID, app.Pending, app.Unknown).Error
	if err != nil {
		return fmt.Errorf("note an unknown outcome: %w", err)
	}
	return nil
}
