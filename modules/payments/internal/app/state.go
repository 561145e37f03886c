package app

import (
	"context"
	"log/slog"

	"shop/modules/payments"
	"shop/platform/contract"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
)

// OpenInvoice implements payments.Service.
func (s *Service) OpenInvoice(ctx context.Context, in payments.OpenInvoiceInput) (payments.Invoice, error) {
	return s.move(ctx, change{
		method: payments.MethodOpenInvoice, key: in.Key, in: in, id: in.ID,
		from: []payments.Status{payments.StatusDraft}, to: payments.StatusOpen,
		refuse: func(payments.Status) error { return payments.ErrNotDraft },
		tell: func(v payments.Invoice) event.Event {
			return payments.InvoiceCreated{
				InvoiceID: v.ID, UserID: v.UserID, Total: v.Total, Reference: v.Reference, Number: v.Number,
			}
		},
	})
}

// Void implements payments.Service.
func (s *Service) Void(ctx context.Context, in payments.VoidInput) (payments.Invoice, error) {
	return s.move(ctx, change{
		method: payments.MethodVoid, key: in.Key, in: in, id: in.ID,
		from: []payments.Status{payments.StatusDraft, payments.StatusOpen}, to: payments.StatusVoid,
		refuse: func(status payments.Status) error {
			if status == payments.StatusPaying {
				return payments.ErrPaymentInProgress
			}
			return payments.ErrNotVoidable
		},
		tell: func(v payments.Invoice) event.Event {
			if v.Number == "" { // nobody has heard of it
				return nil
			}
			return payments.InvoiceVoided{InvoiceID: v.ID, UserID: v.UserID, Reference: v.Reference}
		},
	})
}

// WriteOff implements payments.Service.
func (s *Service) WriteOff(ctx context.Context, in payments.WriteOffInput) (payments.Invoice, error) {
	return s.move(ctx, change{
		method: payments.MethodWriteOff, key: in.Key, in: in, id: in.ID,
		from: []payments.Status{payments.StatusOpen}, to: payments.StatusUncollectible,
		refuse: func(status payments.Status) error {
			if status == payments.StatusPaying {
				return payments.ErrPaymentInProgress
			}
			return payments.ErrNotCollectible
		},
		tell: func(v payments.Invoice) event.Event {
			return payments.InvoiceWrittenOff{InvoiceID: v.ID, UserID: v.UserID, Reference: v.Reference}
		},
	})
}

// change is a change of an invoice's state that somebody asks for.
type change struct {
	method contract.Method
	key    *idempotency.Key
	in     any
	id     id.Invoice
	from   []payments.Status
	to     payments.Status
	// refuse says why it cannot be done from a state.
	refuse func(payments.Status) error
	// tell makes the event about it; nil for none.
	tell func(payments.Invoice) event.Event
}

// move changes the state of an invoice, unless that has been done.
func (s *Service) move(ctx context.Context, c change) (payments.Invoice, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return payments.Invoice{}, err
	}
	return sqlstore.Do(ctx, s.idempotency, c.key, c.method.String(), c.in, func(ctx context.Context) (payments.Invoice, error) {
		now := s.clock()
		v, moved, err := s.store.Move(ctx, Move{Invoice: c.id, From: c.from, To: c.to, At: now, Series: s.invoiceSeries(now)})
		if err != nil {
			return payments.Invoice{}, err
		}
		if !moved {
			if v, err = s.store.Invoice(ctx, c.id); err == nil && v.Status != c.to {
				err = c.refuse(v.Status)
			}
			return v, err
		}
		if told := c.tell(v); told != nil {
			return v, s.outbox.Append(ctx, told)
		}
		return v, nil
	})
}

// voidBatch is how many overdue invoices are voided in one transaction.
const voidBatch = 100

// VoidOverdue voids the invoices that are open and were to be paid by now. One
// that is being paid stays until it is known how that ends.
func (s *Service) VoidOverdue(ctx context.Context) error {
	for voided := voidBatch; voided == voidBatch; {
		err := s.store.InTx(ctx, func(ctx context.Context) error {
			overdue, err := s.store.VoidOverdue(ctx, s.clock(), voidBatch)
			if err != nil {
				return err
			}
			voided = len(overdue)
			told := make([]event.Event, voided)
			for i, v := range overdue {
				told[i] = payments.InvoiceVoided{InvoiceID: v.ID, UserID: v.UserID, Reference: v.Reference}
			}
			return s.outbox.Append(ctx, told...)
		})
		if err != nil {
			return err
		}
		if voided > 0 {
			s.logger.InfoContext(ctx, "overdue invoices voided", slog.Int("invoices", voided))
		}
	}
	return nil
}
