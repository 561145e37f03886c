package paymentstest

import (
	"context"
	"slices"

	"shop/modules/payments"
	"shop/modules/payments/internal/sandbox"
	"shop/platform/audit"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/money"
)

// OpenInvoice implements payments.Service.
func (f *Fake) OpenInvoice(ctx context.Context, in payments.OpenInvoiceInput) (payments.Invoice, error) {
	return f.move(ctx, in.Key, "OpenInvoice", in, in.ID, func(v payments.Invoice) error {
		switch v.Status {
		case payments.StatusDraft:
			v = f.change(v.ID, payments.StatusOpen)
			f.open(&v, v.UpdatedAt)
			f.invoices[v.ID] = v
			return nil
		case payments.StatusOpen:
			return nil
		default:
			return payments.ErrNotDraft
		}
	})
}

// Void implements payments.Service.
func (f *Fake) Void(ctx context.Context, in payments.VoidInput) (payments.Invoice, error) {
	return f.move(ctx, in.Key, "Void", in, in.ID, func(v payments.Invoice) error {
		switch v.Status {
		case payments.StatusDraft:
			f.change(v.ID, payments.StatusVoid)
			return nil
		case payments.StatusOpen:
			f.void(v.ID)
			return nil
		case payments.StatusVoid:
			return nil
		case payments.StatusPaying:
			return payments.ErrPaymentInProgress
		default:
			return payments.ErrNotVoidable
		}
	})
}

func (f *Fake) void(invoice id.Invoice) {
	v := f.change(invoice, payments.StatusVoid)
	f.events = append(f.events, payments.InvoiceVoided{InvoiceID: v.ID, UserID: v.UserID, Reference: v.Reference})
}

// WriteOff implements payments.Service.
func (f *Fake) WriteOff(ctx context.Context, in payments.WriteOffInput) (payments.Invoice, error) {
	return f.move(ctx, in.Key, "WriteOff", in, in.ID, func(v payments.Invoice) error {
		switch v.Status {
		case payments.StatusOpen:
			v = f.change(v.ID, payments.StatusUncollectible)
			f.events = append(f.events, payments.InvoiceWrittenOff{InvoiceID: v.ID, UserID: v.UserID, Reference: v.Reference})
			return nil
		case payments.StatusUncollectible:
			return nil
		case payments.StatusPaying:
			return payments.ErrPaymentInProgress
		default:
			return payments.ErrNotCollectible
		}
	})
}

// move changes the state of an invoice.
func (f *Fake) move(
	ctx context.Context, key *idempotency.Key, operation string, in any, invoice id.Invoice, do func(payments.Invoice) error,
) (payments.Invoice, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return payments.Invoice{}, err
	}
	return idempotency.DoMemory(ctx, f.answers, key, operation, in, func(ctx context.Context) (payments.Invoice, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		v, err := f.visible(ctx, invoice)
		if err != nil {
			return payments.Invoice{}, err
		}
		if err := do(v); err != nil {
			return payments.Invoice{}, err
		}
		return own(f.invoices[invoice]), nil
	})
}

// Refund implements payments.Service.
func (f *Fake) Refund(ctx context.Context, in payments.RefundInput) (payments.CreditNote, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return payments.CreditNote{}, err
	}
	if err := in.Validate(); err != nil {
		return payments.CreditNote{}, err
	}
	note, err := idempotency.DoMemory(ctx, f.answers, in.Key, "Refund", in, func(ctx context.Context) (id.CreditNote, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.beginRefund(ctx, in)
	})
	if err != nil {
		return payments.CreditNote{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := *f.notes[slices.IndexFunc(f.notes, func(n *payments.CreditNote) bool { return n.ID == note })]
	if n.State == payments.RefundFailed {
		return payments.CreditNote{}, payments.ErrRefundRefused
	}
	return n, nil
}

func (f *Fake) beginRefund(ctx context.Context, in payments.RefundInput) (id.CreditNote, error) {
	for _, n := range f.notes {
		if !in.OrderID.IsZero() && n.OrderID == in.OrderID && n.State != payments.RefundFailed {
			return n.ID, nil
		}
	}
	v, err := f.visible(ctx, in.ID)
	if err != nil {
		return id.CreditNote{}, err
	}
	if v.Status != payments.StatusPaid && v.Status != payments.StatusRefunded {
		return id.CreditNote{}, payments.ErrNotRefundable
	}
	amount := money.Of(v.Total.Minor, v.Currency)
	for _, n := range f.notes {
		if n.InvoiceID == v.ID && n.State != payments.RefundFailed {
			amount.Minor -= n.Amount.Minor
		}
	}
	switch {
	case amount.Minor == 0:
		return id.CreditNote{}, payments.ErrNothingToRefund
	case in.Amount == nil:
	default:
		if err := payments.CheckRefund(*in.Amount, amount); err != nil {
			return id.CreditNote{}, err
		}
		amount = *in.Amount
	}
	now := f.clock()
	n := &payments.CreditNote{
		ID: id.NewCreditNote(), InvoiceID: v.ID, Amount: amount, Reason: in.Reason, OrderID: in.OrderID,
		State: payments.RefundPending, CreatedAt: now, UpdatedAt: now,
	}
	f.notes = append(f.notes, n)
	f.giveBack(n)
	return n.ID, nil
}

// giveBack does what the sandbox does with a refund of a charge.
func (f *Fake) giveBack(n *payments.CreditNote) {
	for _, a := range f.attempts {
		if a.invoice != n.InvoiceID || a.refused || a.unknown {
			continue
		}
		switch a.method {
		case sandbox.MethodRefundTimeout: // until Resolve
		case sandbox.MethodRefundDeclined:
			n.State, n.UpdatedAt = payments.RefundFailed, f.clock()
		default:
			f.refunded(n)
		}
	}
}

// refunded brings a refund to its end.
func (f *Fake) refunded(n *payments.CreditNote) {
	n.State, n.UpdatedAt = payments.RefundSucceeded, f.clock()
	n.Series = "CN" + n.UpdatedAt.Format("2006")
	n.Number = f.number(n.Series)
	v := f.invoices[n.InvoiceID]
	v.Refunded.Minor += n.Amount.Minor
	f.invoices[v.ID] = v
	to := payments.StatusPaid
	if v.Refunded == v.Total {
		to = payments.StatusRefunded
	}
	paidAt := v.PaidAt
	v = f.change(v.ID, to)
	v.PaidAt = paidAt
	f.invoices[v.ID] = v
	f.events = append(f.events, payments.InvoiceRefunded{
		InvoiceID: v.ID, UserID: v.UserID, CreditNoteID: n.ID, Amount: n.Amount,
		Remaining: money.Of(v.Total.Minor-v.Refunded.Minor, v.Currency), Reference: v.Reference,
	})
}

// CreditNotes implements payments.Service.
func (f *Fake) CreditNotes(ctx context.Context, in payments.CreditNotesInput) ([]payments.CreditNote, error) {
	if err := identity.RequireSignedIn(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.visible(ctx, in.InvoiceID); err != nil {
		return nil, err
	}
	notes := []payments.CreditNote{}
	for _, n := range f.notes {
		if n.InvoiceID == in.InvoiceID {
			notes = append(notes, *n)
		}
	}
	return notes, nil
}

// Verify implements payments.Service. A map of invoices has nothing to disagree
// with.
func (f *Fake) Verify(ctx context.Context, _ audit.Input) (audit.Report, error) {
	return audit.Report{}, identity.RequirePrivileged(ctx)
}

// Document implements payments.Service.
func (f *Fake) Document(ctx context.Context, in payments.DocumentInput) (payments.Document, error) {
	contentType := "text/html; charset=utf-8"
	switch in.Format {
	case payments.FormatHTML:
	case payments.FormatPDF:
		contentType = "application/pdf"
	default:
		return payments.Document{}, fault.InvalidField("body.format", "must be html or pdf")
	}
	if err := identity.RequireSignedIn(ctx); err != nil {
		return payments.Document{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	missing, kind, number := error(payments.ErrInvoiceNotFound), "invoice", ""
	if !in.CreditNote.IsZero() {
		missing, kind = payments.ErrCreditNoteNotFound, "credit-note"
		for _, n := range f.notes {
			if n.ID == in.CreditNote && n.State == payments.RefundSucceeded {
				in.Invoice, number = n.InvoiceID, n.Number
			}
		}
	}
	v, err := f.visible(ctx, in.Invoice)
	if err != nil {
		return payments.Document{}, missing
	}
	if number == "" {
		number = v.Number
	}
	name := in.Format.FileName(kind, number, v.ID.String())
	return payments.Document{Name: name, ContentType: contentType, Body: []byte("%PDF- " + number)}, nil
}
