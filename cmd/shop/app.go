package main

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"shop/modules/catalog"
	"shop/modules/users"
	"shop/platform/config"
	"shop/platform/httpapi"
	"shop/platform/module"
	"shop/platform/placement"
	"shop/platform/telemetry"
)

// App is the shop put together from its modules, as wire.go makes it.
type App struct {
	Config  config.Config
	Logger  *slog.Logger
	Tracing *telemetry.Tracing
	Metrics *prometheus.Registry
	API     *httpapi.API
	// Placement moves calls between this process and others.
	Placement *placement.Controller
	// Modules are all of them, hosted here or not.
	Modules []module.Module
	// Services are the faces of the modules by name.
	Services services
	// Workers are those of no single module, such as event relays.
	Workers []module.Worker
	// Users and Catalog are what the commands call themselves.
	Users   users.Service
	Catalog catalog.Service
}
