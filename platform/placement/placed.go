package placement

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"shop/platform/database"
	"shop/platform/flip"
	"shop/platform/identity"
	"shop/platform/remote"
)

// placed is a module and what is known of its placement.
type placed struct {
	Module
	name       string
	controller *Controller

	// changing is held while a change is checked, kept and made: one at a time.
	changing sync.Mutex

	mu sync.Mutex // guards all below
	// record is what is wanted, origin where it is kept; revision is the newest
	// one of the store. unsaved says that the store does not have record yet.
	record   Record
	origin   string
	revision uint64
	unsaved  bool
	// configured is what the settings said last; echoes are what this process has
	// written into the settings file and not seen come back.
	configured flip.Policy
	echoes     []flip.Policy
	// waiting says why what is wanted is not in force; nil when it is. greetSoon
	// has the targets greeted when that begins.
	waiting   error
	greetSoon chan struct{}
	window    window
	// hellos are the last answers of the targets, failures those of the last
	// greeting that had none; own is the module's own database.
	hellos   map[string]remote.Hello
	failures map[string]error
	own      database.Identity
	// proven says that the targets have read our database at some time since calls
	// went there: from then on none may read another one.
	proven bool

	// enforcing is held while a policy is decided and put in force. It is taken
	// before mu, and outlasts what the provider of flags takes.
	enforcing sync.Mutex
}

// now is the time as records hold it.
func now() time.Time { return time.Now().UTC() }

// save keeps a record and puts it in force. named are the fields that whoever
// made it has given, which others may have changed meanwhile; after is as for
// Store.Save; source is for the log. Errors: ErrStore, ErrSuperseded.
func (p *placed) save(ctx context.Context, r Record, named Fields, after uint64, source string) error {
	store, origin := p.controller.store, p.controller.store.Name()
	changed := p.expect(r, named)
	revision, err := store.Save(ctx, p.name, r, changed, after)
	switch {
	case err == nil && origin == inFile:
		// What others wrote into the file at the same time may be what was there
		// before.
		p.controller.Reload()
	case err != nil:
		p.expectNot(r)
	}
	if errors.Is(err, ErrNotHere) {
		p.controller.logger.WarnContext(ctx, "a module's placement is kept in memory only",
			slog.String("module", p.name), slog.Any("error", err))
		origin, err = inMemory, nil
	}
	if err != nil && !errors.Is(err, ErrAsItWas) {
		return notKept(err)
	}
	p.adopt(ctx, r, origin, revision, source)
	return nil
}

// saveOrLater is save for what must happen even if it cannot be kept now: it is
// in force in this process at once, and kept as soon as that is possible. What
// superseded it comes by itself.
func (p *placed) saveOrLater(ctx context.Context, r Record, named Fields, after uint64, source string) {
	err := p.save(ctx, r, named, after, source)
	if err == nil || errors.Is(err, ErrSuperseded) {
		return
	}
	p.adopt(ctx, r, inMemory, 0, source)
	p.keepLater(ctx, err)
}

// expect notes that a record's policy will be seen in the settings file, and
// returns the fields to write: those that are named, and those that differ from
// what the file is believed to hold.
func (p *placed) expect(r Record, named Fields) Fields {
	p.mu.Lock()
	defer p.mu.Unlock()
	believed := p.configured
	if n := len(p.echoes); n > 0 {
		believed = p.echoes[n-1]
	}
	if p.controller.store.Name() == inFile {
		p.echoes = append(p.echoes, r.policy())
	}
	return named.and(fieldsOf(believed, r.policy()))
}

// expectNot takes expect back: nothing was written.
func (p *placed) expectNot(r Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.echoes); n > 0 && p.echoes[n-1] == r.policy() {
		p.echoes = p.echoes[:n-1]
	}
}

// adopt puts in force what is kept, unless something newer is.
func (p *placed) adopt(ctx context.Context, r Record, origin string, revision uint64, source string) {
	p.mu.Lock()
	if revision > 0 && revision <= p.revision {
		p.mu.Unlock()
		return
	}
	p.revision = max(p.revision, revision)
	before := p.record
	p.record, p.origin, p.unsaved = r, origin, false
	if r.Change != before.Change {
		p.window.reset(now(), p.Control.Stats())
	}
	p.mu.Unlock()
	p.enforce(ctx)
	if r.policy() != before.policy() || r.Change != before.Change {
		attributes := []slog.Attr{
			slog.String("module", p.name), slog.String("wanted", r.policy().String()),
			slog.String("in_force", p.Control.Policy().String()), slog.String("guards", r.Guards.String()),
			slog.String("stored_in", origin), slog.String("source", source),
		}
		if source == fromOperator {
			attributes = append(attributes, slog.String("actor", identity.From(ctx).String()))
		}
		p.controller.logger.LogAttrs(ctx, slog.LevelInfo, "placement of a module", attributes...)
	}
}

// configure takes over what the settings say now, if they say something new.
func (p *placed) configure(ctx context.Context, wanted flip.Policy) {
	p.mu.Lock()
	if i := slices.Index(p.echoes, wanted); i >= 0 {
		p.echoes, p.configured = p.echoes[i+1:], wanted
		p.mu.Unlock()
		return
	}
	if wanted == p.configured && len(p.echoes) == 0 {
		p.mu.Unlock()
		return
	}
	before := p.configured
	p.configured, p.echoes = wanted, nil
	same := wanted == p.record.policy()
	p.mu.Unlock()
	switch {
	case same:
	case p.controller.store.Name() == inFile:
		p.changing.Lock()
		defer p.changing.Unlock()
		p.adopt(ctx, recordOf(wanted), inFile, 0, inFile)
	default:
		p.edited(ctx, changeOf(before, wanted))
	}
}

// edited makes the change that somebody has made in the settings, where they are
// not what is kept: by the same rules as an operator's, and without touching
// what is as it was in the settings.
func (p *placed) edited(ctx context.Context, change Change) {
	p.changing.Lock()
	defer p.changing.Unlock()
	p.mu.Lock()
	present := p.record
	p.mu.Unlock()
	next := change.applyTo(present, rand.Text(), p.controller.name, now())
	if next.policy() == present.policy() {
		return
	}
	if err := p.check(ctx, next, change.Fallback != nil); err != nil {
		p.controller.logger.ErrorContext(ctx, "a change in the settings is refused; the placement before stays",
			slog.String("module", p.name), slog.String("wanted", next.policy().String()), slog.Any("error", err))
		return
	}
	if p.controller.store.Name() == inMemory {
		p.adopt(ctx, next, inSettings, 0, inSettings)
		return
	}
	p.saveOrLater(ctx, next, change.fields(), 0, inSettings)
}

// enforce puts in force what is wanted, as far as it is safe.
func (p *placed) enforce(ctx context.Context) {
	p.enforcing.Lock()
	defer p.enforcing.Unlock()
	p.mu.Lock()
	wanted := p.record.policy()
	p.mu.Unlock()
	wanted = p.controller.flags.decide(ctx, p.name, wanted)
	p.mu.Lock()
	defer p.mu.Unlock()
	allowed, waiting := wanted, error(nil)
	if p.Control.Hosted() && p.Control.Reachable() {
		split := p.sameDatabase()
		if !p.proven || p.Control.Policy().Remote == 0 {
			p.proven = split == nil
		}
		if wanted.Mixed() && split != nil {
			allowed = p.inCharge(wanted)
		}
		if allowed != wanted {
			waiting = split
		}
		if p.ours(allowed) {
			p.Remote.RequireDatabase(p.own.ID, p.own.Epoch)
		} else {
			defer p.Remote.RequireDatabase("", 0) // after the policy that needed it
		}
	}
	if reason := messageOf(waiting); reason != messageOf(p.waiting) {
		p.logWaiting(ctx, wanted, allowed, waiting)
	}
	if waiting != nil && p.waiting == nil {
		poke(p.greetSoon)
	}
	p.waiting = waiting
	if p.Control.Policy() != allowed {
		p.Control.SetPolicy(allowed)
	}
}

// ours reports whether under a policy the targets have to read our database. The
// caller holds mu.
func (p *placed) ours(policy flip.Policy) bool {
	return policy.Mixed() || p.proven && policy.Remote > 0
}

// logWaiting says that a policy waits, and why, or that it waits no more.
func (p *placed) logWaiting(ctx context.Context, wanted, allowed flip.Policy, waiting error) {
	attributes := []slog.Attr{
		slog.String("module", p.name), slog.String("wanted", wanted.String()), slog.String("in_force", allowed.String()),
	}
	if waiting == nil {
		p.controller.logger.LogAttrs(ctx, slog.LevelInfo, "placement of a module waits no more", attributes...)
		return
	}
	level := slog.LevelWarn
	if errors.Is(waiting, errNotGreeted) {
		level = slog.LevelInfo // at every start
	}
	p.controller.logger.LogAttrs(ctx, level, "placement of a module waits", append(attributes, slog.String("reason", messageOf(waiting)))...)
}

// inCharge is the part of a policy that needs no second look at the databases:
// the side alone whose data counts. Reads still fall back from targets that read
// our database before, as those that read another one now are not called.
func (p *placed) inCharge(wanted flip.Policy) flip.Policy {
	switch {
	case wanted.Remote < 100:
		return flip.Policy{}
	case p.proven:
		return flip.Policy{Remote: 100, Fallback: wanted.Fallback}
	default:
		return flip.Policy{Remote: 100}
	}
}
