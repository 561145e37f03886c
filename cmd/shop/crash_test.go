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
)

// crashKills is how often a process is killed in each of the shops of
// TestCrashes; make crash-test does it dozens of times.
var crashKills = flag.Int("crash-kills", 2, "how often a process is killed in each shop of the crash test")

// initialStock is how much there is of the product that customers buy.
const initialStock = 100_000

// Customers buy, are declined and pay, and a clerk packs, ships and cancels,
// while processes are killed at random moments and started again. Afterwards
// everything that was promised is there, everything happened once, and the books
// agree: those of one process on SQLite, and those of three on PostgreSQL, where
// the catalog and the payments are apart.
func TestCrashes(t *testing.T) {
	t.Parallel()
	for name, dialect := range map[string]database.Dialect{"one process on SQLite": database.SQLite, "three processes on PostgreSQL": database.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := startWreck(t, dialect)
			report := w.useWhileKilled(t)
			t.Logf("%d kills; %s", *crashKills, report)
			differences, err := report.Check(t.Context(), traffic.Shop{
				Public: "http://" + w.front.publicAddr, Stats: "http://" + w.front.internalAddr, Admin: w.front.admin,
			})
			require.NoError(t, err)
			require.Empty(t, differences)
			var unfinished map[string]int64
			require.Eventually(t, func() bool {
				unfinished = w.books.unfinished(t)
				return len(unfinished) == 0
			}, 2*patience, 200*time.Millisecond, "%v", &unfinished)
			w.books.requireBalance(t, initialStock)
			w.requireVerified(t)
			t.Log(w.books.counts(t))
		})
	}
}

// wreck is a shop whose processes are killed while customers buy a product.
type wreck struct {
	*split
	layout  layout
	product string
	books   books
}

func startWreck(t *testing.T, dialect database.Dialect) *wreck {
	t.Helper()
	w := &wreck{layout: layout{front: []string{"SHOP_HTTP_ADDR=" + freeAddress(t)}}}
	if dialect == database.Postgres {
		w.layout.apart, w.layout.database = []string{"catalog", "payments"}, dbtest.Postgres(t)
	}
	w.split = startSplit(t, w.layout)
	w.product = w.front.product(t, "MUG", 1250, initialStock)
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
	for range *crashKills {
		enough, over := options.Answered.Load()+20+rand.Int64N(80), time.Now().Add(3*time.Second)
		require.Eventually(t, func() bool { return options.Answered.Load() >= enough || time.Now().After(over) }, patience, time.Millisecond)
		w.killAndRestart(t, names[rand.IntN(len(names))])
	}
	enough := options.Answered.Load() + 100
	require.Eventually(t, func() bool { return options.Answered.Load() >= enough }, 2*patience, 10*time.Millisecond)
	closing()
	people.Wait()
	require.NoError(t, failure)
	return report
}

func (w *wreck) killAndRestart(t *testing.T, name string) {
	t.Helper()
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
