package placement

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"
)

// orphanedAfter is how late the next step of a ramp may be before another
// replica takes it.
const orphanedAfter = 5 * time.Second

// look is done once a second: it takes a change back whose guards are exceeded,
// takes the next step of a ramp when it is due, and keeps what could not be kept
// before.
func (p *placed) look(ctx context.Context) {
	stats := p.Control.Stats()
	p.mu.Lock()
	news := p.heedCalls()
	lately := p.window.add(now(), stats)
	r, unsaved, shared := p.record, p.unsaved, p.revision > 0
	p.mu.Unlock()
	if news {
		p.enforce(ctx)
	}
	reason := r.Guards.exceeded(lately)
	switch {
	case reason != "":
		p.abort(ctx, r.Change, reason)
	case unsaved:
		p.replace(ctx, r.Change, func(present Record) Record { return present })
	case r.Ramp != nil && p.controller.walks(*r.Ramp, shared):
		p.replace(ctx, r.Change, func(present Record) Record { return present.next(now(), p.controller.name) })
	}
}

// walks reports whether the controller has to take a ramp's next step now: its
// own when it is due, and one that is shared when whoever walked it seems to have
// gone. That others may take it, too, does no harm: one of them is superseded.
func (c *Controller) walks(r Ramp, shared bool) bool {
	late := now().Sub(r.NextAt)
	return late >= 0 && (r.Walker == c.name || shared && late > orphanedAfter)
}

// abort takes a change back. It does so in this process even when that cannot
// be kept.
func (p *placed) abort(ctx context.Context, change, reason string) {
	p.changing.Lock()
	defer p.changing.Unlock()
	p.mu.Lock()
	present, revision := p.record, p.revision
	p.mu.Unlock()
	if present.Change != change {
		return
	}
	back := present.back(rand.Text(), now(), reason)
	p.controller.logger.WarnContext(ctx, "a guard takes a change back", slog.String("module", p.name), slog.String("reason", reason),
		slog.String("from", present.policy().String()), slog.String("to", back.policy().String()))
	p.saveOrLater(ctx, back, Fields{Remote: true, Shadow: true}, revision, fromGuard)
}

// replace keeps another record of the same change, unless another change came
// meanwhile.
func (p *placed) replace(ctx context.Context, change string, with func(Record) Record) {
	p.changing.Lock()
	defer p.changing.Unlock()
	p.mu.Lock()
	present, revision := p.record, p.revision
	p.mu.Unlock()
	if present.Change != change {
		return
	}
	err := p.save(ctx, with(present), Fields{}, revision, fromRamp)
	if err != nil && !errors.Is(err, ErrSuperseded) {
		p.keepLater(ctx, err)
	}
}

// keepLater has the record kept as soon as the store answers. The log hears of
// it once.
func (p *placed) keepLater(ctx context.Context, err error) {
	p.mu.Lock()
	known := p.unsaved
	p.unsaved = true
	p.mu.Unlock()
	if !known {
		p.controller.logger.WarnContext(ctx, "a module's placement cannot be kept yet",
			slog.String("module", p.name), slog.Any("error", err))
	}
}
