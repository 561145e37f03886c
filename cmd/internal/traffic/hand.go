package traffic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// hand makes requests for somebody, again where they fail.
type hand struct {
	options Options
	tally   *tally
	client  *http.Client
	token   string
}

// request is one that somebody makes.
type request struct {
	method, path string
	body         any
	// key makes a write one that may be repeated.
	key string
	// want is the status of success.
	want int
}

// errRefused is an answer that repeating does not change.
var errRefused = errors.New("refused")

// errSoldOut is how a purchase ends when others were faster.
var errSoldOut = errors.New("sold out")

// insist makes a request, and again while it fails and patience lasts.
func (h *hand) insist(ctx context.Context, r request, answer any) error {
	began := time.Now()
	for {
		wait, err := h.once(ctx, r, answer)
		if err == nil {
			return nil
		}
		if errors.Is(err, errSoldOut) || errors.Is(err, errRefused) || time.Since(began) > h.options.Patience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // the customer was sent away
		case <-time.After(wait):
		}
	}
}

// maxWait is the longest that somebody waits who tries again.
const maxWait = 500 * time.Millisecond

// once makes a request, and says after which pause another try makes sense.
func (h *hand) once(ctx context.Context, r request, answer any) (time.Duration, error) {
	if h.options.Pause > 0 {
		select {
		case <-ctx.Done():
		case <-time.After(h.options.Pause):
		}
	}
	began := time.Now()
	status, code, err := h.send(ctx, r, answer)
	took := time.Since(began)
	var failure string
	switch {
	case err != nil:
		failure = fmt.Sprintf("no answer to %s %s: %s", r.method, label(r.path), reason(err))
	case status == r.want:
		h.tally.answered(took, "")
		return 0, nil
	case code == "items_unavailable" || code == "out_of_stock":
		h.tally.answered(took, "")
		return 0, errSoldOut
	case code == "idempotency_in_progress" || code == "checkout_in_progress" || code == "payment_in_progress":
		// The first try, of which no answer came, is still at work.
		h.tally.answered(took, "")
		return maxWait, errors.New(code)
	default:
		failure = fmt.Sprintf("%d %s to %s %s", status, code, r.method, label(r.path))
	}
	h.tally.answered(took, failure)
	if err == nil && status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
		return 0, fmt.Errorf("%w: %s", errRefused, failure)
	}
	return maxWait / 5, errors.New(failure)
}

func (h *hand) send(ctx context.Context, r request, answer any) (status int, code string, err error) {
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return 0, "", err //nolint:wrapcheck // cannot be
		}
		body = bytes.NewReader(text)
	}
	sent, err := http.NewRequestWithContext(ctx, r.method, h.options.URL+r.path, body)
	if err != nil {
		return 0, "", err //nolint:wrapcheck // the URL is wrong, and in the message
	}
	if body != nil {
		sent.Header.Set("Content-Type", "application/json")
	}
	if h.token != "" {
		sent.Header.Set("Authorization", "Bearer "+h.token)
	}
	if r.key != "" {
		sent.Header.Set("Idempotency-Key", r.key)
	}
	response, err := h.client.Do(sent)
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
