package app

import (
	"context"
	"errors"
	"fmt"

	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
	"shop/platform/page"
)

// CreateInvoice implements payments.Service.
func (s *Service) CreateInvoice(ctx context.Context, in payments.CreateInvoiceInput) (payments.Invoice, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return payments.Invoice{}, err
	}
	if err := in.Validate(); err != nil {
		return payments.Invoice{}, err
	}
	if err := s.requireUser(ctx, in.UserID); err != nil {
		return payments.Invoice{}, err
	}
	invoice, err := s.newInvoice(in)
	if err != nil {
		return payments.Invoice{}, err
	}
	created, err := s.outbox.Prepare(ctx, payments.InvoiceCreated{
		InvoiceID: invoice.ID, UserID: invoice.UserID, Total: invoice.Total,
	})
	if err != nil {
		return payments.Invoice{}, err
	}
	return sqlstore.DoKnown(ctx, s.idempotency, in.Key, payments.MethodCreateInvoice.String(), in, invoice,
		func(ctx context.Context, guard *sqlstore.Guard) error {
			if err := s.store.InsertInvoice(ctx, invoice, created, guard); err != nil {
				return err
			}
			s.outbox.Appended(ctx, created)
			return nil
		})
}

// requireUser looks whether there is such a user. A call on a user's own behalf
// needs no look: the user's session was the proof.
func (s *Service) requireUser(ctx context.Context, user id.User) error {
	if identity.From(ctx).User == user {
		return nil
	}
	_, err := s.users.User(identity.AsService(ctx, "payments"), users.UserInput{ID: user})
	switch {
	case errors.Is(err, users.ErrUserNotFound):
		return fault.InvalidField("body.user_id", "is no user")
	case err != nil:
		return fmt.Errorf("look for the invoice's user: %w", err)
	}
	return nil
}

func (s *Service) newInvoice(in payments.CreateInvoiceInput) (payments.Invoice, error) {
	total, err := in.Total()
	if err != nil {
		return payments.Invoice{}, fmt.Errorf("add the lines up: %w", err)
	}
	now := s.clock()
	invoice := payments.Invoice{
		ID: id.NewInvoice(), UserID: in.UserID, Currency: in.Currency, Lines: make([]payments.Line, len(in.Lines)),
		Status: payments.StatusOpen, Total: total, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	for i, line := range in.Lines {
		lineTotal, err := line.UnitPrice.Times(line.Quantity)
		if err != nil {
			return payments.Invoice{}, fmt.Errorf("multiply a line: %w", err)
		}
		invoice.Lines[i] = payments.Line{
			ID: id.NewInvoiceLine(), ProductID: line.ProductID, Description: line.Description,
			Quantity: line.Quantity, UnitPrice: line.UnitPrice, LineTotal: lineTotal,
		}
	}
	return invoice, nil
}

// Invoice implements payments.Service.
func (s *Service) Invoice(ctx context.Context, in payments.InvoiceInput) (payments.Invoice, error) {
	if err := identity.RequireSignedIn(ctx); err != nil {
		return payments.Invoice{}, err
	}
	invoice, err := s.store.Invoice(ctx, in.ID)
	if err != nil {
		return payments.Invoice{}, err
	}
	if owner := ownerOnly(ctx); !owner.IsZero() && invoice.UserID != owner {
		return payments.Invoice{}, payments.ErrInvoiceNotFound
	}
	return invoice, nil
}

// ownerOnly is the user whose invoices alone the actor of ctx may see; zero for
// one who may see all.
func ownerOnly(ctx context.Context) id.User {
	actor := identity.From(ctx)
	if actor.IsPrivileged() {
		return id.User{}
	}
	return actor.User
}

// ListInvoices implements payments.Service.
func (s *Service) ListInvoices(ctx context.Context, in payments.ListInvoicesInput) (page.Page[payments.Invoice], error) {
	if err := identity.RequireSelf(ctx, in.UserID); err != nil {
		return page.Page[payments.Invoice]{}, err
	}
	var before id.Invoice
	if in.Page.Cursor != "" {
		cursor, err := page.Decode(in.Page.Cursor, invoiceSort)
		if err != nil {
			return page.Page[payments.Invoice]{}, err
		}
		if err := before.UnmarshalText([]byte(cursor.ID)); err != nil {
			return page.Page[payments.Invoice]{}, page.ErrCursor
		}
	}
	size := in.Page.Size()
	invoices, err := s.store.ListInvoices(ctx, in.UserID, before, size+1)
	if err != nil {
		return page.Page[payments.Invoice]{}, err
	}
	result := page.Cut(invoices, size, func(invoice payments.Invoice) page.Cursor {
		return page.Cursor{Sort: invoiceSort, ID: invoice.ID.String()}
	})
	if in.Page.CountExact {
		total, err := s.store.CountInvoices(ctx, in.UserID)
		if err != nil {
			return page.Page[payments.Invoice]{}, err
		}
		result.Total = &total
	}
	return result, nil
}

// invoiceSort names the one order of invoices in cursors.
const invoiceSort = "newest"
