package app

import (
	"context"
	"strconv"
	"time"

	"shop/platform/audit"
	"shop/platform/identity"
)

// checkHours is the name of the comparison of log_hours with the entries.
const checkHours = "stats.log_hours"

// verifyStep is what one statement compares.
const verifyStep = 24 * time.Hour

// HourDifference is an hour of an action of which the summary has Rolled entries
// and the log Counted.
type HourDifference struct {
	Hour            time.Time
	Action          string
	Rolled, Counted int64
}

// Verify implements stats.Service. A commit counts what it stores, so there is
// nothing on its way to leave out.
func (s *Service) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	var report audit.Report
	if err := identity.RequirePrivileged(ctx); err != nil {
		return report, err
	}
	report.Looked(checkHours, 0)
	var from time.Time
	for {
		hour, found, err := s.store.NextHour(ctx, from)
		if err != nil {
			return report, err
		}
		if !found {
			return report, nil
		}
		from = hour.Truncate(verifyStep).Add(verifyStep)
		checked, differences, err := s.store.CompareHours(ctx, hour, from)
		if err != nil {
			return report, err
		}
		report.Looked(checkHours, checked)
		for _, d := range differences {
			finding := audit.Finding{
				Check: checkHours, Subject: d.Hour.Format(time.RFC3339) + " " + d.Action,
				Want: strconv.FormatInt(d.Counted, 10), Got: strconv.FormatInt(d.Rolled, 10),
			}
			if in.Repair {
				if err := s.store.RecountHour(ctx, d.Hour, d.Action); err != nil {
					return report, err
				}
				finding.Repaired = true
			}
			report.Found(finding)
		}
	}
}
