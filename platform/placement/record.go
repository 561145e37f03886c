package placement

import (
	"slices"
	"time"

	"shop/platform/flip"
)

// Record is what is kept of a module's placement: the policy that an operator
// wants, and the conditions under which it stays in force.
type Record struct {
	// Change identifies the change; the steps of a ramp share one.
	Change   string        `json:"change"`
	Remote   int           `json:"remote"`
	Shadow   int           `json:"shadow"`
	Fallback flip.Fallback `json:"fallback"`
	Guards   Guards        `json:"guards,omitzero"`
	// Before is what the shares go back to when a guard is exceeded.
	Before Shares `json:"before"`
	// Ramp is nil when the shares do not rise by themselves.
	Ramp *Ramp `json:"ramp,omitempty"`
	// Aborted says why the change before this record was taken back; nil when it
	// was not.
	Aborted *Abort `json:"aborted,omitempty"`
}

// Shares are the parts of a policy that a guard takes back, in percent.
type Shares struct {
	Remote int `json:"remote"`
	Shadow int `json:"shadow"`
}

// Ramp is a remote share that rises by steps.
type Ramp struct {
	// Steps are the shares in percent, ascending; Step is the index of the one in
	// force.
	Steps []int `json:"steps"`
	Step  int   `json:"step"`
	// Every is how long each step stays, the last one too.
	Every time.Duration `json:"every_ns"`
	// NextAt is when the step in force ends.
	NextAt time.Time `json:"next_at"`
	// Walker is the controller that takes the steps.
	Walker string `json:"walker"`
}

// mayBeLate is how late a step may be without moving those that follow.
const mayBeLate = 2 * tickEvery

// Abort is a change that was taken back because a guard was exceeded.
type Abort struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	// Change is the one that was taken back.
	Change string `json:"change"`
}

// policy is what the record asks for.
func (r Record) policy() flip.Policy {
	return flip.Policy{Remote: r.Remote, Shadow: r.Shadow, Fallback: r.Fallback}
}

// next is the record of a ramp's next step, taken by walker, or after its last
// one. The steps keep their distance, unless this one is so late that the next
// one would be at once.
func (r Record) next(now time.Time, walker string) Record {
	ramp := *r.Ramp
	ramp.Steps = slices.Clone(ramp.Steps)
	if ramp.Step == len(ramp.Steps)-1 {
		r.Ramp = nil
		return r
	}
	ramp.Step++
	ramp.Walker = walker
	if ramp.NextAt = ramp.NextAt.Add(ramp.Every); now.Sub(r.Ramp.NextAt) > mayBeLate {
		ramp.NextAt = now.Add(ramp.Every)
	}
	r.Remote, r.Ramp = ramp.Steps[ramp.Step], &ramp
	return r
}

// back is the record that takes r's change back.
func (r Record) back(change string, now time.Time, reason string) Record {
	return Record{
		Change: change, Remote: r.Before.Remote, Shadow: r.Before.Shadow, Fallback: r.Fallback,
		Before: r.Before, Aborted: &Abort{At: now, Reason: reason, Change: r.Change},
	}
}
