// Package stats is the face of statistics: actions are recorded as they happen
// and counted afterwards. Other modules hold a Service and never know whether
// it lives in this process.
package stats

import (
	"context"
	"encoding/json"
	"time"

	"shop/platform/audit"
	"shop/platform/contract"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/page"
)

// Contract are the versions of this face on the wire.
var Contract = contract.Versions{Newest: 2, Oldest: 1}

// Service is what the statistics module does. Every method may also return a
// fault of kind Unavailable or Timeout.
type Service interface {
	// Record stores actions, all or none, and returns their identifiers in
	// order. Anybody signed in for himself; administrators and services for
	// anybody. It returns when they are committed; concurrent calls share a
	// commit. Safe to repeat with a key. Errors: identity.ErrForbidden, ErrBusy, an
	// invalid field, in body for one action and in body[i] for several.
	Record(ctx context.Context, in RecordInput) (Recorded, error)
	// Entries lists what was recorded in a period, oldest first. Administrators
	// and services. Errors: page.ErrCursor, an invalid field.
	Entries(ctx context.Context, in EntriesInput) (page.Page[Entry], error)
	// Summary counts what was recorded in a period, per bucket of time and per
	// value of By, by time. Administrators and services. Of a time whose entries
	// retention has removed, whole hours are still counted, except per user and in
	// minutes. Errors: an invalid field.
	Summary(ctx context.Context, in SummaryInput) (Summary, error)
	// Receive acts on an event of another module: registrations, checkouts and
	// payments become entries user_registered, checked_out and paid, each once; a
	// removed user's entries lose the user and the data, and stay in the counts,
	// also those that come later. Safe to repeat. Services only. Errors: an invalid
	// field.
	Receive(ctx context.Context, e event.Envelope) error
	// Verify compares the counts that summaries are made of with the entries, for
	// every hour and action whose entries are all there. Administrators and
	// services. With Repair it counts again.
	Verify(ctx context.Context, in audit.Input) (audit.Report, error)
}

// The methods and what repeating them does.
var (
	MethodRecord  = contract.Method{Module: "stats", Name: "Record", Class: contract.IdempotentWrite}
	MethodEntries = contract.Method{Module: "stats", Name: "Entries", Class: contract.Read}
	MethodSummary = contract.Method{Module: "stats", Name: "Summary", Class: contract.Read}
	MethodReceive = contract.Method{Module: "stats", Name: "Receive", Class: contract.IdempotentWrite}
	MethodVerify  = contract.Method{Module: "stats", Name: "Verify", Class: contract.Write}
)

// Limits of what is recorded.
const (
	// MaxActions is how many actions one call may record.
	MaxActions = 1000
	// MaxActionLength is how many characters the name of an action may have.
	MaxActionLength = 100
	// MaxDataBytes is how large the data of one action may be, as JSON.
	MaxDataBytes = 16 << 10
	// MaxDataDepth is how deep objects and arrays in the data of one action may
	// nest; the data itself is the first level.
	MaxDataDepth = 16
	// MaxAhead is how far in the future an action may lie, for the clocks of
	// clients.
	MaxAhead = 5 * time.Minute
	// MaxBuckets is how many buckets the period of a summary may have, and how
	// many counts may come of it.
	MaxBuckets = 10_000
	// DefaultPeriod is how long the period is that ends at To when From is left
	// out.
	DefaultPeriod = 24 * time.Hour
)

// Entry is a recorded action.
type Entry struct {
	ID id.LogEntry
	// UserID is zero for an action that is nobody's.
	UserID id.User
	Action string
	// Data is a JSON object, or nil.
	Data json.RawMessage
	// At is when it happened, UTC, to the microsecond.
	At time.Time
}

// Action is something to record.
type Action struct {
	// UserID is whose action it is; zero means the caller's own.
	UserID id.User
	// Action names what was done: 1 to MaxActionLength lower-case letters,
	// digits, "_", ".", ":" and "-", beginning with a letter or digit.
	Action string
	// Data is a JSON object of at most MaxDataBytes, or nil. It comes back with
	// the same numbers to the digit, without the space between its parts.
	Data json.RawMessage
	// At is when it happened, from the year 2000 to MaxAhead from now; zero
	// means now.
	At time.Time
}

// RecordInput is 1 to MaxActions actions.
type RecordInput struct {
	Key     *idempotency.Key
	Actions []Action
}

// Recorded are the identifiers of what was recorded, in the order of the input.
type Recorded struct{ IDs []id.LogEntry }

// EntriesInput is a half-open period [From, To) and which page of it.
type EntriesInput struct {
	// To is now when zero. From is DefaultPeriod before To when zero, and on
	// later pages where the page before ended.
	From, To time.Time
	Page     page.Request
	// Action keeps one action; empty all.
	Action string
	// UserID keeps one user's; zero all.
	UserID id.User
}

// Bucket is a length of time that a summary counts by; buckets begin at whole
// UTC multiples of it.
type Bucket string

// The buckets.
const (
	BucketMinute Bucket = "minute"
	BucketHour   Bucket = "hour"
	BucketDay    Bucket = "day"
)

// By is what a summary tells apart within a bucket.
type By string

// The ways to tell apart. ByNothing counts everything together.
const (
	ByNothing By = ""
	ByAction  By = "action"
	ByUser    By = "user"
)

// SummaryInput is a half-open period [From, To), in buckets.
type SummaryInput struct {
	// To is now when zero, From is DefaultPeriod before To when zero.
	From, To time.Time
	// Bucket is BucketHour when empty.
	Bucket Bucket
	By     By
	// Action keeps one action; empty all.
	Action string
}

// Summary is the counts of a period. Buckets without entries are left out.
type Summary struct{ Counts []Count }

// Count is how many entries a bucket has.
type Count struct {
	// From is where the bucket begins.
	From time.Time
	// Key is the action or the user's identifier; empty for ByNothing and for
	// entries that are nobody's.
	Key   string
	Count int64
}
