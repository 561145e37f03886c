package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// walker sends requests and writes down what was answered, with what is another
// one each time (identifiers, times, tokens, cursors) replaced by the order in
// which it appeared.
type walker struct {
	t     *testing.T
	s     *split
	lines []string
	seen  map[string]string
}

// changing is what no two runs share.
var changing = regexp.MustCompile(
	`\b(?:prod|user|cart|item|inv|chk|mail|evt|log|ses|pay|[a-z]+)_[0-7][0-9a-hjkmnp-tv-z]{25}\b` + // identifiers
		`|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z` + // times
		`|"\d+-\d{9,}"` + // entity tags that stand for what a cart contains
		`|"(?:token|next_cursor)":"[^"]*"|cursor=[^&>]*`)

// unrecorded are headers that differ with the request.
var unrecorded = []string{"Date", "X-Request-Id", "Content-Length"}

// do sends a request and returns the answer.
func (w *walker) do(method, path, token string, body any, header ...string) map[string]any {
	w.t.Helper()
	got := call(w.t, w.s.front.public, method, path, token, body, header...)
	var headers []string
	for name, values := range got.header {
		if !slices.Contains(unrecorded, name) {
			headers = append(headers, name+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(headers)
	var answer map[string]any
	_ = json.Unmarshal([]byte(got.text), &answer) // what is no object has no fields to use
	text := got.text
	if id, has := answer["request_id"].(string); has {
		text = strings.ReplaceAll(text, id, "REQUEST")
	}
	w.lines = append(w.lines, w.settle(fmt.Sprintf("%s %s\n%d\n%s\n%s", method, path, got.status, strings.Join(headers, "\n"), text)))
	return answer
}

func (w *walker) settle(text string) string {
	return changing.ReplaceAllStringFunc(text, func(found string) string {
		kind, _, _ := strings.Cut(found, "_")
		switch {
		case strings.HasPrefix(found, "20"):
			return "TIME" // how many different ones there are depends on the clock
		case strings.HasPrefix(found, `"`) && found[1] <= '9':
			return "ETAG"
		case strings.HasPrefix(found, "cursor="), strings.HasPrefix(found, `"`):
			kind, _, _ = strings.Cut(found, ":")
			kind, _, _ = strings.Cut(kind, "=")
			return kind
		}
		if w.seen[found] == "" {
			w.seen[found] = fmt.Sprintf("%s-%d", kind, len(w.seen))
		}
		return w.seen[found]
	})
}

// walk goes through everything that a customer and an administrator do, and
// what goes wrong with it, and returns what was answered.
func walk(t *testing.T, s *split) []string {
	t.Helper()
	w := &walker{t: t, s: s, seen: map[string]string{}}
	admin := s.front.admin
	text := func(answer map[string]any, field string) string {
		t.Helper()
		value, ok := answer[field].(string)
		require.True(t, ok, "no %s in %v", field, answer)
		return value
	}

	w.do(http.MethodGet, "/", "", nil)
	price := map[string]any{"amount": 1250, "currency": "EUR"}
	mug := text(w.do(http.MethodPost, "/product/", admin, map[string]any{
		"sku": "MUG", "name": "Mug", "price": price, "stock": 5, "category": "Kitchen",
		"attributes": map[string]any{"colour": "blue"}, "images": []string{"https://img.example.com/mug.jpg"},
	}, "Idempotency-Key", "mug"), "id")
	w.do(http.MethodPost, "/product/", admin, map[string]any{
		"sku": "MUG", "name": "Mug", "price": price, "stock": 5, "category": "Kitchen",
		"attributes": map[string]any{"colour": "blue"}, "images": []string{"https://img.example.com/mug.jpg"},
	}, "Idempotency-Key", "mug")
	w.do(http.MethodPost, "/product/", admin, map[string]any{"sku": "OTHER", "name": "Other", "price": price}, "Idempotency-Key", "mug")
	w.do(http.MethodPost, "/product/", admin, map[string]any{"sku": "MUG", "name": "Mug", "price": price})
	w.do(http.MethodPost, "/product/", admin, map[string]any{"sku": "BAD", "name": "", "price": price, "unknown": 1})
	pot := text(w.do(http.MethodPost, "/product/", admin, map[string]any{"sku": "POT", "name": "Pot", "price": price, "stock": 50}), "id")
	w.do(http.MethodPut, "/product/"+pot, admin, map[string]any{"name": "Big pot"}, "If-Match", `"1"`)
	w.do(http.MethodPut, "/product/"+pot, admin, map[string]any{"name": "Bigger pot"}, "If-Match", `"1"`)
	w.do(http.MethodGet, "/product/"+mug, "", nil)
	w.do(http.MethodGet, "/product/"+mug, "", nil, "If-None-Match", `"1-1"`)
	w.do(http.MethodGet, "/product/"+mug+"/", "", nil)
	w.do(http.MethodGet, "/product/prod_01h455vb4pex5vsknk084sn02q", "", nil)
	w.do(http.MethodGet, "/product/nonsense", "", nil)
	w.do(http.MethodGet, "/products?limit=1&count=exact&sort=name", "", nil)
	w.do(http.MethodGet, "/products?q=mug&in_stock=true&price_min=1&price_max=9999", "", nil)
	w.do(http.MethodGet, "/products?cursor=nonsense", "", nil)
	w.do(http.MethodGet, "/categories/", "", nil)

	w.do(http.MethodPost, "/user/", "", map[string]any{"email": "no address", "password": "short", "name": ""})
	user := text(w.do(http.MethodPost, "/user/", "", map[string]any{"email": "grace@example.com", "password": "a long enough password", "name": "Grace"}, "Idempotency-Key", "grace"), "id")
	w.do(http.MethodPost, "/user/", "", map[string]any{"email": "grace@example.com", "password": "a long enough password", "name": "Grace"}, "Idempotency-Key", "grace")
	w.do(http.MethodPost, "/user/", "", map[string]any{"email": "GRACE@example.com", "password": "a long enough password", "name": "Grace"})
	w.do(http.MethodPost, "/session", "", map[string]any{"email": "grace@example.com", "password": "a wrong password"})
	token := text(w.do(http.MethodPost, "/session", "", map[string]any{"email": "grace@example.com", "password": "a long enough password"}), "token")
	w.do(http.MethodGet, "/session", token, nil)
	w.do(http.MethodGet, "/session", "nonsense", nil)
	w.do(http.MethodGet, "/user/"+user, token, nil)
	w.do(http.MethodGet, "/user/me", token, nil, "If-None-Match", `"1"`)
	w.do(http.MethodPut, "/user/me", token, map[string]any{"name": "Grace Hopper"})
	w.do(http.MethodPut, "/user/me", token, map[string]any{"password": "another long password", "current_password": "a wrong password"})
	w.do(http.MethodPut, "/user/me", token, map[string]any{"password": "another long password", "current_password": "a long enough password"})
	w.do(http.MethodGet, "/session", token, nil)
	w.do(http.MethodPost, "/user/me/verification", token, nil)
	w.do(http.MethodPost, "/verification", "", map[string]any{"token": "nonsense"})
	w.do(http.MethodPost, "/password-reset", "", map[string]any{"email": "nobody@example.com"})
	w.do(http.MethodPut, "/password-reset/nonsense", "", map[string]any{"password": "yet another password"})
	w.do(http.MethodGet, "/users/?limit=1&q=grace", admin, nil)
	w.do(http.MethodGet, "/users/", token, nil)

	items := "/user/" + user + "/cart/"
	w.do(http.MethodPost, items, token, map[string]any{"product_id": "prod_01h455vb4pex5vsknk084sn02q", "quantity": 1})
	w.do(http.MethodPost, items, token, map[string]any{"product_id": mug, "quantity": 2}, "Idempotency-Key", "add")
	w.do(http.MethodPost, items, token, map[string]any{"product_id": mug, "quantity": 2}, "Idempotency-Key", "add")
	item := text(w.do(http.MethodPost, "/user/me/cart", token, map[string]any{"product_id": pot, "quantity": 1}), "id")
	w.do(http.MethodGet, items+item, token, nil)
	w.do(http.MethodPut, items+item, token, map[string]any{"quantity": 3}, "If-Match", `"1"`)
	w.do(http.MethodPut, items+item, token, map[string]any{"quantity": 4}, "If-Match", `"1"`)
	w.do(http.MethodGet, items, token, nil)
	w.do(http.MethodGet, items, "", nil)
	w.do(http.MethodDelete, items+item, token, nil)
	w.do(http.MethodDelete, items+item, token, nil)
	invoice := text(w.do(http.MethodPost, "/user/me/checkout", token, map[string]any{}, "Idempotency-Key", "out"), "invoice_id")
	w.do(http.MethodPost, "/user/me/checkout", token, map[string]any{}, "Idempotency-Key", "out")
	w.do(http.MethodPost, "/user/me/checkout", token, map[string]any{})
	w.do(http.MethodGet, "/invoices/"+invoice, token, nil)
	w.do(http.MethodPost, "/invoices/"+invoice+"/pay", token, map[string]any{"payment_method": "pm_declined"})
	w.do(http.MethodPost, "/invoices/"+invoice+"/pay", token, map[string]any{"payment_method": "pm_ok"}, "Idempotency-Key", "pay")
	w.do(http.MethodPost, "/invoices/"+invoice+"/pay", token, map[string]any{"payment_method": "pm_ok"}, "Idempotency-Key", "pay")
	w.do(http.MethodPost, "/invoices/"+invoice+"/pay", token, map[string]any{"payment_method": "pm_ok"})
	w.do(http.MethodGet, "/user/me/invoices?limit=1", token, nil)
	w.awaitStock(mug, 3)
	w.orders(token, invoice, pot)
	w.do(http.MethodPost, "/user/me/cart", token, map[string]any{"product_id": mug, "quantity": 9})
	w.do(http.MethodPost, "/user/me/checkout", token, map[string]any{})
	w.do(http.MethodDelete, "/user/me/cart", token, nil)
	w.do(http.MethodPost, "/invoices", admin, map[string]any{"user_id": user, "currency": "EUR", "lines": []any{
		map[string]any{"description": "Gift wrap", "quantity": 2, "unit_price": price},
	}}, "Idempotency-Key", "gift")
	w.do(http.MethodPost, "/invoices", admin, map[string]any{"user_id": "user_01h455vb4pex5vsknk084sn02q", "currency": "EUR", "lines": []any{
		map[string]any{"description": "Gift wrap", "quantity": 2, "unit_price": price},
	}})
	w.do(http.MethodDelete, "/product/"+mug, admin, nil)
	// By whoever has deleted it: to others it may be on sale for another second.
	w.do(http.MethodGet, "/product/"+mug, admin, nil)

	w.do(http.MethodPost, "/send_email/", admin, map[string]any{"to": "grace@example.com", "subject": "News", "text": "We open on Sunday."}, "Idempotency-Key", "news")
	w.do(http.MethodPost, "/send_email/", admin, map[string]any{"to": "grace@example.com", "subject": "News", "text": "We open on Sunday."}, "Idempotency-Key", "news")
	w.do(http.MethodPost, "/send_email/", admin, map[string]any{"to": "grace@example.com", "template": "nonsense"})
	w.do(http.MethodPost, "/send_email/", token, map[string]any{"to": "grace@example.com", "subject": "News", "text": "x"})
	w.do(http.MethodGet, "/email/mail_01h455vb4pex5vsknk084sn02q", admin, nil)
	w.do(http.MethodPost, "/log", token, map[string]any{"user_id": user, "action": "viewed", "data": map[string]any{"page": "home"}})
	w.do(http.MethodPost, "/log", token, []any{map[string]any{"user_id": user, "action": "left"}, map[string]any{"user_id": user, "action": ""}})
	w.do(http.MethodGet, "/log?from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z", admin, nil)
	// What was sent, wherever e-mail is.
	s.front.mailed(t, "grace@example.com", "Welcome")
	s.front.mailed(t, "grace@example.com", "25.00")
	s.front.mailed(t, "grace@example.com", "We open on Sunday.")
	w.do(http.MethodDelete, "/session", token, nil)
	w.do(http.MethodGet, "/session", token, nil)
	w.do(http.MethodDelete, "/user/"+user, admin, nil)
	w.do(http.MethodGet, "/user/"+user, admin, nil)
	w.do(http.MethodGet, "/nowhere", "", nil)
	return w.lines
}

// orders goes through what becomes of a paid invoice: it is shipped. Another one
// is cancelled, with its money and its goods.
func (w *walker) orders(token, invoice, product string) {
	w.t.Helper()
	admin := w.s.front.admin
	order := "/order/" + w.orderOf(token, invoice)
	parcel := map[string]any{"carrier": "DHL", "tracking": "0034"}
	w.do(http.MethodGet, "/orders/?state=paid&user_id=me", token, nil)
	w.do(http.MethodGet, "/orders/?invoice_id="+invoice+"&count=exact", admin, nil)
	w.do(http.MethodGet, order, token, nil)
	w.do(http.MethodGet, order, token, nil, "If-None-Match", `"1"`)
	w.do(http.MethodGet, "/order/ord_01h455vb4pex5vsknk084sn02q", token, nil)
	w.do(http.MethodPost, order+"/pack", token, nil)
	w.do(http.MethodPost, order+"/ship", admin, parcel)
	w.do(http.MethodPost, order+"/pack", admin, nil, "If-Match", `"7"`)
	w.do(http.MethodPost, order+"/pack", admin, nil, "If-Match", `"1"`)
	w.do(http.MethodPost, order+"/ship", admin, map[string]any{"carrier": ""})
	w.do(http.MethodPost, order+"/ship", admin, parcel)
	w.do(http.MethodPost, order+"/cancel", admin, nil)
	w.do(http.MethodPost, order+"/deliver", admin, nil)

	w.do(http.MethodPost, "/user/me/cart", token, map[string]any{"product_id": product, "quantity": 2})
	again, _ := w.do(http.MethodPost, "/user/me/checkout", token, nil)["invoice_id"].(string)
	w.do(http.MethodPost, "/invoices/"+again+"/pay", token, map[string]any{"payment_method": "pm_ok"})
	w.awaitStock(product, 48)
	order = "/order/" + w.orderOf(token, again)
	w.do(http.MethodPost, order+"/cancel", token, map[string]any{"reason": "ordered twice"})
	w.do(http.MethodPost, order+"/cancel", token, nil)
	w.do(http.MethodGet, "/invoices/"+again, token, nil)
	w.awaitStock(product, 50)
}

// awaitStock waits until every side sees what is left of a product: one that did
// not make the change itself may answer from its cache for a moment. A visitor's
// request goes to either side, so that twenty in a row miss neither.
func (w *walker) awaitStock(product string, want float64) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		for range 20 {
			got := call(w.t, w.s.front.public, http.MethodGet, "/product/"+product, "", nil)
			if got.json(w.t)["stock"] != want {
				return false
			}
		}
		return true
	}, patience, 20*time.Millisecond)
}

// orderOf is the order that a paid invoice becomes, a moment later.
func (w *walker) orderOf(token, invoice string) (order string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var list struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
		}
		err := json.Unmarshal([]byte(call(w.t, w.s.front.public, http.MethodGet, "/orders/?invoice_id="+invoice, token, nil).text), &list)
		if err == nil && len(list.Items) == 1 {
			order = list.Items[0].ID
		}
		return order != ""
	}, 15*time.Second, 5*time.Millisecond)
	return order
}
