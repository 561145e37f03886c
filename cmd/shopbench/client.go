package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"time"

	"shop/cmd/shopbench/internal/load"
)

// client is one customer at one server: a connection, an account and what the
// customer has seen of the catalog.
type client struct {
	conn     *load.Conn
	rng      *rand.Rand
	number   int
	userID   string
	token    string
	catalog  *catalog
	body     []byte // of the request at hand
	log1000  []byte // a body of entries, made once
	logTimes []int  // where the times of its entries begin
}

func newClient(address string, number int) *client {
	return &client{
		conn:   load.NewConn(address),
		rng:    rand.New(rand.NewPCG(uint64(number), 1)), //nolint:gosec // the same choices in every run
		number: number,
	}
}

// get fetches a path.
func (c *client) get(ctx context.Context, path string) (load.Response, error) {
	return c.conn.Do(ctx, load.Request{Method: "GET", Path: path, Token: c.token})
}

// post sends the value and reads the answer into answer, unless it is nil.
func (c *client) post(ctx context.Context, path string, value, answer any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write the body: %w", err)
	}
	resp, err := c.conn.Do(ctx, load.Request{Method: "POST", Path: path, Token: c.token, Body: body})
	if err != nil || answer == nil {
		return err
	}
	if err := json.Unmarshal(resp.Body, answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	return nil
}

// idempotencyKey returns a key that no other request has.
func (c *client) idempotencyKey() string {
	key := strconv.AppendUint(nil, c.rng.Uint64(), 36)
	key = append(key, '-')
	key = strconv.AppendInt(key, time.Now().UnixNano(), 36)
	return string(strconv.AppendInt(append(key, '-'), int64(c.number), 10))
}

// catalog is what a walk through all pages finds.
type catalog struct {
	products []string // ids
	pages    []string // paths, the first page first
}

// pagesInSample is how many neighbouring pages a scenario visits at random.
const pagesInSample = 50

// firstPage returns one of the first pages.
func (c *catalog) firstPage(rng *rand.Rand) string {
	return c.pages[rng.IntN(min(pagesInSample, len(c.pages)/2))]
}

// deepPage returns one of the pages from the middle on.
func (c *catalog) deepPage(rng *rand.Rand) string {
	middle := len(c.pages) / 2
	return c.pages[middle+rng.IntN(min(pagesInSample, len(c.pages)-middle))]
}

// walk reads the whole catalog page by page, as a customer could.
func (c *client) walk(ctx context.Context) (*catalog, error) {
	found := &catalog{}
	for path := productsPath; path != ""; {
		resp, err := c.get(ctx, path)
		if err != nil {
			return nil, err
		}
		var page struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
			NextCursor string `json:"next_cursor"`
		}
		if err := json.Unmarshal(resp.Body, &page); err != nil {
			return nil, fmt.Errorf("read a page: %w", err)
		}
		if len(page.Items) > 0 {
			found.pages = append(found.pages, path)
		}
		for _, item := range page.Items {
			found.products = append(found.products, item.ID)
		}
		path = ""
		if page.NextCursor != "" {
			path = productsPath + "&cursor=" + url.QueryEscape(page.NextCursor)
		}
	}
	return found, nil
}
