package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
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
type Problem struct { //nolint:errname // it is what RFC 9457 calls it
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
	Number  *int64 `json:"number,omitempty" doc:"What the message tells, for programs: how many are left, an amount in minor units." example:"3"`
}

const (
	internalMessage = "something went wrong on our side; the request_id finds it in our log"
	problemType     = "application/problem+json"
)

// Errors of requests for which there is no operation.
var (
	errNoRoute  = fault.New(fault.NotFound, "no_such_route", "there is nothing at this path; GET / lists where to start")
	errNoMethod = fault.New(fault.NotFound, "method_not_allowed", "this path does not offer that method; see the Allow header")
	// errMisdirected is answered on the internal listener of a process that does
	// not host the operation's module.
	errMisdirected = fault.New(fault.Misdirected, "misdirected", "this process does not host the module")
)

// Errors of requests that ended before their operation.
var (
	errTimeout = fault.New(fault.Timeout, "timeout", "the request took too long")
	errGone    = fault.New(fault.Timeout, "client_closed_request", "the client did not wait for the answer")
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

// statusesByCode are those that no kind stands for.
var statusesByCode = map[string]int{
	errNoMethod.Code: http.StatusMethodNotAllowed,
	errSlow.Code:     http.StatusRequestTimeout,
	errGone.Code:     statusGone,
}

// statusGone is what the log and the metrics say of a client that did not wait
// for the answer; nginx made the number known.
const statusGone = 499

// minRetryAfter is when to try again what says nothing about it.
const minRetryAfter = time.Second

// problem turns what an operation returned into the answer.
func (a *API) problem(ctx context.Context, err error) *Problem {
	if already, ok := err.(*Problem); ok { //nolint:errorlint // only what this package made passes unchanged
		return already
	}
	return newProblem(ctx, exchangeOf(ctx), err)
}

// newProblem turns err into the answer. A cause that callers must not see is
// kept for the request's line in the log.
func newProblem(ctx context.Context, state *exchange, err error) *Problem {
	f := fault.From(err)
	status := statusOf(f)
	if status >= http.StatusInternalServerError {
		switch gone := ctx.Err(); {
		case errors.Is(gone, context.Canceled):
			f, status = errGone, statusGone
		case gone != nil && f.Kind == fault.Internal:
			f, status = errTimeout, statusOf(errTimeout)
		}
	}
	p := &Problem{Title: titleOf(status), Status: status, Code: f.Code, Detail: f.Message, RequestID: request.ID(ctx)}
	if f.Kind == fault.Internal {
		p.Detail = internalMessage
	}
	for _, field := range f.Fields {
		p.rejectField(field)
	}
	switch status {
	case http.StatusUnauthorized:
		p.setHeader("Www-Authenticate", challenge(f))
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		p.setHeader("Retry-After", seconds(max(f.RetryAfter, minRetryAfter)))
	default:
		if f.RetryAfter > 0 {
			p.setHeader("Retry-After", seconds(f.RetryAfter))
		}
	}
	if status >= http.StatusInternalServerError && state != nil {
		state.failure = err
	}
	return p
}

func statusOf(f *fault.Error) int {
	if status, found := statusesByCode[f.Code]; found {
		return status
	}
	if status, found := statuses[f.Kind]; found {
		return status
	}
	return http.StatusInternalServerError
}

func titleOf(status int) string {
	if status == statusGone {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

// challenge says how to authenticate (RFC 6750, section 3): whoever sent no
// token hears nothing more.
func challenge(f *fault.Error) string {
	if f.Code == errToken.Code || f.Code == errServiceToken.Code {
		return `Bearer realm="shop", error="invalid_token"`
	}
	return `Bearer realm="shop"`
}

const (
	// maxFields is how many rejected parts one problem names.
	maxFields = 100
	// maxLocation is how long the place of one may be; names that a client made
	// up are part of it.
	maxLocation = 200
)

// reject names one more rejected part.
func (p *Problem) reject(location, message string) {
	p.rejectField(fault.Field{Location: location, Message: message})
}

func (p *Problem) rejectField(field fault.Field) {
	location := field.Location
	if len(p.Errors) == maxFields {
		return
	}
	if len(location) > maxLocation {
		location = strings.ToValidUTF8(location[:maxLocation], "") + "…"
	}
	p.Errors = append(p.Errors, ProblemField{Field: location, Message: field.Message, Number: field.Number})
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

// writeTo answers with the problem.
func (p *Problem) writeTo(w http.ResponseWriter) {
	header := w.Header()
	maps.Copy(header, p.header)
	if p.Code == errNoMethod.Code {
		// HEAD goes wherever GET does, which the router does not know.
		header.Set("Allow", strings.Replace(header.Get("Allow"), http.MethodGet, http.MethodGet+", "+http.MethodHead, 1))
	} else {
		header.Del("Allow")
	}
	header.Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) //nolint:errchkjson // a client that has gone needs no answer
}

var configureOnce sync.Once

// configureHuma makes huma answer its own findings (validation, unreadable
// bodies) as problems, and take names as they are: by default NAME would be
// validated as little as an unknown field and then decoded as name.
func configureHuma() {
	configureOnce.Do(func() {
		huma.ValidateStrictCasing = true
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
	p := &Problem{Title: titleOf(status), Status: status, Detail: message, RequestID: requestID, Code: "http_" + strconv.Itoa(status)}
	switch status {
	case http.StatusUnprocessableEntity:
		p.Code, p.Detail = fault.CodeInvalid, "the request has invalid fields"
	case http.StatusBadRequest:
		p.Code, p.Detail = errMalformed.Code, errMalformed.Message
	case http.StatusInternalServerError:
		p.Code, p.Detail = "internal", internalMessage
	}
	for _, err := range errs {
		if err == nil {
			continue
		}
		location, finding := "body", err.Error()
		if d, ok := err.(huma.ErrorDetailer); ok {
			location, finding = d.ErrorDetail().Location, d.ErrorDetail().Message
		}
		if place, rest, found := strings.Cut(finding, "\x00"); found {
			location, finding = place, rest // see located
		}
		if rest, found := strings.CutPrefix(finding, "expected required property "); found {
			location += "." + strings.TrimSuffix(rest, " to be present") // huma names the object
		}
		p.reject(location, plain(finding))
	}
	if len(p.Errors) == 0 && status == http.StatusBadRequest {
		p.reject("body", message)
	}
	return p
}

// plain cuts a parser's own words from what huma says: they may repeat the
// value.
func plain(message string) string {
	if rest, found := strings.CutPrefix(message, "invalid value: "); found {
		return rest // what an UnmarshalText of ours says
	}
	if strings.HasPrefix(message, "expected string to be ") || strings.HasPrefix(message, "expected duration") {
		message, _, _ = strings.Cut(message, ": ")
	}
	return message
}
