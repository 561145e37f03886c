package main

import (
	"cmp"
	"context"
	"flag"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/cmd/internal/traffic"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
)

// crashKills is how often a process is killed in each of the shops of
// TestCrashes; make crash-test does it dozens of times.
var crashKills = flag.Int("crash-kills", 2, "how often a process is killed in each shop of the crash test")

// initialStock is how much there is of each product.
const initialStock = 100_000

// Customers buy, are declined and pay, and a clerk packs, ships and cancels,
// while processes are killed at random moments and started again. Afterwards
// everything that was promised is there, everything happened once, and the books
// agree: those of one process on SQLite, and those of three on PostgreSQL, where
// the catalog and the payments are apart. In the long form there is one more, in
// which a broker carries events that is stopped too, and loses its disk.
func TestCrashes(t *testing.T) {
	t.Parallel()
	type form struct {
		dialect database.Dialect
		broker  bool
	}
	forms := map[string]form{
		"one process on SQLite": {database.SQLite, false}, "three processes on PostgreSQL": {database.Postgres, false},
	}
	if *crashKills >= 10 {
		forms["three processes on PostgreSQL with NATS"] = form{database.Postgres, true}
	}
	wanted := wantedEvents(t)
	for name, f := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWreck(t, f.dialect, f.broker)
			report := w.useWhileKilled(t)
			t.Logf("%d kills, %d stops of the broker; %s", *crashKills-w.stops, w.stops, report)
			var unfinished map[string]int64
			require.Eventually(t, func() bool {
				unfinished = w.books.unfinished(t, wanted)
				return len(unfinished) == 0
			}, 2*patience, 200*time.Millisecond, "%v", &unfinished)
			differences, err := report.Check(t.Context(), traffic.Shop{
				Public: "http://" + w.front.publicAddr, Stats: "http://" + w.front.internalAddr, Admin: w.front.admin,
			})
			require.NoError(t, err)
			require.Empty(t, differences)
			for _, product := range w.products {
				w.books.requireStock(t, product, initialStock)
			}
			w.books.requireBalance(t)
			w.books.requireHandled(t, wanted)
			w.requireVerified(t)
			t.Log(w.books.counts(t))
		})
	}
}

// wreck is a shop whose processes are killed while customers buy its products.
type wreck struct {
	*split
	layout   layout
	products []id.Product
	books    books
	// broker carries events; nil when nothing does. stops is how often it was
	// stopped.
	broker *natsServer
	stops  int
}

func startWreck(t *testing.T, dialect database.Dialect, broker bool) *wreck {
	t.Helper()
	w := &wreck{layout: layout{front: []string{"SHOP_HTTP_ADDR=" + freeAddress(t)}}}
	if dialect == database.Postgres {
		w.layout.apart, w.layout.database = []string{"catalog", "payments"}, dbtest.Postgres(t)
	}
	if broker {
		w.broker = startBroker(t)
		w.layout.environ = []string{"SHOP_NATS_URL=" + w.broker.ClientURL()}
	}
	w.split = startSplit(t, w.layout)
	for _, sku := range []string{"MUG", "PAN", "POT"} {
		var product id.Product
		require.NoError(t, product.UnmarshalText([]byte(w.front.product(t, sku, 1250, initialStock))))
		w.products = append(w.products, product)
	}
	w.books = openBooks(t, w.layout.database, w.dataDirs[frontName])
	return w
}

// useWhileKilled lets customers and a clerk use the shop while its processes are
// killed, one after the other, and started again at once.
func (w *wreck) useWhileKilled(t *testing.T) *traffic.Report {
	t.Helper()
	ctx, closing := context.WithCancel(t.Context())
	options := traffic.Options{URL: "http://" + w.front.publicAddr, Customers: 6, Clerk: w.front.admin, Patience: 2 * patience, Answered: new(atomic.Int64)}
	var (
		report  *traffic.Report
		failure error
		people  sync.WaitGroup
	)
	people.Go(func() { report, failure = traffic.Run(ctx, options) })
	names := append([]string{frontName}, w.layout.apart...)
	if w.broker != nil {
		names = append(names, brokerName)
	}
	for range *crashKills {
		enough, over := options.Answered.Load()+20+rand.Int64N(80), time.Now().Add(3*time.Second)
		require.Eventually(t, func() bool { return options.Answered.Load() >= enough || time.Now().After(over) }, patience, time.Millisecond)
		w.killAndRestart(t, names[rand.IntN(len(names))])
	}
	enough := options.Answered.Load() + 100
	require.Eventually(t, func() bool {
		return options.Answered.Load() >= enough && w.books.number(t, "cart", shippedOrders) > 0 && w.books.number(t, "cart", cancelledOrders) > 0
	}, 2*patience, 10*time.Millisecond)
	closing()
	people.Wait()
	require.NoError(t, failure)
	return report
}

// brokerName stands for the broker among the processes.
const brokerName = "broker"

func (w *wreck) killAndRestart(t *testing.T, name string) {
	t.Helper()
	if name == brokerName {
		w.broker.stop()
		if w.stops++; w.stops%3 == 0 {
			w.broker.loseDisk(t)
		}
		w.broker.start(t)
		return
	}
	killed := cmp.Or(w.hosts[name], w.front)
	killed.kill()
	started := w.launch(t, w.layout, name)
	if name == frontName {
		started.admin = w.front.admin
		w.front = started
	} else {
		w.hosts[name] = started
	}
	started.awaitReady(t)
}

// requireVerified lets the shop's own reconciler look at the books.
func (w *wreck) requireVerified(t *testing.T) {
	t.Helper()
	environ := append([]string{"SHOP_DATA_DIR=" + w.dataDirs[frontName], "SHOP_DATABASE_URL=" + w.layout.database}, w.environ...)
	printed, err := shopCommand(t, environ, "verify", "--min-age", "0s").CombinedOutput()
	require.NoError(t, err, "%s", printed)
}
