package paymentstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	notes    []*payments.CreditNote
	numbers  map[string]int // the last one of each series
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
		numbers: map[string]int{},
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
		user, err := f.users.User(identity.AsService(ctx, "payments"), users.UserInput{ID: in.UserID})
		if errors.Is(err, users.ErrUserNotFound) {
			return payments.Invoice{}, fault.InvalidField("body.user_id", "is no user")
		}
		if err != nil {
			return payments.Invoice{}, err
		}
		if in.Buyer == nil && user.Email == "" {
			return payments.Invoice{}, fault.InvalidField("body.buyer", "is needed: the user is a guest, without an address")
		}
		if in.Buyer == nil {
			in.Buyer = &payments.Buyer{Name: user.Name, Email: user.Email}
		}
	}
	v, err := idempotency.DoMemory(ctx, f.answers, in.Key, "CreateInvoice", in, func(context.Context) (payments.Invoice, error) {
		return f.create(in)
	})
	if errors.Is(err, errSameSale) {
		in.Key.MarkReplayed()
		return f.invoiceOf(in.Reference), nil
	}
	return v, err
}

func (f *Fake) invoiceOf(reference string) (found payments.Invoice) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, v := range f.invoices {
		if v.Reference == reference {
			found = own(v)
		}
	}
	return found
}

// errSameSale says that the invoice of a reference is there already.
var errSameSale = errors.New("the reference has its invoice")

func (f *Fake) create(in payments.CreateInvoiceInput) (payments.Invoice, error) {
	v, err := in.Draw()
	if err != nil {
		return payments.Invoice{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, other := range f.invoices {
		if v.Reference != "" && other.Reference == v.Reference {
			if !sameLines(other, v) {
				return payments.Invoice{}, payments.ErrReferenceTaken
			}
			return payments.Invoice{}, errSameSale
		}
	}
	now := f.clock()
	v.ID, v.Status, v.Version, v.CreatedAt, v.UpdatedAt = id.NewInvoice(), payments.StatusDraft, 1, now, now
	for i := range v.Lines {
		v.Lines[i].ID = id.NewInvoiceLine()
	}
	if !in.Draft {
		f.open(&v, now)
	}
	f.invoices[v.ID] = v
	return own(v), nil
}

func sameLines(a, b payments.Invoice) bool {
	return a.UserID == b.UserID && a.Total == b.Total && slices.EqualFunc(a.Lines, b.Lines, func(a, b payments.Line) bool {
		a.ID, b.ID = id.InvoiceLine{}, id.InvoiceLine{}
		return a == b
	})
}

// open numbers an invoice and publishes that it is there.
func (f *Fake) open(v *payments.Invoice, now time.Time) {
	v.Status, v.OpenedAt, v.Series = payments.StatusOpen, now, now.Format("2006")
	v.Number = f.number(v.Series)
	f.events = append(f.events, payments.InvoiceCreated{
		InvoiceID: v.ID, UserID: v.UserID, Total: v.Total, Reference: v.Reference, Number: v.Number,
	})
}

func (f *Fake) number(series string) string {
	f.numbers[series]++
	return fmt.Sprintf("%s-%06d", series, f.numbers[series])
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
		cursor, err := page.Decode(in.Page.Cursor, "newest")
		if err != nil {
			return page.Page[payments.Invoice]{}, err
		}
		if err := before.UnmarshalText([]byte(cursor.ID)); err != nil {
			return page.Page[payments.Invoice]{}, page.ErrCursor
		}
	}
	all := f.selected(in)
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

// selected are the invoices of a list, newest first, without lines.
func (f *Fake) selected(in payments.ListInvoicesInput) []payments.Invoice {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []payments.Invoice{}
	for _, v := range f.invoices {
		if (in.UserID.IsZero() || v.UserID == in.UserID) && (in.Status == "" || v.Status == in.Status) && !v.UpdatedAt.Before(in.Since) {
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
