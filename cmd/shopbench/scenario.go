package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"shop/cmd/shopbench/internal/dataset"
	"shop/cmd/shopbench/internal/load"
)

const (
	productsPath = "/products/?limit=20"
	// cartWindow is how many products a customer's cart may hold, so that both
	// new items and higher quantities are written.
	cartWindow = 50
	logBatch   = 1000
	// logTime is as long for every time.
	logTime = "2006-01-02T15:04:05.000000Z"
)

// scenario is what customers do over and over.
type scenario struct {
	key     string // for -only
	name    string
	prepare func(context.Context, *client) error // before each measurement, nil for nothing
	step    func(context.Context, *client) error
	goal    goal
}

const keyPage = "page"

func scenarios() []scenario {
	return []scenario{
		{key: "product", name: "one product", step: viewProduct, goal: goal{atLeast: 2, against: columnGinGORM}},
		{key: keyPage, name: "page of 20", step: viewPage, goal: goal{atLeast: 1.5, against: columnGinGORM}},
		{key: "deep", name: "page of 20, half-way down", step: viewDeepPage, goal: goal{atLeast: 0.8, ownScenario: keyPage}},
		{key: "search", name: "search", step: search},
		{
			key: "cart", name: "add to cart", prepare: emptyCart, step: addToCart,
			goal: goal{atLeast: 0.7, against: columnByHand, on: databasePostgres},
		},
		{
			key: "purchase", name: "add, check out and pay", prepare: emptyCart, step: purchase,
			goal: goal{atLeast: 0.5, against: columnByHand, on: databasePostgres},
		},
		{key: "log1", name: "log 1", step: logOne},
		{key: "log1000", name: "log 1,000", step: logThousand},
	}
}

func scenarioKeys() []string {
	var keys []string
	for _, s := range scenarios() {
		keys = append(keys, s.key)
	}
	return keys
}

func viewProduct(ctx context.Context, c *client) error {
	products := c.catalog.products
	_, err := c.get(ctx, "/product/"+products[c.rng.IntN(len(products))])
	return err
}

func viewPage(ctx context.Context, c *client) error {
	_, err := c.get(ctx, c.catalog.firstPage(c.rng))
	return err
}

func viewDeepPage(ctx context.Context, c *client) error {
	_, err := c.get(ctx, c.catalog.deepPage(c.rng))
	return err
}

func search(ctx context.Context, c *client) error {
	_, err := c.get(ctx, productsPath+"&q="+url.QueryEscape(dataset.Query(c.rng)))
	return err
}

func emptyCart(ctx context.Context, c *client) error {
	_, err := c.conn.Do(ctx, load.Request{Method: "DELETE", Path: "/user/" + c.userID + "/cart/", Token: c.token})
	return err
}

func addToCart(ctx context.Context, c *client) error {
	products := c.catalog.products
	product := products[(c.number*cartWindow+c.rng.IntN(cartWindow))%len(products)]
	return c.putInCart(ctx, product)
}

// purchase is three requests: the last two carry idempotency keys, as those of
// a careful client do.
func purchase(ctx context.Context, c *client) error {
	products := c.catalog.products
	if err := c.putInCart(ctx, products[c.rng.IntN(len(products))]); err != nil {
		return err
	}
	resp, err := c.conn.Do(ctx, load.Request{
		Method: "POST", Path: "/user/" + c.userID + "/checkout", Token: c.token,
		IdempotencyKey: c.idempotencyKey(), Body: []byte("{}"),
	})
	if err != nil {
		return err
	}
	var checkedOut struct {
		InvoiceID string `json:"invoice_id"`
	}
	if err = json.Unmarshal(resp.Body, &checkedOut); err != nil {
		return fmt.Errorf("read the answer of the checkout: %w", err)
	}
	_, err = c.conn.Do(ctx, load.Request{
		Method: "POST", Path: "/invoices/" + checkedOut.InvoiceID + "/pay", Token: c.token,
		IdempotencyKey: c.idempotencyKey(), Body: []byte(`{"payment_method":"pm_ok"}`),
	})
	return err
}

func (c *client) putInCart(ctx context.Context, product string) error {
	c.body = append(c.body[:0], `{"product_id":"`...)
	c.body = append(c.body, product...)
	c.body = append(c.body, `","quantity":1}`...)
	_, err := c.conn.Do(ctx, load.Request{
		Method: "POST", Path: "/user/" + c.userID + "/cart/", Token: c.token, Body: c.body,
	})
	return err
}

func logOne(ctx context.Context, c *client) error {
	c.body = c.appendLogEntry(c.body[:0], time.Now())
	_, err := c.conn.Do(ctx, load.Request{Method: "POST", Path: "/log", Token: c.token, Body: c.body})
	return err
}

// logThousand sends what happened within the last second. The body is made
// once, since making it costs more than some servers' answer, but for the times,
// which go on as they do in life: the same ones again and again would scatter
// over the indexes what belongs to their end.
func logThousand(ctx context.Context, c *client) error {
	now := time.Now()
	if c.log1000 == nil {
		for range logBatch {
			c.log1000 = append(c.log1000, ',')
			c.log1000 = c.appendLogEntry(c.log1000, now)
			c.logTimes = append(c.logTimes, len(c.log1000)-len(logTime+`"}`))
		}
		c.log1000[0] = '['
		c.log1000 = append(c.log1000, ']')
	}
	for i, at := range c.logTimes {
		happened := now.Add(time.Duration(i-logBatch) * time.Millisecond)
		c.body = happened.UTC().AppendFormat(c.body[:0], logTime)
		copy(c.log1000[at:], c.body)
	}
	_, err := c.conn.Do(ctx, load.Request{Method: "POST", Path: "/log", Token: c.token, Body: c.log1000})
	return err
}

func (c *client) appendLogEntry(b []byte, at time.Time) []byte {
	products := c.catalog.products
	b = append(b, `{"user_id":"`...)
	b = append(b, c.userID...)
	b = append(b, `","action":"product.viewed","data":{"product_id":"`...)
	b = append(b, products[c.rng.IntN(len(products))]...)
	b = append(b, `","position":`...)
	b = strconv.AppendInt(b, c.rng.Int64N(100), 10)
	b = append(b, `},"at":"`...)
	b = at.UTC().AppendFormat(b, logTime)
	return append(b, `"}`...)
}
