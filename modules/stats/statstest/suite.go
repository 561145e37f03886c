// Package statstest says what statistics must do, once for every
// implementation, and offers one in memory for the tests of others.
package statstest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/page"
)

// Now is what the clock of an implementation under test says, always.
func Now() time.Time { return time.Date(2026, time.November, 24, 13, 5, 0, 123_456_000, time.UTC) }

// Run runs the suite; newService makes statistics without entries, whose clock
// is Now, for each test.
func Run(t *testing.T, newService func(t *testing.T) stats.Service) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, stats.Service){
		"Record/one reads back":            recordOne,
		"Record/many in order":             recordMany,
		"Record/the largest batch":         recordLargest,
		"Record/defaults":                  recordDefaults,
		"Record/data keeps its numbers":    recordNumbers,
		"Record/data loses its space":      recordSpace,
		"Record/ErrUnauthenticated":        recordAnonymous,
		"Record/ErrForbidden":              recordForeign,
		"Record/invalid fields":            recordInvalid,
		"Record/names every field":         recordNamesAll,
		"Record/all or none":               recordAllOrNone,
		"Record/repeat with a key":         recordRepeated,
		"Record/ErrMismatch":               recordMismatch,
		"Record/many callers":              recordParallel,
		"Entries/half-open period":         entriesHalfOpen,
		"Entries/default period":           entriesDefaultPeriod,
		"Entries/pages":                    entriesPages,
		"Entries/pages of a moving period": entriesMovingPeriod,
		"Entries/filters":                  entriesFilters,
		"Entries/counts when asked":        entriesCount,
		"Entries/caller owns the value":    entriesOwned,
		"Entries/ErrCursor":                entriesCursor,
		"Entries/invalid fields":           entriesInvalid,
		"Entries/ErrForbidden":             entriesForbidden,
		"Summary/buckets":                  summaryBuckets,
		"Summary/by action and user":       summaryBy,
		"Summary/filters":                  summaryFilters,
		"Summary/invalid fields":           summaryInvalid,
		"Summary/too many buckets":         summaryTooManyBuckets,
		"Summary/too many counts":          summaryTooManyCounts,
		"Summary/ErrForbidden":             summaryForbidden,
		"Receive/becomes entries":          receiveNoted,
		"Receive/after the user's removal": receiveLate,
		"Receive/a removed user":           receiveRemoved,
		"Receive/forgets answers":          receiveForgetsAnswers,
		"Receive/invalid events":           receiveInvalid,
		"Receive/ErrForbidden":             receiveForbidden,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newService(t))
		})
	}
}

func as(t *testing.T, user id.User) context.Context {
	return identity.With(t.Context(), identity.Actor{User: user})
}

func asAdministrator(t *testing.T) context.Context {
	return identity.With(t.Context(), identity.Actor{User: id.NewUser(), Administrator: true})
}

func asService(t *testing.T) context.Context {
	return identity.With(t.Context(), identity.Actor{Service: "cart"})
}

// record stores actions as a service.
func record(t *testing.T, s stats.Service, actions ...stats.Action) []id.LogEntry {
	t.Helper()
	done, err := s.Record(asService(t), stats.RecordInput{Actions: actions})
	require.NoError(t, err)
	require.Len(t, done.IDs, len(actions))
	return done.IDs
}

// all lists what a query finds, page by page.
func all(t *testing.T, s stats.Service, in stats.EntriesInput) []stats.Entry {
	t.Helper()
	var entries []stats.Entry
	for {
		p, err := s.Entries(asService(t), in)
		require.NoError(t, err)
		entries = append(entries, p.Items...)
		if p.Next == "" {
			return entries
		}
		require.NotEmpty(t, p.Items)
		in.Page.Cursor = p.Next
	}
}

// everything is a query for all that can have been recorded.
func everything() stats.EntriesInput {
	return stats.EntriesInput{
		From: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), To: Now().Add(time.Hour),
		Page: page.Request{Limit: page.MaxLimit},
	}
}

func ids(entries []stats.Entry) []id.LogEntry {
	found := make([]id.LogEntry, len(entries))
	for i, e := range entries {
		found[i] = e.ID
	}
	return found
}
