package traffic

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Customer is one of them, and what it was promised.
type Customer struct {
	Address, UserID, Token string
	// Invoices are those that were paid, with the amount in minor units.
	Invoices map[string]int64
	// Sold is how many pieces of each product were on them.
	Sold map[string]int64
	// Marks are the log entries that were accepted.
	Marks []string

	options Options
	tally   *tally
	client  *http.Client
	run     string
}

// password is every customer's.
const password = "a long enough password"

// request is one that a customer makes.
type request struct {
	method, path string
	body         any
	// key makes a write one that may be repeated.
	key string
	// want is the status of success.
	want int
}

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
	c.Token = session.Token
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
	if err := c.insist(ctx, request{http.MethodPost, invoice + "/pay", map[string]any{"payment_method": "pm_ok"}, rand.Text(), http.StatusOK}, nil); err != nil {
		return err
	}
	if err := c.insist(ctx, request{http.MethodGet, invoice, nil, "", http.StatusOK}, &paid); err != nil {
		return err
	}
	if paid.Status != "paid" {
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

// errSoldOut is how a purchase ends when others were faster.
var errSoldOut = errors.New("sold out")

// errRefused is an answer that repeating does not change.
var errRefused = errors.New("refused")

// insist makes a request, and again while it fails and patience lasts.
func (c *Customer) insist(ctx context.Context, r request, answer any) error {
	began := time.Now()
	for {
		wait, err := c.once(ctx, r, answer)
		if err == nil {
			return nil
		}
		if errors.Is(err, errSoldOut) || errors.Is(err, errRefused) || time.Since(began) > c.options.Patience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // the customer was sent away
		case <-time.After(wait):
		}
	}
}

// maxWait is the longest that a customer waits before it tries again.
const maxWait = 500 * time.Millisecond

// once makes a request, and says after which pause another try makes sense.
func (c *Customer) once(ctx context.Context, r request, answer any) (time.Duration, error) {
	if c.options.Pause > 0 {
		select {
		case <-ctx.Done():
		case <-time.After(c.options.Pause):
		}
	}
	began := time.Now()
	status, code, err := c.send(ctx, r, answer)
	took := time.Since(began)
	var failure string
	switch {
	case err != nil:
		failure = fmt.Sprintf("no answer to %s %s: %s", r.method, label(r.path), reason(err))
	case status == r.want:
		c.tally.answered(took, "")
		return 0, nil
	case code == "items_unavailable" || code == "out_of_stock":
		c.tally.answered(took, "")
		return 0, errSoldOut
	case code == "idempotency_in_progress" || code == "checkout_in_progress":
		// The first try, of which no answer came, is still at work.
		c.tally.answered(took, "")
		return maxWait, errors.New(code)
	default:
		failure = fmt.Sprintf("%d %s to %s %s", status, code, r.method, label(r.path))
	}
	c.tally.answered(took, failure)
	if err == nil && status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
		return 0, fmt.Errorf("%w: %s", errRefused, failure)
	}
	return maxWait / 5, errors.New(failure)
}

func (c *Customer) send(ctx context.Context, r request, answer any) (status int, code string, err error) {
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return 0, "", err //nolint:wrapcheck // cannot be
		}
		body = bytes.NewReader(text)
	}
	sent, err := http.NewRequestWithContext(ctx, r.method, c.options.URL+r.path, body)
	if err != nil {
		return 0, "", err //nolint:wrapcheck // the URL is wrong, and in the message
	}
	if body != nil {
		sent.Header.Set("Content-Type", "application/json")
	}
	if c.Token != "" {
		sent.Header.Set("Authorization", "Bearer "+c.Token)
	}
	if r.key != "" {
		sent.Header.Set("Idempotency-Key", r.key)
	}
	response, err := c.client.Do(sent)
	if err != nil {
		return 0, "", err //nolint:wrapcheck // reason reads it
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, "", err //nolint:wrapcheck // reason reads it
	}
	if response.StatusCode != r.want {
		var problem struct {
			Code string `json:"code"`
		}
		_ = json.Unmarshal(text, &problem) // what is no problem has no code
		return response.StatusCode, problem.Code, nil
	}
	if answer != nil {
		if err := json.Unmarshal(text, answer); err != nil {
			return 0, "", fmt.Errorf("unreadable: %w", err)
		}
	}
	return response.StatusCode, "", nil
}

// label is a path without what is another one each time.
func label(path string) string {
	for i := range len(path) {
		if path[i] == '?' {
			return path[:i]
		}
	}
	return identifiers.ReplaceAllString(path, "{id}")
}

// reason is an error without what is another one each time.
func reason(err error) string {
	var last error
	for last = err; ; {
		inner := errors.Unwrap(last)
		if inner == nil {
			return last.Error()
		}
		last = inner
	}
}
