package paymentstest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/identity"
	"shop/platform/page"
)

// Fake is a payments module in memory, for tests of modules that need one. It
// passes Run. Its provider takes the sandbox's payment methods.
type Fake struct {
	users   users.Service
	now     func() time.Time
	answers *idempotency.Memory

	mu       sync.Mutex
	invoices map[id.Invoice]payments.Invoice
	attempts map[id.Payment]*attempt
	events   []event.Event
	notices  map[string]bool
}

var _ payments.Service = (*Fake)(nil)

// NewFake makes a module without invoices. Without users every user exists;
// now may be nil: time.Now.
func NewFake(u users.Service, now func() time.Time) *Fake {
	if now == nil {
		now = time.Now
	}
	return &Fake{
		users: u, now: now, answers: idempotency.NewMemory(now),
		invoices: map[id.Invoice]payments.Invoice{}, attempts: map[id.Payment]*attempt{}, notices: map[string]bool{},
	}
}

// CreateInvoice implements payments.Service.
func (f *Fake) CreateInvoice(ctx context.Context, in payments.CreateInvoiceInput) (payments.Invoice, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return payments.Invoice{}, err
	}
	if err := in.Validate(); err != nil {
		return payments.Invoice{}, err
	}
	if f.users != nil {
		_, err := f.users.User(identity.AsService(ctx, "payments"), users.UserInput{ID: in.UserID})
		if errors.Is(err, users.ErrUserNotFound) {
			return payments.Invoice{}, fault.InvalidField("body.user_id", "is no user")
		}
		if err != nil {
			return payments.Invoice{}, err
		}
	}
	return idempotency.DoMemory(ctx, f.answers, in.Key, "CreateInvoice", in, func(context.Context) (payments.Invoice, error) {
		return f.create(in)
	})
}

func (f *Fake) create(in payments.CreateInvoiceInput) (payments.Invoice, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	total, err := in.Total()
	if err != nil {
		return payments.Invoice{}, err
	}
	now := f.clock()
	v := payments.Invoice{
		ID: id.NewInvoice(), UserID: in.UserID, Currency: in.Currency, Status: payments.StatusOpen, Total: total,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	for _, l := range in.Lines {
		lineTotal, err := l.UnitPrice.Times(l.Quantity)
		if err != nil {
			return payments.Invoice{}, err
		}
		v.Lines = append(v.Lines, payments.Line{
			ID: id.NewInvoiceLine(), ProductID: l.ProductID, Description: l.Description,
			Quantity: l.Quantity, UnitPrice: l.UnitPrice, LineTotal: lineTotal,
		})
	}
	f.invoices[v.ID] = v
	f.events = append(f.events, payments.InvoiceCreated{InvoiceID: v.ID, UserID: v.UserID, Total: v.Total})
	return own(v), nil
}

// Invoice implements payments.Service.
func (f *Fake) Invoice(ctx context.Context, in payments.InvoiceInput) (payments.Invoice, error) {
	if err := identity.RequireSignedIn(ctx); err != nil {
		return payments.Invoice{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.visible(ctx, in.ID)
}

// visible is an invoice that the actor may see.
func (f *Fake) visible(ctx context.Context, invoice id.Invoice) (payments.Invoice, error) {
	actor := identity.From(ctx)
	v, found := f.invoices[invoice]
	if !found || (!actor.IsPrivileged() && v.UserID != actor.User) {
		return payments.Invoice{}, payments.ErrInvoiceNotFound
	}
	return own(v), nil
}

// ListInvoices implements payments.Service.
func (f *Fake) ListInvoices(ctx context.Context, in payments.ListInvoicesInput) (page.Page[payments.Invoice], error) {
	if err := identity.RequireSelf(ctx, in.UserID); err != nil {
		return page.Page[payments.Invoice]{}, err
	}
	var before id.Invoice
	if in.Page.Cursor != "" {
		cursor, err := page.Decode(in.Page.Cursor, "newest")
		if err != nil {
			return page.Page[payments.Invoice]{}, err
		}
		if err := before.UnmarshalText([]byte(cursor.ID)); err != nil {
			return page.Page[payments.Invoice]{}, page.ErrCursor
		}
	}
	all := f.ofUser(in.UserID)
	result := page.Cut(
		slices.DeleteFunc(slices.Clone(all), func(v payments.Invoice) bool {
			return !before.IsZero() && bytes.Compare(v.ID[:], before[:]) >= 0
		}),
		in.Page.Size(),
		func(v payments.Invoice) page.Cursor { return page.Cursor{Sort: "newest", ID: v.ID.String()} },
	)
	if in.Page.CountExact {
		total := int64(len(all))
		result.Total = &total
	}
	return result, nil
}

// ofUser is a user's invoices, newest first, without lines.
func (f *Fake) ofUser(user id.User) []payments.Invoice {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []payments.Invoice{}
	for _, v := range f.invoices {
		if v.UserID == user {
			v.Lines = nil
			all = append(all, v)
		}
	}
	slices.SortFunc(all, func(a, b payments.Invoice) int { return bytes.Compare(b.ID[:], a.ID[:]) })
	return all
}

// Events are those published so far, in order.
func (f *Fake) Events() []event.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events)
}

func (f *Fake) clock() time.Time { return database.Timestamp(f.now()) }

// own is v as its receiver's own.
func own(v payments.Invoice) payments.Invoice {
	v.Lines = slices.Clone(v.Lines)
	return v
}
