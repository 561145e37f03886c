package remote

import "time"

// TargetStatus is how a target has done since the client was made.
type TargetStatus struct {
	// Address is as it was configured.
	Address string
	// Breaker is "closed", "open" while the target is left alone, or "half-open"
	// while single calls try whether it is well again.
	Breaker string
	// Underway is how many calls are under way.
	Underway int64
	// Calls have ended; Failures of them did not get a module's answer, or one
	// that says that the module cannot serve (503, 504).
	Calls, Failures int64
	// Hello and Err are what came of the last greeting, at GreetedAt; zero when
	// there was none yet.
	Hello     Hello
	Err       error
	GreetedAt time.Time
}

// Status tells how each target has done. It asks nobody.
func (c *Client) Status() []TargetStatus {
	status := make([]TargetStatus, len(c.targets))
	for i, t := range c.targets {
		status[i] = TargetStatus{
			Address: t.address, Breaker: t.breaker.State().String(), Underway: t.underway.Load(),
			Calls: t.calls.Load(), Failures: t.failures.Load(),
		}
		t.gate.tell(&status[i])
	}
	return status
}
