// Package catalogmod builds the catalog for the program that hosts it. It is
// the one package of the module that the program imports.
package catalogmod

import (
	"fmt"

	"shop/modules/catalog"
	"shop/modules/catalog/internal/app"
	"shop/modules/catalog/internal/gormstore"
	"shop/modules/catalog/internal/rest"
	"shop/platform/flip"
	"shop/platform/httpapi"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/module"
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

// New builds the catalog over a migrated database.
func New(d Deps) (*Built, error) {
	answers := sqlstore.New(d.DB)
	service, err := app.New(app.Deps{Store: gormstore.New(d.DB), Idempotency: answers})
	if err != nil {
		return nil, fmt.Errorf("build catalog: %w", err)
	}
	face := &Switch{flip.NewRoute[catalog.Service](
		service, d.Observer,
		catalog.MethodCreateProduct, catalog.MethodProduct, catalog.MethodProducts, catalog.MethodListProducts,
		catalog.MethodCategories, catalog.MethodUpdateProduct, catalog.MethodDeleteProduct,
		catalog.MethodImportProducts, catalog.MethodReserve, catalog.MethodRelease,
	)}
	return &Built{
		Service: face,
		Module: module.Module{
			Name: "catalog", ContractVersion: catalog.ContractVersion, DB: d.DB,
			Register: func(api *httpapi.API) { rest.Register(api, face) },
			Workers:  []module.Worker{module.Pruning("idempotency records", d.Logger, answers.Prune)},
		},
	}, nil
}
