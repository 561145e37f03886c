package app

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"shop/modules/stats"
	"shop/platform/fault"
	"shop/platform/identity"
)

// errTooMany is returned for a summary that would be too long to read.
var errTooMany = fault.InvalidField("query.bucket",
	"gives more than "+strconv.Itoa(stats.MaxBuckets)+" counts: choose a longer bucket or a shorter period")

// Summary implements stats.Service.
func (s *Service) Summary(ctx context.Context, in stats.SummaryInput) (stats.Summary, error) {
	if err := identity.RequirePrivileged(ctx); err != nil {
		return stats.Summary{}, err
	}
	q, err := s.summaryQuery(in)
	if err != nil {
		return stats.Summary{}, err
	}
	counts, err := s.store.Summarize(ctx, q, stats.MaxBuckets+1)
	if err != nil {
		return stats.Summary{}, err
	}
	if len(counts) > stats.MaxBuckets {
		return stats.Summary{}, errTooMany
	}
	return stats.Summary{Counts: counts}, nil
}

// length is how long a bucket is; false for one that there is not.
func length(b stats.Bucket) (time.Duration, bool) {
	switch b {
	case stats.BucketMinute:
		return time.Minute, true
	case stats.BucketHour:
		return time.Hour, true
	case stats.BucketDay:
		return 24 * time.Hour, true
	default:
		return 0, false
	}
}

func (s *Service) summaryQuery(in stats.SummaryInput) (SummaryQuery, error) {
	filter, err := s.filter(in.From, in.To, in.Action)
	if err != nil {
		return SummaryQuery{}, err
	}
	q := SummaryQuery{Filter: filter, By: in.By}
	var found findings
	var known bool
	if q.Bucket, known = length(cmp.Or(in.Bucket, stats.BucketHour)); !known {
		found.add("query.bucket", "must be minute, hour or day")
	}
	switch in.By {
	case stats.ByNothing, stats.ByAction, stats.ByUser:
	default:
		found.add("query.by", "must be action or user")
	}
	if err := found.err(); err != nil {
		return q, err
	}
	// A time is cut to multiples of a bucket since the year 1, which are whole
	// UTC days, hours and minutes. Sub is at most 292 years, more than enough
	// buckets of any length.
	if span := q.To.Sub(q.From.Truncate(q.Bucket)); span > stats.MaxBuckets*q.Bucket {
		return q, errTooMany
	}
	return q, nil
}
