package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	sdk "github.com/stripe/stripe-go/v84"

	"shop/modules/payments/internal/provider"
)

// refusal is a request that Stripe answered with an error. Its text holds
// nothing of the customer's, which that of the library's error does.
type refusal struct{ answer *sdk.Error }

// Error implements error.
func (r refusal) Error() string {
	return fmt.Sprintf("stripe answered %d: %s (request %s)", r.answer.HTTPStatusCode, reasonOf(r.answer), r.answer.RequestID)
}

// errUnreadable stands for an answer that is none of Stripe's.
var errUnreadable = errors.New("stripe's answer cannot be read")

// told is an error of the library without what must not be logged.
func told(err error) error {
	var answer *sdk.Error
	var line *url.Error
	switch {
	case errors.As(err, &answer):
		return refusal{answer}
	case errors.As(err, &line), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	default:
		return errUnreadable
	}
}

// reasonOf says in Stripe's codes what was wrong.
func reasonOf(answer *sdk.Error) string {
	var words []string
	for _, word := range []string{string(answer.Type), string(answer.Code), string(answer.DeclineCode), answer.Param} {
		if word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// post sends a request that moves money and sorts its errors: what is certain
// to have done nothing is provider.ErrUnreachable or a refusal for good.
func post[P, V any](ctx context.Context, params P, send func(context.Context, P) (V, error)) (V, error) {
	// The hook runs in the goroutine that dials, which may outlive the request.
	var connected atomic.Bool
	v, err := send(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	}), params)
	if err == nil {
		return v, nil
	}
	err = told(err)
	var answered refusal
	switch {
	case !errors.As(err, &answered):
		if !connected.Load() { // not a byte was sent
			err = fmt.Errorf("%w: %w", provider.ErrUnreachable, err)
		}
	case untried(answered.answer):
		err = fmt.Errorf("%w: %w", provider.ErrUnreachable, err)
	}
	return v, err
}

// untried reports whether Stripe turned a request away at the door.
func untried(answer *sdk.Error) bool {
	switch answer.HTTPStatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return true // the key is wrong, or may not do this
	case http.StatusTooManyRequests:
		return answer.Code != sdk.ErrorCodeLockTimeout
	default:
		return false
	}
}

// refusalOf is the answer that refuses for good what was asked for; nil when
// err is something else. A conflict of idempotency keys is no refusal: the
// request that came first may succeed.
func refusalOf(err error) *sdk.Error {
	var answered refusal
	if !errors.As(err, &answered) || errors.Is(err, provider.ErrUnreachable) {
		return nil
	}
	answer := answered.answer
	switch answer.Type {
	case sdk.ErrorTypeCard:
		return answer
	case sdk.ErrorTypeInvalidRequest:
		if answer.HTTPStatusCode == http.StatusBadRequest || answer.HTTPStatusCode == http.StatusNotFound ||
			answer.HTTPStatusCode == http.StatusPaymentRequired {
			return answer
		}
	default:
	}
	return nil
}
