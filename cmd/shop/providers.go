package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"

	"shop/modules/cart/cartmod"
	"shop/modules/catalog"
	"shop/modules/catalog/catalogmod"
	"shop/modules/email/emailmod"
	"shop/modules/payments"
	"shop/modules/payments/paymentsmod"
	"shop/modules/stats/statsmod"
	"shop/modules/users"
	"shop/modules/users/usersmod"
	"shop/platform/config"
	"shop/platform/database"
	"shop/platform/flip"
	"shop/platform/module"
	"shop/platform/placement"
	"shop/platform/serviceauth"
	"shop/platform/telemetry"
)

func newTracing(ctx context.Context, logger *slog.Logger) (*telemetry.Tracing, error) {
	return telemetry.NewTracing(ctx, telemetry.TracingOptions{Build: build(), Logger: logger}) //nolint:wrapcheck // names the variable
}

func newRegistry() *prometheus.Registry { return telemetry.NewRegistry(build()) }

func newDatabaseMetrics(registry *prometheus.Registry) (*database.Metrics, error) {
	return database.NewMetrics(registry) //nolint:wrapcheck // says what it is about
}

func newObserver(registry *prometheus.Registry, tracing *telemetry.Tracing) *flip.Observer {
	return flip.NewObserver(registry, tracer(tracing))
}

// newAuthority verifies and mints service tokens, with the keys of the
// settings, or with one that is made once for this process alone.
func newAuthority(cfg config.Config) (*serviceauth.Authority, error) {
	keys := cfg.ServiceKeys
	if keys.IsZero() {
		var err error
		if keys, err = serviceauth.LoadOrCreate(cfg.DataDir); err != nil {
			return nil, fmt.Errorf("make the service key: %w", err)
		}
	}
	return serviceauth.New(serviceauth.Options{Keys: keys}) //nolint:wrapcheck // says what it is about
}

func newUsers(cfg config.Config, d *databases) (*usersmod.Built, error) {
	return usersmod.New(usersmod.Deps{Deps: d.users, Settings: usersmod.Settings{ //nolint:wrapcheck // names the module
		SessionTTL:     cfg.SessionTTL,
		GuestTTL:       cfg.Users.GuestTTL,
		PasswordMemory: uint32(cfg.Users.PasswordMemory) * 1024,
	}})
}

func newCatalog(d *databases) (*catalogmod.Built, error) {
	return catalogmod.New(catalogmod.Deps{Deps: d.catalog}) //nolint:wrapcheck // names the module
}

func newPayments(cfg config.Config, d *databases, u users.Service) (*paymentsmod.Built, error) {
	return paymentsmod.New(paymentsmod.Deps{ //nolint:wrapcheck // names the module
		Deps: d.payments, Users: u,
		Settings: paymentsmod.Settings{
			InvoiceSeries: cfg.Payments.InvoiceSeries, CreditNoteSeries: cfg.Payments.CreditNoteSeries, Seller: cfg.Payments.Seller,
		},
		ProviderSettings: paymentsmod.ProviderSettings{
			Name:      cfg.Payments.Provider,
			StripeKey: string(cfg.Payments.StripeKey), StripeWebhookSecret: string(cfg.Payments.StripeWebhookSecret),
			StripeURL: string(cfg.Payments.StripeAPIURL), SandboxWebhookSecret: string(cfg.Payments.SandboxWebhookSecret),
		},
	})
}

func newCart(cfg config.Config, d *databases, c catalog.Service, p payments.Service) (*cartmod.Built, error) {
	return cartmod.New(cartmod.Deps{ //nolint:wrapcheck // names the module
		Deps: d.cart, Catalog: c, Payments: p,
		Settings: cartmod.Settings{
			PayWithin: cfg.Cart.PayWithin, Currency: cfg.Currency, TaxRate: cfg.Cart.TaxRate, TaxIncluded: cfg.Cart.TaxIncluded,
			ShippingRate: int64(cfg.Cart.ShippingRate), ShippingFreeFrom: int64(cfg.Cart.ShippingFreeFrom),
		},
	})
}

func newEmail(cfg config.Config, d *databases, u users.Service, p payments.Service) (*emailmod.Built, error) {
	return emailmod.New(emailmod.Deps{ //nolint:wrapcheck // names the module
		Deps: d.email, Users: u, Payments: p,
		Settings: emailmod.Settings{
			SMTPURL: string(cfg.SMTPURL), From: cfg.MailFrom, PublicURL: string(cfg.PublicURL), DataDir: cfg.DataDir,
		},
	})
}

func newStats(cfg config.Config, d *databases) (*statsmod.Built, error) {
	return statsmod.New(statsmod.Deps{Deps: d.stats, Retention: cfg.Stats.Retention}) //nolint:wrapcheck // names the module
}

// built are all modules.
type built struct {
	Users    *usersmod.Built
	Email    *emailmod.Built
	Catalog  *catalogmod.Built
	Cart     *cartmod.Built
	Payments *paymentsmod.Built
	Stats    *statsmod.Built
}

func newModules(b built) []module.Module {
	return []module.Module{
		b.Users.Module, b.Email.Module, b.Catalog.Module, b.Cart.Module, b.Payments.Module, b.Stats.Module,
	}
}

// newWorkers are those of no single module.
func newWorkers(deliver relays, controller *placement.Controller) []module.Worker {
	return append(
		deliver,
		module.Worker{Name: "placement", Run: controller.Run},
		module.Worker{Name: "reload on SIGHUP", Run: func(ctx context.Context) error { return reloadOnHangup(ctx, controller) }},
	)
}

// reloadOnHangup reads the settings again when the operator asks with SIGHUP.
func reloadOnHangup(ctx context.Context, controller *placement.Controller) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangups:
			controller.Reload()
		}
	}
}
