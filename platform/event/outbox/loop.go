package outbox

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"shop/platform/event"
)

// loop delivers to one subscriber, so that a slow one does not hold others up.
type loop struct {
	*Relay
	subscriber event.Subscriber
	log        *slog.Logger
	cursor     cursor
	reader     reader
	parking    parking

	// rewound says that the cursor was put back to what is confirmed.
	rewound bool
	// scanned is the number up to which every wanted event has been delivered or
	// set aside. It runs ahead of the cursor in the database, since passing by
	// unwanted events is not written down.
	scanned atomic.Int64
	// known is the position that was last seen or stored.
	known atomic.Int64
	// retryAt is when to look for events that are to be tried again.
	retryAt time.Time
	// heldUntil is when to go on after the subscriber could not be reached.
	heldUntil time.Time
	// holds counts how often in a row it could not be reached for the event with
	// the number heldAt, the first of those that wait.
	holds  int
	heldAt int64
	// troubles counts the rounds in a row that failed as a whole.
	troubles int
}

// errLeaseLost ends a delivery whose place another relay may have taken.
var errLeaseLost = errors.New("the lease was lost")

func newLoop(r *Relay, s event.Subscriber) *loop {
	return &loop{
		Relay: r, subscriber: s,
		log:     r.Logger.With("publisher", r.DB.Module(), "subscriber", s.Name),
		cursor:  newCursor(r.DB, s.Name, r.holder, r.Lease),
		reader:  reader{db: r.DB, subscriber: s.Name},
		parking: parking{db: r.DB, subscriber: s.Name},
	}
}

// run works in rounds until ctx is done. Between them it waits for a commit, at
// most for the polling interval.
func (l *loop) run(ctx context.Context) {
	listener := l.Outbox.listen(l.subscriber.Events)
	defer l.Outbox.unlisten(listener)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		pause, err := l.round(ctx)
		if err != nil && ctx.Err() == nil {
			l.troubles++
			pause = min(l.Poll<<min(l.troubles-1, 5), 30*time.Second)
			l.log.ErrorContext(ctx, "cannot deliver events", "error", err, "pause", pause)
		}
		if err == nil {
			l.troubles = 0
		}
		if pause == 0 {
			continue
		}
		timer.Reset(pause)
		select {
		case <-ctx.Done():
		case <-listener.wake:
		case <-timer.C:
			if pause >= l.Poll {
				l.retryAt = time.Time{}
			}
		}
	}
}

// round delivers what there is and returns how long to wait before the next
// one, unless woken.
func (l *loop) round(ctx context.Context) (time.Duration, error) {
	if held := l.heldUntil.Sub(l.Now()); held > 0 {
		return min(held, l.Poll), nil
	}
	if !l.rewound {
		if done, err := l.rewind(ctx); err != nil || !done {
			return l.Poll, err
		}
	}
	found, err := l.reader.next(ctx, l.scanned.Load())
	if err != nil {
		return 0, err
	}
	if len(found.rows) > 0 && l.putBack(found.rows[0].Cursor) {
		return 0, nil
	}
	fresh := slices.ContainsFunc(found.rows, l.wants)
	retry, err := l.retryDue(ctx)
	if err != nil {
		return 0, err
	}
	if fresh || retry {
		if done, err := l.deliver(ctx, found.rows, retry); err != nil || !done {
			return l.Poll, err
		}
		return 0, nil
	}
	if n := len(found.rows); n > 0 {
		l.scanned.Store(found.rows[n-1].Seq)
	}
	switch {
	case found.full:
		return 0, nil
	case found.unsettled:
		return min(l.reader.pause(), l.Poll), nil
	default:
		return min(max(l.retryAt.Sub(l.Now()), time.Millisecond), l.Poll), nil
	}
}

// rewind puts the cursor back, under the lease: a relay that is delivering would
// move it on again. done is false when another relay has the lease.
func (l *loop) rewind(ctx context.Context) (done bool, err error) {
	lasting := context.WithoutCancel(ctx)
	if _, ok, err := l.cursor.claim(lasting); err != nil || !ok {
		return false, err
	}
	err = l.cursor.rewind(lasting, l.Handover != nil, l.Now())
	err = cmp.Or(err, l.cursor.release(lasting, 0))
	l.rewound = err == nil
	return l.rewound, err
}

// putBack reports whether another relay has put the cursor back to at, from
// where then has to be read again.
func (l *loop) putBack(at int64) bool {
	back := at < l.known.Load()
	if back {
		l.scanned.Store(at) // first: Prune reads it second
	}
	l.known.Store(at)
	return back
}

// retryDue says whether events are to be tried again. It asks the database when
// the time that it was told has come, and when it does not know one.
func (l *loop) retryDue(ctx context.Context) (bool, error) {
	now := l.Now()
	if l.retryAt.After(now) {
		return false, nil
	}
	at, found, err := l.parking.nextAt(ctx)
	if err != nil {
		return false, err
	}
	if !found {
		at = now.Add(l.Poll)
	}
	l.retryAt = at
	return !at.After(now), nil
}

// deliver takes the lease and delivers under it. done is false when another
// relay has the lease, and when there was a reason to stop early.
func (l *loop) deliver(ctx context.Context, rows []row, retry bool) (done bool, err error) {
	// What has begun is brought to its end also while the relay is stopping.
	lasting := context.WithoutCancel(ctx)
	got, ok, err := l.cursor.claim(lasting)
	if err != nil || !ok {
		return false, err
	}
	if l.putBack(got.Seq) {
		return true, l.cursor.release(lasting, 0)
	}
	leased, giveUp := context.WithCancelCause(lasting)
	defer giveUp(nil)
	stopKeeping := l.keepLease(leased, giveUp)
	d := delivery{
		loop: l, position: got.Seq, failing: got.Failing, saved: time.Now(),
		stopped: func() bool { return ctx.Err() != nil || leased.Err() != nil },
	}
	done, err = d.fresh(leased, rows)
	if done && err == nil && retry {
		done, err = d.retries(leased)
	}
	stopKeeping()
	if d.failing {
		l.retryAt = time.Time{} // changed; ask again
	}
	if d.position > l.scanned.Load() {
		l.scanned.Store(d.position)
	}
	releaseErr := l.cursor.release(lasting, d.position)
	if releaseErr == nil {
		l.known.Store(d.position)
	}
	return done, cmp.Or(err, releaseErr)
}

// keepLease renews the lease while events are being handled, and calls giveUp
// when it is lost. The caller calls stop in the end.
func (l *loop) keepLease(ctx context.Context, giveUp context.CancelCauseFunc) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() {
		ticker := time.NewTicker(l.Lease / 3)
		defer ticker.Stop()
		renewed := time.Now()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			kept, err := l.cursor.renew(ctx)
			switch {
			case err == nil && kept:
				renewed = time.Now()
			case err == nil || time.Since(renewed) > l.Lease*2/3:
				giveUp(errLeaseLost)
				return
			}
		}
	})
	return func() {
		cancel()
		keeping.Wait()
	}
}

// wants reports whether the subscriber asked for events like r.
func (l *loop) wants(r row) bool { return slices.Contains(l.subscriber.Events, r.Name) }
