package app

import (
	"context"

	"shop/modules/payments"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/page"
)

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
	err := identity.RequirePrivileged(ctx)
	if !in.UserID.IsZero() {
		err = identity.RequireSelf(ctx, in.UserID)
	}
	if err != nil {
		return page.Page[payments.Invoice]{}, err
	}
	if err := in.Validate(); err != nil {
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
	invoices, err := s.store.ListInvoices(ctx, in, before, size+1)
	if err != nil {
		return page.Page[payments.Invoice]{}, err
	}
	result := page.Cut(invoices, size, func(invoice payments.Invoice) page.Cursor {
		return page.Cursor{Sort: invoiceSort, ID: invoice.ID.String()}
	})
	if in.Page.CountExact {
		total, err := s.store.CountInvoices(ctx, in)
		if err != nil {
			return page.Page[payments.Invoice]{}, err
		}
		result.Total = &total
	}
	return result, nil
}

// invoiceSort names the one order of invoices in cursors.
const invoiceSort = "newest"
