package traffic

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"
)

// Clerk works on the orders that customers have paid: it ships most and cancels
// some.
type Clerk struct {
	// Shipped is how many orders it has shipped, Cancelled the invoices of those it
	// has cancelled.
	Shipped   int
	Cancelled map[string]bool

	hand
}

// orders is a page of them.
type orders struct {
	Items []struct {
		ID        string `json:"id"`
		InvoiceID string `json:"invoice_id"`
	} `json:"items"`
}

// breather is how long a clerk waits who has nothing to do.
const breather = 50 * time.Millisecond

// work takes up orders until ctx ends.
func (c *Clerk) work(ctx context.Context) error {
	working := context.WithoutCancel(ctx) // what has begun is completed
	for n := 0; ctx.Err() == nil; n++ {
		var page orders
		if err := c.insist(working, request{http.MethodGet, "/orders/?state=paid&limit=1", nil, "", http.StatusOK}, &page); err != nil {
			return err
		}
		if len(page.Items) == 0 {
			select {
			case <-ctx.Done():
			case <-time.After(breather):
			}
			continue
		}
		order := page.Items[0]
		if n%4 == 1 {
			if err := c.step(working, order.ID, "cancel", map[string]any{"reason": "the customer changed his mind"}); err != nil {
				return err
			}
			c.Cancelled[order.InvoiceID] = true
			continue
		}
		if err := c.step(working, order.ID, "pack", map[string]any{}); err != nil {
			return err
		}
		if err := c.step(working, order.ID, "ship", map[string]any{"carrier": "Post", "tracking": rand.Text()}); err != nil {
			return err
		}
		c.Shipped++
	}
	return nil
}

// step moves an order. One that is refused has been made before, by a try of
// which no answer came.
func (c *Clerk) step(ctx context.Context, order, step string, body any) error {
	err := c.insist(ctx, request{http.MethodPost, "/order/" + order + "/" + step, body, rand.Text(), http.StatusOK}, nil)
	if errors.Is(err, errRefused) {
		return nil
	}
	return err
}
