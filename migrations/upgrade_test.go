package migrations_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"shop/migrations"
	"shop/modules/cart/cartmod"
	"shop/modules/catalog"
	"shop/modules/catalog/catalogmod"
	"shop/modules/email/emailmod"
	"shop/modules/payments/paymentsmod"
	"shop/modules/stats/statsmod"
	"shop/modules/users"
	"shop/modules/users/usersmod"
	"shop/platform/audit"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/flip"
	"shop/platform/identity"
	"shop/platform/module"
)

// promises are what the later migrations say about the rows of the first
// release: queries that read the same on both dialects, and what they find after
// the upgrade.
var promises = map[string]map[string][]string{
	"users": {
		// Everybody who is there has an account.
		`SELECT email_key FROM users WHERE NOT guest AND merged_into IS NULL ORDER BY email_key`: {
			"ada@example.com", "admin@localhost", "ben@example.com",
		},
	},
	"email": {
		// Occasions are NULL, so that they are unique however many there are.
		`SELECT template || ' ' || status FROM emails WHERE reference = '' AND occasion IS NULL ORDER BY id`: {
			"receipt sent", "receipt sent", "verification queued", " dead", "invoice sent",
		},
	},
	"catalog": {
		// Reservations stay movements alone.
		`SELECT reason || ' ' || delta FROM stock_movements WHERE note = '' ORDER BY id`: {
			"counted 40", "counted 10", "counted 5", "reserved -2", "reserved -3", "released 3",
			"reserved -1", "reserved -1", "reserved -1", "reserved -1", "reserved -1",
		},
		`SELECT state FROM reservations`: nil,
		// The ledger still adds up to the levels.
		`SELECT p.name FROM products p JOIN stock_levels s ON s.product_id = p.id
		  WHERE s.quantity = (SELECT coalesce(sum(m.delta), 0) FROM stock_movements m WHERE m.product_id = p.id) ORDER BY p.id`: {
			"Blue mug", "Green tea", "Old mug", "Tea pot",
		},
	},
	"cart": {
		// NULL terms tell what an earlier release has started, which is carried to
		// its end as that would have done it, and not settled.
		`SELECT state FROM checkouts WHERE terms IS NULL AND buyer IS NULL AND fingerprint IS NULL AND number = ''
		    AND settlement = 'unsettled' AND settle_at IS NULL ORDER BY id`: {"done", "done", "failed", "started", "done"},
		`SELECT number FROM orders`: nil,
	},
	"payments": {
		// Numbers follow the creation; of two at the same moment, the identifiers.
		`SELECT series || '-' || number || ' ' || status || ' ' || total || ' ' || currency FROM invoices ORDER BY series, number`: {
			"2025-1 paid 2500 EUR",
			"2026-1 paid 2500 EUR", "2026-2 void 499 EUR", "2026-3 open 1500 EUR", "2026-4 paid 0 EUR",
			"2026-5 open 1250 EUR", "2026-6 paying 1749 EUR", "2026-7 paying 999 USD",
		},
		`SELECT kind || ' ' || series || ' ' || last FROM document_series ORDER BY series`: {"invoice 2025 1", "invoice 2026 7"},
		// Each is owed from its creation to its payment or its end.
		`SELECT i.series || '-' || i.number || ' ' || m.kind || ' ' || m.receivable || ' ' || m.cash || ' ' || m.currency
		   FROM money_movements m JOIN invoices i ON i.id = m.invoice_id ORDER BY i.series, i.number, m.seq`: {
			"2025-1 issued 2500 0 EUR", "2025-1 charged -2500 2500 EUR",
			"2026-1 issued 2500 0 EUR", "2026-1 charged -2500 2500 EUR",
			"2026-2 issued 499 0 EUR", "2026-2 voided -499 0 EUR",
			"2026-3 issued 1500 0 EUR",
			"2026-4 issued 0 0 EUR", "2026-4 charged 0 0 EUR",
			"2026-5 issued 1250 0 EUR",
			"2026-6 issued 1749 0 EUR",
			"2026-7 issued 999 0 USD",
		},
		// They are entered with the time and the payment that they are about.
		`SELECT m.kind FROM money_movements m JOIN invoices i ON i.id = m.invoice_id LEFT JOIN payments p ON p.id = m.payment_id
		  WHERE m.at <> CASE m.kind WHEN 'issued' THEN i.created_at WHEN 'voided' THEN i.updated_at ELSE p.updated_at END
		     OR p.id IS NOT NULL AND (p.state <> 'succeeded' OR p.invoice_id <> i.id)`: nil,
		// Nobody is said to have bought, and nothing to have been taxed, given back or
		// due: the first release did not know.
		`SELECT count(*) FROM invoices WHERE reference = '' AND tax_rate = '' AND NOT tax_included AND tax_amount = 0 AND discount = 0
		    AND shipping = 0 AND refunded = 0 AND refunding = 0 AND pay_until IS NULL AND opened_at IS NULL AND voided_at IS NULL`: {"8"},
		`SELECT count(*) FROM invoice_lines WHERE kind = ''`:      {"9"},
		`SELECT count(*) FROM sandbox_charges WHERE refunded = 0`: {"7"},
	},
	"stats": {
		`SELECT action || ' ' || entries FROM log_hours ORDER BY hour, action`: {
			"opened 1", "bought 1", "viewed 2", "viewed 1", "bought 2", "viewed 1",
		},
		`SELECT count(*) FROM log_entries e, log_retention r WHERE e.at >= r.kept_from`: {"8"},
	},
}

// Rows of the first release are all there after the upgrade, with what they
// said, and the later migrations have added what they promise.
func TestUpgradeKeepsRows(t *testing.T) {
	t.Parallel()
	for _, dialect := range dialects {
		for _, module := range modules(t, dialect) {
			if len(files(t, dialect, module)) == 2 {
				continue // there is the first release only
			}
			t.Run(dialect.String()+"/"+module, func(t *testing.T) {
				t.Parallel()
				db := openFirstRelease(t, dialect, module)
				before := rows(t, db, nil)
				for table, found := range before {
					require.NotEmpty(t, found, "testdata/%s.sql has no rows of %s", module, table)
				}
				require.NoError(t, database.Migrate(t.Context(), db, migrations.FS))
				after := rows(t, db, before)
				for table, found := range before {
					require.ElementsMatch(t, found, after[table], table)
				}
				require.NotEmpty(t, promises[module])
				for query, want := range promises[module] {
					require.Equal(t, want, texts(t, db, query), query)
				}
				if dialect == database.SQLite { // which makes tables anew that others refer to
					require.Empty(t, texts(t, db, `PRAGMA foreign_key_check`))
					require.Equal(t, []string{"ok"}, texts(t, db, `PRAGMA integrity_check`))
				}
			})
		}
	}
}

// The modules of this release, over the databases of an upgraded shop, find
// nothing wrong in them but that paid invoices have no orders, which the first
// release did not know; they make those, and carry on with what was interrupted.
func TestUpgradedShopAgrees(t *testing.T) {
	t.Parallel()
	for _, dialect := range dialects {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			s := openShop(t, dialect)
			ctx := identity.With(t.Context(), identity.Actor{Service: "audit"})

			// The paid invoices of payments.sql: those of last year, 2026-1 and 2026-4.
			report := s.verify(t, audit.Input{MinAge: audit.DefaultMinAge})
			require.Equal(t, []string{
				"cart.order_of_invoice inv_01j0000007e008000000000000: none, not an order",
				"cart.order_of_invoice inv_01j0000007e008000000000001: none, not an order",
				"cart.order_of_invoice inv_01j0000007e008000000000006: none, not an order",
			}, differences(report))
			for check, looked := range map[string]int64{
				"payments.ledger": 8, "payments.numbers": 8, "payments.paid": 3, "payments.lines": 9, "payments.provider_books": 1,
				"catalog.stock_level": 4, "catalog.reservation": 5, "stats.log_hours": 6, "email.receipt": 2,
			} {
				require.Equal(t, looked, report.Checked[check], check)
			}

			session, err := s.users.Authenticate(ctx, users.AuthenticateInput{
				Token: base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("1", 32))),
			})
			require.NoError(t, err)
			require.Equal(t, "user_01j0000001e008000000000001", session.UserID.String())
			found, err := s.catalog.ListProducts(ctx, catalog.ListProductsInput{Query: "mug"})
			require.NoError(t, err)
			require.Len(t, found.Items, 1, "the deleted one is not found")
			require.Equal(t, int64(35), found.Items[0].Stock)

			// Of age 0 is also what the upgrade interrupted a moment ago.
			require.Equal(t, []string{
				"cart.checkout chk_01j0000006e008000000000004: started, not done (repaired)",
				"cart.order_of_invoice inv_01j0000007e008000000000000: none, not an order (repaired)",
				"cart.order_of_invoice inv_01j0000007e008000000000001: none, not an order (repaired)",
				"cart.order_of_invoice inv_01j0000007e008000000000003: none, not an order (repaired)",
				"cart.order_of_invoice inv_01j0000007e008000000000006: none, not an order (repaired)",
				"cart.order_of_invoice inv_01j0000007e008000000000007: none, not an order (repaired)",
				"email.receipt inv_01j0000007e008000000000003: none was ever queued, not an e-mail receipt (repaired)",
				"email.receipt inv_01j0000007e008000000000007: none was ever queued, not an e-mail receipt (repaired)",
				"payments.stuck pay_01j0000009e008000000000006: none, not an outcome (repaired)",
				"payments.stuck pay_01j0000009e008000000000007: none, not an outcome (repaired)",
			}, differences(s.verify(t, audit.Input{Repair: true})))
			require.Empty(t, differences(s.verify(t, audit.Input{})))
			// 6 had been charged, 7 was charged now, and checkout 4 got the next number.
			require.Equal(t, []string{
				"2025-1 paid", "2026-1 paid", "2026-2 void", "2026-3 open", "2026-4 paid", "2026-5 open", "2026-6 paid",
				"2026-7 paid", "2026-8 open",
			}, texts(t, s.dbs["payments"], `SELECT series || '-' || number || ' ' || status FROM invoices ORDER BY series, number`))
			require.Equal(t, []string{
				"2025-000001 paid", "2026-000001 paid", "2026-000004 paid", "2026-000006 paid", "2026-000007 paid",
			}, texts(t, s.dbs["cart"], `SELECT number || ' ' || state FROM orders ORDER BY number`))
		})
	}
}

// openFirstRelease is the database of a module as the first release left it.
func openFirstRelease(t *testing.T, dialect database.Dialect, module string) *database.DB {
	t.Helper()
	first := fstest.MapFS{}
	for _, name := range files(t, dialect, module)[:2] {
		at := path.Join(dialect.String(), module, name)
		text, err := fs.ReadFile(migrations.FS, at)
		require.NoError(t, err)
		first[at] = &fstest.MapFile{Data: text}
	}
	db := dbtest.OpenFS(t, dialect, module, first)
	there := tables(t, db)
	for _, name := range []string{"shared", module} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".sql"))
		require.NoError(t, err)
		for statement := range strings.SplitSeq(comment.ReplaceAllString(string(text), ""), ";") {
			statement = strings.TrimSpace(statement)
			if statement == "" || name == "shared" && !slices.Contains(there, strings.Fields(statement)[2]) {
				continue
			}
			require.NoError(t, db.Write(t.Context()).Exec(words(t, dialect, statement)).Error, statement)
		}
	}
	return db
}

var literal = regexp.MustCompile(`(uuid|bytea|timestamptz) '([^']*)'`)

// words is a statement of testdata, which is written for PostgreSQL, in the words
// of a dialect: SQLite keeps bytes, times as the driver writes them, and those of
// log entries as microseconds.
func words(t *testing.T, dialect database.Dialect, statement string) string {
	t.Helper()
	if dialect == database.Postgres {
		return statement
	}
	return literal.ReplaceAllStringFunc(statement, func(found string) string {
		match := literal.FindStringSubmatch(found)
		kind, value := match[1], match[2]
		switch {
		case kind != "timestamptz":
			return "x'" + strings.NewReplacer("-", "", `\x`, "").Replace(value) + "'"
		case strings.Contains(statement, "log_entries"):
			at, err := time.Parse("2006-01-02 15:04:05Z", value)
			require.NoError(t, err)
			return strconv.FormatInt(at.UnixMicro(), 10)
		default:
			return "'" + strings.Replace(value, "Z", "+00:00", 1) + "'"
		}
	})
}

// texts are the rows of a query of one column.
func texts(t *testing.T, db *database.DB, query string) (found []string) {
	t.Helper()
	require.NoError(t, db.Read(t.Context()).Raw(query).Scan(&found).Error, query)
	return found
}

// tables are those of a module, without SQLite's own ones and those that its
// index for search consists of.
func tables(t *testing.T, db *database.DB) []string {
	t.Helper()
	query := `SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'schema_migrations'
		AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'products_search%'`
	if db.Dialect() == database.Postgres {
		query = `SELECT relname FROM pg_class
			WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND relname <> 'schema_migrations'`
	}
	return texts(t, db, query)
}

// rows are those of every table, or of the tables and the columns that were
// there before.
func rows(t *testing.T, db *database.DB, before map[string][]map[string]any) map[string][]map[string]any {
	t.Helper()
	all := map[string][]map[string]any{}
	for _, table := range tables(t, db) {
		columns := "*"
		if before != nil {
			if len(before[table]) == 0 {
				continue
			}
			columns = strings.Join(slices.Sorted(maps.Keys(before[table][0])), ", ")
		}
		var found []map[string]any
		require.NoError(t, db.Read(t.Context()).Raw("SELECT "+columns+" FROM "+table).Find(&found).Error, table)
		all[table] = found
	}
	return all
}

// shop is the modules of this release over upgraded databases, a moment after
// what testdata tells.
type shop struct {
	dbs     map[string]*database.DB
	users   users.Service
	catalog catalog.Service
	// audited are the modules that Verify, in an order in which what one repairs
	// is there for the next.
	audited []auditable
}

// auditable is what the faces of such modules have in common.
type auditable interface {
	Verify(ctx context.Context, in audit.Input) (audit.Report, error)
}

func openShop(t *testing.T, dialect database.Dialect) shop {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 2, 2, 12, 0, 0, 0, time.UTC) }
	s := shop{dbs: map[string]*database.DB{}}
	for _, name := range modules(t, dialect) {
		s.dbs[name] = openFirstRelease(t, dialect, name)
		require.NoError(t, database.Migrate(t.Context(), s.dbs[name], migrations.FS))
	}
	deps := func(name string) module.Deps {
		return module.Deps{DB: s.dbs[name], Logger: slog.New(slog.DiscardHandler), Observer: flip.NewObserver(nil, nil)}
	}
	people, err := usersmod.New(usersmod.Deps{Deps: deps("users"), Now: now})
	require.NoError(t, err)
	goods, err := catalogmod.New(catalogmod.Deps{Deps: deps("catalog")})
	require.NoError(t, err)
	money, err := paymentsmod.New(paymentsmod.Deps{Deps: deps("payments"), Users: people.Service, Now: now})
	require.NoError(t, err)
	carts, err := cartmod.New(cartmod.Deps{
		Deps: deps("cart"), Catalog: goods.Service, Payments: money.Service, Settings: cartmod.Settings{Currency: "EUR", Now: now},
	})
	require.NoError(t, err)
	mail, err := emailmod.New(emailmod.Deps{
		Deps: deps("email"), Users: people.Service, Payments: money.Service, Settings: emailmod.Settings{DataDir: t.TempDir(), Now: now},
	})
	require.NoError(t, err)
	log, err := statsmod.New(statsmod.Deps{Deps: deps("stats"), Now: now})
	require.NoError(t, err)
	s.users, s.catalog = people.Service, goods.Service
	s.audited = []auditable{money.Service, carts.Service, goods.Service, mail.Service, log.Service}
	return s
}

// verify is what `shop verify` does.
func (s shop) verify(t *testing.T, in audit.Input) audit.Report {
	t.Helper()
	var reports []audit.Report
	for _, module := range s.audited {
		report, err := module.Verify(identity.With(t.Context(), identity.Actor{Service: "audit"}), in)
		require.NoError(t, err)
		reports = append(reports, report)
	}
	return audit.Merge(reports...)
}

// differences are the findings of a report, each as a line.
func differences(report audit.Report) (found []string) {
	for _, f := range report.Findings {
		line := fmt.Sprintf("%s %s: %s, not %s", f.Check, f.Subject, f.Got, f.Want)
		if f.Repaired {
			line += " (repaired)"
		}
		found = append(found, line)
	}
	return found
}
