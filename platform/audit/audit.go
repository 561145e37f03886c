// Package audit is what the reconciler asks of every module: does what you have
// written down still agree with itself, and with what the others have? Its
// values are those of a module's Verify; Register and Call are the two ends of
// the wire.
package audit

import (
	"cmp"
	"slices"
	"time"
)

// Finding is one difference.
type Finding struct {
	// Check is the stable name of what was compared: "catalog.stock_level".
	Check string
	// Subject is the identifier of the thing that differs. Like Want and Got it
	// holds nothing personal and no secret.
	Subject string
	// Want is what it should be, Got what it is.
	Want, Got string
	// Repaired says that Got is Want now.
	Repaired bool
}

// Report is what a module found. The zero Report has looked at nothing.
type Report struct {
	// Checked is how many things each check looked at, by its name; also those
	// checks that found nothing.
	Checked map[string]int64
	// Findings are the differences.
	Findings []Finding
}

// Input says how to look.
type Input struct {
	// Repair lets the module mend what it can. Without it nothing is changed.
	Repair bool
	// MinAge leaves alone, where several modules or a provider are compared, what
	// happened less long ago: it is on its way. 0 leaves out nothing, for tests;
	// operators use DefaultMinAge.
	MinAge time.Duration
}

// DefaultMinAge is long enough for an event or an interrupted step to arrive.
const DefaultMinAge = time.Minute

// Looked notes that a check looked at n things, which may be none.
func (r *Report) Looked(check string, n int64) {
	if r.Checked == nil {
		r.Checked = map[string]int64{}
	}
	r.Checked[check] += n
}

// Found notes a difference.
func (r *Report) Found(f Finding) { r.Findings = append(r.Findings, f) }

// Merge is all of the reports in one: counts of the same check are added up,
// findings are ordered by check and subject.
func Merge(reports ...Report) Report {
	var all Report
	for _, r := range reports {
		for check, n := range r.Checked {
			all.Looked(check, n)
		}
		all.Findings = append(all.Findings, r.Findings...)
	}
	slices.SortStableFunc(all.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.Subject, b.Subject))
	})
	return all
}
