package traffic

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// identifiers are those of users, products, items and invoices in a path.
var identifiers = regexp.MustCompile(`[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}`)

// Shop is where the books are looked at.
type Shop struct {
	// Public and Stats are URLs: of a public listener, and of an internal listener
	// that hosts statistics.
	Public, Stats string
	// Admin is the token of an administrator's session.
	Admin string
}

// Check compares what the customers were promised with what the shop has: each
// invoice once and paid, with the amount that was shown; each log entry once. It
// returns a line for each difference.
func (r *Report) Check(ctx context.Context, s Shop) ([]string, error) {
	var differences []string
	differ := func(format string, args ...any) { differences = append(differences, fmt.Sprintf(format, args...)) }
	for _, c := range r.Customers {
		invoices := map[string]int64{}
		err := pages(ctx, s.Public+"/user/"+c.UserID+"/invoices?limit=100", s.Admin, func(item json.RawMessage) error {
			var invoice struct {
				ID     string `json:"id"`
				Status string `json:"status"`
				Total  struct {
					Amount int64 `json:"amount"`
				} `json:"total"`
			}
			if err := json.Unmarshal(item, &invoice); err != nil {
				return err //nolint:wrapcheck // pages says of what
			}
			invoices[invoice.ID] = invoice.Total.Amount
			if want := r.status(invoice.ID); invoice.Status != want {
				differ("%s: invoice %s is %s", c.Address, invoice.ID, invoice.Status)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for id, amount := range c.Invoices {
			if got, found := invoices[id]; !found || got != amount {
				differ("%s: invoice %s over %d is there as %d", c.Address, id, amount, got)
			}
		}
		for id := range invoices {
			if _, known := c.Invoices[id]; !known {
				differ("%s: nobody asked for invoice %s", c.Address, id)
			}
		}
	}
	marks, err := r.marks(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, c := range r.Customers {
		for _, mark := range c.Marks {
			if marks[mark] != 1 {
				differ("%s: log entry %s is there %d times", c.Address, mark, marks[mark])
			}
			delete(marks, mark)
		}
	}
	for mark, n := range marks {
		differ("log entry %s is there %d times and was never acknowledged", mark, n)
	}
	return differences, nil
}

// status is how an invoice ends.
func (r *Report) status(invoice string) string {
	if r.Clerk != nil && r.Clerk.Cancelled[invoice] {
		return "refunded"
	}
	return "paid"
}

// marks counts the log entries of the run.
func (r *Report) marks(ctx context.Context, s Shop) (map[string]int, error) {
	now := time.Now().UTC()
	query := url.Values{
		"from": {now.Add(-24 * time.Hour).Format(time.RFC3339)}, "to": {now.Add(time.Hour).Format(time.RFC3339)},
		"action": {r.Run}, "limit": {"100"},
	}
	marks := map[string]int{}
	err := pages(ctx, s.Stats+"/log?"+query.Encode(), s.Admin, func(item json.RawMessage) error {
		var entry struct {
			Data struct {
				Mark string `json:"mark"`
			} `json:"data"`
		}
		if err := json.Unmarshal(item, &entry); err != nil {
			return err //nolint:wrapcheck // pages says of what
		}
		marks[entry.Data.Mark]++
		return nil
	})
	return marks, err
}

// pages reads a list to its end.
func pages(ctx context.Context, address, token string, read func(json.RawMessage) error) error {
	next := ""
	for {
		from := address
		if next != "" {
			from += "&cursor=" + url.QueryEscape(next)
		}
		var page struct {
			Items      []json.RawMessage `json:"items"`
			NextCursor string            `json:"next_cursor"`
		}
		if err := get(ctx, from, token, &page); err != nil {
			return err
		}
		for _, item := range page.Items {
			if err := read(item); err != nil {
				return fmt.Errorf("read an item of %s: %w", address, err)
			}
		}
		if next = page.NextCursor; next == "" {
			return nil
		}
	}
}

func get(ctx context.Context, address, token string, answer any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := new(http.Client).Do(r) // ctx limits it
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("ask %s: %s: %s", address, response.Status, text)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("ask %s: %w", address, err)
	}
	return nil
}
