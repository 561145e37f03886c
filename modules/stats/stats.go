// Package stats is the face of statistics: actions are recorded as they happen
// and counted afterwards. Other modules hold a Service and never know whether
// it lives in this process.
package stats

import (
	"context"
	"encoding/json"
	"time"

	"shop/platform/contract"
	"shop/platform/id"
	"shop/platform/idempotency"
	"shop/platform/page"
)

// ContractVersion is the version of this face on the wire.
const ContractVersion = 1

// Service is what the statistics module does. Every method may also return a
// fault of kind Unavailable or Timeout.
type Service interface {
	// Record stores actions, all or none, and returns their identifiers in
	// order. Anybody signed in for himself; administrators and services for
	// anybody. Safe to repeat with a key. Errors: identity.ErrForbidden, an
	// invalid field, named body or body[i].
	Record(ctx context.Context, in RecordInput) (Recorded, error)
	// Entries lists what was recorded in a period, oldest first. Administrators
	// and services. Errors: page.ErrCursor, an invalid field.
	Entries(ctx context.Context, in EntriesInput) (page.Page[Entry], error)
	// Summary counts what was recorded in a period, per bucket of time and per
	// value of By, by time. Administrators and services. Errors: an invalid field.
	Summary(ctx context.Context, in SummaryInput) (Summary, error)
}

// The methods and what repeating them does.
var (
	MethodRecord  = contract.Method{Module: "stats", Name: "Record", Class: contract.IdempotentWrite}
	MethodEntries = contract.Method{Module: "stats", Name: "Entries", Class: contract.Read}
	MethodSummary = contract.Method{Module: "stats", Name: "Summary", Class: contract.Read}
)

// Limits of what is recorded.
const (
	// MaxActions is how many actions one call may record.
	MaxActions = 1000
	// MaxActionLength is how many characters the name of an action may have.
	MaxActionLength = 100
	// MaxDataBytes is how large the data of one action may be, as JSON.
	MaxDataBytes = 16 << 10
	// MaxBuckets is how many buckets a summary may have.
	MaxBuckets = 10_000
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

// Action is something to record. At may be zero: now.
type Action struct {
	UserID id.User
	Action string
	Data   json.RawMessage
	At     time.Time
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
	From, To time.Time
	Bucket   Bucket
	By       By
	// Action keeps one action; empty all.
	Action string
}

// Summary is the counts of a period. Buckets without entries are left out.
type Summary struct{ Counts []Count }

// Count is how many entries a bucket has.
type Count struct {
	// From is where the bucket begins.
	From time.Time
	// Key is the action or the user's identifier; empty for ByNothing.
	Key   string
	Count int64
}
