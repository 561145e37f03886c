// Package cartmod builds carts for the program that hosts them. It is the one
// package of the module that the program imports.
package cartmod

import (
	"context"
	"fmt"
	"time"

	"shop/modules/cart"
	"shop/modules/cart/internal/app"
	"shop/modules/cart/internal/gormstore"
	"shop/modules/cart/internal/rest"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/event"
	"shop/platform/event/inbox"
	"shop/platform/event/outbox"
	"shop/platform/httpapi"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/money"
	"shop/platform/remote"
)

// Deps are what carts are built from.
type Deps struct {
	module.Deps
	// Catalog and Payments are needed where carts are hosted.
	Catalog  catalog.Service
	Payments payments.Service
	Settings Settings
}

// Settings are plain settings. The zero value of each is its default.
type Settings struct {
	// Lease is how long a checkout belongs to the process that took it in hand,
	// before others take it over; 20 s. It bounds how long one may take.
	Lease time.Duration
	// ResumeEvery is how often it is looked for interrupted checkouts; 1 s.
	ResumeEvery time.Duration
	// PayWithin is how long the invoice of a checkout may stay unpaid before it
	// becomes void and the stock goes back; 24 h.
	PayWithin time.Duration
	// Currency is the shop's: that of the shipping.
	Currency money.Currency
	// TaxRate is charged on goods and shipping, whose prices include it when
	// TaxIncluded is true; 0 %.
	TaxRate     money.Rate
	TaxIncluded bool
	// ShippingRate is what shipping costs, in minor units, below a subtotal less
	// discount of ShippingFreeFrom, if that is not 0; 0.
	ShippingRate, ShippingFreeFrom int64
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Built is carts: their face for other modules, and what to host.
type Built struct {
	Service cart.Service
	Module  module.Module
}

// name is the module's name.
const name = "cart"

// New builds carts: over a migrated database where they are hosted, and as a
// client of other processes where there is an address.
func New(d Deps) (*Built, error) {
	here, err := newLocal(d)
	if err != nil {
		return nil, fmt.Errorf("build cart: %w", err)
	}
	face := &Switch{module.NewRoute(
		d.Deps, name, here.service, func(r *remote.Client) cart.Service { return rest.NewClient(r) },
		cart.MethodAddItem, cart.MethodItem, cart.MethodUpdateItem, cart.MethodRemoveItem,
		cart.MethodCart, cart.MethodEmpty, cart.MethodQuote, cart.MethodCheckout, cart.MethodMerge, cart.MethodReceive,
		cart.MethodCreateDiscount, cart.MethodDiscount, cart.MethodListDiscounts, cart.MethodUpdateDiscount,
		cart.MethodDeleteDiscount,
		cart.MethodOrder, cart.MethodListOrders, cart.MethodPackOrder, cart.MethodShipOrder, cart.MethodDeliverOrder,
		cart.MethodCancelOrder, cart.MethodVerify,
	)}
	return &Built{
		Service: face,
		Module: module.Module{
			Name: name, Contract: cart.Contract, Control: face.route.Control, Remote: d.Remote, DB: d.DB,
			Register:    func(api *httpapi.API) { rest.Register(api, face) },
			Outbox:      here.events,
			Subscribers: []event.Subscriber{subscriber(face)},
			Workers:     here.workers,
		},
	}, nil
}

// local is the carts of this process; the zero value where they are not hosted.
type local struct {
	service cart.Service
	events  *outbox.Outbox
	workers []module.Worker
}

func newLocal(d Deps) (local, error) {
	if d.DB == nil {
		return local{}, nil
	}
	answers, handled, events := sqlstore.New(d.DB), inbox.New(d.DB), outbox.New(d.DB)
	store := gormstore.New(d.DB, answers, handled, events)
	service, err := app.New(app.Deps{
		Store: store, Once: store, Catalog: d.Catalog, Payments: d.Payments, Logger: d.Logger,
		Settings: d.Settings.app(), Now: d.Settings.Now,
	})
	if err != nil {
		return local{}, err //nolint:wrapcheck // New says what it was about
	}
	return local{service, events, append(service.Workers(),
		module.Pruning("idempotency records", d.Logger, answers.Prune),
		module.Pruning("handled events", d.Logger, handled.Prune),
	)}, nil
}

func (s Settings) app() app.Settings {
	charges := app.Charges{TaxRate: s.TaxRate, TaxIncluded: s.TaxIncluded}
	if s.ShippingRate > 0 {
		charges.Shipping = money.Of(s.ShippingRate, s.Currency)
		charges.ShippingFreeFrom = money.Of(s.ShippingFreeFrom, s.Currency)
	}
	return app.Settings{Lease: s.Lease, ResumeEvery: s.ResumeEvery, PayWithin: s.PayWithin, Charges: charges}
}

// subscriber hands other modules' events over through the face, wherever it
// leads.
func subscriber(face cart.Service) event.Subscriber {
	return event.Subscriber{
		Name: name, Events: app.Events(),
		Handle: func(ctx context.Context, e event.Envelope) error {
			return face.Receive(identity.AsService(ctx, name), e)
		},
	}
}
