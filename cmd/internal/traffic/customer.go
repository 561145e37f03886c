package traffic

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
)

// Customer is one of them, and what it was promised.
type Customer struct {
	Address, UserID string
	// Invoices are those that were paid, with the amount in minor units.
	Invoices map[string]int64
	// Sold is how many pieces of each product were on them.
	Sold map[string]int64
	// Marks are the log entries that were accepted.
	Marks []string

	hand
	run string
}

// password is every customer's.
const password = "a long enough password"

// live registers, signs in, and buys until ctx ends.
func (c *Customer) live(ctx context.Context) error {
	// What has begun is completed, also when it is time to go.
	working := context.WithoutCancel(ctx)
	var user, session struct {
		ID    string `json:"id"`
		Token string `json:"token"`
	}
	if err := c.insist(working, request{
		http.MethodPost, "/user/", map[string]any{"email": c.Address, "password": password, "name": "Grace"}, rand.Text(), http.StatusCreated,
	}, &user); err != nil {
		return err
	}
	c.UserID = user.ID
	// Signing in twice does no harm.
	if err := c.insist(working, request{
		http.MethodPost, "/session", map[string]any{"email": c.Address, "password": password}, "", http.StatusCreated,
	}, &session); err != nil {
		return err
	}
	c.token = session.Token
	for n := 0; ctx.Err() == nil; n++ {
		err := c.buy(working, n)
		if errors.Is(err, errSoldOut) || errors.Is(err, errRefused) {
			// It is counted if it should not have been; the next product may do.
			err = c.insist(working, request{http.MethodDelete, "/user/me/cart/", nil, "", http.StatusNoContent}, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// listed is a page of products.
type listed struct {
	Items []struct {
		ID    string `json:"id"`
		Stock int64  `json:"stock"`
	} `json:"items"`
}

// errNothingToBuy is how a shop without products ends a customer's day.
var errNothingToBuy = errors.New("the shop has nothing to buy: start it with --demo or import products")

// buy is one purchase from the first look to the paid invoice.
func (c *Customer) buy(ctx context.Context, n int) error {
	var page listed
	if err := c.insist(ctx, request{http.MethodGet, "/products/?in_stock=true&limit=100", nil, "", http.StatusOK}, &page); err != nil {
		return err
	}
	if len(page.Items) == 0 {
		return errNothingToBuy
	}
	product := page.Items[(n*7+len(c.Address))%len(page.Items)].ID
	var item struct {
		ID string `json:"id"`
	}
	steps := []struct {
		request
		answer any
	}{
		{request{http.MethodGet, "/product/" + product, nil, "", http.StatusOK}, nil},
		{request{http.MethodPost, "/user/me/cart/", map[string]any{"product_id": product, "quantity": 1}, rand.Text(), http.StatusCreated}, &item},
	}
	for _, step := range steps {
		if err := c.insist(ctx, step.request, step.answer); err != nil {
			return err
		}
	}
	if n%4 == 3 {
		// A plain write: it is not repeated, and what came of it is in the cart.
		_, _ = c.once(ctx, request{http.MethodPut, "/user/me/cart/" + item.ID, map[string]any{"quantity": 2}, "", http.StatusOK}, nil)
	}
	if err := c.insist(ctx, request{http.MethodGet, "/user/me/cart/", nil, "", http.StatusOK}, nil); err != nil {
		return err
	}
	return c.pay(ctx, product)
}

func (c *Customer) pay(ctx context.Context, product string) error {
	var checkout struct {
		InvoiceID string `json:"invoice_id"`
	}
	if err := c.insist(ctx, request{http.MethodPost, "/user/me/checkout", map[string]any{}, rand.Text(), http.StatusCreated}, &checkout); err != nil {
		return err
	}
	invoice := "/invoices/" + checkout.InvoiceID
	var paid struct {
		Status string `json:"status"`
		Total  struct {
			Amount int64 `json:"amount"`
		} `json:"total"`
		Lines []struct {
			Quantity int64 `json:"quantity"`
		} `json:"lines"`
	}
	if len(c.Invoices)%5 == 4 {
		declined := request{http.MethodPost, invoice + "/pay", map[string]any{"payment_method": "pm_declined"}, rand.Text(), http.StatusPaymentRequired}
		if err := c.insist(ctx, declined, nil); err != nil {
			return err
		}
	}
	if err := c.insist(ctx, request{http.MethodPost, invoice + "/pay", map[string]any{"payment_method": "pm_ok"}, rand.Text(), http.StatusOK}, nil); err != nil {
		return err
	}
	if err := c.insist(ctx, request{http.MethodGet, invoice, nil, "", http.StatusOK}, &paid); err != nil {
		return err
	}
	if paid.Status != "paid" && paid.Status != "refunded" { // a clerk may be quick
		c.tally.answered(0, "an invoice is "+paid.Status+" after its payment")
	}
	c.Invoices[checkout.InvoiceID] = paid.Total.Amount
	for _, line := range paid.Lines {
		c.Sold[product] += line.Quantity
	}
	mark := rand.Text()
	if err := c.insist(ctx, request{
		http.MethodPost, "/log", map[string]any{"user_id": c.UserID, "action": c.run, "data": map[string]any{"mark": mark}}, rand.Text(), http.StatusCreated,
	}, nil); err != nil {
		return err
	}
	c.Marks = append(c.Marks, mark)
	return nil
}
