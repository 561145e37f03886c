package remote

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"shop/platform/contract"
	"shop/platform/idempotency"
)

// Call is one call of a method of the module.
type Call struct {
	// Does is the method. Its class decides whether the call may be repeated.
	Does contract.Method
	// Method and Path are the route's; Path is escaped already.
	Method, Path string
	Query        url.Values
	// Header is sent besides what every call carries.
	Header http.Header
	// Body becomes JSON; nil sends none.
	Body any
	// Result is a pointer to what the answer's JSON is decoded into; nil ignores
	// the answer. When the call fails it is left as it was, or zero.
	Result any
	// Patience bounds the call in the place of Options.Timeout; 0 leaves that.
	Patience time.Duration
	// Key is what the caller made its request repeatable with, nil for none. It
	// learns whether the far side only repeated an earlier answer.
	Key *idempotency.Key
	// TakesKey says that the route honours Idempotency-Key. An idempotent write
	// then always carries one, made up for this call when Key is nil, so that
	// repeating it is harmless.
	TakesKey bool
}

// maxRetries is how often a call is repeated at most.
const maxRetries = 2

// Do makes a call and returns the header of the answer.
//
// An answer that is a problem becomes the *fault.Error that the module returned:
// same kind, code and fields. When the module cannot be reached, or answers what
// no module answers, the error is a fault of kind Unavailable with the code
// "<module>_unavailable", or of kind Timeout with "<module>_timeout" when the
// caller's own deadline passed; a *contract.Failure is in the chain of both, and
// of what the module itself answers with 503 or 504. When the caller gave up, it
// is context.Canceled.
func (c *Client) Do(ctx context.Context, call Call) (http.Header, error) {
	// The bulkhead is a counter: failsafe-go's waits, which a refusal at once does
	// not need, and costs a closure and an execution per call.
	defer c.underway.Add(-1)
	if c.underway.Add(1) > int64(c.options.MaxConcurrent) {
		return nil, c.unavailable(errBusy, false)
	}
	m, err := newMessage(call)
	if err != nil {
		return nil, err
	}
	m.limit(ctx, cmp.Or(call.Patience, c.options.Timeout))
	c.budget.earn()
	var last *target
	var before error // of the attempt before
	for retry := 0; ; {
		t, err := c.enter(ctx, m, last)
		if err != nil {
			return nil, worst(before, c.ended(ctx, m, err, false))
		}
		header, err := c.attempt(ctx, t, m)
		switch {
		case err == nil:
			if retry == 0 && header.Get(replayedHeader) == "true" {
				call.Key.MarkReplayed()
			}
			return header, nil
		case errors.Is(err, errDead):
			// There was no attempt; the next one has another connection.
		case retry == maxRetries || !m.repeatable(ctx, err) || !c.budget.spend() || !m.pause(ctx, retry):
			return nil, worst(before, err)
		default:
			last, before = t, worst(before, err)
			retry++
		}
	}
}

// errBusy is why a call was refused at once.
var errBusy = errors.New("too many calls are under way")

// replayedHeader says that the answer is that of an earlier request with the
// same key.
const replayedHeader = "Idempotent-Replayed"

// message is what the attempts of one call share.
type message struct {
	Call

	body  []byte
	query string
	key   string
	// deadline is the context's, or the client's own limit, as bounded says, where
	// that is nearer. It is no context of its own: the connection keeps time.
	deadline time.Time
	bounded  bool
	// left is how long the far side has for the present attempt.
	left time.Duration
	// conn is the idle connection for the present attempt; nil: it needs a new one.
	conn *connection
}

func newMessage(call Call) (*message, error) {
	m := &message{Call: call}
	if call.Body != nil {
		var err error
		if m.body, err = json.Marshal(call.Body); err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
	}
	if len(call.Query) > 0 {
		m.query = call.Query.Encode()
	}
	if call.TakesKey {
		m.key = call.Key.Text()
		if m.key == "" && call.Does.Class == contract.IdempotentWrite {
			m.key = rand.Text()
		}
	}
	return m, nil
}

// limit sets the deadline.
func (m *message) limit(ctx context.Context, own time.Duration) {
	m.deadline, m.bounded = time.Now().Add(own), true
	if deadline, ok := ctx.Deadline(); ok && !m.deadline.Before(deadline) {
		m.deadline, m.bounded = deadline, false
	}
}

// over says why nobody waits for the answer any more; nil while somebody does.
func (m *message) over(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err() //nolint:wrapcheck // it is compared
	}
	if !time.Now().Before(m.deadline) {
		return context.DeadlineExceeded
	}
	return nil
}
