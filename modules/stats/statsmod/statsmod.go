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
	"shop/platform/event"
	"shop/platform/httpapi"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/remote"
)

// Deps are what statistics are built from.
type Deps struct {
	module.Deps
	// Retention is how long entries are kept, in whole UTC days; what summaries
	// count by the hour stays. 0 keeps them for ever; less than a day is an error.
	Retention time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Built is statistics: their face for other modules, and what to host.
type Built struct {
	Service stats.Service
	Module  module.Module
}

// name is the module's name.
const name = "stats"

// New builds statistics: over a migrated database where they are hosted, and as
// a client of other processes where there is an address.
func New(d Deps) (*Built, error) {
	local, workers, err := newLocal(d)
	if err != nil {
		return nil, fmt.Errorf("build stats: %w", err)
	}
	face := &Switch{module.NewRoute(
		d.Deps, name, local, func(r *remote.Client) stats.Service { return rest.NewClient(r) },
		stats.MethodRecord, stats.MethodEntries, stats.MethodSummary, stats.MethodReceive,
		stats.MethodVerify,
	)}
	return &Built{
		Service: face,
		Module: module.Module{
			Name: name, Contract: stats.Contract, Control: face.route.Control, Remote: d.Remote, DB: d.DB,
			Register:    func(api *httpapi.API) { rest.Register(api, face) },
			Subscribers: []event.Subscriber{subscriber(face)},
			Workers:     workers,
		},
	}, nil
}

// newLocal builds the statistics of this process; nothing where they are not
// hosted.
func newLocal(d Deps) (stats.Service, []module.Worker, error) {
	if d.DB == nil {
		return nil, nil, nil
	}
	if d.Retention != 0 && d.Retention < minRetention {
		return nil, nil, fmt.Errorf("a retention of %s is shorter than a day", d.Retention)
	}
	store := gormstore.New(d.DB)
	service, err := app.New(app.Deps{Store: store, Once: store, Now: d.Now})
	if err != nil {
		return nil, nil, err //nolint:wrapcheck // New says what it was about
	}
	return service, []module.Worker{
		module.Pruning("what is remembered of requests and events", d.Logger, store.Prune),
		keeping(store, d.Retention, d.Logger),
	}, nil
}

// subscriber hands events over through the face, wherever it leads.
func subscriber(face stats.Service) event.Subscriber {
	return event.Subscriber{
		Name: name, Events: app.Events(),
		Handle: func(ctx context.Context, e event.Envelope) error {
			return face.Receive(identity.AsService(ctx, name), e)
		},
	}
}
