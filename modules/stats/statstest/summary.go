package statstest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/identity"
)

// at is a time on a day in 2026.
func at(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2026, month, day, hour, minute, 0, 0, time.UTC)
}

func summarize(t *testing.T, s stats.Service, in stats.SummaryInput) []stats.Count {
	t.Helper()
	found, err := s.Summary(asAdministrator(t), in)
	require.NoError(t, err)
	return found.Counts
}

func summaryBuckets(t *testing.T, s stats.Service) {
	record(
		t, s,
		stats.Action{Action: "a", At: at(3, 1, 23, 59).Add(time.Minute - time.Microsecond)},
		stats.Action{Action: "a", At: at(3, 2, 0, 0)},
		stats.Action{Action: "a", At: at(3, 2, 0, 0).Add(59 * time.Second)},
		stats.Action{Action: "a", At: at(3, 2, 0, 1)},
		stats.Action{Action: "a", At: at(3, 2, 5, 30)},
		stats.Action{Action: "a", At: at(3, 4, 12, 0)},
	)
	period := stats.SummaryInput{From: at(3, 1, 0, 0), To: at(3, 4, 12, 0)} // without the last one
	for bucket, want := range map[stats.Bucket][]stats.Count{
		stats.BucketMinute: {
			{From: at(3, 1, 23, 59), Count: 1},
			{From: at(3, 2, 0, 0), Count: 2},
			{From: at(3, 2, 0, 1), Count: 1},
			{From: at(3, 2, 5, 30), Count: 1},
		},
		stats.BucketHour: {{From: at(3, 1, 23, 0), Count: 1}, {From: at(3, 2, 0, 0), Count: 3}, {From: at(3, 2, 5, 0), Count: 1}},
		stats.BucketDay:  {{From: at(3, 1, 0, 0), Count: 1}, {From: at(3, 2, 0, 0), Count: 4}},
	} {
		t.Run(string(bucket), func(t *testing.T) {
			in := period
			in.Bucket = bucket
			require.Empty(t, cmp.Diff(want, summarize(t, s, in)))
		})
	}
	// A period that begins inside a bucket counts the rest of it.
	inside := stats.SummaryInput{From: at(3, 2, 0, 1), To: at(3, 3, 0, 0), Bucket: stats.BucketDay}
	require.Empty(t, cmp.Diff([]stats.Count{{From: at(3, 2, 0, 0), Count: 2}}, summarize(t, s, inside)))
}

func summaryBy(t *testing.T, s stats.Service) {
	users := []id.User{id.NewUser(), id.NewUser()}
	record(
		t, s,
		stats.Action{UserID: users[1], Action: "b", At: at(3, 2, 0, 0)},
		stats.Action{UserID: users[0], Action: "a", At: at(3, 2, 0, 1)},
		stats.Action{UserID: users[0], Action: "a-b", At: at(3, 2, 0, 2)},
		stats.Action{UserID: users[0], Action: "a", At: at(3, 2, 0, 3)},
		stats.Action{Action: "a.b", At: at(3, 2, 0, 4)},
		stats.Action{UserID: users[1], Action: "a", At: at(3, 2, 1, 0)},
	)
	period := stats.SummaryInput{From: at(3, 1, 0, 0), To: at(3, 4, 0, 0), Bucket: stats.BucketHour, By: stats.ByAction}
	require.Empty(t, cmp.Diff([]stats.Count{
		{From: at(3, 2, 0, 0), Key: "a", Count: 2},
		{From: at(3, 2, 0, 0), Key: "a-b", Count: 1},
		{From: at(3, 2, 0, 0), Key: "a.b", Count: 1},
		{From: at(3, 2, 0, 0), Key: "b", Count: 1},
		{From: at(3, 2, 1, 0), Key: "a", Count: 1},
	}, summarize(t, s, period)))
	period.By = stats.ByUser
	require.Empty(t, cmp.Diff([]stats.Count{
		{From: at(3, 2, 0, 0), Count: 1},
		{From: at(3, 2, 0, 0), Key: users[0].String(), Count: 3},
		{From: at(3, 2, 0, 0), Key: users[1].String(), Count: 1},
		{From: at(3, 2, 1, 0), Key: users[1].String(), Count: 1},
	}, summarize(t, s, period)))
}

func summaryFilters(t *testing.T, s stats.Service) {
	record(
		t, s,
		stats.Action{Action: "a", At: Now().Add(-time.Hour)}, stats.Action{Action: "b", At: Now().Add(-time.Hour)},
		stats.Action{Action: "a", At: Now().Add(-25 * time.Hour)},
	)
	// Without a period the last day.
	hour := Now().Add(-time.Hour).Truncate(time.Hour)
	for _, bucket := range []stats.Bucket{stats.BucketHour, ""} { // the hour is the default
		require.Empty(t, cmp.Diff([]stats.Count{{From: hour, Count: 1}},
			summarize(t, s, stats.SummaryInput{Bucket: bucket, Action: "a"})))
	}
	require.Empty(t, summarize(t, s, stats.SummaryInput{Bucket: stats.BucketHour, Action: "c"}))
}

func summaryInvalid(t *testing.T, s stats.Service) {
	for name, test := range map[string]struct {
		in     stats.SummaryInput
		fields []string
	}{
		"from after to": {stats.SummaryInput{From: Now(), To: Now().Add(-1), Bucket: stats.BucketDay}, []string{"query.from"}},
		"bad action":    {stats.SummaryInput{Action: "A", Bucket: stats.BucketDay}, []string{"query.action"}},
		"bad bucket":    {stats.SummaryInput{Bucket: "week"}, []string{"query.bucket"}},
		"both":          {stats.SummaryInput{Bucket: "week", By: "weather"}, []string{"query.bucket", "query.by"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Summary(asService(t), test.in)
			require.Equal(t, fault.Invalid, fault.KindOf(err), "%v", err)
			require.Equal(t, test.fields, locations(err))
		})
	}
}

func summaryTooManyBuckets(t *testing.T, s stats.Service) {
	from := at(3, 2, 0, 0)
	most := stats.SummaryInput{From: from, To: from.Add(stats.MaxBuckets * time.Minute), Bucket: stats.BucketMinute}
	require.Empty(t, summarize(t, s, most))
	for name, in := range map[string]stats.SummaryInput{
		"one more":           {From: most.From, To: most.To.Add(time.Microsecond), Bucket: stats.BucketMinute},
		"begins in a bucket": {From: most.From.Add(-time.Microsecond), To: most.To, Bucket: stats.BucketMinute},
		"all of history":     {From: time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Bucket: stats.BucketDay},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Summary(asService(t), in)
			require.Equal(t, []string{"query.bucket"}, locations(err))
		})
	}
}

func summaryTooManyCounts(t *testing.T, s stats.Service) {
	from := at(3, 2, 0, 0)
	var actions []stats.Action
	for i := range stats.MaxBuckets + 1 { // one of each user
		actions = append(actions, stats.Action{UserID: id.NewUser(), Action: "a", At: from.Add(time.Duration(i) * time.Second)})
	}
	for batch := range slices.Chunk(actions, stats.MaxActions) {
		record(t, s, batch...)
	}
	in := stats.SummaryInput{From: from, To: from.Add(24 * time.Hour), Bucket: stats.BucketDay, By: stats.ByUser}
	_, err := s.Summary(asService(t), in)
	require.Equal(t, []string{"query.bucket"}, locations(err))
	in.To = from.Add(stats.MaxBuckets * time.Second)
	require.Len(t, summarize(t, s, in), stats.MaxBuckets)
}

func summaryForbidden(t *testing.T, s stats.Service) {
	_, err := s.Summary(t.Context(), stats.SummaryInput{Bucket: stats.BucketDay})
	require.ErrorIs(t, err, identity.ErrUnauthenticated)
	_, err = s.Summary(as(t, id.NewUser()), stats.SummaryInput{Bucket: stats.BucketDay})
	require.ErrorIs(t, err, identity.ErrForbidden)
}
