package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"

	"shop/cmd/shop/demo"
	"shop/migrations"
	"shop/platform/config"
	"shop/platform/database"
	"shop/platform/httpapi"
	"shop/platform/lifecycle"
	"shop/platform/module"
	"shop/platform/telemetry"
)

// serveCommand runs the shop.
type serveCommand struct {
	Demo      bool `help:"Fill an empty catalog with about 60 products."`
	NoMigrate bool `help:"Do not bring the databases up to date first."`
}

// Help is printed below the usage.
func (serveCommand) Help() string {
	return `Without settings it listens on :8080 and keeps its data in SQLite under ./data. The first start creates an administrator and prints the password.

Examples:
  shop serve --demo
  SHOP_DATABASE_URL=postgres://shop:secret@localhost/shop shop serve
  SHOP_HTTP_ADDR=:80 SHOP_LOG_FORMAT=json shop serve`
}

// Run serves until a signal to stop arrives.
func (cmd serveCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, lifecycle.StopSignals()...)
	defer signal.Stop(signals)
	if cmd.NoMigrate {
		cfg.Migrate = false
	}
	logger := telemetry.NewLogger(cfg.LogFormat, cfg.LogLevel, c.err)
	// A signal also ends a start that takes long, such as a migration.
	starting, started := signal.NotifyContext(ctx, lifecycle.StopSignals()...)
	defer started()
	app, closeApp, err := c.compose(starting, cfg, logger)
	if err != nil {
		return err
	}
	at, err := cmd.prepare(starting, c, cfg, app)
	if err != nil {
		closeApp()
		return err
	}
	probes := &probes{modules: hostedOf(app.Modules)}
	parts := []lifecycle.Component{
		{Name: "traces", Stop: app.Tracing.Shutdown},
		lifecycle.Closer("databases", func() error { closeApp(); return nil }),
	}
	for _, worker := range workersOf(app) {
		parts = append(parts, lifecycle.Worker(worker.Name, worker.Run))
	}
	parts = append(
		parts,
		lifecycle.Server("internal listener", httpapi.NewServer(internalHandler(app, probes), logger), at.internal),
		lifecycle.Server("public listener", httpapi.NewServer(app.API.Public(), logger), at.public),
	)
	logger.InfoContext(ctx, "serving", slog.String("version", version),
		slog.String("public", at.public.Addr().String()), slog.String("internal", at.internal.Addr().String()))
	return lifecycle.Run(ctx, lifecycle.Options{ //nolint:wrapcheck // names the part that failed
		Timeout: cfg.ShutdownTimeout, Signals: signals, Logger: logger,
		Stopping: func() { probes.stopping.Store(true) },
	}, parts...)
}

// prepare does what must be done before the first request, opens the listeners
// and shows the banner.
func (cmd serveCommand) prepare(ctx context.Context, c *console, cfg config.Config, app *App) (listeners, error) {
	if err := requireMigrated(ctx, hostedOf(app.Modules)); err != nil {
		return listeners{}, err
	}
	var admin *credentials
	var err error
	if cfg.Hosts("users") {
		if admin, err = firstAdministrator(ctx, cfg, app.Users); err != nil {
			return listeners{}, err
		}
	}
	products := 0
	if cmd.Demo && cfg.Hosts("catalog") {
		if products, err = demo.Fill(asOperator(ctx), app.Catalog, cfg.Currency); err != nil {
			return listeners{}, err //nolint:wrapcheck // says what was added
		}
	}
	// Starting took memory that serving does not need: declaring the operations,
	// and at the first start hashing a password and filling the catalog.
	debug.FreeOSMemory()
	at, err := listen(ctx, cfg)
	if err != nil {
		return listeners{}, err
	}
	if cmd.Demo || admin != nil || telemetry.IsTerminal(c.out) {
		banner{
			version: version, public: at.public.Addr(), internal: at.internal.Addr(),
			data: whereabouts(cfg), products: products, admin: admin,
		}.write(c.out, c.styleFor(c.out))
	}
	return at, nil
}

// requireMigrated fails when a database is behind, which it can only be when
// nobody was to migrate it.
func requireMigrated(ctx context.Context, modules []module.Module) error {
	for _, m := range modules {
		status, err := database.MigrationStatus(ctx, m.DB, migrations.FS)
		if err != nil {
			return err //nolint:wrapcheck // names the module
		}
		if len(status.Pending) > 0 {
			return fmt.Errorf("the database of %s is not migrated: shop migrate up does it", m.Name)
		}
	}
	return nil
}

func workersOf(app *App) []module.Worker {
	workers := app.Workers
	for _, m := range app.Modules {
		workers = append(workers, m.Workers...)
	}
	return workers
}

// whereabouts says in a few words where the data is.
func whereabouts(cfg config.Config) string {
	if cfg.DatabaseURL != "" {
		return cfg.DatabaseURL.String()
	}
	return "SQLite in " + cfg.DataDir
}
