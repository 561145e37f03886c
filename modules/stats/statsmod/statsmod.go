// Package statsmod builds statistics for the program that hosts them. It is the
// one package of the module that the program imports.
package statsmod

import (
	"context"
	"fmt"
	"time"

	"shop/modules/stats"
	"shop/modules/stats/internal/app"
	"shop/modules/stats/internal/gormstore"
	"shop/modules/stats/internal/rest"
	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/flip"
	"shop/platform/httpapi"
	"shop/platform/identity"
	"shop/platform/module"
)

// Deps are what statistics are built from.
type Deps struct {
	module.Deps
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Built is statistics: their face for other modules, and what to host.
type Built struct {
	Service stats.Service
	Module  module.Module
}

// New builds statistics over a migrated database.
func New(d Deps) (*Built, error) {
	store := gormstore.New(d.DB)
	service, err := app.New(app.Deps{Store: store, Once: store, Now: d.Now})
	if err != nil {
		return nil, fmt.Errorf("build stats: %w", err)
	}
	face := &Switch{flip.NewRoute[stats.Service](
		service, d.Observer,
		stats.MethodRecord, stats.MethodEntries, stats.MethodSummary, stats.MethodReceive,
	)}
	return &Built{
		Service: face,
		Module: module.Module{
			Name: "stats", ContractVersion: stats.ContractVersion, DB: d.DB,
			Register:    func(api *httpapi.API) { rest.Register(api, face) },
			Subscribers: []event.Subscriber{subscriber(face)},
			Workers:     []module.Worker{module.Pruning("idempotency records", d.Logger, store.Prune)},
		},
	}, nil
}

// subscriber hands events over through the face, wherever it leads.
func subscriber(face stats.Service) event.Subscriber {
	return event.Subscriber{
		Name: "stats", Events: []string{users.EventRemoved},
		Handle: func(ctx context.Context, e event.Envelope) error {
			return face.Receive(identity.AsService(ctx, "stats"), e)
		},
	}
}
