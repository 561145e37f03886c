// Package app is what carts do, whoever asks and wherever they are stored.
package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"shop/modules/cart"
	"shop/modules/catalog"
	"shop/modules/payments"
	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// Deps are what the use cases need. Everything but Settings and Now is needed.
type Deps struct {
	Store Store
	// Once answers repeated requests and events from their record, in the
	// transactions of Store.
	Once     Once
	Catalog  catalog.Service
	Payments payments.Service
	Logger   *slog.Logger
	Settings Settings
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Settings are the module's times. The zero value of each is its default.
type Settings struct {
	// Lease is how long a checkout belongs to the process that took it in hand,
	// which gives up a little earlier; when that process died, others take the
	// checkout over afterwards. 20 s.
	Lease time.Duration
	// ResumeEvery is how often it is looked for checkouts that were interrupted;
	// 1 s.
	ResumeEvery time.Duration
	// PayWithin is how long the invoice of a checkout may stay unpaid; 24 h.
	PayWithin time.Duration
	// Charges are what is charged besides the goods.
	Charges Charges
}

const (
	defaultLease       = 20 * time.Second
	defaultResumeEvery = time.Second
	defaultPayWithin   = 24 * time.Hour
)

// Service implements cart.Service.
type Service struct {
	store    Store
	once     Once
	catalog  catalog.Service
	payments payments.Service
	logger   *slog.Logger
	settings Settings
	now      func() time.Time
}

var _ cart.Service = (*Service)(nil)

// New makes the use cases.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Once == nil || d.Catalog == nil || d.Payments == nil || d.Logger == nil {
		return nil, errors.New("cart: a store, records of answers, the catalog, payments and a logger are needed")
	}
	if d.Settings.Lease < 0 || d.Settings.ResumeEvery < 0 || d.Settings.PayWithin < 0 {
		return nil, errors.New("cart: the times in the settings must not be negative")
	}
	if d.Settings.Lease == 0 {
		d.Settings.Lease = defaultLease
	}
	if d.Settings.ResumeEvery == 0 {
		d.Settings.ResumeEvery = defaultResumeEvery
	}
	if d.Settings.PayWithin == 0 {
		d.Settings.PayWithin = defaultPayWithin
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Service{
		store: d.Store, once: d.Once, catalog: d.Catalog, payments: d.Payments, logger: d.Logger,
		settings: d.Settings, now: d.Now,
	}, nil
}

// clock is the time as it is stored.
func (s *Service) clock() time.Time { return database.Timestamp(s.now()) }

// outside is ctx for calls of other modules, which this one vouches for.
func outside(ctx context.Context) context.Context { return identity.AsService(ctx, "cart") }

// requireOwner lets those pass who may use the user's cart.
func requireOwner(ctx context.Context, user id.User) error {
	if err := identity.RequireSelf(ctx, user); err != nil {
		return err
	}
	if user.IsZero() {
		return fault.InvalidField("path.uid", "must be a user's identifier")
	}
	return nil
}
