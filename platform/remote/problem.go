package remote

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"shop/platform/contract"
	"shop/platform/fault"
)

// problem is application/problem+json (RFC 9457) as the shop answers it.
type problem struct {
	Detail string `json:"detail"`
	Code   string `json:"code"`
	Errors []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
		Number  *int64 `json:"number"`
	} `json:"errors"`
}

// kinds is the inverse of what the far side did with a fault's kind.
var kinds = map[int]fault.Kind{
	http.StatusInternalServerError:   fault.Internal,
	http.StatusUnprocessableEntity:   fault.Invalid,
	http.StatusBadRequest:            fault.Malformed,
	http.StatusUnauthorized:          fault.Unauthenticated,
	http.StatusForbidden:             fault.Forbidden,
	http.StatusNotFound:              fault.NotFound,
	http.StatusConflict:              fault.Conflict,
	http.StatusPreconditionFailed:    fault.Precondition,
	http.StatusRequestEntityTooLarge: fault.TooLarge,
	http.StatusUnsupportedMediaType:  fault.Unsupported,
	http.StatusTooManyRequests:       fault.Limited,
	http.StatusServiceUnavailable:    fault.Unavailable,
	http.StatusGatewayTimeout:        fault.Timeout,
	http.StatusPaymentRequired:       fault.Declined,
}

// Codes that a listener answers before any module is reached.
const (
	// codeServiceToken: the token is not accepted. That is the operator's
	// mistake, not the user's.
	codeServiceToken = "invalid_service_token"
	// codeMisdirected: the process does not host the module (any more).
	codeMisdirected = "misdirected"
	// codeNoRoute and codeNoMethod: it does not know the operation.
	codeNoRoute, codeNoMethod = "no_such_route", "method_not_allowed"
	// codeTimeout: the time that this side gave it was over.
	codeTimeout = "timeout"
	// codeDatabase: it cannot reach its database.
	codeDatabase = "database_unavailable"
)

// problem is what an answer says about the target, and the error that it stands
// for.
func (c *Client) problem(t *target, m *message, a answer, body []byte) (outcome, error) {
	var p problem
	kind, known := kinds[a.status]
	media := a.header.Get("Content-Type")
	isProblem := strings.HasPrefix(media, "application/problem+json") && json.Unmarshal(body, &p) == nil && p.Code != ""
	switch {
	case isProblem && p.Code == codeServiceToken:
		return sick, c.unavailable(errorAt(t, errors.New("it does not accept the service token: do both sides have the same keys?")), true)
	case isProblem && (p.Code == codeMisdirected || p.Code == codeNoRoute || p.Code == codeNoMethod):
		t.gate.shut() // another process has taken the address
		return sick, c.unavailable(errorAt(t, errors.New(p.Code+": "+p.Detail)), true)
	case !isProblem || !known:
		return sick, c.unavailable(errorAt(t, fmt.Errorf("status %d with %q, which no module answers", a.status, media)), true)
	case kind == fault.Timeout && p.Code == codeTimeout:
		return c.slow(m), c.late(m, errorAt(t, errors.New(p.Detail)), true)
	}
	e := fault.New(kind, p.Code, p.Detail)
	for _, field := range p.Errors {
		if e = e.WithField(field.Field, field.Message); field.Number != nil {
			e.Fields[len(e.Fields)-1].Number = field.Number
		}
	}
	if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err == nil {
		e = e.WithRetryAfter(time.Duration(seconds) * time.Second)
	}
	cause := errorAt(t, fmt.Errorf("status %d", a.status))
	switch {
	case kind == fault.Internal:
		return well, e.WithCause(cause)
	case kind != fault.Unavailable && kind != fault.Timeout:
		return well, e
	}
	if p.Code == codeDatabase {
		return sick, e.WithCause(&contract.Failure{Sent: true, Cause: cause})
	}
	// A module that says what it waits for (a payment provider, a neighbour) does
	// work; leaving the target alone would take its other operations away.
	return well, e.WithCause(&contract.Failure{Sent: true, Answered: true, Cause: cause})
}
