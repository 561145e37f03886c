// Package emailmod builds the e-mail module for the program that hosts it. It
// is the one package of the module that the program imports.
package emailmod

import (
	"context"
	"fmt"
	"net/mail"
	"strconv"

	"shop/modules/email"
	"shop/modules/email/internal/app"
	"shop/modules/email/internal/gormstore"
	"shop/modules/email/internal/letter"
	"shop/modules/email/internal/rest"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/event/inbox"
	"shop/platform/event/outbox"
	"shop/platform/httpapi"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/remote"
)

// Deps are what the e-mail module is built from.
type Deps struct {
	module.Deps
	// Users tells who recipients are and makes the tokens that messages carry,
	// Payments what invoices and receipts are about. Both are needed where the
	// module is hosted.
	Users    users.Service
	Payments payments.Service
	Settings Settings
}

// Built is the e-mail module: its face for other modules, and what to host.
type Built struct {
	Service email.Service
	Module  module.Module
}

// name is the module's name.
const name = "email"

// New builds the e-mail module: over a migrated database where it is hosted, and
// as a client of other processes where there is an address.
func New(d Deps) (*Built, error) {
	var events *outbox.Outbox
	if d.DB != nil {
		events = outbox.New(d.DB)
	}
	local, workers, err := newLocal(d, events)
	if err != nil {
		return nil, fmt.Errorf("build email: %w", err)
	}
	face := &Switch{module.NewRoute(
		d.Deps, name, local, func(r *remote.Client) email.Service { return rest.NewClient(r) },
		email.MethodSend, email.MethodEmail, email.MethodListEmails, email.MethodRetry, email.MethodReceive, email.MethodVerify,
	)}
	return &Built{
		Service: face,
		Module: module.Module{
			Name: name, Contract: email.Contract, Control: face.route.Control, Remote: d.Remote, DB: d.DB,
			Register:    func(api *httpapi.API) { rest.Register(api, face) },
			Outbox:      events,
			Subscribers: []event.Subscriber{subscriber(face)},
			Workers:     workers,
		},
	}, nil
}

// newLocal builds the module of this process; nothing where it is not hosted.
func newLocal(d Deps, events *outbox.Outbox) (email.Service, []module.Worker, error) {
	if d.DB == nil {
		return nil, nil, nil
	}
	d.Settings = d.Settings.withDefaults()
	from, shop, err := d.Settings.sender()
	if err != nil {
		return nil, nil, err
	}
	writer, err := letter.NewWriter(shop, d.Settings.PublicURL)
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // New says what it was about
	}
	answers, handled, queued := sqlstore.New(d.DB), inbox.New(d.DB), app.NewBell()
	store := gormstore.New(d.DB, answers, handled)
	service, err := app.New(app.Deps{
		Store: store, Once: store, Users: d.Users, Payments: d.Payments, Writer: writer,
		Limits: app.Limits{Recipient: d.Settings.RecipientPerHour, Total: d.Settings.TotalPerHour},
		Queued: queued, Logger: d.Logger, Now: d.Settings.Now,
	})
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // New says what it was about
	}
	couriers, err := newCouriers(d, from, queued, events)
	if err != nil {
		return nil, nil, err
	}
	return service, append(
		couriers,
		module.Pruning("idempotency records", d.Logger, answers.Prune),
		module.Pruning("handled events", d.Logger, handled.Prune),
	), nil
}

// newCouriers makes the workers that send what is queued.
func newCouriers(d Deps, from *mail.Address, queued *app.Bell, events *outbox.Outbox) ([]module.Worker, error) {
	workers := make([]module.Worker, d.Settings.Workers)
	for i := range workers {
		mailer, err := d.Settings.mailer(from)
		if err != nil {
			return nil, err
		}
		courier, err := app.NewCourier(app.CourierDeps{
			Queue: gormstore.NewQueue(d.DB, events), Mailer: mailer, Users: d.Users, Queued: queued, Logger: d.Logger,
			Poll: d.Settings.Poll, Lease: d.Settings.Lease, MaxTries: d.Settings.MaxTries,
			Backoff: d.Settings.Backoff, Now: d.Settings.Now,
		})
		if err != nil {
			return nil, err //nolint:wrapcheck // New says what it was about
		}
		workers[i] = module.Worker{Name: "e-mail delivery " + strconv.Itoa(i+1), Run: courier.Run}
	}
	return workers, nil
}

// subscriber hands other modules' events to whichever implementation is in
// charge. The module acts on them itself.
func subscriber(face email.Service) event.Subscriber {
	return event.Subscriber{
		Name: name, Events: app.Events(),
		Handle: func(ctx context.Context, e event.Envelope) error {
			return face.Receive(identity.AsService(ctx, name), e)
		},
	}
}
