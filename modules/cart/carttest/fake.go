package carttest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/event"
	"shop/platform/money"
)

// Fake is carts in memory: the module's own use cases over maps. It passes Run
// and is safe for concurrent use.
type Fake struct {
	cart.Service
	service *app.Service
	store   *memory
}

// NewFake makes carts without items over the faces of their neighbours. now may
// be nil: time.Now. There is no tax, and only carts in ShippingCurrency pay for
// shipping.
func NewFake(c catalog.Service, p payments.Service, now func() time.Time) (*Fake, error) {
	store := newMemory(now)
	service, err := app.New(app.Deps{
		Store: store, Once: store, Catalog: c, Payments: p, Logger: slog.New(slog.DiscardHandler),
		Settings: app.Settings{
			ResumeEvery: ResumeEvery, Charges: app.Charges{Shipping: money.Of(ShippingRate, ShippingCurrency)},
		},
		Now: now,
	})
	if err != nil {
		return nil, fmt.Errorf("make fake carts: %w", err)
	}
	return &Fake{service, service, store}, nil
}

// RunResumer carries on what was interrupted, until ctx ends.
func (f *Fake) RunResumer(ctx context.Context) error { return RunWorkers(f.service.Workers())(ctx) }

// Events are those published so far, in order.
func (f *Fake) Events() []event.Event {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	return slices.Clone(f.store.published)
}
