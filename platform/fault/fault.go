// Package fault is the one error that crosses a boundary: between modules,
// between processes and towards API consumers. Inside a module errors are
// ordinary Go errors; what leaves a module is a *fault.Error or is treated as
// an internal failure whose details stay in the log.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what sort of failure it is; the HTTP status follows from it alone.
// Kinds cross the wire by number: append only, never reorder.
type Kind uint8

// The kinds of failure, with the status that each becomes (RFC 9110).
const (
	Internal        Kind = iota // 500: a defect or an unforeseen failure
	Invalid                     // 422: the input cannot be accepted as it is
	Malformed                   // 400: the input cannot even be read
	Unauthenticated             // 401: who is asking is not known
	Forbidden                   // 403: who is asking may not do that
	NotFound                    // 404: there is no such thing, or not for the one who asks
	Conflict                    // 409: the state of the thing does not allow it now
	Precondition                // 412: the thing changed since the caller saw it
	TooLarge                    // 413: the body is larger than is accepted
	Unsupported                 // 415: the body's media type is not understood
	Misdirected                 // 421: the module is not hosted by this process
	Limited                     // 429: too many requests; RetryAfter says when to come back
	Unavailable                 // 503: a dependency does not answer; RetryAfter says when to come back
	Timeout                     // 504: the deadline passed before the outcome was known
	Declined                    // 402: the payment was refused
)

// Field is one rejected part of an input.
type Field struct {
	// Location is the path of the part, such as "body.price.amount" or
	// "query.limit".
	Location string
	// Message says what is wrong with it. It never repeats the value.
	Message string
	// Number is what Message tells, for programs: how many are left, an amount in
	// minor units. Nil where there is no number to tell.
	Number *int64
}

// Error is a failure that a caller can program against. Code is stable;
// Message is for people and may change.
type Error struct {
	Kind       Kind
	Code       string
	Message    string
	Fields     []Field
	RetryAfter time.Duration
	cause      error
}

// New makes an error; sentinels are made with it.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// InvalidField is the error of one field that cannot be accepted.
func InvalidField(location, message string) *Error {
	return &Error{
		Kind: Invalid, Code: CodeInvalid, Message: "the request has invalid fields",
		Fields: []Field{{Location: location, Message: message}},
	}
}

// ErrPrecondition is returned when a change is based on a version that is no
// longer the current one.
var ErrPrecondition = New(Precondition, "precondition_failed", "it has changed since you read it; read it again")

// CodeInvalid is the code of input that failed validation.
const CodeInvalid = "invalid_request"

// Error implements error. It contains no input values and can be logged.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString(e.Code + ": " + e.Message)
	for _, f := range e.Fields {
		text.WriteString("; " + f.Location + ": " + f.Message)
	}
	if e.cause != nil {
		text.WriteString(": " + e.cause.Error())
	}
	return text.String()
}

// Is makes errors.Is true for every error with the same code, also for one
// that arrived from another process.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Unwrap returns the cause, which is for the log and never leaves the process.
func (e *Error) Unwrap() error { return e.cause }

// With returns a copy that carries a more specific message.
func (e *Error) With(format string, args ...any) *Error {
	c := *e
	c.Message = fmt.Sprintf(format, args...)
	return &c
}

// WithField returns a copy that names one more rejected part.
func (e *Error) WithField(location, message string) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), Field{Location: location, Message: message})
	return &c
}

// WithNumber returns a copy that names one more rejected part, together with the
// number that its message tells.
func (e *Error) WithNumber(location, message string, number int64) *Error {
	c := e.WithField(location, message)
	c.Fields[len(c.Fields)-1].Number = &number
	return c
}

// WithCause returns a copy that carries what went wrong beneath.
func (e *Error) WithCause(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

// WithRetryAfter returns a copy that says when trying again makes sense.
func (e *Error) WithRetryAfter(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// From finds the *Error in err's chain. Without one it returns an Internal
// error with err as its cause, so that every failure has a kind and a code.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", Message: "something went wrong on our side", cause: err}
}

// KindOf is the kind of err: that of the *Error in its chain, else Internal.
func KindOf(err error) Kind { return From(err).Kind }
