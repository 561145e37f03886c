package app

import (
	"context"
	"time"

	"shop/modules/stats"
	"shop/platform/id"
	"shop/platform/idempotency"
)

// Once runs a request once for a key, in a transaction of the store.
type Once interface {
	Record(ctx context.Context, key *idempotency.Key, operation string, in any, fn func(context.Context) (stats.Recorded, error)) (stats.Recorded, error)
	// Forget removes the answers that were given to an actor, the text of an
	// identity.Actor.
	Forget(ctx context.Context, actor string) error
}

// Store keeps what was recorded.
type Store interface {
	// Insert adds entries, all or none, also outside a transaction. It keeps
	// nothing of what it was given.
	Insert(ctx context.Context, entries []stats.Entry) error
	// List reads the entries of a page, in the order of time and identifier.
	List(ctx context.Context, q Query) ([]stats.Entry, error)
	// Count counts all matches.
	Count(ctx context.Context, f Filter) (int64, error)
	// Summarize counts the matches of each bucket and key, in that order, at
	// most limit counts.
	Summarize(ctx context.Context, q SummaryQuery, limit int) ([]stats.Count, error)
	// Anonymize takes the user and the data from at most limit entries of a
	// user and returns from how many.
	Anonymize(ctx context.Context, user id.User, limit int) (int, error)
}

// Filter says which entries are meant.
type Filter struct {
	// From and To bound the half-open period.
	From, To time.Time
	// Action is empty for all.
	Action string
	// UserID is zero for all.
	UserID id.User
}

// Query is a validated list: which entries, from where.
type Query struct {
	Filter
	// After is the place where the page before ended; nil for the first.
	After *Place
	Limit int
}

// Place is where an entry stands in the order of the list.
type Place struct {
	At time.Time
	ID id.LogEntry
}

// SummaryQuery is a validated summary.
type SummaryQuery struct {
	Filter
	Bucket time.Duration
	By     stats.By
}
