package placement

import (
	"strconv"
	"time"

	"shop/platform/fault"
	"shop/platform/flip"
)

// Change is what an operator asks for. What is left out stays as it is, except
// for guards and ramp, which belong to one change: without them there are none
// from now on.
type Change struct {
	// Remote and Shadow are shares in percent.
	Remote, Shadow *int
	Fallback       *flip.Fallback
	// AbortOn takes the shares back by itself.
	AbortOn Guards
	// Ramp are remote shares to rise by, ascending within 1 to 100; Remote is left
	// out, or the last of them. Every is how long each stays, 30 seconds when it
	// is 0; at least one second.
	Ramp  []int
	Every time.Duration
}

const (
	defaultEvery = 30 * time.Second
	minEvery     = time.Second
	maxSteps     = 100
)

// Validate reports everything that is wrong with the change itself, as invalid
// fields of the body that holds it: "body.remote".
func (c Change) Validate() error {
	var problem *fault.Error
	reject := func(field, message string) {
		if problem == nil {
			problem = fault.InvalidField("body."+field, message)
			return
		}
		problem = problem.WithField("body."+field, message)
	}
	const percent = "expected a whole number from 0 to 100"
	if c.Remote != nil && (*c.Remote < 0 || *c.Remote > 100) {
		reject("remote", percent)
	}
	if c.Shadow != nil && (*c.Shadow < 0 || *c.Shadow > 100) {
		reject("shadow", percent)
	}
	if message := checkRamp(c.Ramp); message != "" {
		reject("ramp", message)
	} else if len(c.Ramp) > 0 && c.Remote != nil && *c.Remote != c.Ramp[len(c.Ramp)-1] {
		reject("remote", "leave it out beside a ramp, or name the ramp's last step")
	}
	switch {
	case c.Every != 0 && len(c.Ramp) == 0:
		reject("every", "needs a ramp")
	case c.Every != 0 && c.Every < minEvery:
		reject("every", "expected a duration of at least 1s")
	}
	if c.Remote == nil && c.Shadow == nil && c.Fallback == nil && c.AbortOn.IsZero() && len(c.Ramp) == 0 && problem == nil {
		problem = fault.InvalidField("body", "name at least one of remote, shadow, fallback, abort_on and ramp")
	}
	if problem == nil {
		return nil
	}
	return problem
}

// checkRamp says what is wrong with the steps of a ramp.
func checkRamp(steps []int) string {
	if len(steps) > maxSteps {
		return "expected at most " + strconv.Itoa(maxSteps) + " steps"
	}
	before := 0
	for _, step := range steps {
		if step <= before || step > 100 {
			return "expected ascending whole numbers from 1 to 100, such as 1,5,25,50,100"
		}
		before = step
	}
	return ""
}

// changeOf is the change that makes one policy of another.
func changeOf(before, after flip.Policy) Change {
	var c Change
	differs := fieldsOf(before, after)
	if differs.Remote {
		c.Remote = &after.Remote
	}
	if differs.Shadow {
		c.Shadow = &after.Shadow
	}
	if differs.Fallback {
		c.Fallback = &after.Fallback
	}
	return c
}

// fields are what the change gives.
func (c Change) fields() Fields {
	return Fields{Remote: c.Remote != nil || len(c.Ramp) > 0, Shadow: c.Shadow != nil, Fallback: c.Fallback != nil}
}

// applyTo is the record that the change makes of the present one.
func (c Change) applyTo(present Record, id, walker string, now time.Time) Record {
	r := Record{
		Change: id, Remote: present.Remote, Shadow: present.Shadow, Fallback: present.Fallback,
		Guards: c.AbortOn, Before: Shares{present.Remote, present.Shadow},
	}
	if c.Remote != nil {
		r.Remote = *c.Remote
	}
	if c.Shadow != nil {
		r.Shadow = *c.Shadow
	}
	if c.Fallback != nil {
		r.Fallback = *c.Fallback
	}
	if len(c.Ramp) > 0 {
		every := c.Every
		if every == 0 {
			every = defaultEvery
		}
		r.Remote = c.Ramp[0]
		r.Ramp = &Ramp{Steps: append([]int(nil), c.Ramp...), Every: every, NextAt: now.Add(every), Walker: walker}
	}
	return r
}

// sharesData reports whether the change lets both sides answer for the same
// data: one after the other, too, since guards and ramps move the share by
// themselves.
func (r Record) sharesData() bool {
	return r.policy().Mixed() || r.Ramp != nil || !r.Guards.IsZero()
}
