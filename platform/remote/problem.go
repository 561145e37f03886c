package remote

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
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
	} `json:"errors"`
}

// kinds is the inverse of what the far side did with a fault's kind.
var kinds = map[int]fault.Kind{
	http.StatusInternalServerError:   fault.Internal,
	http.StatusUnprocessableEntity:   fault.Invalid,
	http.StatusBadRequest:            fault.Malformed,
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
	http.StatusUnauthorized:          fault.Unauthenticated,
}

// codeServiceToken is what the far side answers when it does not accept the
// caller's service token: the operator's mistake, not the user's.
const codeServiceToken = "invalid_service_token"

// problem is the error that an answer stands for.
func (c *Client) problem(response *http.Response, body []byte) error {
	var p problem
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	kind, known := kinds[response.StatusCode]
	if media != "application/problem+json" || json.Unmarshal(body, &p) != nil || p.Code == "" || !known {
		return c.failure(fmt.Errorf("status %d with %q, which no shop answers here", response.StatusCode, media), true)
	}
	if p.Code == codeServiceToken {
		return c.failure(fmt.Errorf("the far side does not accept the service token: %s", p.Detail), true)
	}
	e := fault.New(kind, p.Code, p.Detail)
	for _, field := range p.Errors {
		e = e.WithField(field.Field, field.Message)
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		e = e.WithRetryAfter(time.Duration(seconds) * time.Second)
	}
	if kind == fault.Unavailable || kind == fault.Timeout {
		e = e.WithCause(&contract.Failure{Sent: true, Cause: fmt.Errorf("status %d", response.StatusCode)})
	}
	return e
}
