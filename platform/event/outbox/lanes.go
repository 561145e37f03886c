package outbox

import (
	"context"
	"sync"
	"sync/atomic"
)

// batch are events that were read together.
type batch struct {
	rows []row
	// open says which of them are still to be delivered.
	open []bool
	// passed is how many from the first on are not open.
	passed int
}

// pass notes what is not open any more, and returns the number of the last event
// before the first that is; 0 without one.
func (b *batch) pass() (seq int64) {
	for b.passed < len(b.rows) && !b.open[b.passed] {
		b.passed++
	}
	if b.passed == 0 {
		return 0
	}
	return b.rows[b.passed-1].Seq
}

// fresh delivers events that come after the position: those of one key in their
// order, those of different keys at the same time. done is false when it stopped
// early. Of what it had begun by then, some may be done that comes after the
// position: it will be delivered again.
func (d *delivery) fresh(ctx context.Context, rows []row) (done bool, err error) {
	if err := d.readBlocked(ctx, rows); err != nil {
		return false, err
	}
	b := batch{rows: rows, open: make([]bool, len(rows))}
	lanes := d.lanes(&b)
	d.position = max(d.position, b.pass())

	type ended struct {
		at   int
		done bool
		err  error
	}
	all := make(chan ended)
	var stop atomic.Bool
	go func() {
		defer close(all)
		d.atOnce(lanes, func(at int) bool {
			if stop.Load() || d.stopped() {
				return false
			}
			done, err := d.one(ctx, rows[at])
			all <- ended{at, done, err}
			return done && err == nil
		})
	}()
	for e := range all {
		if e.err == nil && e.done {
			b.open[e.at] = false
			d.position = max(d.position, b.pass())
			e.err = d.save(ctx, d.position)
		}
		if err == nil {
			err = e.err
		}
		if err != nil || !e.done {
			stop.Store(true)
		}
	}
	d.hold()
	return err == nil && b.passed == len(rows), err
}

// lanes are the places of the events to deliver, by key.
func (d *delivery) lanes(b *batch) (lanes [][]int) {
	known := make(map[string]int)
	for at, r := range b.rows {
		if r.Seq <= d.position || !d.wants(r) { // another relay was faster, or nobody asked
			continue
		}
		b.open[at] = true
		lane, found := known[r.Key]
		if d.Handover != nil { // they are handed over in one order
			lane, found = 0, len(lanes) > 0
		}
		if !found {
			lane = len(lanes)
			lanes = append(lanes, nil)
		}
		if r.Key != "" {
			known[r.Key] = lane
		}
		lanes[lane] = append(lanes[lane], at)
	}
	return lanes
}

// atOnce calls do for the places of each lane, one after the other until it
// returns false, and for several lanes at the same time.
func (d *delivery) atOnce(lanes [][]int, do func(at int) bool) {
	var running sync.WaitGroup
	free := make(chan struct{}, d.Parallel)
	for _, lane := range lanes {
		free <- struct{}{}
		running.Go(func() {
			defer func() { <-free }()
			for _, at := range lane {
				if !do(at) {
					return
				}
			}
		})
	}
	running.Wait()
}
