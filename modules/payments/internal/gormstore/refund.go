package gormstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/modules/payments"
	"shop/modules/payments/internal/app"
	"shop/platform/database"
	"shop/platform/id"
	"shop/platform/money"
)

// creditNote is a row of credit_notes, and what it says of the invoice and the
// payment it is about.
type creditNote struct {
	ID               id.CreditNote
	InvoiceID        id.Invoice
	PaymentID        id.Payment
	Series           *string
	Number           *int64
	Amount           int64
	Currency         money.Currency
	Reason           string
	OrderID          id.Order
	State            payments.RefundState
	Claims           int64
	DueAt            time.Time
	CreatedAt        time.Time
	UpdatedAt        time.Time
	UserID           id.User
	InvoiceReference string
	Provider         string
	Charge           string
}

const selectRefunds = `SELECT c.id, c.invoice_id, c.payment_id, c.series, c.number, c.amount, c.currency, c.reason, c.order_id,
	c.state, c.claims, c.due_at, c.created_at, c.updated_at, i.user_id, i.reference AS invoice_reference,
	p.provider, p.reference AS charge
	FROM credit_notes c JOIN invoices i ON i.id = c.invoice_id JOIN payments p ON p.id = c.payment_id WHERE `

func (r creditNote) value() app.Refund {
	v := app.Refund{
		CreditNote: payments.CreditNote{
			ID: r.ID, Number: number(r.Series, r.Number), InvoiceID: r.InvoiceID, Amount: money.Of(r.Amount, r.Currency),
			Reason: r.Reason, OrderID: r.OrderID, State: r.State, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
		},
		UserID: r.UserID, Reference: r.InvoiceReference, PaymentID: r.PaymentID, Provider: r.Provider, Charge: r.Charge,
		Claims: r.Claims, DueAt: r.DueAt.UTC(),
	}
	if v.Number != "" {
		v.Series = *r.Series
	}
	return v
}

// refundable is what is left of an invoice.
type refundable struct {
	UserID    id.User
	Currency  money.Currency
	Total     int64
	Refunded  int64
	Refunding int64
	Status    payments.Status
	Reference string
}

// charged is the payment of an invoice.
type charged struct {
	ID        id.Payment
	Provider  string
	Reference string
}

// BeginRefund implements app.Refunds. The invoice's row is locked, so that what
// is left is what the amount is measured by.
func (s *Store) BeginRefund(ctx context.Context, r app.Refund) (app.Refund, error) {
	err := s.db.InTx(ctx, func(ctx context.Context) error {
		tx, locking := s.db.Write(ctx), ""
		if s.db.Dialect() == database.Postgres {
			locking = " FOR UPDATE"
		}
		var found []refundable
		err := tx.Raw(
			`SELECT user_id, currency, total, refunded, refunding, status, reference FROM invoices WHERE id = ?`+locking,
			r.InvoiceID,
		).Find(&found).Error
		if err != nil {
			return fmt.Errorf("lock invoice: %w", err)
		}
		if len(found) == 0 {
			return payments.ErrInvoiceNotFound
		}
		if r.Amount, err = found[0].take(r.Amount); err != nil {
			return err
		}
		r.UserID, r.Reference = found[0].UserID, found[0].Reference
		var paid charged
		err = tx.Raw(
			`SELECT id, provider, reference FROM payments WHERE invoice_id = ? AND state = 'succeeded'`, r.InvoiceID,
		).Find(&paid).Error
		if err != nil {
			return fmt.Errorf("read the charge: %w", err)
		}
		if paid.Provider != r.Provider {
			return payments.ErrNotRefundable.With("the invoice was paid through another payment provider than is configured")
		}
		r.PaymentID, r.Charge = paid.ID, paid.Reference
		return s.insertRefund(ctx, r)
	})
	return r, err
}

// take is the amount to refund: asked, or all that is left when that is zero.
func (r refundable) take(asked money.Amount) (money.Amount, error) {
	left := money.Of(r.Total-r.Refunded-r.Refunding, r.Currency)
	switch {
	case r.Status != payments.StatusPaid && r.Status != payments.StatusRefunded:
		return left, payments.ErrNotRefundable
	case left.Minor == 0:
		return left, payments.ErrNothingToRefund
	case asked == money.Amount{}:
		return left, nil
	}
	return asked, payments.CheckRefund(asked, left)
}

func (s *Store) insertRefund(ctx context.Context, r app.Refund) error {
	tx := s.db.Write(ctx)
	err := tx.Exec(
		`UPDATE invoices SET refunding = refunding + ? WHERE id = ? AND refunded + refunding + ? <= total`,
		r.Amount.Minor, r.InvoiceID, r.Amount.Minor,
	).Error
	if err != nil {
		return fmt.Errorf("set a refund aside: %w", err)
	}
	err = tx.Exec(
		`INSERT INTO credit_notes (id, invoice_id, payment_id, amount, currency, reason, order_id, state, reference, claims,
		   due_at, created_at, updated_at)
		 VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?)`,
		r.ID, r.InvoiceID, r.PaymentID, r.Amount.Minor, r.Amount.Currency, r.Reason, orNil(r.OrderID), r.State, r.Claims,
		r.DueAt, r.CreatedAt, r.CreatedAt,
	).Error
	if duplicate, ok := errors.AsType[*database.DuplicateError](err); ok && duplicate.Constraint == "credit_notes_order_id_key" {
		return app.ErrOrderTaken
	}
	if err != nil {
		return fmt.Errorf("insert credit note: %w", err)
	}
	return nil
}

// ConcludeRefund implements app.Refunds.
func (s *Store) ConcludeRefund(ctx context.Context, c app.RefundConclusion) (v payments.Invoice, done bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		tx := s.db.Write(ctx)
		var series *string
		if c.State == payments.RefundSucceeded {
			series = &c.Series
		}
		var concluded []struct {
			InvoiceID id.Invoice
			Amount    int64
		}
		err := tx.Raw(
			`UPDATE credit_notes SET state = ?, reference = ?, series = ?, updated_at = ? WHERE id = ? AND state = 'pending'
			 RETURNING invoice_id, amount`, c.State, c.Reference, series, c.At, c.Note,
		).Find(&concluded).Error
		if err != nil {
			return fmt.Errorf("conclude refund: %w", err)
		}
		if done = len(concluded) > 0; !done {
			return nil
		}
		back, changes := concluded[0].Amount, 1
		if c.State != payments.RefundSucceeded {
			back, changes = 0, 0
		}
		err = tx.Exec(
			`UPDATE invoices SET refunding = refunding - ?, refunded = refunded + ?,
			   status = CASE WHEN refunded + ? = total THEN 'refunded' ELSE status END,
			   version = version + ?, updated_at = ?
			 WHERE id = ?`, concluded[0].Amount, back, back, changes, c.At, concluded[0].InvoiceID,
		).Error
		if err != nil {
			return fmt.Errorf("add a refund up: %w", err)
		}
		v, err = s.Invoice(ctx, concluded[0].InvoiceID)
		return err
	})
	return v, done, err
}

// PutOffRefund implements app.Refunds.
func (s *Store) PutOffRefund(ctx context.Context, note id.CreditNote, at, due time.Time) error {
	err := s.db.Write(ctx).Exec(
		`UPDATE credit_notes SET due_at = ?, updated_at = ? WHERE id = ? AND state = 'pending'`, due, at, note,
	).Error
	if err != nil {
		return fmt.Errorf("put off a refund: %w", err)
	}
	return nil
}

// Refund implements app.Refunds.
func (s *Store) Refund(ctx context.Context, note id.CreditNote) (app.Refund, error) {
	found, err := s.refunds(ctx, `c.id = ?`, note)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("read credit note %s: %w", note, database.ErrNotFound)
	}
	if err != nil {
		return app.Refund{}, err
	}
	return found[0], nil
}

// RefundOf implements app.Refunds.
func (s *Store) RefundOf(ctx context.Context, order id.Order) (app.Refund, bool, error) {
	found, err := s.refunds(ctx, `c.order_id = ? AND c.state <> 'failed'`, order)
	if err != nil || len(found) == 0 {
		return app.Refund{}, false, err
	}
	return found[0], true, nil
}

// CreditNotes implements app.Refunds.
func (s *Store) CreditNotes(ctx context.Context, invoiceID id.Invoice) ([]payments.CreditNote, error) {
	found, err := s.refunds(ctx, `c.invoice_id = ? ORDER BY c.id`, invoiceID)
	if err != nil {
		return nil, err
	}
	notes := make([]payments.CreditNote, len(found))
	for i, r := range found {
		notes[i] = r.CreditNote
	}
	return notes, nil
}

// DueRefunds implements app.Refunds.
func (s *Store) DueRefunds(ctx context.Context, provider string, now time.Time, limit int) ([]app.Refund, error) {
	return s.refunds(ctx, `c.state = 'pending' AND p.provider = ? AND c.due_at <= ? ORDER BY c.due_at LIMIT ?`, provider, now, limit)
}

// refunds reads the refunds that a condition selects.
func (s *Store) refunds(ctx context.Context, where string, args ...any) ([]app.Refund, error) {
	var rows []creditNote
	if err := s.db.Read(ctx).Raw(selectRefunds+where, args...).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read credit notes: %w", err)
	}
	found := make([]app.Refund, len(rows))
	for i, row := range rows {
		found[i] = row.value()
	}
	return found, nil
}

// ClaimRefund implements app.Refunds.
func (s *Store) ClaimRefund(ctx context.Context, r app.Refund, at, due time.Time) (bool, error) {
	claimed := s.db.Write(ctx).Exec(
		`UPDATE credit_notes SET claims = claims + 1, due_at = ?, updated_at = ?
		  WHERE id = ? AND claims = ? AND state = 'pending' AND due_at <= ?`, due, at, r.ID, r.Claims, at)
	if claimed.Error != nil {
		return false, fmt.Errorf("claim refund: %w", claimed.Error)
	}
	return claimed.RowsAffected > 0, nil
}
