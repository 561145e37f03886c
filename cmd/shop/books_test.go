package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
)

// books are the databases of a shop, as an auditor sees them.
type books map[string]*database.DB

// openBooks opens the databases of all modules: on the server at address, or
// without one in dataDir.
func openBooks(t *testing.T, address, dataDir string) books {
	t.Helper()
	opened := books{}
	for _, module := range moduleNames() {
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
	require.NoError(t, b[module].Read(t.Context()).Raw(query, values...).Scan(&n).Error, query)
	return n
}

// unfinished counts what is still under way: what was begun, and what is to be
// done about what has happened.
func (b books) unfinished(t *testing.T) map[string]int64 {
	t.Helper()
	left := map[string]int64{
		"checkouts":   b.number(t, "cart", `SELECT count(*) FROM checkouts WHERE state = 'started'`),
		"settlements": b.number(t, "cart", `SELECT count(*) FROM checkouts WHERE settlement IN ('commit', 'release')`),
		"cancels":     b.number(t, "cart", `SELECT count(*) FROM orders WHERE state = 'cancelling'`),
		"payments":    b.number(t, "payments", `SELECT count(*) FROM payments WHERE state IN ('pending', 'unknown')`),
	}
	want, got := b.consequences(t)
	for what, n := range want {
		left[what] = n - got[what]
	}
	for what, n := range left {
		if n <= 0 {
			delete(left, what)
		}
	}
	return left
}

// consequences counts what has happened, by what follows from each in another
// module, and how often that is there.
func (b books) consequences(t *testing.T) (want, got map[string]int64) {
	t.Helper()
	want, got = map[string]int64{}, map[string]int64{}
	follows := func(n int64, where, query string, what string) {
		want[what], got[what] = n, b.number(t, where, query, what)
	}
	customers := b.number(t, "users", `SELECT count(*) FROM users WHERE role = 'customer'`)
	invoices := b.number(t, "payments", `SELECT count(*) FROM invoices`)
	paid := b.number(t, "payments", `SELECT count(*) FROM invoices WHERE paid_at IS NOT NULL`)
	const letters, entries = `SELECT count(*) FROM emails WHERE template = ?`, `SELECT count(*) FROM log_entries WHERE action = ?`
	follows(customers, "email", letters, "registration")
	follows(invoices, "email", letters, "invoice")
	follows(paid, "email", letters, "receipt")
	follows(b.number(t, "cart", `SELECT count(*) FROM orders WHERE shipped_at IS NOT NULL`), "email", letters, "order_shipped")
	follows(b.number(t, "cart", `SELECT count(*) FROM orders WHERE state = 'cancelled'`), "email", letters, "order_cancelled")
	follows(customers, "stats", entries, "user_registered")
	follows(invoices, "stats", entries, "checked_out")
	follows(paid, "stats", entries, "paid")
	follows(paid, "cart", `SELECT count(*) FROM orders WHERE ? <> ''`, "orders")
	return want, got
}

// requireBalance requires that nothing was sold that was not there, that each
// accepted checkout has one invoice and each paid invoice one charge and one
// order, and that each event had its effect on each subscriber once.
func (b books) requireBalance(t *testing.T, stock int64) {
	t.Helper()
	const inState = `SELECT coalesce(-sum(m.delta), 0) FROM stock_movements m JOIN reservations r ON r.reference = m.reference WHERE r.state = ?`
	left := b.number(t, "catalog", `SELECT quantity FROM stock_levels`)
	reserved, sold := b.number(t, "catalog", inState, "reserved"), b.number(t, "catalog", inState, "committed")
	require.Equal(t, stock, left+reserved+sold, "stock %d, reserved %d, sold %d", left, reserved, sold)
	const pieces = `SELECT coalesce(sum(l.quantity), 0) FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id WHERE l.product_id IS NOT NULL AND i.status = ?`
	require.Equal(t, b.number(t, "payments", pieces, "paid"), sold, "pieces on paid invoices")
	require.Equal(t, b.number(t, "payments", pieces, "open"), reserved, "pieces on open invoices")

	require.Equal(t, b.number(t, "cart", `SELECT count(*) FROM checkouts WHERE state = 'done'`),
		b.number(t, "payments", `SELECT count(*) FROM invoices`), "an invoice for each checkout")
	paid := b.number(t, "payments", `SELECT count(*) FROM invoices WHERE paid_at IS NOT NULL`)
	require.Positive(t, paid)
	const charges = ` FROM sandbox_charges WHERE outcome = 'succeeded'`
	require.Equal(t, paid, b.number(t, "payments", `SELECT count(*)`+charges), "a charge for each paid invoice")
	require.Equal(t, paid, b.number(t, "payments", `SELECT count(DISTINCT invoice)`+charges))
	require.Equal(t, b.number(t, "payments", `SELECT coalesce(sum(total), 0) FROM invoices WHERE paid_at IS NOT NULL`),
		b.number(t, "payments", `SELECT coalesce(sum(amount), 0)`+charges))
	require.Equal(t, b.number(t, "payments", `SELECT count(*) FROM invoices WHERE status = 'refunded'`),
		b.number(t, "cart", `SELECT count(*) FROM orders WHERE state = 'cancelled'`), "a refund for each cancelled order")
	want, got := b.consequences(t)
	require.Equal(t, want, got)
}

// counts is what was compared, for people.
func (b books) counts(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for _, c := range []struct{ what, module, query string }{
		{"checkouts", "cart", `SELECT count(*) FROM checkouts WHERE state = 'done'`},
		{"invoices", "payments", `SELECT count(*) FROM invoices`},
		{"paid", "payments", `SELECT count(*) FROM invoices WHERE paid_at IS NOT NULL`},
		{"charges", "payments", `SELECT count(*) FROM sandbox_charges WHERE outcome = 'succeeded'`},
		{"declined", "payments", `SELECT count(*) FROM payments WHERE state = 'declined'`},
		{"orders", "cart", `SELECT count(*) FROM orders`},
		{"shipped", "cart", `SELECT count(*) FROM orders WHERE shipped_at IS NOT NULL`},
		{"cancelled and refunded", "cart", `SELECT count(*) FROM orders WHERE state = 'cancelled'`},
		{"receipts", "email", `SELECT count(*) FROM emails WHERE template = 'receipt'`},
		{"movements of stock", "catalog", `SELECT count(*) FROM stock_movements`},
		{"movements of money", "payments", `SELECT count(*) FROM money_movements`},
		{"events handled by cart", "cart", `SELECT count(*) FROM inbox`},
		{"by email", "email", `SELECT count(*) FROM inbox`},
		{"by stats", "stats", `SELECT count(*) FROM inbox`},
	} {
		fmt.Fprintf(&text, "%s %d, ", c.what, b.number(t, c.module, c.query))
	}
	return strings.TrimSuffix(text.String(), ", ")
}
