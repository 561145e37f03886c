package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/modules/users"
	"shop/platform/config"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/page"
	"shop/platform/telemetry"
)

// accounts is a users module that lets the operator make one administrator.
type accounts struct {
	users.Service
	mu   sync.Mutex
	made []users.CreateAdministratorInput
}

func (a *accounts) CreateAdministrator(ctx context.Context, in users.CreateAdministratorInput) (id.User, error) {
	if err := identity.RequireService(ctx); err != nil {
		return id.User{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if in.OnlyFirst && len(a.made) > 0 {
		return id.User{}, nil
	}
	a.made = append(a.made, in)
	return id.NewUser(), nil
}

// shelf is a catalog that keeps what it is given.
type shelf struct {
	catalog.Service
	mu       sync.Mutex
	products []catalog.CreateProductInput
}

func (s *shelf) ListProducts(context.Context, catalog.ListProductsInput) (page.Page[catalog.Product], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return page.Page[catalog.Product]{Items: make([]catalog.Product, len(s.products))}, nil
}

func (s *shelf) ImportProducts(ctx context.Context, in catalog.ImportProductsInput) (catalog.ImportResult, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return catalog.ImportResult{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.products = append(s.products, in.Products...)
	return catalog.ImportResult{Created: len(in.Products)}, nil
}

// stall is a console whose application is made of the fakes above.
type stall struct {
	console
	accounts accounts
	shelf    shelf
	workers  []module.Worker
	closed   bool
	output   bytes.Buffer
	errors   bytes.Buffer
}

func newStall(t *testing.T, environ ...string) *stall {
	t.Helper()
	s := &stall{}
	s.console = console{
		in: strings.NewReader(""), out: &s.output, err: &s.errors,
		environ: append([]string{"SHOP_HTTP_ADDR=127.0.0.1:0", "SHOP_INTERNAL_ADDR=127.0.0.1:0"}, environ...),
		compose: func(_ context.Context, cfg config.Config, logger *slog.Logger) (*App, func(), error) {
			api, err := httpapi.New(httpapi.Options{Name: "shop", Logger: logger})
			return &App{
				Config: cfg, Logger: logger, API: api, Users: &s.accounts, Catalog: &s.shelf, Workers: s.workers,
				Tracing: &telemetry.Tracing{}, Metrics: telemetry.NewRegistry(build()),
			}, func() { s.closed = true }, err
		},
	}
	return s
}

// serveOnce serves until a worker has run, and returns the exit code.
func (s *stall) serveOnce(t *testing.T, args ...string) int {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s.workers = []module.Worker{{Name: "stopper", Run: func(ctx context.Context) error { cancel(); <-ctx.Done(); return nil }}}
	return run(ctx, append([]string{"serve"}, args...), &s.console)
}

func TestServe(t *testing.T) {
	t.Parallel()
	t.Run("FirstStart", func(t *testing.T) {
		t.Parallel()
		s := newStall(t)
		require.Equal(t, exitOK, s.serveOnce(t, "--demo"), s.errors.String())
		require.True(t, s.closed)
		require.NotEmpty(t, s.shelf.products)
		require.Len(t, s.accounts.made, 1)
		require.Contains(t, s.output.String(), "API       http://127.0.0.1:")
		require.Contains(t, s.output.String(), s.accounts.made[0].Password)
		require.Contains(t, s.output.String(), "demo products added")
		require.Contains(t, s.errors.String(), `"msg":"serving"`)
		require.NotContains(t, s.errors.String(), s.accounts.made[0].Password, "the log keeps no secret")

		s.output.Reset()
		before := len(s.shelf.products)
		require.Equal(t, exitOK, s.serveOnce(t, "--demo"))
		require.Len(t, s.shelf.products, before)
		require.NotContains(t, s.output.String(), "Password")
	})
	t.Run("ConfiguredAdministrator", func(t *testing.T) {
		t.Parallel()
		s := newStall(t, "SHOP_ADMIN_EMAIL=ada@example.com", "SHOP_ADMIN_PASSWORD=correct horse battery")
		require.Equal(t, exitOK, s.serveOnce(t), s.errors.String())
		require.Equal(t, "ada@example.com", s.accounts.made[0].Email)
		require.Equal(t, "correct horse battery", s.accounts.made[0].Password)
		require.NotContains(t, s.output.String(), "correct horse")
		require.Empty(t, s.shelf.products)
	})
	t.Run("WorkerFails", func(t *testing.T) {
		t.Parallel()
		s := newStall(t)
		s.workers = []module.Worker{{Name: "relay", Run: func(context.Context) error { return errors.New("out of order") }}}
		require.Equal(t, exitFailure, run(t.Context(), []string{"serve"}, &s.console))
		require.Contains(t, s.errors.String(), "shop: relay: out of order\n")
		require.True(t, s.closed)
	})
	t.Run("AddressInUse", func(t *testing.T) {
		t.Parallel()
		taken, err := listen(t.Context(), config.Config{HTTPAddr: "127.0.0.1:0", InternalAddr: "127.0.0.1:0"})
		require.NoError(t, err)
		defer taken.public.Close()
		defer taken.internal.Close()
		s := newStall(t)
		s.environ[0] = "SHOP_HTTP_ADDR=" + taken.public.Addr().String()
		require.Equal(t, exitFailure, run(t.Context(), []string{"serve"}, &s.console))
		require.Contains(t, s.errors.String(), "shop: open the public listener (SHOP_HTTP_ADDR): ")
		require.True(t, s.closed)
	})
}

func TestAdminCreate(t *testing.T) {
	t.Parallel()
	t.Run("MadeUp", func(t *testing.T) {
		t.Parallel()
		s := newStall(t)
		require.Equal(t, exitOK, run(t.Context(), []string{"admin", "create", "--email", "ada@example.com"}, &s.console), s.errors.String())
		require.Regexp(t, `^user_\w{26}\n$`, s.output.String())
		require.Equal(t, "password: "+s.accounts.made[0].Password+"\n", s.errors.String())
	})
	t.Run("FromStandardInput", func(t *testing.T) {
		t.Parallel()
		s := newStall(t)
		s.in = strings.NewReader("correct horse battery\n")
		require.Equal(t, exitOK, run(t.Context(), []string{"admin", "create", "--email", "ada@example.com", "--name", "Ada", "--password-stdin"}, &s.console), s.errors.String())
		require.Equal(t, users.CreateAdministratorInput{Email: "ada@example.com", Name: "Ada", Password: "correct horse battery"}, s.accounts.made[0])
		require.Empty(t, s.errors.String())
	})
	t.Run("EmptyStandardInput", func(t *testing.T) {
		t.Parallel()
		s := newStall(t)
		require.Equal(t, exitFailure, run(t.Context(), []string{"admin", "create", "--email", "ada@example.com", "--password-stdin"}, &s.console))
		require.Equal(t, "shop: read password: standard input is empty\n", s.errors.String())
		require.Empty(t, s.accounts.made)
	})
}

func TestCatalogImport(t *testing.T) {
	t.Parallel()
	s := newStall(t)
	s.in = strings.NewReader("sku,name,amount\na,A,1\nb,B,x\nc,C,3\n")
	require.Equal(t, exitFailure, run(t.Context(), []string{"catalog", "import", "--batch", "2", "-"}, &s.console))
	require.Equal(t, "1 created, 0 updated, 2 left out\n", s.output.String())
	require.Equal(t, "line 3: amount: use a whole number of minor units, such as 1999 for 19.99\n"+
		"shop: 1 bad rows; 2 rows of their batches were left out\n", s.errors.String())
	require.Len(t, s.shelf.products, 1)
	require.Equal(t, "EUR", string(s.shelf.products[0].Price.Currency))
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := newStall(t)
	require.Equal(t, exitOK, run(t.Context(), []string{"openapi"}, &s.console), s.errors.String())
	require.Contains(t, s.output.String(), `"openapi": "3.1.0"`)
	require.True(t, s.closed)
}
