package rest

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"shop/modules/stats"
	"shop/platform/audit"
	"shop/platform/event"
	"shop/platform/httpapi"
	"shop/platform/page"
	"shop/platform/remote"
)

// Client is statistics in another process, over the routes beside.
type Client struct{ remote *remote.Client }

var _ stats.Service = (*Client)(nil)

// NewClient makes the statistics that r reaches.
func NewClient(r *remote.Client) *Client { return &Client{r} }

// Record implements stats.Service.
func (c *Client) Record(ctx context.Context, in stats.RecordInput) (stats.Recorded, error) {
	var wire RecordedMany
	_, err := c.remote.Do(ctx, remote.Call{
		Does: stats.MethodRecord, Method: http.MethodPost, Path: "/internal/stats/entries",
		Key: in.Key, TakesKey: true, Body: batchOf(in.Actions), Result: &wire,
	})
	return stats.Recorded{IDs: wire.IDs}, batchError(err, len(in.Actions))
}

// batchError names the fields as the face does, wherever they were refused: a
// batch that is cut off at the edge is refused by its own form.
func batchError(err error, actions int) error {
	if actions == 1 {
		err = relocated(err, "body.actions[0].", "body.")
	}
	return relocated(err, "body.actions", "body")
}

// Entries implements stats.Service.
func (c *Client) Entries(ctx context.Context, in stats.EntriesInput) (page.Page[stats.Entry], error) {
	query := httpapi.PageValues(in.Page)
	setPeriod(query, in.From, in.To, in.Action)
	if !in.UserID.IsZero() {
		query.Set("user_id", in.UserID.String())
	}
	var wire httpapi.ListBody[Entry]
	_, err := c.remote.Do(ctx, remote.Call{
		Does: stats.MethodEntries, Method: http.MethodGet, Path: "/log", Query: query, Result: &wire,
	})
	return httpapi.PageOf(wire, Entry.value), err
}

// Summary implements stats.Service.
func (c *Client) Summary(ctx context.Context, in stats.SummaryInput) (stats.Summary, error) {
	query := url.Values{}
	setPeriod(query, in.From, in.To, in.Action)
	if in.Bucket != "" {
		query.Set("bucket", string(in.Bucket))
	}
	if in.By != stats.ByNothing {
		query.Set("by", string(in.By))
	}
	var wire Summary
	_, err := c.remote.Do(ctx, remote.Call{
		Does: stats.MethodSummary, Method: http.MethodGet, Path: "/log/summary", Query: query, Result: &wire,
	})
	return wire.value(), err
}

// setPeriod writes what Period reads.
func setPeriod(query url.Values, from, to time.Time, action string) {
	if !from.IsZero() {
		query.Set("from", from.Format(time.RFC3339Nano))
	}
	if !to.IsZero() {
		query.Set("to", to.Format(time.RFC3339Nano))
	}
	if action != "" {
		query.Set("action", action)
	}
}

// Receive implements stats.Service.
func (c *Client) Receive(ctx context.Context, e event.Envelope) error {
	_, err := c.remote.Do(ctx, remote.Call{
		Does: stats.MethodReceive, Method: http.MethodPost, Path: "/internal/stats/events", Body: e,
	})
	return err
}

// Verify implements stats.Service.
func (c *Client) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	return audit.Call(ctx, c.remote, "stats", in)
}
