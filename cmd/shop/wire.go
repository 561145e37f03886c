//go:build wireinject

package main

import (
	"context"
	"log/slog"

	"github.com/google/wire"

	"shop/modules/catalog/catalogmod"
	"shop/modules/payments/paymentsmod"
	"shop/modules/users/usersmod"
	"shop/platform/config"
)

// newApp puts the shop together. The returned function closes what was opened.
func newApp(context.Context, config.Config, *slog.Logger) (*App, func(), error) {
	wire.Build(
		newTracing, newRegistry, newDatabaseMetrics, newObserver, newAuthority,
		newRemotes, openDatabases,
		newUsers, newEmail, newCatalog, newCart, newPayments, newStats,
		wire.FieldsOf(new(*usersmod.Built), "Service"),
		wire.FieldsOf(new(*catalogmod.Built), "Service"),
		wire.FieldsOf(new(*paymentsmod.Built), "Service"),
		wire.Struct(new(built), "*"),
		newPlacement, newAPI, newBroker, newEventMetrics, newRelays, newWorkers, newModules, newServices,
		wire.Struct(new(App), "*"),
	)
	return nil, nil, nil
}
