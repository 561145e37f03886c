package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/id"
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

// list reads the rows of a query in a module's database.
func (b books) list(t *testing.T, rows any, module, query string) {
	t.Helper()
	require.NoError(t, b[module].Read(t.Context()).Raw(query).Scan(rows).Error, query)
}

// The orders that a clerk has dealt with.
const (
	shippedOrders   = `SELECT count(*) FROM orders WHERE shipped_at IS NOT NULL`
	cancelledOrders = `SELECT count(*) FROM orders WHERE state = 'cancelled'`
)

// unfinished counts what is still under way: what was begun, the wanted events
// that are to be handled, and what is to be done about what has happened. In this
// order, since each leads to the next.
func (b books) unfinished(t *testing.T, wanted map[string][]string) map[string]int64 {
	t.Helper()
	left := map[string]int64{}
	for _, begun := range []struct{ what, module, query string }{
		{"checkouts", "cart", `SELECT count(*) FROM checkouts WHERE state = 'started'`},
		{"payments", "payments", `SELECT count(*) FROM payments WHERE state IN ('pending', 'unknown')`},
		{"cancels", "cart", `SELECT count(*) FROM orders WHERE state = 'cancelling'`},
	} {
		left[begun.what] = b.number(t, begun.module, begun.query)
	}
	for subscriber, n := range b.unhandled(t, wanted) {
		left["events for "+subscriber] = n
	}
	want, got := b.consequences(t)
	for what, n := range want {
		left[what] = n - got[what]
	}
	left["settlements"] = b.number(t, "cart", `SELECT count(*) FROM checkouts WHERE settlement IN ('commit', 'release')`)
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
	follows(b.number(t, "cart", shippedOrders), "email", letters, "order_shipped")
	follows(b.number(t, "cart", cancelledOrders), "email", letters, "order_cancelled")
	follows(customers, "stats", entries, "user_registered")
	follows(invoices, "stats", entries, "checked_out")
	follows(paid, "stats", entries, "paid")
	follows(paid, "cart", `SELECT count(*) FROM orders WHERE ? <> ''`, "orders")
	return want, got
}

// requireStock requires that nothing of a product was sold that was not there,
// that what was sold or is reserved is on invoices, and that the ledger says how
// many are left.
func (b books) requireStock(t *testing.T, product id.Product, stock int64) {
	t.Helper()
	const inState = `SELECT coalesce(-sum(m.delta), 0) FROM stock_movements m JOIN reservations r ON r.reference = m.reference WHERE m.product_id = ? AND r.state = ?`
	left := b.number(t, "catalog", `SELECT quantity FROM stock_levels WHERE product_id = ?`, product)
	reserved, sold := b.number(t, "catalog", inState, product, "reserved"), b.number(t, "catalog", inState, product, "committed")
	require.Equal(t, stock, left+reserved+sold, "%s: stock %d, reserved %d, sold %d", product, left, reserved, sold)
	require.Positive(t, sold)
	require.Equal(t, left, b.number(t, "catalog", `SELECT sum(delta) FROM stock_movements WHERE product_id = ?`, product))
	const pieces = `SELECT coalesce(sum(l.quantity), 0) FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id WHERE l.product_id = ? AND i.status = ?`
	require.Equal(t, b.number(t, "payments", pieces, product, "paid"), sold, "pieces of %s on paid invoices", product)
	require.Equal(t, b.number(t, "payments", pieces, product, "open"), reserved, "pieces of %s on open invoices", product)
}

// requireBalance requires that each accepted checkout has one invoice, and each
// paid invoice one charge, one order and one receipt.
func (b books) requireBalance(t *testing.T) {
	t.Helper()
	var checkouts, invoices []id.Invoice
	b.list(t, &checkouts, "cart", `SELECT invoice_id FROM checkouts WHERE state = 'done'`)
	b.list(t, &invoices, "payments", `SELECT id FROM invoices`)
	require.ElementsMatch(t, checkouts, invoices, "an invoice for each checkout")
	b.requirePaid(t)
	require.Positive(t, b.number(t, "cart", shippedOrders))
	require.Positive(t, b.number(t, "cart", cancelledOrders))
	require.Equal(t, b.number(t, "cart", cancelledOrders),
		b.number(t, "payments", `SELECT count(*) FROM invoices WHERE status = 'refunded'`), "a refund for each cancelled order")
	require.Equal(t, b.number(t, "payments", `SELECT coalesce(sum(total), 0) FROM invoices WHERE status = 'refunded'`),
		b.number(t, "payments", `SELECT coalesce(sum(refunded), 0) FROM sandbox_charges`), "what went back")
	want, got := b.consequences(t)
	require.Equal(t, want, got)
}

// paidInvoice is what an invoice leads to when it is paid.
type paidInvoice struct {
	Total                    int64
	Orders, Charges, Letters int
}

// requirePaid requires that every paid invoice, and no other, has led to one
// order, one charge over its total and one receipt.
func (b books) requirePaid(t *testing.T) {
	t.Helper()
	var paid []struct {
		ID     id.Invoice
		Series string
		Number int
		Total  int64
	}
	b.list(t, &paid, "payments", `SELECT id, series, number, total FROM invoices WHERE paid_at IS NOT NULL`)
	require.NotEmpty(t, paid)
	want, got := map[id.Invoice]paidInvoice{}, map[id.Invoice]paidInvoice{}
	byNumber := map[string]id.Invoice{}
	for _, i := range paid {
		want[i.ID] = paidInvoice{i.Total, 1, 1, 1}
		byNumber[fmt.Sprintf("%s-%06d", i.Series, i.Number)] = i.ID
	}
	note := func(invoice id.Invoice, change func(*paidInvoice)) {
		i := got[invoice]
		change(&i)
		got[invoice] = i
	}
	var orders []id.Invoice
	b.list(t, &orders, "cart", `SELECT invoice_id FROM orders`)
	for _, invoice := range orders {
		note(invoice, func(i *paidInvoice) { i.Orders++ })
	}
	var charges []struct {
		Invoice string
		Amount  int64
	}
	b.list(t, &charges, "payments", `SELECT invoice, amount FROM sandbox_charges WHERE outcome = 'succeeded'`)
	for _, c := range charges {
		var invoice id.Invoice
		require.NoError(t, invoice.UnmarshalText([]byte(c.Invoice)))
		note(invoice, func(i *paidInvoice) { i.Charges++; i.Total += c.Amount })
	}
	var letters []string
	b.list(t, &letters, "email", `SELECT text_body FROM emails WHERE template = 'receipt'`)
	for _, text := range letters {
		found := receiptNumber.FindStringSubmatch(text)
		require.Len(t, found, 2, text)
		note(byNumber[found[1]], func(i *paidInvoice) { i.Letters++ })
	}
	require.Equal(t, want, got)
}

// receiptNumber is the number of the invoice in a receipt.
var receiptNumber = regexp.MustCompile(`for invoice (\S+)\. Thank you`)

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
		{"shipped", "cart", shippedOrders},
		{"cancelled and refunded", "cart", cancelledOrders},
		{"receipts", "email", `SELECT count(*) FROM emails WHERE template = 'receipt'`},
		{"movements of stock", "catalog", `SELECT count(*) FROM stock_movements`},
		{"movements of money", "payments", `SELECT count(*) FROM money_movements`},
	} {
		fmt.Fprintf(&text, "%s %d, ", c.what, b.number(t, c.module, c.query))
	}
	return strings.TrimSuffix(text.String(), ", ")
}
