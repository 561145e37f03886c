package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A customer's way from registration to a paid invoice, and what the operator
// sees of it.
func TestPurchase(t *testing.T) {
	t.Parallel()
	eachShop(t, func(t *testing.T, s *shop) {
		mug, pot := s.product(t, "MUG", 1250, 5), s.product(t, "POT", 4000, 5)
		user, token := s.customer(t, "grace@example.com")
		s.mailed(t, "grace@example.com", "Subject:")

		items := "/user/" + user + "/cart/"
		s.want(t, http.StatusCreated, http.MethodPost, items, token, map[string]any{"product_id": mug, "quantity": 1})
		s.want(t, http.StatusCreated, http.MethodPost, "/user/me/cart", token, map[string]any{"product_id": mug, "quantity": 1})
		item := s.want(t, http.StatusCreated, http.MethodPost, items, token, map[string]any{"product_id": pot, "quantity": 4}).json(t)
		s.want(t, http.StatusOK, http.MethodPut, items+item["id"].(string), token, map[string]any{"quantity": 1})
		cart := s.want(t, http.StatusOK, http.MethodGet, items, token, nil).json(t)
		require.Equal(t, map[string]any{"amount": 6500.0, "currency": "EUR"}, cart["total"])
		require.InDelta(t, 3, cart["count"], 0)

		checkout := s.want(t, http.StatusCreated, http.MethodPost, "/user/"+user+"/checkout", token, map[string]any{}, "Idempotency-Key", "one").json(t)
		again := s.want(t, http.StatusCreated, http.MethodPost, "/user/"+user+"/checkout", token, map[string]any{}, "Idempotency-Key", "one")
		require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
		require.Equal(t, checkout["invoice_id"], again.json(t)["invoice_id"])
		require.Empty(t, s.want(t, http.StatusOK, http.MethodGet, items, token, nil).json(t)["items"])

		invoice := "/invoices/" + checkout["invoice_id"].(string)
		open := s.want(t, http.StatusOK, http.MethodGet, invoice, token, nil).json(t)
		require.Equal(t, "open", open["status"])
		require.Equal(t, map[string]any{"amount": 6500.0, "currency": "EUR"}, open["total"])
		s.want(t, http.StatusPaymentRequired, http.MethodPost, invoice+"/pay", token, map[string]any{"payment_method": "pm_declined"})
		paid := s.want(t, http.StatusOK, http.MethodPost, invoice+"/pay", token, map[string]any{"payment_method": "pm_ok"}).json(t)
		require.Equal(t, "paid", paid["status"])
		s.want(t, http.StatusConflict, http.MethodPost, invoice+"/pay", token, map[string]any{"payment_method": "pm_ok"})
		s.mailed(t, "grace@example.com", "65.00")

		stock := s.want(t, http.StatusOK, http.MethodGet, "/product/"+mug, "", nil).json(t)["stock"]
		require.InDelta(t, 3, stock, 0)
		list := s.want(t, http.StatusOK, http.MethodGet, "/user/me/invoices", token, nil).json(t)
		require.Len(t, list["items"], 1)

		s.want(t, http.StatusCreated, http.MethodPost, "/log", token, map[string]any{"user_id": user, "action": "viewed", "data": map[string]any{"page": "home"}})
		now := time.Now().UTC()
		period := "?from=" + now.Add(-time.Hour).Format(time.RFC3339) + "&to=" + now.Add(time.Hour).Format(time.RFC3339)
		require.Equal(t, http.StatusNotFound, call(t, s.public, http.MethodGet, "/log"+period, s.admin, nil).status, "internal listener only")
		require.Equal(t, http.StatusForbidden, call(t, s.internal, http.MethodGet, "/log"+period, token, nil).status)
		log := call(t, s.internal, http.MethodGet, "/log"+period+"&action=viewed", s.admin, nil)
		require.Equal(t, http.StatusOK, log.status, log.text)
		require.Len(t, log.json(t)["items"], 1)
	})
}

// Nobody reaches what is somebody else's.
func TestOthers(t *testing.T) {
	t.Parallel()
	eachShop(t, func(t *testing.T, s *shop) {
		product := s.product(t, "MUG", 1250, 5)
		user, token := s.customer(t, "grace@example.com")
		_, other := s.customer(t, "mallory@example.com")
		s.want(t, http.StatusCreated, http.MethodPost, "/user/me/cart/", token, map[string]any{"product_id": product, "quantity": 1})
		checkout := s.want(t, http.StatusCreated, http.MethodPost, "/user/me/checkout", token, nil).json(t)
		invoice := "/invoices/" + checkout["invoice_id"].(string)
		for _, c := range []struct {
			method, path string
			body         any
			status       int
		}{
			{http.MethodGet, "/user/" + user, nil, http.StatusForbidden},
			{http.MethodPut, "/user/" + user, map[string]any{"name": "Mine"}, http.StatusForbidden},
			{http.MethodDelete, "/user/" + user, nil, http.StatusForbidden},
			{http.MethodDelete, "/user/" + user + "/sessions", nil, http.StatusForbidden},
			{http.MethodGet, "/user/" + user + "/cart/", nil, http.StatusForbidden},
			{http.MethodDelete, "/user/" + user + "/cart/", nil, http.StatusForbidden},
			{http.MethodPost, "/user/" + user + "/cart/", map[string]any{"product_id": product, "quantity": 1}, http.StatusForbidden},
			{http.MethodPost, "/user/" + user + "/checkout", map[string]any{}, http.StatusForbidden},
			{http.MethodGet, "/user/" + user + "/invoices", nil, http.StatusForbidden},
			{http.MethodGet, invoice, nil, http.StatusNotFound},
			{http.MethodPost, invoice + "/pay", map[string]any{"payment_method": "pm_ok"}, http.StatusNotFound},
			{http.MethodPost, "/log", map[string]any{"user_id": user, "action": "viewed"}, http.StatusForbidden},
			{http.MethodGet, "/users/", nil, http.StatusForbidden},
			{http.MethodGet, "/emails/", nil, http.StatusForbidden},
			{http.MethodPost, "/send_email/", map[string]any{"to": "a@example.com", "subject": "s", "text": "t"}, http.StatusForbidden},
			{http.MethodPost, "/product/", map[string]any{"sku": "X", "name": "X", "price": map[string]any{"amount": 1, "currency": "EUR"}}, http.StatusForbidden},
			{http.MethodDelete, "/product/" + product, nil, http.StatusForbidden},
		} {
			s.want(t, c.status, c.method, c.path, other, c.body)
			if c.method != http.MethodGet || c.path != invoice {
				require.Equal(t, http.StatusUnauthorized, call(t, s.public, c.method, c.path, "", c.body).status, c.path)
			}
		}
	})
}
