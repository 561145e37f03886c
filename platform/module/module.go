// Package module is what a module hands to the program that hosts it, besides
// its face: what to serve, what to run, what to migrate.
package module

import (
	"context"
	"log/slog"

	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/event/outbox"
	"shop/platform/flip"
	"shop/platform/httpapi"
)

// Module is one hosted module.
type Module struct {
	// Name is the module's name: its schema, its metrics, its events' prefix.
	Name string
	// ContractVersion is the version of its face on the wire.
	ContractVersion int
	// DB is the module's own database.
	DB *database.DB
	// Register declares the module's operations.
	Register func(*httpapi.API)
	// Outbox is where the module publishes; nil when it publishes nothing.
	Outbox *outbox.Outbox
	// Subscribers are the events of other modules that this one acts on.
	Subscribers []event.Subscriber
	// Workers run for as long as the process serves.
	Workers []Worker
}

// Worker is something that a module does in the background. Run returns when
// ctx ends, after the piece of work in hand is finished; an error stops the
// process.
type Worker struct {
	Name string
	Run  func(ctx context.Context) error
}

// Deps are what every module is built from.
type Deps struct {
	// DB is the module's own database, migrated.
	DB *database.DB
	// Logger is the process's logger.
	Logger *slog.Logger
	// Observer measures the calls of the module's face.
	Observer *flip.Observer
}
