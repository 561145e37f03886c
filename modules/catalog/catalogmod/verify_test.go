package catalogmod_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/catalog"
	"shop/platform/audit"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/money"
)

// Verify names what somebody has changed by hand, mends what can be mended, and
// finds nothing more afterwards but what a person has to decide.
func TestVerify(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "catalog", func(t *testing.T, db *database.DB) {
		s := build(t, db)
		admin := identity.With(t.Context(), identity.Actor{Administrator: true, User: id.NewUser()})
		ctx := identity.With(t.Context(), identity.Actor{Service: "cart"})
		product := func(sku string) id.Product {
			p, err := s.CreateProduct(admin, catalog.CreateProductInput{SKU: sku, Name: sku, Price: money.Of(1, "EUR"), Stock: 10})
			require.NoError(t, err)
			return p.ID
		}
		now := time.Now()
		reserve := func(product id.Product, until time.Time) id.Checkout {
			key := id.NewCheckout()
			_, err := s.Reserve(ctx, catalog.ReserveInput{Key: key, Lines: []catalog.ReserveLine{{Product: product, Quantity: 2}}, ExpiresAt: until})
			require.NoError(t, err)
			return key
		}
		exec := func(statement string, args ...any) {
			require.NoError(t, db.Write(ctx).Exec(statement, args...).Error)
		}
		right, more, none := product("RIGHT"), product("MORE"), product("NONE")
		overdue, before := reserve(right, now.Add(-time.Hour)), reserve(right, time.Time{})
		sold, half, empty := reserve(right, time.Time{}), reserve(right, time.Time{}), id.NewCheckout()
		require.NoError(t, s.Commit(ctx, catalog.CommitInput{Key: sold}))
		exec(`UPDATE stock_levels SET quantity = 12 WHERE product_id = ?`, more)
		exec(`DELETE FROM stock_levels WHERE product_id = ?`, none)
		exec(`DELETE FROM reservations WHERE reference = ?`, before) // as the release before has them
		exec(`UPDATE reservations SET state = 'returned' WHERE reference = ?`, sold)
		require.NoError(t, s.Release(ctx, catalog.ReleaseInput{Key: half})) // by a replica of the release before
		exec(`UPDATE reservations SET state = 'reserved' WHERE reference = ?`, half)
		exec(`INSERT INTO reservations (reference, state, created_at, updated_at) VALUES (?, 'committed', ?, ?)`, empty, now, now)

		want := func(repaired bool) []audit.Finding {
			return audit.Merge(audit.Report{Findings: []audit.Finding{
				{Check: "catalog.stock_level", Subject: more.String(), Want: "10", Got: "12", Repaired: repaired},
				{Check: "catalog.stock_level", Subject: none.String(), Want: "10", Got: "", Repaired: repaired},
				{Check: "catalog.reservation", Subject: sold.String(), Want: "returned: 0 pieces out of stock", Got: "2 pieces of 1 products"},
				{Check: "catalog.reservation", Subject: half.String(), Want: "reserved: 2 pieces out of stock", Got: "0 pieces of 1 products", Repaired: repaired},
				{Check: "catalog.reservation", Subject: empty.String(), Want: "committed: 0 pieces out of stock", Got: "0 pieces of 0 products"},
				{
					Check: "catalog.reservation_expiry", Subject: overdue.String(), Want: "expired",
					Got: "reserved until " + now.Add(-time.Hour).UTC().Format(time.RFC3339), Repaired: repaired,
				},
			}}).Findings
		}
		for _, repair := range []bool{false, false, true} {
			report, err := s.Verify(ctx, audit.Input{Repair: repair, MinAge: time.Minute})
			require.NoError(t, err)
			require.Equal(t, want(repair), audit.Merge(report).Findings)
			require.Equal(t, map[string]int64{
				"catalog.stock_level": 3, "catalog.reservation": 5, "catalog.reservation_expiry": 5,
			}, report.Checked)
		}
		left, err := s.Verify(ctx, audit.Input{})
		require.NoError(t, err)
		require.Len(t, left.Findings, 2, "what nobody but a person can decide")
		for p, stock := range map[id.Product]int64{right: 6, more: 10, none: 10} {
			read, err := s.Product(ctx, catalog.ProductInput{ID: p})
			require.NoError(t, err)
			require.Equal(t, stock, read.Stock)
		}
	})
}
