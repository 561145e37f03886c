package load

import (
	"context"
	"sync"
	"time"
)

// Step is one operation of a closed loop: a request or a few that belong
// together.
type Step func(ctx context.Context) error

// Window is one stretch of load: the warm-up runs before it and is not
// measured.
type Window struct {
	WarmUp   time.Duration
	Duration time.Duration
}

// Sample is what one window measured.
type Sample struct {
	Duration   time.Duration
	Latencies  []time.Duration // of the operations that succeeded within the window, begun before it or not
	Errors     int             // failed operations, those of the warm-up too
	FirstError error
}

// Run repeats every step in a goroutine of its own, as fast as it is answered,
// until the window is over. When ctx ends, it returns early with what it has.
func (w Window) Run(ctx context.Context, steps []Step) Sample {
	begin := time.Now().Add(w.WarmUp)
	end := begin.Add(w.Duration)
	parts := make([]Sample, len(steps))
	var loops sync.WaitGroup
	for i, step := range steps {
		loops.Go(func() { parts[i] = loop(ctx, step, begin, end) })
	}
	loops.Wait()

	all := Sample{Duration: w.Duration}
	for _, part := range parts {
		all.Latencies = append(all.Latencies, part.Latencies...)
		all.Errors += part.Errors
		if all.FirstError == nil {
			all.FirstError = part.FirstError
		}
	}
	return all
}

func loop(ctx context.Context, step Step, begin, end time.Time) Sample {
	var s Sample
	for start := time.Now(); start.Before(end) && ctx.Err() == nil; {
		err := step(ctx)
		done := time.Now()
		switch {
		case err != nil && ctx.Err() == nil:
			s.Errors++
			if s.FirstError == nil {
				s.FirstError = err
			}
		case err == nil && !done.Before(begin) && !done.After(end):
			s.Latencies = append(s.Latencies, done.Sub(start))
		}
		start = done
	}
	return s
}
