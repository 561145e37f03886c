package cartmod_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/migrations"
	"shop/modules/cart"
	"shop/modules/cart/cartmod"
	"shop/modules/cart/carttest"
	"shop/modules/payments"
	"shop/modules/users"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/flip"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/module/moduletest"
)

func build(t testing.TB, db *database.DB, o *carttest.Outside) *cartmod.Built {
	t.Helper()
	return buildFrom(t, module.Deps{DB: db, Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil)}, o)
}

func buildFrom(t testing.TB, d module.Deps, o *carttest.Outside) *cartmod.Built {
	t.Helper()
	built, err := cartmod.New(cartmod.Deps{
		Deps: d, Catalog: o.Catalog, Payments: o.Payments,
		Settings: cartmod.Settings{
			Lease: carttest.Lease, ResumeEvery: carttest.ResumeEvery, Now: o.Clock.Now,
			Currency: carttest.ShippingCurrency, ShippingRate: carttest.ShippingRate,
		},
	})
	require.NoError(t, err)
	return built
}

func TestCart(t *testing.T) {
	t.Parallel()
	t.Run("fake", func(t *testing.T) {
		t.Parallel()
		carttest.Run(t, func(t *testing.T, o *carttest.Outside) carttest.Fixture {
			fake, err := carttest.NewFake(o.Catalog, o.Payments, o.Clock.Now)
			require.NoError(t, err)
			return carttest.Fixture{Service: fake, RunResumer: fake.RunResumer, Events: func(t *testing.T) []carttest.Published {
				t.Helper()
				return encoded(t, fake.Events())
			}}
		})
	})
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			carttest.Run(t, func(t *testing.T, o *carttest.Outside) carttest.Fixture {
				built := build(t, dbtest.Open(t, dialect, "cart"), o)
				return fixture(built.Service, built.Module)
			})
		})
	}
	for _, placement := range moduletest.Placements() {
		t.Run(placement.String(), func(t *testing.T) {
			t.Parallel()
			carttest.Run(t, func(t *testing.T, o *carttest.Outside) carttest.Fixture {
				far := build(t, dbtest.Open(t, placement.Dialect(), "cart"), o)
				near := buildFrom(t, placement.Near(t, far.Module), o)
				return fixture(near.Service, far.Module)
			})
		})
	}
}

// fixture is a service over the module that is hosted.
func fixture(s cart.Service, hosted module.Module) carttest.Fixture {
	return carttest.Fixture{
		Service: s, RunResumer: carttest.RunWorkers(hosted.Workers),
		Events: func(t *testing.T) []carttest.Published { t.Helper(); return published(t, hosted.DB) },
	}
}

// published are the events in the outbox of a database.
func published(t *testing.T, db *database.DB) []carttest.Published {
	t.Helper()
	var rows []struct{ Name, Payload string }
	require.NoError(t, db.Read(t.Context()).Raw(`SELECT name, payload FROM outbox ORDER BY seq`).Find(&rows).Error)
	events := make([]carttest.Published, len(rows))
	for i, row := range rows {
		events[i] = carttest.Published{Name: row.Name, Payload: []byte(row.Payload)}
	}
	return events
}

// encoded are events as they are stored.
func encoded(t *testing.T, events []event.Event) []carttest.Published {
	t.Helper()
	all := make([]carttest.Published, len(events))
	for i, e := range events {
		payload, err := json.Marshal(e)
		require.NoError(t, err)
		all[i] = carttest.Published{Name: e.EventName(), Payload: payload}
	}
	return all
}

// Two replicas, each with a pool of its own, change one cart and check it out at
// the same time.
func TestReplicas(t *testing.T) {
	t.Parallel()
	o, url := carttest.NewOutside(), dbtest.Postgres(t)
	var replicas []*cartmod.Built
	for range 2 {
		db, err := database.Open(t.Context(), database.Options{Module: "cart", URL: url})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		require.NoError(t, database.Migrate(t.Context(), db, migrations.FS))
		replicas = append(replicas, build(t, db, o))
	}
	user := id.NewUser()
	ctx := identity.With(t.Context(), identity.Actor{User: user})
	products := make([]id.Product, 10)
	for i := range products {
		products[i] = o.Product(t, nil).ID
	}

	const clients = 50
	var working sync.WaitGroup
	errs := make([]error, 2*clients)
	for i := range clients {
		working.Go(func() {
			_, errs[i] = replicas[i%2].Service.AddItem(ctx, cart.AddItemInput{UserID: user, ProductID: products[i%len(products)], Quantity: 1})
		})
	}
	working.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	full, err := replicas[0].Service.Cart(ctx, cart.CartInput{UserID: user})
	require.NoError(t, err)
	require.Len(t, full.Items, len(products))
	require.Equal(t, int64(clients), full.Count)

	for i := range 2 * clients {
		working.Go(func() {
			if i < clients {
				_, errs[i] = replicas[i%2].Service.Checkout(ctx, cart.CheckoutInput{UserID: user})
				return
			}
			_, errs[i] = replicas[i%2].Service.AddItem(ctx, cart.AddItemInput{UserID: user, ProductID: products[i%len(products)], Quantity: 1})
		})
	}
	working.Wait()
	for i, err := range errs {
		if i >= clients {
			require.NoError(t, err)
		} else if err != nil {
			require.Equal(t, fault.Conflict, fault.KindOf(err), "%v", err)
		}
	}
	// Whatever was added is on an invoice, or still in the cart.
	left, err := replicas[0].Service.Cart(ctx, cart.CartInput{UserID: user})
	require.NoError(t, err)
	var bought int64
	for _, invoice := range o.Invoices(t, user) {
		for _, line := range invoice.Lines {
			bought += line.Quantity
		}
	}
	require.Positive(t, bought)
	require.Equal(t, int64(2*clients), bought+left.Count)
	var reserved int64
	for _, product := range products {
		reserved += 100 - o.Stock(t, product)
	}
	require.Equal(t, bought, reserved)
}

// A request that raises a quantity holds the row while the checkout ends: what it
// added stays in the cart.
func TestEndWaitsForAddition(t *testing.T) {
	t.Parallel()
	o, db := carttest.NewOutside(), dbtest.Open(t, database.Postgres, "cart")
	s := build(t, db, o).Service
	user, product := id.NewUser(), o.Product(t, nil)
	ctx := identity.With(t.Context(), identity.Actor{User: user})
	_, err := s.AddItem(ctx, cart.AddItemInput{UserID: user, ProductID: product.ID, Quantity: 3})
	require.NoError(t, err)
	added := make(chan error, 1)
	o.Break(payments.MethodCreateInvoice, carttest.Fault{After: func() error {
		raised := make(chan struct{})
		go func() {
			added <- db.InTx(t.Context(), func(inTx context.Context) error {
				err := db.Write(inTx).Exec(`UPDATE cart_items SET quantity = quantity + 2, version = version + 1`).Error
				close(raised)
				for waiting := 0; waiting == 0 && err == nil; {
					err = db.Read(t.Context()).Raw(`SELECT count(*) FROM pg_stat_activity
						WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting).Error
				}
				return err
			})
		}()
		<-raised
		return nil
	}})
	_, err = s.Checkout(ctx, cart.CheckoutInput{UserID: user})
	require.NoError(t, err)
	require.NoError(t, <-added)
	left, err := s.Cart(ctx, cart.CartInput{UserID: user})
	require.NoError(t, err)
	require.Equal(t, int64(2), left.Count)
}

// What one replica leaves behind when it dies, another one ends.
func TestOtherReplicaResumes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "cart", func(t *testing.T, db *database.DB) {
		o := carttest.NewOutside()
		dead, alive := build(t, db, o), build(t, db, o)
		user, product := id.NewUser(), o.Product(t, nil)
		ctx := identity.With(t.Context(), identity.Actor{User: user})
		_, err := dead.Service.AddItem(ctx, cart.AddItemInput{UserID: user, ProductID: product.ID, Quantity: 3})
		require.NoError(t, err)
		o.Break(payments.MethodCreateInvoice, carttest.Fault{Before: func() error { panic("the process dies") }})
		require.Panics(t, func() { _, _ = dead.Service.Checkout(ctx, cart.CheckoutInput{UserID: user}) })
		o.Break(payments.MethodCreateInvoice, carttest.Fault{})
		o.Clock.Advance(carttest.Lease)

		// Both resumers of the replica that is left want it; one gets it.
		running, stop := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		for range cap(ended) {
			go func() { ended <- alive.Module.Workers[0].Run(running) }()
		}
		require.Eventually(t, func() bool {
			c, err := alive.Service.Cart(ctx, cart.CartInput{UserID: user})
			return err == nil && len(c.Items) == 0
		}, 20*time.Second, carttest.ResumeEvery)
		stop()
		require.NoError(t, errors.Join(<-ended, <-ended))
		require.Len(t, o.Invoices(t, user), 1)
		require.Equal(t, int64(97), o.Stock(t, product.ID))
	})
}

// The module acts on the events that it subscribes to as itself.
func TestSubscriber(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "cart", func(t *testing.T, db *database.DB) {
		o := carttest.NewOutside()
		built := build(t, db, o)
		user := id.NewUser()
		ctx := identity.With(t.Context(), identity.Actor{User: user})
		_, err := built.Service.AddItem(ctx, cart.AddItemInput{UserID: user, ProductID: o.Product(t, nil).ID, Quantity: 3})
		require.NoError(t, err)
		payload, err := json.Marshal(users.Removed{UserID: user})
		require.NoError(t, err)
		require.Len(t, built.Module.Subscribers, 1)
		require.ElementsMatch(t, []string{
			users.EventRemoved, users.EventMerged, payments.EventInvoicePaid, payments.EventInvoiceRefunded, payments.EventInvoiceVoided, payments.EventInvoiceWrittenOff,
		}, built.Module.Subscribers[0].Events)
		require.NoError(t, built.Module.Subscribers[0].Handle(t.Context(), event.Envelope{
			ID: id.NewEvent(), Name: users.EventRemoved, Version: 1, Payload: payload,
		}))
		c, err := built.Service.Cart(ctx, cart.CartInput{UserID: user})
		require.NoError(t, err)
		require.Empty(t, c.Items)
	})
}

// The statements of each method are counted, however many items there are.
func TestStatements(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "cart", func(t *testing.T, db *database.DB) {
		o := carttest.NewOutside()
		s := build(t, db, o).Service
		user := id.NewUser()
		ctx := identity.With(t.Context(), identity.Actor{User: user})
		count := func(ctx context.Context, fn func(context.Context) error) int64 {
			ctx, counter := database.WithStatementCounter(ctx)
			require.NoError(t, fn(ctx))
			return counter.Statements()
		}
		for range 20 {
			product := o.Product(t, nil).ID
			// A new product needs a second statement, which finds its slot.
			for _, want := range []int64{2, 1} {
				require.Equal(t, want, count(ctx, func(ctx context.Context) error {
					_, err := s.AddItem(ctx, cart.AddItemInput{UserID: user, ProductID: product, Quantity: 1})
					return err
				}))
			}
		}
		require.EqualValues(t, 1, count(ctx, func(ctx context.Context) error {
			_, err := s.Cart(ctx, cart.CartInput{UserID: user})
			return err
		}))
		most := int64(3) // the cart, the beginning, the end
		if db.Dialect() == database.SQLite {
			most = 5 // the end is three in one transaction
		}
		require.LessOrEqual(t, count(ctx, func(ctx context.Context) error {
			_, err := s.Checkout(ctx, cart.CheckoutInput{UserID: user})
			return err
		}), most)
	})
}
