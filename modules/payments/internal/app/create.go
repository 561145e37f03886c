package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/event/outbox"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
	"shop/platform/money"
)

// CreateInvoice implements payments.Service.
func (s *Service) CreateInvoice(ctx context.Context, in payments.CreateInvoiceInput) (payments.Invoice, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return payments.Invoice{}, err
	}
	if err := in.Validate(); err != nil {
		return payments.Invoice{}, err
	}
	invoice, err := s.newInvoice(ctx, in)
	if err != nil {
		return payments.Invoice{}, err
	}
	var created outbox.Entry
	if !in.Draft {
		created, err = s.outbox.Prepare(ctx, payments.InvoiceCreated{
			InvoiceID: invoice.ID, UserID: invoice.UserID, Total: invoice.Total, Reference: invoice.Reference,
		})
		if err != nil {
			return payments.Invoice{}, err
		}
	}
	var number Numbered
	answer, err := sqlstore.DoKnown(ctx, s.idempotency, in.Key, payments.MethodCreateInvoice.String(), asked(in), invoice,
		func(ctx context.Context, guard *sqlstore.Guard) (err error) {
			number, err = s.store.InsertInvoice(ctx, invoice, created, guard)
			if err != nil {
				return err
			}
			s.outbox.Appended(ctx, created)
			return nil
		})
	switch {
	case errors.Is(err, ErrReferenceTaken):
		return s.sameSale(ctx, in.Key, invoice)
	case err != nil:
		return payments.Invoice{}, err
	case in.Key.Replayed() && answer.Status == payments.StatusOpen:
		// The record was made in the statement that gave the number, without it.
		stored, err := s.store.Invoice(ctx, answer.ID)
		if err != nil {
			return payments.Invoice{}, err
		}
		number = Numbered{stored.Series, stored.Number}
	}
	answer.Series, answer.Number = number.Series, number.Number
	return answer, nil
}

// asked is what makes two requests with a key the same. What the release before
// did not know is left out where it is not used, so that a request may be
// repeated at either release.
func asked(in payments.CreateInvoiceInput) any {
	type line struct {
		ProductID   id.Product
		Description string
		Quantity    int64
		UnitPrice   money.Amount
		Kind        payments.Kind `json:",omitempty"`
	}
	lines := make([]line, len(in.Lines))
	for i, l := range in.Lines {
		lines[i] = line{l.ProductID, l.Description, l.Quantity, l.UnitPrice, l.Kind}
	}
	return struct {
		Key       *idempotency.Key
		UserID    id.User
		Currency  money.Currency
		Lines     []line
		Reference string           `json:",omitempty"`
		Buyer     *payments.Buyer  `json:",omitempty"`
		ShipTo    payments.Address `json:",omitzero"`
		Tax       *payments.Tax    `json:",omitempty"`
		PayUntil  time.Time        `json:",omitzero"`
		Draft     bool             `json:",omitempty"`
	}{in.Key, in.UserID, in.Currency, lines, in.Reference, in.Buyer, in.ShipTo, in.Tax, in.PayUntil, in.Draft}
}

// sameSale answers a repeat of a request that made its invoice when there was no
// record of it any more, or with another key.
func (s *Service) sameSale(ctx context.Context, key *idempotency.Key, invoice payments.Invoice) (payments.Invoice, error) {
	stored, err := s.store.InvoiceOf(ctx, invoice.Reference)
	if err != nil {
		return payments.Invoice{}, err
	}
	same := stored.UserID == invoice.UserID && stored.Total == invoice.Total && len(stored.Lines) == len(invoice.Lines)
	for i := 0; same && i < len(stored.Lines); i++ {
		one, other := stored.Lines[i], invoice.Lines[i]
		one.ID, other.ID = id.InvoiceLine{}, id.InvoiceLine{}
		same = one == other
	}
	if !same {
		return payments.Invoice{}, payments.ErrReferenceTaken
	}
	key.MarkReplayed()
	return stored, nil
}

// newInvoice is the invoice that is asked for.
func (s *Service) newInvoice(ctx context.Context, in payments.CreateInvoiceInput) (payments.Invoice, error) {
	invoice, err := in.Draw()
	if err != nil {
		return payments.Invoice{}, fmt.Errorf("draw the invoice up: %w", err)
	}
	if invoice.Buyer, err = s.buyer(ctx, in); err != nil {
		return payments.Invoice{}, err
	}
	now := s.clock()
	invoice.ID, invoice.Status, invoice.Version, invoice.CreatedAt, invoice.UpdatedAt = id.NewInvoice(), payments.StatusDraft, 1, now, now
	if !in.Draft {
		invoice.Status, invoice.OpenedAt, invoice.Series = payments.StatusOpen, now, s.invoiceSeries(now)
	}
	if !in.PayUntil.IsZero() {
		invoice.PayUntil = database.Timestamp(in.PayUntil)
	}
	for i := range invoice.Lines {
		invoice.Lines[i].ID = id.NewInvoiceLine()
	}
	return invoice, nil
}

// buyer is to whom it is sold: who the input says, else whose account it is. It
// looks whether there is such a user, unless nothing is asked of the account
// and the call is on the user's own behalf: then the session was the proof.
func (s *Service) buyer(ctx context.Context, in payments.CreateInvoiceInput) (payments.Buyer, error) {
	if in.Buyer != nil && identity.From(ctx).User == in.UserID {
		return *in.Buyer, nil
	}
	user, err := s.users.User(identity.AsService(ctx, "payments"), users.UserInput{ID: in.UserID})
	switch {
	case errors.Is(err, users.ErrUserNotFound):
		return payments.Buyer{}, fault.InvalidField("body.user_id", "is no user")
	case err != nil:
		return payments.Buyer{}, fmt.Errorf("look for the invoice's user: %w", err)
	case in.Buyer != nil:
		return *in.Buyer, nil
	case user.Email == "":
		return payments.Buyer{}, fault.InvalidField("body.buyer", "is needed: the user is a guest, without an address")
	}
	return payments.Buyer{Name: user.Name, Email: user.Email}, nil
}
