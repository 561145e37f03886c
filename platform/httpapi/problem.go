package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"shop/platform/fault"
	"shop/platform/request"
)

// Problem is how every failure is answered (RFC 9457).
type Problem struct {
	Title     string         `json:"title" doc:"The status in words." example:"Unprocessable Entity"`
	Status    int            `json:"status" doc:"The HTTP status code." example:"422"`
	Detail    string         `json:"detail,omitempty" doc:"What went wrong, for people." example:"the request has invalid fields"`
	Code      string         `json:"code" doc:"What went wrong, for programs: stable." example:"invalid_request"`
	RequestID string         `json:"request_id,omitempty" doc:"The request's identifier in the log." example:"8b6d3c1f0a9e4d2b7c5f1a3e"`
	Errors    []ProblemField `json:"errors,omitempty" doc:"The rejected parts of the request."`

	header http.Header
}

// ProblemField is one rejected part of a request. It never repeats the value.
type ProblemField struct {
	Field   string `json:"field" doc:"Where it is." example:"body.price.amount"`
	Message string `json:"message" doc:"What is wrong with it." example:"expected number >= 0"`
}

const (
	internalMessage = "something went wrong on our side; the request_id finds it in our log"
	problemType     = "application/problem+json"
)

// Errors of requests for which there is no operation.
var (
	errNoRoute  = fault.New(fault.NotFound, "no_such_route", "there is nothing at this path; GET / lists where to start")
	errNoMethod = fault.New(fault.NotFound, "method_not_allowed", "this path does not offer that method; see the Allow header")
)

// statuses is the only place where a kind becomes a status.
var statuses = map[fault.Kind]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Malformed:       http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Precondition:    http.StatusPreconditionFailed,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Unsupported:     http.StatusUnsupportedMediaType,
	fault.Misdirected:     http.StatusMisdirectedRequest,
	fault.Limited:         http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
	fault.Timeout:         http.StatusGatewayTimeout,
	fault.Declined:        http.StatusPaymentRequired,
}

// problem turns err into the answer. A cause that callers must not see is kept
// for the request's line in the log.
func (a *API) problem(ctx context.Context, err error) *Problem {
	if already, ok := err.(*Problem); ok { //nolint:errorlint // only what this package made passes unchanged
		return already
	}
	f := fault.From(err)
	if f.Kind == fault.Internal && ctx.Err() != nil {
		f = fault.New(fault.Timeout, "timeout", "the request took too long").WithCause(err)
	}
	p := &Problem{Status: statuses[f.Kind], Code: f.Code, Detail: f.Message, RequestID: request.ID(ctx)}
	if f.Code == errNoMethod.Code {
		p.Status = http.StatusMethodNotAllowed
	}
	if f.Kind == fault.Internal {
		p.Detail = internalMessage
	}
	p.Title = http.StatusText(p.Status)
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, ProblemField{Field: field.Location, Message: field.Message})
	}
	if f.RetryAfter > 0 {
		p.setHeader("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
	}
	if p.Status == http.StatusUnauthorized {
		p.setHeader("Www-Authenticate", `Bearer realm="shop"`)
	}
	if p.Status >= http.StatusInternalServerError {
		if r, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
			r.failure = err
		}
	}
	return p
}

func (p *Problem) setHeader(name, value string) {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
}

// Error implements error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemType }

func (p *Problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) //nolint:errchkjson // a client that has gone needs no answer
}

var problemsOnce sync.Once

// useProblems makes huma answer its own findings (validation, unreadable
// bodies) as problems. huma offers package variables for that, nothing else.
func useProblems() {
	problemsOnce.Do(func() {
		huma.NewErrorWithContext = humaProblem
		huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
			return fromHuma("", status, message, errs)
		}
	})
}

func humaProblem(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
	return fromHuma(request.ID(ctx.Context()), status, message, errs)
}

func fromHuma(requestID string, status int, message string, errs []error) *Problem {
	p := &Problem{Status: status, Detail: message, RequestID: requestID, Code: "http_" + strconv.Itoa(status)}
	switch status {
	case http.StatusUnprocessableEntity:
		p.Code, p.Detail = fault.CodeInvalid, "the request has invalid fields"
	case http.StatusBadRequest:
		p.Code, p.Detail = errMalformed.Code, errMalformed.Message
	case http.StatusInternalServerError:
		p.Code, p.Detail = "internal", internalMessage
	}
	p.Title = http.StatusText(p.Status)
	for _, err := range errs {
		if err == nil {
			continue
		}
		field := ProblemField{Field: "body", Message: err.Error()}
		if d, ok := err.(huma.ErrorDetailer); ok { //nolint:errorlint // huma passes its details unwrapped
			field.Field, field.Message = d.ErrorDetail().Location, d.ErrorDetail().Message
		}
		p.Errors = append(p.Errors, ProblemField{Field: field.Field, Message: plain(field.Message)})
	}
	if len(p.Errors) == 0 && status == http.StatusBadRequest {
		p.Errors = []ProblemField{{Field: "body", Message: message}}
	}
	return p
}

// plain cuts Go's words from what encoding/json and the parsers say.
func plain(message string) string {
	message = strings.TrimPrefix(message, "invalid value: ")
	if rest, found := strings.CutPrefix(message, "json: cannot unmarshal "); found {
		if _, field, found := strings.Cut(rest, " into Go struct field "); found {
			field, _, _ = strings.Cut(field, " of type ")
			return field + " has the wrong type or is out of range"
		}
		return "has the wrong type or is out of range"
	}
	return message
}
