// Package module is what a module hands to the program that hosts it, besides
// its face: what to serve, what to run, what to migrate.
package module

import (
	"context"
	"log/slog"

	"shop/platform/contract"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/event/outbox"
	"shop/platform/flip"
	"shop/platform/httpapi"
	"shop/platform/remote"
)

// Module is one module as the program sees it, hosted here or elsewhere.
type Module struct {
	// Name is the module's name: its schema, its metrics, its events' prefix.
	Name string
	// Contract are the versions of its face on the wire.
	Contract contract.Versions
	// Control is the switch between its two sides.
	Control *flip.Control
	// Remote is the client of other processes that host it; nil without one.
	Remote *remote.Client
	// DB is the module's own database; nil when it is not hosted here.
	DB *database.DB
	// Register declares the module's operations.
	Register func(*httpapi.API)
	// Outbox is where the module publishes; nil when it publishes nothing, or is
	// not hosted here.
	Outbox *outbox.Outbox
	// Subscribers are the events of other modules that this one acts on, wherever
	// it is.
	Subscribers []event.Subscriber
	// Workers run for as long as the process serves; none when the module is not
	// hosted here.
	Workers []Worker
}

// Hosted reports whether the module is part of this process.
func (m Module) Hosted() bool { return m.DB != nil }

// Worker is something that a module does in the background. Run returns when
// ctx ends, after the piece of work in hand is finished; an error stops the
// process.
type Worker struct {
	Name string
	Run  func(ctx context.Context) error
}

// Deps are what every module is built from.
type Deps struct {
	// DB is the module's own database, migrated; nil when the module is not hosted
	// here.
	DB *database.DB
	// Remote calls the module in other processes; nil without an address of it.
	Remote *remote.Client
	// Policy is the first policy of the switch.
	Policy flip.Policy
	// Logger is the process's logger.
	Logger *slog.Logger
	// Observer measures the calls of the module's face.
	Observer *flip.Observer
}

// NewRoute makes the route of a module: to the local implementation if it is
// hosted here, to a client of other processes if there is an address.
func NewRoute[S any](d Deps, name string, local S, client func(*remote.Client) S, methods ...contract.Method) *flip.Route[S] {
	o := flip.Options[S]{Module: name, Methods: methods, Local: local, Policy: d.Policy, Observer: d.Observer}
	if d.Remote != nil {
		o.Remote = client(d.Remote)
	}
	return flip.New(o)
}
