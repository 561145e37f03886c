// Package paymentsmod builds the payments module for the program that hosts
// it. It is the one package of the module that the program imports.
package paymentsmod

import (
	"fmt"
	"time"

	"shop/modules/payments"
	"shop/modules/payments/internal/app"
	"shop/modules/payments/internal/gormstore"
	"shop/modules/payments/internal/provider"
	"shop/modules/payments/internal/rest"
	"shop/modules/payments/internal/sandbox"
	"shop/modules/users"
	"shop/platform/event/outbox"
	"shop/platform/flip"
	"shop/platform/httpapi"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/module"
)

// Deps are what the module is built from.
type Deps struct {
	module.Deps
	// Users tells whether there is such a user.
	Users    users.Service
	Settings Settings
	// Now is the clock; nil means time.Now.
	Now func() time.Time `wire:"-"`
	// Provider charges customers; nil means the sandbox.
	Provider provider.Provider `wire:"-"`
}

// Settings tune the module. The zero value works.
type Settings = app.Settings

// Built is the module: its face for other modules, and what to host.
type Built struct {
	Service payments.Service
	Module  module.Module
}

// New builds the module over a migrated database.
func New(d Deps) (*Built, error) {
	answers := sqlstore.New(d.DB)
	events := outbox.New(d.DB)
	if d.Provider == nil {
		d.Provider = sandbox.New(sandbox.Options{DB: d.DB})
	}
	service, err := app.New(app.Deps{
		Store: gormstore.New(d.DB), Idempotency: answers, Outbox: events, Provider: d.Provider,
		Users: d.Users, Logger: d.Logger, Settings: d.Settings, Now: d.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("build payments: %w", err)
	}
	face := &Switch{flip.NewRoute[payments.Service](
		service, d.Observer,
		payments.MethodCreateInvoice, payments.MethodInvoice, payments.MethodListInvoices, payments.MethodPay,
	)}
	return &Built{
		Service: face,
		Module: module.Module{
			Name: "payments", ContractVersion: payments.ContractVersion, DB: d.DB,
			Register: func(api *httpapi.API) { rest.Register(api, face) },
			Outbox:   events,
			Workers: []module.Worker{
				{Name: "resolve payments", Run: service.RunResolver},
				module.Pruning("idempotency records", d.Logger, answers.Prune),
			},
		},
	}, nil
}
