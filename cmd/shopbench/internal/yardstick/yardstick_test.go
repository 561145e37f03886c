package yardstick_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver
	"github.com/stretchr/testify/require"

	"shop/cmd/shopbench/internal/dataset"
	"shop/cmd/shopbench/internal/yardstick"
	"shop/cmd/shopbench/internal/yardstick/byhand"
	"shop/cmd/shopbench/internal/yardstick/gingorm"
	"shop/platform/dbtest"
)

const products = 500

// server is a yardstick that runs.
type server struct {
	t       *testing.T
	options yardstick.Options
	base    string
	http    *http.Client
}

// TestYardsticks holds both yardsticks to the same answers: a faster one that
// does less would make every ratio a lie.
func TestYardsticks(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"postgres", "sqlite"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			found, left := map[string][]string{}, map[string]map[string]int64{}
			for _, kind := range []string{"gin-gorm", "by-hand"} {
				s := start(t, kind, database)
				found[kind] = s.searched()
				s.paged()
				s.bought()
				s.logged()
				left[kind] = s.rows()
			}
			require.Equal(t, map[string]int64{
				"cart_items": 1, "document_series": 1, "invoices": 1, "invoice_lines": 2, "stock_movements": 2, "money_movements": 2,
				"payments": 1, "charges": 1, "orders": 1, "emails": 2, "log_entries": 2 + 3, "log_hours": 2,
			}, left["by-hand"])
			require.Equal(t, left["by-hand"], left["gin-gorm"], "the same rows")
			require.Empty(t, cmp.Diff(found["by-hand"], found["gin-gorm"]), "the same products in the same order")
		})
	}
}

func (s server) searched() (skus []string) {
	for _, q := range []string{"oak", "oak+lamp"} {
		var page yardstick.Page
		s.call("GET", "/products/?limit=20&q="+q, "", http.StatusOK, &page)
		require.NotEmpty(s.t, page.Items)
		for _, p := range page.Items {
			require.Contains(s.t, p.Name+p.Description, "oak")
			skus = append(skus, p.SKU)
		}
	}
	return skus
}

func (s server) paged() {
	seen := map[uuid.UUID]bool{}
	for path := "/products/?limit=20"; path != ""; {
		var page yardstick.Page
		s.call("GET", path, "", http.StatusOK, &page)
		for _, p := range page.Items {
			seen[p.ID] = true
		}
		path = ""
		if page.NextCursor != "" {
			path = "/products/?limit=20&cursor=" + page.NextCursor
		}
	}
	require.Len(s.t, seen, products)
}

func (s server) bought() {
	var page yardstick.Page
	s.call("GET", "/products/", "", http.StatusOK, &page)
	first, second := page.Items[0], page.Items[1]
	user := uuid.Must(uuid.NewV7()).String()

	var item yardstick.CartItem
	put := func(product uuid.UUID, quantity int64) {
		body := fmt.Sprintf(`{"product_id":%q,"quantity":%d}`, product, quantity)
		s.call("POST", "/user/"+user+"/cart/", body, http.StatusCreated, &item)
	}
	put(first.ID, 2)
	firstItem := item.ID
	put(first.ID, 1)
	require.Equal(s.t, yardstick.CartItem{ID: firstItem, ProductID: first.ID, Quantity: 3}, item)
	put(second.ID, 4)

	var out yardstick.CheckedOut
	s.call("POST", "/user/"+user+"/checkout", "{}", http.StatusCreated, &out)
	s.call("POST", "/user/"+user+"/checkout", "{}", http.StatusConflict, nil)

	var invoice yardstick.Invoice
	pay := "/invoices/" + out.InvoiceID.String() + "/pay"
	s.call("POST", pay, `{"payment_method":"pm_ok"}`, http.StatusOK, &invoice)
	require.Equal(s.t, yardstick.Invoice{
		ID: out.InvoiceID, Status: "paid",
		Total: yardstick.Money{Amount: 3*first.Price.Amount + 4*second.Price.Amount, Currency: dataset.Currency},
	}, invoice)
	s.call("POST", pay, `{"payment_method":"pm_ok"}`, http.StatusConflict, nil)

	var after yardstick.Product
	s.call("GET", "/product/"+second.ID.String(), "", http.StatusOK, &after)
	require.EqualValues(s.t, dataset.Stock-4, after.Stock)
	require.EqualValues(s.t, 2, after.Version)
	require.True(s.t, after.UpdatedAt.After(second.UpdatedAt))
	after.Stock, after.Version, after.UpdatedAt = second.Stock, second.Version, second.UpdatedAt
	require.Empty(s.t, cmp.Diff(second, after), "nothing else changed")

	put(first.ID, dataset.Stock+1)
	s.call("POST", "/user/"+user+"/checkout", "{}", http.StatusConflict, nil)
	s.call("DELETE", "/user/"+user+"/cart/", "", http.StatusNoContent, nil)
	put(first.ID, 1)
	require.EqualValues(s.t, 1, item.Quantity)
	s.call("GET", "/product/"+user, "", http.StatusNotFound, nil)
}

func (s server) logged() {
	entry := fmt.Sprintf(`{"user_id":%q,"action":"viewed","data":{"a":1},"at":"2026-11-01T10:00:00.5Z"}`, uuid.NewString())
	var answer yardstick.Logged
	s.call("POST", "/log", entry, http.StatusCreated, &answer)
	require.Equal(s.t, 1, answer.Count)
	s.call("POST", "/log", "["+entry+","+entry+"]", http.StatusCreated, &answer)
	require.Equal(s.t, 2, answer.Count)
	s.call("POST", "/log", "[", http.StatusBadRequest, nil)
}

// rows counts what is in the tables other than products.
func (s server) rows() map[string]int64 {
	driver, source := "pgx", s.options.Database
	if !s.options.OnPostgres() {
		driver, source = "sqlite", s.options.SQLiteDSN()
	}
	db, err := sql.Open(driver, source)
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, db.Close()) }()
	counts := map[string]int64{}
	for _, table := range []string{
		"cart_items", "document_series", "invoices", "invoice_lines", "stock_movements", "money_movements", "payments", "charges",
		"orders", "emails", "log_entries", "log_hours",
	} {
		var n int64
		require.NoError(s.t, db.QueryRowContext(s.t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		counts[table] = n
	}
	return counts
}

func start(t *testing.T, kind, database string) server {
	t.Helper()
	o := yardstick.Options{
		Address: freeAddress(t), Database: filepath.Join(t.TempDir(), "rows.db"), Pool: 4, Synchronous: "FULL",
	}
	if database == "postgres" {
		o.Database = dbtest.Postgres(t)
	}
	fill, serve := byhand.Fill, byhand.Serve
	if kind == "gin-gorm" {
		fill, serve = gingorm.Fill, gingorm.Serve
	}
	require.NoError(t, fill(t.Context(), o, dataset.Products(products)))

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, o) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	s := server{t: t, options: o, base: "http://" + o.Address, http: &http.Client{Timeout: 30 * time.Second}}
	t.Cleanup(s.http.CloseIdleConnections)
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", o.Address)
		return err == nil && conn.Close() == nil
	}, 10*time.Second, 5*time.Millisecond)
	s.call("GET", "/", "", http.StatusOK, nil)
	return s
}

func (s server) call(method, path, body string, status int, answer any) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, bytes.NewBufferString(body))
	require.NoError(s.t, err)
	resp, err := s.http.Do(req)
	require.NoError(s.t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, resp.Body.Close())
	require.Equal(s.t, status, resp.StatusCode, "%s %s: %s", method, path, text)
	if answer != nil {
		require.NoError(s.t, json.Unmarshal(text, answer))
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	return listener.Addr().String()
}
