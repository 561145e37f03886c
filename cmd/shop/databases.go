package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"go.opentelemetry.io/otel/trace"

	"shop/migrations"
	"shop/platform/config"
	"shop/platform/database"
	"shop/platform/flip"
	"shop/platform/module"
	"shop/platform/telemetry"
)

// databases are what the modules are built from: above all the databases of
// those that are hosted here, open and migrated.
type databases struct {
	users, email, catalog, cart, payments, stats module.Deps
}

// openDatabases opens and migrates the databases of the hosted modules at the
// same time, since each waits for its own disk or server.
func openDatabases(
	ctx context.Context, cfg config.Config, logger *slog.Logger,
	metrics *database.Metrics, tracing *telemetry.Tracing, observer *flip.Observer, clients remotes,
) (*databases, func(), error) {
	d := &databases{}
	var opening sync.WaitGroup
	targets := map[string]*module.Deps{
		"users": &d.users, "email": &d.email, "catalog": &d.catalog,
		"cart": &d.cart, "payments": &d.payments, "stats": &d.stats,
	}
	failures := make(chan error, len(targets))
	for name, deps := range targets {
		deps.Logger, deps.Observer, deps.Remote = logger, observer, clients[name]
		if !cfg.Hosts(name) {
			continue
		}
		opening.Go(func() {
			var err error
			deps.DB, err = openDatabase(ctx, cfg, database.Options{
				Module: name, URL: cfg.DatabaseURLOf(name), DataDir: cfg.DataDir,
				// What is counted may lose the last moment before a power failure;
				// what is owed, sold or promised may not.
				Durable: name != "stats", MaxConnections: connections(cfg, name),
				Logger: logger, Metrics: metrics, Tracer: tracer(tracing),
			})
			if err != nil {
				failures <- err
			}
		})
	}
	opening.Wait()
	close(failures)
	// Closing comes when the start is long over, and so is its context.
	ending := context.WithoutCancel(ctx)
	closeAll := func() {
		for name, deps := range targets {
			if deps.DB == nil {
				continue
			}
			if err := deps.DB.Close(); err != nil {
				logger.ErrorContext(ending, "cannot close a database", slog.String("module", name), slog.Any("error", err))
			}
		}
	}
	// One reason is enough: most often it is the same for all.
	if err := <-failures; err != nil {
		closeAll()
		return nil, nil, err
	}
	return d, closeAll, nil
}

// connections bounds a module's pool on PostgreSQL; SQLite decides by the
// machine's processors.
func connections(cfg config.Config, module string) int {
	if cfg.DatabaseURLOf(module) == "" {
		return 0
	}
	return cfg.DatabaseConnections
}

func openDatabase(ctx context.Context, cfg config.Config, options database.Options) (*database.DB, error) {
	db, err := database.Open(ctx, options)
	if err != nil {
		return nil, err //nolint:wrapcheck // says which module's database it is
	}
	if !cfg.Migrate {
		return db, nil
	}
	if err := database.Migrate(ctx, db, migrations.FS); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate the database of %s: %w", options.Module, err), db.Close())
	}
	return db, nil
}

// tracer makes spans; nil when nobody collects them, so that no one pays.
func tracer(tracing *telemetry.Tracing) trace.Tracer {
	if !tracing.Enabled() {
		return nil
	}
	return tracing.Provider().Tracer("shop")
}
