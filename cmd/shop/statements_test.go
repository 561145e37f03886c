package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/payments"
	"shop/platform/config"
	"shop/platform/database"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/module"
)

// stock is a shop with a number of everything.
type stock struct {
	config config.Config
	// size is how many products, cart items, invoices, lines, users, e-mails,
	// log entries and sessions there are.
	size                            int
	discount                        string
	admin, user, token, item, email string
	products                        []string
	invoice, otherUser, creditNote  string
	checkout, order                 string
	failed                          id.Event
}

// measured is a request whose statements are counted.
type measured struct {
	// operation is the request's in the document, query what goes behind it.
	operation, query string
	path             func(stock) string
	body             func(stock) any
	customer         bool
	header           []string
}

// oncePerWindow is by how many statements two requests may differ: what is kept in
// memory is compared with the database again after a quarter of a second, which
// a request on a busy machine may take. One statement a row would make 13.
const oncePerWindow = 2

// No request costs more statements when there is more to read or to write: the
// number of statements of each is the same with few rows and with many. Every
// request goes to a program of its own, whose memory is still empty.
func TestStatements(t *testing.T) {
	t.Parallel()
	eachDialect(t, func(t *testing.T, dialect database.Dialect) {
		few, many := fill(t, settings(t, dialect), 2), fill(t, settings(t, dialect), 15)
		covered := map[string]bool{}
		for _, m := range measuredRequests() {
			covered[m.operation] = true
			before, after := few.statements(t, m), many.statements(t, m)
			require.InDelta(t, before, after, oncePerWindow, "%s%s: statements with %d and with %d", m.operation, m.query, few.size, many.size)
		}
		s, closeApp, err := newApp(t.Context(), few.config, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		defer closeApp()
		var uncounted []string
		for _, op := range operations(s.API.OpenAPI()) {
			if op.Method == http.MethodGet && !strings.HasSuffix(op.Path, "/hello") && !covered["GET "+op.Path] { // a greeting is one statement
				uncounted = append(uncounted, op.Path)
			}
		}
		require.Empty(t, uncounted, "the statements of these are not counted")
	})
}

// fill makes a shop with size of everything.
func fill(t *testing.T, cfg config.Config, size int) stock {
	t.Helper()
	s := stillShop(t, cfg)
	w := stock{config: cfg, size: size, admin: s.admin}
	w.user, w.token = s.customer(t, "grace@example.com")
	create := func(path, token string, body map[string]any, status int) string {
		created := s.want(t, status, http.MethodPost, path, token, body).json(t)
		id, _ := created["id"].(string)
		return id
	}
	for i := range size {
		w.products = append(w.products, create("/product/", s.admin, map[string]any{
			"sku": fmt.Sprint("MUG-", i), "name": fmt.Sprint("Mug ", i), "stock": 1000, "category": fmt.Sprint("Kitchen ", i),
			"price": map[string]any{"amount": 1250, "currency": "EUR"},
		}, http.StatusCreated))
		w.item = create("/user/me/cart/", w.token, map[string]any{"product_id": w.products[i], "quantity": 1}, http.StatusCreated)
		w.email = create("/send_email/", s.admin, map[string]any{"to": fmt.Sprintf("jo%d@example.com", i), "subject": "Hello", "text": "Hello"}, http.StatusAccepted)
		w.otherUser = create("/user/", "", map[string]any{"email": fmt.Sprintf("user%d@example.com", i), "password": "a long enough password", "name": "Joan"}, http.StatusCreated)
		w.discount = create("/discounts/", s.admin, map[string]any{"code": fmt.Sprint("SPRING-", i), "basis_points": 1500}, http.StatusCreated)
		s.signIn(t, "grace@example.com", "a long enough password")
		create("/log", w.token, map[string]any{"action": fmt.Sprint("viewed.", i)}, http.StatusCreated)
	}
	for _, product := range w.products {
		create("/user/me/cart/", s.admin, map[string]any{"product_id": product, "quantity": 1}, http.StatusCreated)
	}
	w.checkout = create("/user/me/checkout", s.admin, map[string]any{}, http.StatusCreated)
	for range size {
		w.invoice = create("/invoices", s.admin, w.invoiceBody().(map[string]any), http.StatusCreated) //nolint:forcetypeassert // a test may panic
	}
	paid := create("/invoices", s.admin, w.invoiceBody().(map[string]any), http.StatusCreated) //nolint:forcetypeassert // a test may panic
	s.want(t, http.StatusOK, http.MethodPost, "/invoices/"+paid+"/pay", s.admin, map[string]any{"payment_method": "pm_ok"})
	w.creditNote = create("/invoices/"+paid+"/refunds", s.admin, map[string]any{}, http.StatusCreated)
	for range size {
		w.order = s.ordered(t, create("/invoices", s.admin, w.invoiceBody().(map[string]any), http.StatusCreated)) //nolint:forcetypeassert // a test may panic
	}
	w.failed = s.failEvents(t)
	w.config.Migrate = false // done already
	return w
}

// module is that of a name.
func (s *shop) module(name string) module.Module {
	return s.Modules[slices.IndexFunc(s.Modules, func(m module.Module) bool { return m.Name == name })]
}

// ordered pays an invoice, and returns the order that comes of it.
func (s *shop) ordered(t *testing.T, invoice string) string {
	t.Helper()
	s.want(t, http.StatusOK, http.MethodPost, "/invoices/"+invoice+"/pay", s.admin, map[string]any{"payment_method": "pm_ok"})
	paid := s.want(t, http.StatusOK, http.MethodGet, "/invoices/"+invoice, s.admin, nil).json(t)
	payload, err := json.Marshal(map[string]any{"invoice_id": paid["id"], "user_id": paid["user_id"], "total": paid["total"]})
	require.NoError(t, err)
	require.NoError(t, s.module("cart").Subscribers[0].Handle(t.Context(), event.Envelope{
		ID: id.NewEvent(), Name: payments.EventInvoicePaid, Version: 1, Key: invoice, At: time.Now().UTC(), Payload: payload,
	}))
	orders := s.want(t, http.StatusOK, http.MethodGet, "/orders/?invoice_id="+invoice, s.admin, nil).json(t)
	return fmt.Sprint(items(orders)[0]["id"])
}

// failEvents makes all events of payments dead letters, and returns one of them.
func (s *shop) failEvents(t *testing.T) (failed id.Event) {
	t.Helper()
	db := s.module("payments").DB
	require.NoError(t, db.Write(t.Context()).Exec(
		`INSERT INTO outbox_failures (subscriber, seq, event_id, key, attempts, error, dead) SELECT 'email', seq, id, key, 1, 'broken', true FROM outbox`).Error)
	require.NoError(t, db.Read(t.Context()).Raw(`SELECT id FROM outbox LIMIT 1`).Row().Scan(&failed))
	return failed
}

// statements counts those of a request to a fresh program.
func (w stock) statements(t *testing.T, m measured) int64 {
	t.Helper()
	app, closeApp, err := newApp(t.Context(), w.config, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer closeApp()
	var counter *database.Counter
	internal := internalHandler(app, &probes{modules: hostedOf(app.Modules)})
	counting := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ctx, c := database.WithStatementCounter(r.Context())
		counter = c
		if m.customer {
			app.API.Public().ServeHTTP(rw, r.WithContext(ctx))
		} else {
			internal.ServeHTTP(rw, r.WithContext(ctx))
		}
	})
	method, path, token := "", "", w.admin
	_, err = fmt.Sscan(m.operation, &method, &path)
	require.NoError(t, err)
	if m.path != nil {
		path = m.path(w)
	}
	if m.customer {
		token = w.token
	}
	var body any
	if m.body != nil {
		body = m.body(w)
	}
	got := call(t, counting, method, path+m.query, token, body, m.header...)
	require.Less(t, got.status, http.StatusMultipleChoices, "%s: %s", m.operation, got.text)
	return counter.Statements()
}

func (w stock) invoiceBody() any {
	lines := make([]any, w.size)
	for i := range lines {
		lines[i] = map[string]any{
			"product_id": w.products[i], "description": "Mug", "quantity": 1,
			"unit_price": map[string]any{"amount": 1250, "currency": "EUR"},
		}
	}
	return map[string]any{"user_id": w.user, "currency": "EUR", "lines": lines}
}

func (w stock) actions() any {
	actions := make([]any, w.size)
	for i := range actions {
		actions[i] = map[string]any{"action": "viewed", "user_id": w.user}
	}
	return actions
}

func (w stock) imported() any {
	products := make([]any, w.size)
	for i := range products {
		products[i] = map[string]any{"sku": fmt.Sprint("POT-", i), "name": "Pot", "price": map[string]any{"amount": 1, "currency": "EUR"}}
	}
	return map[string]any{"products": products}
}

// measuredRequests are in an order in which each finds what it needs.
func measuredRequests() []measured {
	at := func(pattern string, value func(stock) string) func(stock) string {
		return func(w stock) string { return fmt.Sprintf(pattern, value(w)) }
	}
	me := func(path string) func(stock) string { return func(stock) string { return path } }
	now := time.Now().UTC()
	period := "?from=" + now.Add(-time.Hour).Format(time.RFC3339) + "&to=" + now.Add(time.Hour).Format(time.RFC3339)
	product := at("/product/%s", func(w stock) string { return w.products[0] })
	invoice := at("/invoices/%s", func(w stock) string { return w.invoice })
	item := at("/user/me/cart/%s", func(w stock) string { return w.item })
	return []measured{
		{operation: "GET /"},
		{operation: "GET /categories/"},
		{operation: "GET /product/{id}", path: product},
		{operation: "GET /products/", query: "?limit=100"},
		{operation: "GET /products/", query: "?limit=1"},
		{operation: "GET /products/", query: "?limit=100&count=exact&q=mug"},
		{operation: "GET /products/", query: "?limit=100&sort=price&in_stock=true"},
		{operation: "GET /internal/catalog/reservations/{key}", path: at("/internal/catalog/reservations/%s", func(w stock) string { return w.checkout })},
		{operation: "GET /session", customer: true},
		{operation: "GET /user/{id}", path: me("/user/me"), customer: true},
		{operation: "GET /users/", query: "?limit=100&count=exact"},
		{operation: "GET /users/", query: "?limit=100&q=example"},
		{operation: "GET /email/{id}", path: at("/email/%s", func(w stock) string { return w.email })},
		{operation: "GET /emails/", query: "?limit=100&count=exact"},
		{operation: "GET /user/{uid}/cart/", path: me("/user/me/cart/"), customer: true},
		{operation: "GET /user/{uid}/cart/{id}", path: item, customer: true},
		{operation: "GET /user/{uid}/cart/quote", path: me("/user/me/cart/quote"), query: "?discount_code=spring-0", customer: true},
		{operation: "GET /discount/{id}", path: at("/discount/%s", func(w stock) string { return w.discount })},
		{operation: "GET /discounts/", query: "?limit=100&count=exact"},
		{operation: "GET /invoices/{id}", path: invoice, customer: true},
		{operation: "GET /invoices/{id}/document.html", path: func(w stock) string { return invoice(w) + "/document.html" }, customer: true},
		{operation: "GET /invoices/{id}/document.pdf", path: func(w stock) string { return invoice(w) + "/document.pdf" }, customer: true},
		{operation: "GET /credit-notes/{id}/document.html", path: func(w stock) string { return "/credit-notes/" + w.creditNote + "/document.html" }},
		{operation: "GET /credit-notes/{id}/document.pdf", path: func(w stock) string { return "/credit-notes/" + w.creditNote + "/document.pdf" }},
		{operation: "GET /invoices", query: "?limit=100"},
		{operation: "GET /invoices/{id}/refunds", path: func(w stock) string { return invoice(w) + "/refunds" }, customer: true},
		{operation: "GET /user/{uid}/invoices", path: me("/user/me/invoices"), query: "?limit=100", customer: true},
		{operation: "GET /orders/", query: "?limit=100"},
		{operation: "GET /order/{id}", path: at("/order/%s", func(w stock) string { return w.order })},
		{operation: "GET /internal/events", query: "?limit=100"},
		{operation: "GET /internal/events/{id}", path: at("/internal/events/%s", func(w stock) string { return w.failed.String() })},
		{operation: "GET /log", query: period + "&limit=100&count=exact"},
		{operation: "GET /log", query: period, header: []string{"Accept", "application/x-ndjson"}},
		{operation: "GET /internal/modules"},
		{operation: "GET /internal/modules/{module}", path: me("/internal/modules/catalog")},
		{operation: "GET /log/summary", query: period + "&bucket=minute&by=action"},

		{operation: "POST /log", body: stock.actions},
		{operation: "POST /invoices", body: stock.invoiceBody},
		{operation: "POST /invoices/{id}/pay", path: func(w stock) string { return invoice(w) + "/pay" }, customer: true, body: func(stock) any {
			return map[string]any{"payment_method": "pm_ok"}
		}},
		{operation: "POST /internal/catalog/products", body: func(w stock) any { return map[string]any{"ids": w.products} }},
		{operation: "POST /internal/catalog/import", body: stock.imported},
		{operation: "POST /user/{uid}/cart/", path: me("/user/me/cart/"), customer: true, body: func(w stock) any {
			return map[string]any{"product_id": w.products[0], "quantity": 1}
		}},
		{operation: "PUT /user/{uid}/cart/{id}", path: item, customer: true, body: func(stock) any { return map[string]any{"quantity": 2} }},
		{operation: "POST /user/{uid}/checkout", path: me("/user/me/checkout"), customer: true},
		{operation: "DELETE /user/{uid}/cart/", path: me("/user/me/cart/"), customer: true},
		{operation: "DELETE /user/{id}/sessions", path: me("/user/me/sessions"), customer: true},
		{operation: "DELETE /user/{id}", path: at("/user/%s", func(w stock) string { return w.otherUser })},
	}
}
