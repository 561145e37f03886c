package app

import (
	"context"
	"time"

	"shop/modules/stats"
	"shop/platform/event"
	"shop/platform/id"
	"shop/platform/idempotency"
)

// Once answers a request with a key once.
type Once interface {
	// Record stores entries, all or none, and with them that result answers the
	// key; or returns the answer of an earlier request. Errors: those of package
	// idempotency, stats.ErrBusy.
	Record(
		ctx context.Context, key *idempotency.Key, operation string, in any, result stats.Recorded, entries []stats.Entry,
	) (stats.Recorded, error)
	// Forget removes the answers that were given to an actor, the text of an
	// identity.Actor.
	Forget(ctx context.Context, actor string) error
}

// Store keeps what was recorded.
type Store interface {
	// Insert adds entries, all or none. It keeps nothing of what it was given.
	// Errors: stats.ErrBusy.
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
	// Note adds the entry that an event becomes, unless it was noted before. Of a
	// user who is gone it keeps neither the user nor the data.
	Note(ctx context.Context, e event.Envelope, entry stats.Entry) error
	// Handle runs fn in a transaction that also records that an event was
	// handled; for one that was handled before it does nothing.
	Handle(ctx context.Context, e event.Envelope, fn func(context.Context) error) error
	// Remember keeps in mind that a user is gone.
	Remember(ctx context.Context, user id.User, now time.Time) error
	// NextHour is the first hour from a time on that has entries or a count of
	// them, and of which the entries are all there; false without one.
	NextHour(ctx context.Context, from time.Time) (time.Time, bool, error)
	// CompareHours compares what was counted in the hours from from to to with
	// the entries, for each hour and action, and returns how many of those there
	// are.
	CompareHours(ctx context.Context, from, to time.Time) (int64, []HourDifference, error)
	// RecountHour counts the entries of an hour and action again.
	RecountHour(ctx context.Context, hour time.Time, action string) error
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
