package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
)

// diary is what a customer was answered with 2xx before the process was killed.
type diary struct {
	address, userID, token string
	logged                 int
	// added were put in the cart; unsure may have been, when the answer to it got
	// lost.
	added, unsure int64
	// paid holds the invoices, and whether the payment was answered.
	paid map[string]bool
}

// What was answered before the process is killed is there after it starts again,
// and what was under way is brought to an end: a checkout or a payment that was
// cut off waits until its lease ends, which both kinds of database do at the
// same time here.
func TestKilled(t *testing.T) {
	t.Parallel()
	dialects := []database.Dialect{database.SQLite, database.Postgres}
	var wrecks []*wreck
	for _, dialect := range dialects {
		wrecks = append(wrecks, newWreck(t, dialect))
	}
	for i, w := range wrecks {
		t.Run(dialects[i].String(), func(t *testing.T) {
			t.Parallel()
			require.Eventually(t, func() bool { return w.books.unfinished(t) == 0 }, patience, 100*time.Millisecond)
			for _, d := range w.diaries {
				w.requireKept(t, d)
			}
			w.books.requireBalance(t, initialStock, w.want(t, http.StatusOK, http.MethodGet, "/product/"+w.product, "", nil).json(t)["stock"])
		})
	}
}

// initialStock is how much there is of the product that customers buy.
const initialStock = 100_000

// wreck is a shop that was killed while customers bought a product, and started
// again.
type wreck struct {
	*process
	product string
	diaries []*diary
	books   books
}

func newWreck(t *testing.T, dialect database.Dialect) *wreck {
	t.Helper()
	dataDir, address, environ := t.TempDir(), "", []string{"SHOP_DATABASE_CONNECTIONS=3"}
	if dialect == database.Postgres {
		address = dbtest.Postgres(t)
		environ = append(environ, "SHOP_DATABASE_URL="+address)
	}
	before := start(t, dataDir, environ)
	before.admin = before.signIn(t, defaultAdminEmail, before.password())
	product := before.product(t, "MUG", 1250, initialStock)
	diaries := before.useUntilKilled(t, product)
	after := start(t, dataDir, environ)
	after.admin = before.admin
	return &wreck{process: after, product: product, diaries: diaries, books: openBooks(t, address, dataDir)}
}

// useUntilKilled lets customers buy until the process has answered some random
// number of requests, and is killed at that moment.
func (p *process) useUntilKilled(t *testing.T, product string) []*diary {
	t.Helper()
	var left atomic.Int64
	left.Store(40 + rand.Int64N(80))
	t.Logf("killed after %d answers", left.Load())
	diaries := make([]*diary, 4)
	var customers sync.WaitGroup
	for i := range diaries {
		d := &diary{address: fmt.Sprintf("customer%d@example.com", i), paid: map[string]bool{}}
		diaries[i] = d
		post := func(path string, body any) (answer map[string]any, ok bool) {
			got := call(t, p.public, http.MethodPost, path, d.token, body)
			if left.Add(-1) == 0 {
				p.kill()
			}
			ok = got.status/100 == 2 && json.Unmarshal([]byte(got.text), &answer) == nil
			if !ok && got.status != http.StatusBadGateway && !p.hasEnded() {
				t.Errorf("POST %s: %d %s", path, got.status, got.text)
			}
			return answer, ok
		}
		customers.Go(func() {
			if d.register(post) {
				for d.buy(post, product) {
				}
			}
		})
	}
	customers.Wait()
	return diaries
}

// poster sends a request; ok is false when it was not answered with 2xx.
type poster func(path string, body any) (answer map[string]any, ok bool)

// register signs up and in.
func (d *diary) register(post poster) bool {
	answer, ok := post("/user/", map[string]any{"email": d.address, "password": "a long enough password", "name": "Grace"})
	if !ok {
		return false
	}
	d.userID, _ = answer["id"].(string)
	answer, ok = post("/session", map[string]any{"email": d.address, "password": "a long enough password"})
	d.token, _ = answer["token"].(string)
	return ok
}

// buy goes from a look at a product to a paid invoice.
func (d *diary) buy(post poster, product string) bool {
	if _, ok := post("/log", map[string]any{"action": "product.viewed"}); !ok {
		return false
	}
	d.logged++
	if _, ok := post("/user/me/cart/", map[string]any{"product_id": product, "quantity": 2}); !ok {
		d.unsure = 2
		return false
	}
	d.added += 2
	answer, ok := post("/user/me/checkout", map[string]any{})
	if !ok {
		return false
	}
	invoice, _ := answer["invoice_id"].(string)
	d.paid[invoice] = false
	_, d.paid[invoice] = post("/invoices/"+invoice+"/pay", map[string]any{"payment_method": "pm_ok"})
	return d.paid[invoice]
}

// requireKept requires what a customer was told.
func (p *process) requireKept(t *testing.T, d *diary) {
	t.Helper()
	if d.userID == "" {
		return
	}
	user := p.want(t, http.StatusOK, http.MethodGet, "/user/"+d.userID, p.admin, nil).json(t)
	require.Equal(t, d.address, user["email"])
	if d.token == "" {
		return
	}
	p.want(t, http.StatusOK, http.MethodGet, "/session", d.token, nil)
	now := time.Now().UTC()
	log := call(t, p.internal, http.MethodGet, fmt.Sprintf("/log?limit=100&user_id=%s&from=%s&to=%s",
		d.userID, now.Add(-time.Hour).Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339)), p.admin, nil)
	require.Equal(t, http.StatusOK, log.status, log.text)
	require.GreaterOrEqual(t, len(log.json(t)["items"].([]any)), d.logged)

	cart := p.want(t, http.StatusOK, http.MethodGet, "/user/me/cart/", d.token, nil).json(t)
	got, _ := cart["count"].(float64)
	kept := map[string]bool{}
	for _, listed := range p.want(t, http.StatusOK, http.MethodGet, "/user/me/invoices?limit=100", d.token, nil).json(t)["items"].([]any) {
		invoice, _ := listed.(map[string]any)["id"].(string)
		whole := p.want(t, http.StatusOK, http.MethodGet, "/invoices/"+invoice, d.token, nil).json(t)
		kept[invoice] = whole["status"] == "paid"
		for _, line := range whole["lines"].([]any) {
			quantity, _ := line.(map[string]any)["quantity"].(float64)
			got += quantity
		}
	}
	for invoice, paid := range d.paid {
		require.Contains(t, kept, invoice)
		require.True(t, !paid || kept[invoice], "%s was paid", invoice)
	}
	require.GreaterOrEqual(t, int64(got), d.added, "what was put in the cart is there, or on an invoice")
	require.LessOrEqual(t, int64(got), d.added+d.unsure, "and once")
}

// books are the databases of a shop, as an auditor sees them.
type books map[string]*database.DB

func openBooks(t *testing.T, address, dataDir string) books {
	t.Helper()
	opened := books{}
	for _, module := range []string{"users", "cart", "email", "payments"} {
		db, err := database.Open(t.Context(), database.Options{Module: module, URL: address, DataDir: dataDir, MaxConnections: 1})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		opened[module] = db
	}
	return opened
}

// number is the result of a query in a module's database.
func (b books) number(t *testing.T, module, query string, values ...any) int64 {
	t.Helper()
	var n int64
	require.NoError(t, b[module].Read(t.Context()).Raw(query, values...).Scan(&n).Error)
	return n
}

// unfinished counts the checkouts and payments under way, and the e-mails that
// are still to be written about what happened.
func (b books) unfinished(t *testing.T) int64 {
	t.Helper()
	n := b.number(t, "cart", `SELECT count(*) FROM checkouts WHERE state = 'started'`) +
		b.number(t, "payments", `SELECT count(*) FROM payments WHERE state IN ('pending', 'unknown')`)
	for template, happened := range b.happened(t) {
		n += max(0, happened-b.letters(t, template))
	}
	return n
}

// happened counts what a customer gets an e-mail about, by its template.
func (b books) happened(t *testing.T) map[string]int64 {
	t.Helper()
	return map[string]int64{
		"registration": b.number(t, "users", `SELECT count(*) FROM users WHERE role = 'customer'`),
		"invoice":      b.number(t, "payments", `SELECT count(*) FROM invoices`),
		"receipt":      b.number(t, "payments", `SELECT count(*) FROM invoices WHERE status = 'paid'`),
	}
}

// letters counts the e-mails made from a template.
func (b books) letters(t *testing.T, template string) int64 {
	t.Helper()
	return b.number(t, "email", `SELECT count(*) FROM emails WHERE template = ?`, template)
}

// requireBalance requires that what was sold was taken from the stock, that each
// checkout made one invoice and each paid invoice one charge, and that one
// e-mail was written about each.
func (b books) requireBalance(t *testing.T, stock int64, rest any) {
	t.Helper()
	sold := b.number(t, "payments", `SELECT coalesce(sum(quantity), 0) FROM invoice_lines`)
	require.InDelta(t, float64(stock-sold), rest, 0)
	require.Equal(t, b.number(t, "cart", `SELECT count(*) FROM checkouts WHERE state = 'done'`),
		b.number(t, "payments", `SELECT count(*) FROM invoices`))
	paid := b.number(t, "payments", `SELECT count(*) FROM invoices WHERE status = 'paid'`)
	require.Positive(t, paid)
	require.Equal(t, paid, b.number(t, "payments", `SELECT count(*) FROM sandbox_charges WHERE outcome = 'succeeded'`))
	require.Equal(t, paid, b.number(t, "payments", `SELECT count(DISTINCT invoice) FROM sandbox_charges WHERE outcome = 'succeeded'`))
	require.Equal(t, paid, b.number(t, "payments", `SELECT count(*) FROM payments WHERE state = 'succeeded'`))
	require.Equal(t,
		b.number(t, "payments", `SELECT coalesce(sum(total), 0) FROM invoices WHERE status = 'paid'`),
		b.number(t, "payments", `SELECT coalesce(sum(amount), 0) FROM sandbox_charges WHERE outcome = 'succeeded'`))
	for template, happened := range b.happened(t) {
		require.Equal(t, happened, b.letters(t, template), template)
	}
}
