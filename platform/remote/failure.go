package remote

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/platform/contract"
	"shop/platform/fault"
)

// retryAfter is when a caller may expect a module back.
const retryAfter = 2 * time.Second

// errSlow is why a call ended when the client's own time limit has passed.
var errSlow = errors.New("no answer within the client's time limit")

// unavailable is the error of a module that cannot be reached, or does not
// answer as a module does. sent is true when it may have received something.
func (c *Client) unavailable(cause error, sent bool) error {
	return fault.New(fault.Unavailable, c.codeUnavailable(), "the "+c.options.Module+" module cannot be reached at the moment").
		WithRetryAfter(retryAfter).WithCause(&contract.Failure{Sent: sent, Cause: cause})
}

func (c *Client) codeUnavailable() string { return c.options.Module + "_unavailable" }

// ended is what a call means that got no answer: the caller gave up, the time
// was over, or the module cannot be reached.
func (c *Client) ended(ctx context.Context, m *message, err error, sent bool) error {
	switch over := m.over(ctx); {
	case errors.Is(over, context.Canceled):
		return fmt.Errorf("call %s: %w", c.options.Module, over)
	case over != nil:
		return c.late(m, err, sent)
	default:
		return c.unavailable(err, sent)
	}
}

// late is what a call means whose time was over. When that was this side's own
// limit, the module counts as not to be reached; the caller has not seen its own
// deadline pass.
func (c *Client) late(m *message, err error, sent bool) error {
	if m.bounded {
		return c.unavailable(fmt.Errorf("%w: %w", errSlow, err), sent)
	}
	return fault.New(fault.Timeout, c.options.Module+"_timeout", "the "+c.options.Module+" module did not answer in time").
		WithRetryAfter(retryAfter).WithCause(&contract.Failure{Sent: sent, Cause: err})
}

// worst is the error of a call whose attempts failed with before and err: that
// something has been sent must not be forgotten because the last attempt sent
// nothing.
func worst(before, err error) error {
	if earlier, later := failureIn(before), failureIn(err); earlier != nil && earlier.Sent && later != nil && !later.Sent {
		return before
	}
	return err
}

// failureIn finds the failure in err's chain; nil when there is none.
func failureIn(err error) *contract.Failure {
	failure, _ := errors.AsType[*contract.Failure](err)
	return failure
}
