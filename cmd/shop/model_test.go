package main

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"shop/platform/database"
)

// Whatever a customer and an administrator do, in whatever order, the shop's
// cart, stock, invoices and orders are what a few maps say that they are.
func TestModel(t *testing.T) {
	t.Parallel()
	s := startShop(t, settings(t, database.SQLite))
	if flag.Lookup("rapid.checks").Value.String() == rapidDefault {
		require.NoError(t, flag.Set("rapid.checks", "8")) // -rapid.checks asks for more
	}
	rapid.Check(t, func(r *rapid.T) {
		m := newModel(t, r, s)
		r.Repeat(map[string]func(*rapid.T){
			"add": m.add, "set quantity": m.setQuantity, "remove": m.remove, "restock": m.restock, "change price": m.changePrice,
			"check out": m.checkOut, "pay": m.pay, "pay again": m.pay, "void": m.void, "refund": m.refund,
			"pack": m.pack, "ship": m.ship, "deliver": m.deliver, "cancel": m.cancel,
			"": m.check,
		})
	})
}

// model is what the shop should be: plain values that nothing happens to at the
// same time.
type model struct {
	t     *testing.T
	s     *shop
	token string
	world
}

// world is what a customer can see, in terms that do not depend on when it was
// made.
type world struct {
	// Stock and price are of each product, Cart the quantities in it.
	Stock, price, Cart map[string]int64
	Bills              map[string]*bill
}

// bill is an invoice and the order that comes of it.
type bill struct {
	Status string
	// Order is the order's state, empty before it is paid.
	Order           string
	Total, Refunded int64
	lines           map[string]int64
	order           string
}

const (
	// rapidDefault is the number of checks of somebody who did not ask for one.
	rapidDefault  = "100"
	modelProducts = 3
	// settling bounds the wait for what events bring about.
	settling = 20 * time.Second
)

func newModel(t *testing.T, r *rapid.T, s *shop) *model {
	t.Helper()
	m := &model{t: t, s: s, world: world{
		Stock: map[string]int64{}, price: map[string]int64{}, Cart: map[string]int64{}, Bills: map[string]*bill{},
	}}
	for range modelProducts {
		price, stock := rapid.Int64Range(0, 5000).Draw(r, "price"), rapid.Int64Range(0, 9).Draw(r, "stock")
		product := s.product(t, fmt.Sprint("SKU-", time.Now().UnixNano()), price, stock)
		m.Stock[product], m.price[product] = stock, price
	}
	m.token, _ = s.want(t, http.StatusCreated, http.MethodPost, "/session/guest", "", nil).json(t)["token"].(string)
	return m
}

// try sends a request and fails the check unless it is answered with a status.
func (m *model) try(r *rapid.T, status int, method, path, token string, body any) map[string]any {
	r.Helper()
	got := call(m.t, m.s.public, method, path, token, body)
	if got.status != status {
		r.Fatalf("%s %s %v: %d %s, want %d", method, path, body, got.status, got.text, status)
	}
	if got.text == "" {
		return nil
	}
	return got.json(m.t)
}

// one picks a key of a map; false when there is none.
func one[V any](r *rapid.T, of map[string]V, what string) (string, bool) {
	if len(of) == 0 {
		return "", false
	}
	return rapid.SampledFrom(slices.Sorted(maps.Keys(of))).Draw(r, what), true
}

func (m *model) add(r *rapid.T) {
	product, _ := one(r, m.Stock, "product")
	quantity := rapid.Int64Range(1, 4).Draw(r, "quantity")
	m.try(r, http.StatusCreated, http.MethodPost, "/user/me/cart/", m.token, map[string]any{"product_id": product, "quantity": quantity})
	m.Cart[product] += quantity
}

// item is the identifier of a product in the cart.
func (m *model) item(r *rapid.T, product string) string {
	for _, item := range m.try(r, http.StatusOK, http.MethodGet, "/user/me/cart/", m.token, nil)["items"].([]any) {
		if item, _ := item.(map[string]any); item["product_id"] == product {
			return item["id"].(string) //nolint:forcetypeassert // a test may panic
		}
	}
	r.Fatalf("%s is not in the cart", product)
	return ""
}

func (m *model) setQuantity(r *rapid.T) {
	product, found := one(r, m.Cart, "product in the cart")
	if !found {
		r.Skip()
	}
	quantity := rapid.Int64Range(1, 6).Draw(r, "quantity")
	m.try(r, http.StatusOK, http.MethodPut, "/user/me/cart/"+m.item(r, product), m.token, map[string]any{"quantity": quantity})
	m.Cart[product] = quantity
}

func (m *model) remove(r *rapid.T) {
	product, found := one(r, m.Cart, "product in the cart")
	if !found {
		r.Skip()
	}
	m.try(r, http.StatusNoContent, http.MethodDelete, "/user/me/cart/"+m.item(r, product), m.token, nil)
	delete(m.Cart, product)
}

func (m *model) restock(r *rapid.T) {
	product, _ := one(r, m.Stock, "product")
	delta := rapid.Int64Range(-3, 6).Filter(func(n int64) bool { return n != 0 }).Draw(r, "delta")
	body := map[string]any{"delta": delta, "reason": "counted again"}
	if m.Stock[product]+delta < 0 {
		m.try(r, http.StatusConflict, http.MethodPost, "/product/"+product+"/stock", m.s.admin, body)
		return
	}
	m.try(r, http.StatusOK, http.MethodPost, "/product/"+product+"/stock", m.s.admin, body)
	m.Stock[product] += delta
}

func (m *model) changePrice(r *rapid.T) {
	product, _ := one(r, m.Stock, "product")
	price := rapid.Int64Range(0, 5000).Draw(r, "price")
	m.try(r, http.StatusOK, http.MethodPut, "/product/"+product, m.s.admin, map[string]any{"price": euros(price)})
	m.price[product] = price
}

func euros(minor int64) map[string]any { return map[string]any{"amount": minor, "currency": "EUR"} }

func (m *model) checkOut(r *rapid.T) {
	var total int64
	enough := true
	for product, quantity := range m.Cart {
		total += quantity * m.price[product]
		enough = enough && quantity <= m.Stock[product]
	}
	shown := total + rapid.SampledFrom([]int64{0, 0, 0, 1}).Draw(r, "mistaken by")
	body := map[string]any{"expected_total": euros(shown), "contact": map[string]any{"email": "grace@example.com", "name": "Grace"}}
	if len(m.Cart) == 0 || !enough || shown != total {
		m.try(r, http.StatusConflict, http.MethodPost, "/user/me/checkout", m.token, body)
		return
	}
	invoice, _ := m.try(r, http.StatusCreated, http.MethodPost, "/user/me/checkout", m.token, body)["invoice_id"].(string)
	for product, quantity := range m.Cart {
		m.Stock[product] -= quantity
	}
	m.Bills[invoice] = &bill{Status: "open", Total: total, lines: m.Cart}
	m.Cart = map[string]int64{}
}

// invoice picks one.
func (m *model) invoice(r *rapid.T) (string, *bill) {
	invoice, found := one(r, m.Bills, "invoice")
	if !found {
		r.Skip()
	}
	return invoice, m.Bills[invoice]
}

func (m *model) pay(r *rapid.T) {
	invoice, b := m.invoice(r)
	method := rapid.SampledFrom([]string{"pm_ok", "pm_ok", "pm_flaky", "pm_declined"}).Draw(r, "payment method")
	status := http.StatusOK
	switch {
	case b.Status != "open":
		status = http.StatusConflict
	case method == "pm_declined":
		status = http.StatusPaymentRequired
	default:
		b.Status, b.Order = "paid", "paid"
	}
	m.try(r, status, http.MethodPost, "/invoices/"+invoice+"/pay", m.token, map[string]any{"payment_method": method})
}

func (m *model) void(r *rapid.T) {
	invoice, b := m.invoice(r)
	if b.Status != "open" && b.Status != "void" {
		m.try(r, http.StatusConflict, http.MethodPost, "/invoices/"+invoice+"/void", m.s.admin, nil)
		return
	}
	m.try(r, http.StatusOK, http.MethodPost, "/invoices/"+invoice+"/void", m.s.admin, nil)
	if b.Status == "open" {
		b.Status = "void"
		m.bringBack(b)
	}
}

// bringBack puts what a bill is about into the stock again.
func (m *model) bringBack(b *bill) {
	for product, quantity := range b.lines {
		m.Stock[product] += quantity
	}
}

func (m *model) refund(r *rapid.T) {
	invoice, b := m.invoice(r)
	amount := rapid.Int64Range(1, 6000).Draw(r, "amount")
	body := map[string]any{"amount": euros(amount), "reason": "a scratch"}
	if b.Status != "paid" || amount > b.Total-b.Refunded {
		m.try(r, http.StatusConflict, http.MethodPost, "/invoices/"+invoice+"/refunds", m.s.admin, body)
		return
	}
	m.try(r, http.StatusCreated, http.MethodPost, "/invoices/"+invoice+"/refunds", m.s.admin, body)
	b.Refunded += amount
	if b.Refunded == b.Total {
		b.Status = "refunded"
		if b.Order == "paid" || b.Order == "packed" {
			b.Order = "cancelled"
			m.bringBack(b)
		}
	}
}

// move makes a step of an order that is in one of the states.
func (m *model) move(r *rapid.T, step string, body any, from ...string) *bill {
	_, b := m.invoice(r)
	if b.order == "" {
		r.Skip()
	}
	path := "/order/" + b.order + "/" + step
	if !slices.Contains(from, b.Order) {
		m.try(r, http.StatusConflict, http.MethodPost, path, m.s.admin, body)
		return nil
	}
	m.try(r, http.StatusOK, http.MethodPost, path, m.s.admin, body)
	return b
}

func (m *model) pack(r *rapid.T) {
	if b := m.move(r, "pack", nil, "paid"); b != nil {
		b.Order = "packed"
	}
}

func (m *model) ship(r *rapid.T) {
	if b := m.move(r, "ship", map[string]any{"carrier": "Post"}, "packed"); b != nil {
		b.Order = "shipped"
	}
}

func (m *model) deliver(r *rapid.T) {
	if b := m.move(r, "deliver", nil, "shipped"); b != nil {
		b.Order = "delivered"
	}
}

func (m *model) cancel(r *rapid.T) {
	b := m.move(r, "cancel", map[string]any{"reason": "changed my mind"}, "paid", "packed", "cancelled")
	if b == nil || b.Order == "cancelled" { // once more is fine
		return
	}
	b.Order = "cancelled"
	if b.Refunded = b.Total; b.Total > 0 {
		b.Status = "refunded"
	}
	m.bringBack(b)
}

// check waits until the shop is what the model is.
func (m *model) check(r *rapid.T) {
	var difference string
	require.Eventually(m.t, func() bool {
		difference = cmp.Diff(m.world, m.seen(r), cmpopts.IgnoreUnexported(world{}, bill{}))
		return difference == ""
	}, settling, time.Millisecond, "the shop is not as it should be: %s", &difference)
}

// seen is what the shop shows.
func (m *model) seen(r *rapid.T) world {
	w := world{Stock: map[string]int64{}, Cart: map[string]int64{}, Bills: map[string]*bill{}}
	for product := range m.Stock {
		w.Stock[product] = number(m.try(r, http.StatusOK, http.MethodGet, "/product/"+product, "", nil)["stock"])
	}
	for _, item := range items(m.try(r, http.StatusOK, http.MethodGet, "/user/me/cart/", m.token, nil)) {
		w.Cart[fmt.Sprint(item["product_id"])] = number(item["quantity"])
	}
	for _, invoice := range items(m.try(r, http.StatusOK, http.MethodGet, "/user/me/invoices?limit=100", m.token, nil)) {
		b := &bill{Status: fmt.Sprint(invoice["status"]), Total: number(invoice["total"]), Refunded: number(invoice["refunded"])}
		w.Bills[fmt.Sprint(invoice["id"])] = b
	}
	for _, order := range items(m.try(r, http.StatusOK, http.MethodGet, "/orders/?limit=100", m.token, nil)) {
		invoice := fmt.Sprint(order["invoice_id"])
		w.Bills[invoice].Order = fmt.Sprint(order["state"])
		m.Bills[invoice].order = fmt.Sprint(order["id"])
	}
	return w
}

func items(page map[string]any) (all []map[string]any) {
	for _, item := range page["items"].([]any) {
		item, _ := item.(map[string]any)
		all = append(all, item)
	}
	return all
}

// number is a whole number of an answer, or an amount of money.
func number(of any) int64 {
	if amount, is := of.(map[string]any); is {
		of = amount["amount"]
	}
	n, _ := strconv.ParseFloat(fmt.Sprint(of), 64)
	return int64(n)
}
