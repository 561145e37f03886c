package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"shop/platform/config"
	"shop/platform/httpapi"
	"shop/platform/module"
	"shop/platform/placement"
	"shop/platform/remote"
	"shop/platform/serviceauth"
	"shop/platform/telemetry"
)

// remotes are clients of the modules that have an address, by name.
type remotes map[string]*remote.Client

// newRemotes makes a client for each module that has an address. It connects to
// nothing: processes that need one another start in any order.
func newRemotes(
	cfg config.Config, authority *serviceauth.Authority, tracing *telemetry.Tracing, logger *slog.Logger,
) (remotes, func(), error) {
	if err := requireNeighbours(cfg); err != nil {
		return nil, nil, err
	}
	if !reached(cfg, "users") {
		logger.Warn("sessions cannot be checked here: requests that carry one are answered 503", slog.String("set", config.EnvOf("users.url")))
	}
	// Read once, and only where somebody is reached.
	secure := sync.OnceValues(func() (*tls.Config, error) { return serviceTLS(cfg) })
	clients := remotes{}
	closeAll := func() {
		for _, client := range clients {
			client.Close()
		}
	}
	for _, p := range parts() {
		targets := cfg.PlacementOf(p.name).Targets
		if len(targets) == 0 {
			continue
		}
		options := remote.Options{
			Module: p.name, Contract: p.contract.Newest, OldestContract: p.contract.Oldest,
			Targets: targets, Mint: authority.Mint, Logger: logger, Timeout: p.timeout,
		}
		if tracing.Enabled() {
			options.Propagator = tracing.Propagator()
		}
		var err error
		if options.TLS, err = secure(); err == nil {
			clients[p.name], err = remote.New(options)
		}
		if err != nil {
			delete(clients, p.name)
			closeAll()
			return nil, nil, fmt.Errorf("reach %s in other processes: %w", p.name, err)
		}
	}
	return clients, closeAll, nil
}

// serviceTLS is how other processes are reached over TLS; nil for the machine's
// own authorities and no certificate.
func serviceTLS(cfg config.Config) (*tls.Config, error) {
	if cfg.ServiceTLSCert == "" && cfg.ServiceTLSCA == "" {
		return nil, nil //nolint:nilnil // the client has its own default
	}
	return remote.TLSConfig(cfg.ServiceTLSCert, cfg.ServiceTLSKey, cfg.ServiceTLSCA) //nolint:wrapcheck // names the file
}

// requireNeighbours fails when a hosted module calls one that is neither hosted
// here nor has an address.
func requireNeighbours(cfg config.Config) error {
	var missing, settings []string
	for _, p := range parts() {
		if !cfg.Hosts(p.name) {
			continue
		}
		for _, called := range p.calls {
			if !reached(cfg, called) {
				missing = append(missing, p.name+" calls "+called)
				if name := config.EnvOf(called + ".url"); !slices.Contains(settings, name) {
					settings = append(settings, name)
				}
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%s, not hosted here: set %s to the internal listener of a process that hosts it, or add it to SHOP_MODULES",
		strings.Join(missing, ", "), strings.Join(settings, " and "))
}

// reached reports whether this process hosts a module or has an address of it.
func reached(cfg config.Config, module string) bool {
	return cfg.Hosts(module) || len(cfg.PlacementOf(module).Targets) > 0
}

// newPlacement lets operators move calls between the sides of the modules.
func newPlacement(
	ctx context.Context, cfg config.Config, modules []module.Module, logger *slog.Logger,
) (*placement.Controller, error) {
	o := placement.Options{Settings: cfg, Build: version, Logger: logger}
	for _, m := range modules {
		placed := placement.Module{Control: m.Control, Contract: m.Contract}
		if m.Remote != nil {
			placed.Remote = m.Remote
		}
		if m.Hosted() {
			placed.Database = m.DB.Identity
		}
		o.Modules = append(o.Modules, placed)
	}
	return placement.New(ctx, o) //nolint:wrapcheck // names the setting
}

// placements say for each module which listeners offer it.
func placements(modules []module.Module) map[string]httpapi.Placement {
	placed := map[string]httpapi.Placement{}
	for _, m := range modules {
		switch {
		case m.Control.Hosted():
			placed[m.Name] = httpapi.Here
		case m.Control.Reachable():
			placed[m.Name] = httpapi.Elsewhere
		default:
			placed[m.Name] = httpapi.Nowhere
		}
	}
	return placed
}

// hostedOf are the modules that are part of this process.
func hostedOf(modules []module.Module) []module.Module {
	var hosted []module.Module
	for _, m := range modules {
		if m.Hosted() {
			hosted = append(hosted, m)
		}
	}
	return hosted
}
