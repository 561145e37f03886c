// Package catalogmod builds the catalog for the program that hosts it. It is
// the one package of the module that the program imports.
package catalogmod

import (
	"fmt"

	"shop/modules/catalog"
	"shop/modules/catalog/internal/app"
	"shop/modules/catalog/internal/gormstore"
	"shop/modules/catalog/internal/rest"
	"shop/platform/event/outbox"
	"shop/platform/httpapi"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/module"
	"shop/platform/remote"
)

// Deps are what the catalog is built from.
type Deps struct {
	module.Deps
}

// Built is the catalog: its face for other modules, and what to host.
type Built struct {
	Service catalog.Service
	Module  module.Module
}

// name is the module's name.
const name = "catalog"

// New builds the catalog: over a migrated database where it is hosted, and as a
// client of other processes where there is an address.
func New(d Deps) (*Built, error) {
	here, err := newLocal(d)
	if err != nil {
		return nil, fmt.Errorf("build catalog: %w", err)
	}
	face := &Switch{module.NewRoute(
		d.Deps, name, here.service, func(r *remote.Client) catalog.Service { return rest.NewClient(r) },
		catalog.MethodCreateProduct, catalog.MethodProduct, catalog.MethodProducts, catalog.MethodListProducts,
		catalog.MethodCategories, catalog.MethodUpdateProduct, catalog.MethodDeleteProduct,
		catalog.MethodImportProducts, catalog.MethodRestock, catalog.MethodReserve, catalog.MethodReservation,
		catalog.MethodCommit, catalog.MethodRelease, catalog.MethodReturn, catalog.MethodVerify,
	)}
	return &Built{
		Service: face,
		Module: module.Module{
			Name: name, Contract: catalog.Contract, Control: face.route.Control, Remote: d.Remote, DB: d.DB,
			Register: func(api *httpapi.API) { rest.Register(api, face) },
			Outbox:   here.events,
			Workers:  here.workers,
		},
	}, nil
}

// local is the catalog in this process; the zero value where it is not hosted.
type local struct {
	service catalog.Service
	events  *outbox.Outbox
	workers []module.Worker
}

func newLocal(d Deps) (local, error) {
	if d.DB == nil {
		return local{}, nil
	}
	answers, events := sqlstore.New(d.DB), outbox.New(d.DB)
	service, err := app.New(app.Deps{
		Store: gormstore.New(d.DB, events), Idempotency: answers, Outbox: events, Logger: d.Logger,
	})
	if err != nil {
		return local{}, err //nolint:wrapcheck // New says what it was about
	}
	return local{service, events, []module.Worker{
		{Name: "expire reservations", Run: service.RunExpiry},
		module.Pruning("idempotency records", d.Logger, answers.Prune),
	}}, nil
}
