package carttest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/modules/catalog/catalogtest"
	"shop/modules/payments"
	"shop/modules/payments/paymentstest"
	"shop/platform/contract"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/money"
	"shop/platform/page"
)

// Outside is what carts under test are built on: their neighbours, whose calls
// can be made to fail, and the time.
type Outside struct {
	Catalog  *Catalog
	Payments *Payments
	Clock    *Clock

	calls *calls
}

// NewOutside makes neighbours without products and invoices.
func NewOutside() *Outside {
	c := &calls{counts: map[contract.Method]int{}, faults: map[contract.Method]Fault{}}
	return &Outside{
		Catalog:  &Catalog{catalogtest.NewFake(), c},
		Payments: &Payments{paymentstest.NewFake(nil, nil), c},
		Clock:    &Clock{},
		calls:    c,
	}
}

// Fault is what goes wrong with the calls of a method.
type Fault struct {
	// Before happens instead of the call, After instead of its answer. Each may
	// panic, which is how a process dies in the middle of a request.
	Before, After func() error
	// Lost answers that all is done, and nothing is: what a backup that is put
	// back leaves of a call.
	Lost bool
}

// Break makes the calls of a method go wrong, until the next Break.
func (o *Outside) Break(m contract.Method, f Fault) {
	o.calls.mu.Lock()
	defer o.calls.mu.Unlock()
	o.calls.faults[m] = f
}

// Calls is how often a method was called.
func (o *Outside) Calls(m contract.Method) int {
	o.calls.mu.Lock()
	defer o.calls.mu.Unlock()
	return o.calls.counts[m]
}

// Product puts a product on sale, for 10.00 EUR and 100 times unless change
// says otherwise.
func (o *Outside) Product(t testing.TB, change func(*catalog.CreateProductInput)) catalog.Product {
	t.Helper()
	sku := id.NewProduct().String()
	in := catalog.CreateProductInput{SKU: sku, Name: "Blue mug", Price: money.Of(1000, "EUR"), Stock: 100}
	if change != nil {
		change(&in)
	}
	p, err := o.Catalog.CreateProduct(asAdministrator(t), in)
	require.NoError(t, err)
	return p
}

// Stock is how many of a product can be bought.
func (o *Outside) Stock(t testing.TB, product id.Product) int64 {
	t.Helper()
	p, err := o.Catalog.Fake.Product(t.Context(), catalog.ProductInput{ID: product})
	require.NoError(t, err)
	return p.Stock
}

// Invoices are a user's invoices, newest first, with their lines.
func (o *Outside) Invoices(t testing.TB, user id.User) []payments.Invoice {
	t.Helper()
	ctx := identity.AsService(t.Context(), "test")
	list, err := o.Payments.ListInvoices(ctx, payments.ListInvoicesInput{UserID: user, Page: page.Request{Limit: page.MaxLimit}})
	require.NoError(t, err)
	for i := range list.Items {
		list.Items[i], err = o.Payments.Invoice(ctx, payments.InvoiceInput{ID: list.Items[i].ID})
		require.NoError(t, err)
	}
	return list.Items
}

// calls counts the calls of the neighbours and lets them go wrong.
type calls struct {
	mu     sync.Mutex
	counts map[contract.Method]int
	faults map[contract.Method]Fault
}

func (c *calls) begin(m contract.Method) Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[m]++
	return c.faults[m]
}

// call calls a method of a neighbour, unless it goes wrong.
func call[T any](c *calls, m contract.Method, fn func() (T, error)) (T, error) {
	var none T
	fault := c.begin(m)
	if fault.Before != nil {
		if err := fault.Before(); err != nil {
			return none, err
		}
	}
	if fault.Lost {
		return none, nil
	}
	result, err := fn()
	if fault.After != nil && err == nil {
		if err := fault.After(); err != nil {
			return none, err
		}
	}
	return result, err
}

// Catalog is the catalog's fake with faults.
type Catalog struct {
	*catalogtest.Fake
	calls *calls
}

// Product implements catalog.Service.
func (c *Catalog) Product(ctx context.Context, in catalog.ProductInput) (catalog.Product, error) {
	return call(c.calls, catalog.MethodProduct, func() (catalog.Product, error) { return c.Fake.Product(ctx, in) })
}

// Products implements catalog.Service.
func (c *Catalog) Products(ctx context.Context, in catalog.ProductsInput) ([]catalog.Product, error) {
	return call(c.calls, catalog.MethodProducts, func() ([]catalog.Product, error) { return c.Fake.Products(ctx, in) })
}

// Reserve implements catalog.Service.
func (c *Catalog) Reserve(ctx context.Context, in catalog.ReserveInput) (catalog.Reservation, error) {
	return call(c.calls, catalog.MethodReserve, func() (catalog.Reservation, error) { return c.Fake.Reserve(ctx, in) })
}

// Release implements catalog.Service.
func (c *Catalog) Release(ctx context.Context, in catalog.ReleaseInput) error {
	_, err := call(c.calls, catalog.MethodRelease, func() (struct{}, error) { return struct{}{}, c.Fake.Release(ctx, in) })
	return err
}

// Return implements catalog.Service.
func (c *Catalog) Return(ctx context.Context, in catalog.ReturnInput) error {
	_, err := call(c.calls, catalog.MethodReturn, func() (struct{}, error) { return struct{}{}, c.Fake.Return(ctx, in) })
	return err
}

// Commit implements catalog.Service.
func (c *Catalog) Commit(ctx context.Context, in catalog.CommitInput) error {
	_, err := call(c.calls, catalog.MethodCommit, func() (struct{}, error) { return struct{}{}, c.Fake.Commit(ctx, in) })
	return err
}

// Payments is the payments module's fake with faults.
type Payments struct {
	*paymentstest.Fake
	calls *calls
}

// CreateInvoice implements payments.Service.
func (p *Payments) CreateInvoice(ctx context.Context, in payments.CreateInvoiceInput) (payments.Invoice, error) {
	return call(p.calls, payments.MethodCreateInvoice, func() (payments.Invoice, error) { return p.Fake.CreateInvoice(ctx, in) })
}

// Refund implements payments.Service.
func (p *Payments) Refund(ctx context.Context, in payments.RefundInput) (payments.CreditNote, error) {
	return call(p.calls, payments.MethodRefund, func() (payments.CreditNote, error) { return p.Fake.Refund(ctx, in) })
}

// Clock is the time plus what a test added to it.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// Advance puts the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}
