// Package paymentsmod builds the payments module for the program that hosts
// it. It is the one package of the module that the program imports.
package paymentsmod

import (
	"fmt"
	"time"

	"shop/modules/payments"
	"shop/modules/payments/internal/app"
	"shop/modules/payments/internal/gormstore"
	"shop/modules/payments/internal/paper"
	"shop/modules/payments/internal/provider"
	"shop/modules/payments/internal/rest"
	"shop/modules/users"
	"shop/platform/event/outbox"
	"shop/platform/httpapi"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/module"
	"shop/platform/remote"
)

// Deps are what the module is built from.
type Deps struct {
	module.Deps
	// Users tells whether there is such a user; needed where the module is hosted.
	Users    users.Service
	Settings Settings
	// Now is the clock; nil means time.Now.
	Now func() time.Time `wire:"-"`
	// ProviderSettings say who charges customers, unless Provider does.
	ProviderSettings ProviderSettings
	// Provider charges customers, in tests.
	Provider provider.Provider `wire:"-"`
}

// Settings tune the module. The zero value works.
type Settings = app.Settings

// Built is the module: its face for other modules, and what to host.
type Built struct {
	Service payments.Service
	Module  module.Module
}

// name is the module's name.
const name = "payments"

// New builds the module: over a migrated database where it is hosted, and as a
// client of other processes where there is an address.
func New(d Deps) (*Built, error) {
	here, err := newLocal(d)
	if err != nil {
		return nil, fmt.Errorf("build payments: %w", err)
	}
	face := &Switch{module.NewRoute(
		d.Deps, name, here.service, func(r *remote.Client) payments.Service { return rest.NewClient(r) },
		payments.MethodCreateInvoice, payments.MethodInvoice, payments.MethodListInvoices, payments.MethodPay,
		payments.MethodWebhook,
		payments.MethodOpenInvoice, payments.MethodVoid, payments.MethodWriteOff, payments.MethodRefund, payments.MethodCreditNotes,
		payments.MethodVerify, payments.MethodDocument,
	)}
	return &Built{
		Service: face,
		Module: module.Module{
			Name: name, Contract: payments.Contract, Control: face.route.Control, Remote: d.Remote, DB: d.DB,
			Register: func(api *httpapi.API) { rest.Register(api, face) },
			Outbox:   here.events,
			Workers:  here.workers,
		},
	}, nil
}

// local is the module in this process; the zero value where it is not hosted.
type local struct {
	service payments.Service
	events  *outbox.Outbox
	workers []module.Worker
}

func newLocal(d Deps) (local, error) {
	if d.DB == nil {
		return local{}, nil
	}
	answers, events := sqlstore.New(d.DB), outbox.New(d.DB)
	if d.Provider == nil {
		var err error
		if d.Provider, err = newProvider(d); err != nil {
			return local{}, err
		}
	}
	service, err := app.New(app.Deps{
		Store: gormstore.New(d.DB), Idempotency: answers, Outbox: events, Provider: d.Provider,
		Users: d.Users, Writer: paper.New(d.Settings.Seller), Logger: d.Logger, Settings: d.Settings, Now: d.Now,
	})
	if err != nil {
		return local{}, err //nolint:wrapcheck // New says what it was about
	}
	return local{service, events, append(service.Workers(),
		module.Pruning("idempotency records", d.Logger, answers.Prune))}, nil
}
