package placement

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"shop/platform/config"
	"shop/platform/contract"
	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/remote"
)

// greetTimeout bounds a greeting of all targets.
const greetTimeout = 3 * time.Second

// check says why a record may not come into force; nil when it may. newFallback
// is true when the change itself asks for the fallback.
func (p *placed) check(ctx context.Context, next Record, newFallback bool) error {
	wanted := next.policy()
	leaves := wanted.Remote > 0 || wanted.Shadow > 0 || next.Ramp != nil || newFallback && wanted.Fallback != 0
	switch {
	case (leaves || !next.Guards.IsZero()) && !p.Control.Reachable():
		return ErrNoAddress.With("no address of another process that hosts %s is configured: set %s, or %s.url in the settings file, and start again",
			p.name, config.EnvOf(p.name+".url"), p.name)
	case !p.Control.Hosted() && (wanted.Remote < 100 || next.sharesData()):
		return ErrNotHosted.With("%s is not hosted here, so there is no other side: all its calls go to the other process; SHOP_MODULES says what is hosted", p.name)
	case !leaves:
		return nil
	}
	if p.stepsBack(next) && p.mayStepBack(next) {
		return nil
	}
	greetings := p.greet(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.answered(greetings); err != nil {
		return err
	}
	if p.Control.Hosted() && (next.sharesData() || p.ours(p.Control.Policy())) {
		return p.sameDatabase()
	}
	return p.oneDatabase()
}

// stepsBack reports whether a record sends no more calls to other processes than
// go there now.
func (p *placed) stepsBack(next Record) bool {
	present, wanted := p.Control.Policy(), next.policy()
	return wanted.Remote <= present.Remote && wanted.Shadow <= present.Shadow && next.Ramp == nil && next.Guards.IsZero()
}

// mayStepBack reports whether a step back is safe as far as is known, without
// asking anybody: it must be possible while the other process is ill.
func (p *placed) mayStepBack(next Record) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !next.policy().Mixed() || p.sameDatabase() == nil
}

// greet asks the targets and the own database who they are.
func (p *placed) greet(ctx context.Context) []remote.Greeting {
	ctx, cancel := context.WithTimeout(ctx, greetTimeout)
	defer cancel()
	greetings := p.Remote.Greet(ctx)
	var own database.Identity
	if p.Database != nil {
		var err error
		if own, err = p.Database(ctx); err != nil && ctx.Err() == nil {
			p.controller.logger.WarnContext(ctx, "cannot read the identity of a database", slog.String("module", p.name), slog.Any("error", err))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range greetings {
		p.heed(g)
	}
	if own.ID != "" {
		p.own = own
	}
	return greetings
}

// heed remembers what a target said, and reports whether that is news. The
// caller holds mu.
func (p *placed) heed(g remote.Greeting) bool {
	p.failures[g.Target] = g.Err
	before := p.hellos[g.Target]
	if g.Err == nil || g.Hello.Module != "" { // it may be refused because of what it said
		p.hellos[g.Target] = g.Hello
	}
	return p.hellos[g.Target] != before
}

// heedCalls takes over what targets said when calls reconnected, so that a
// target that came back as another one is not used for long. The caller holds
// mu.
func (p *placed) heedCalls() (news bool) {
	for _, t := range p.Remote.Status() {
		if !t.GreetedAt.IsZero() && p.heed(remote.Greeting{Target: t.Address, Hello: t.Hello, Err: t.Err}) {
			news = true
		}
	}
	return news
}

// answered says why no target can be called; nil when at least one answers and
// all that do speak a contract of this side.
func (p *placed) answered(greetings []remote.Greeting) error {
	answered := false
	var failure error
	for _, g := range greetings {
		if err := p.speaks(g); err != nil {
			return err
		}
		if g.Err != nil && g.Hello.Module == "" {
			failure = p.unreachable(g.Target, g.Err)
			continue
		}
		answered = true // if it is refused because of its database, it is judged by that
	}
	switch {
	case answered:
		return nil
	case failure != nil:
		return failure
	default:
		return errNotGreeted.With("%s has no other process that could answer", p.name)
	}
}

// oneDatabase says why the targets may not share the calls: they do not read one
// database, as far as is known. The caller holds mu.
func (p *placed) oneDatabase() error {
	first := ""
	for _, target := range slices.Sorted(maps.Keys(p.hellos)) {
		if first == "" {
			first = target
		}
		if here, there := p.hellos[first].Database, p.hellos[target].Database; here != there {
			return ErrDifferentDatabase.With("%s reads the database %s at %s and %s at %s: all its addresses need the same one",
				p.name, databaseText(here.ID, here.Epoch), first, databaseText(there.ID, there.Epoch), target)
		}
	}
	return nil
}

// sameDatabase says why the two sides may not answer for the same data; nil
// when a target is known to read the database that is read here, and none to
// read another or to speak no contract of this side: what each said last counts.
// One that has said nothing yet is held to it when it does. The caller holds mu.
func (p *placed) sameDatabase() error {
	if p.own.ID == "" {
		return errNotGreeted.With("the identity of the database of %s here is not known yet", p.name)
	}
	if len(p.failures) == 0 {
		return errNotGreeted.With("the other process that hosts %s has not been greeted yet", p.name)
	}
	for _, target := range slices.Sorted(maps.Keys(p.hellos)) {
		hello := p.hellos[target]
		if err := p.speaks(remote.Greeting{Target: target, Hello: hello}); err != nil {
			return err
		}
		if hello.Database.ID != p.own.ID || hello.Database.Epoch != p.own.Epoch {
			return ErrDifferentDatabase.With(
				"%s reads the database %s here and %s at %s: a share between 0 and 100, shadow, fallback, ramps and guards would have both answer for the same data, so they need the same database on both sides",
				p.name, databaseText(p.own.ID, p.own.Epoch), databaseText(hello.Database.ID, hello.Database.Epoch), target)
		}
	}
	if len(p.hellos) > 0 {
		return nil
	}
	target := slices.Min(slices.Collect(maps.Keys(p.failures)))
	return p.unreachable(target, p.failures[target])
}

// speaks says why a target that has said who it is cannot be used; nil for one
// that has said nothing.
func (p *placed) speaks(g remote.Greeting) error {
	switch h, ours := g.Hello, p.Contract; {
	case h.Module == "":
		return nil
	case h.Module != p.name:
		return ErrContract.With("%s hosts %s, not %s: the address is another module's", g.Target, h.Module, p.name)
	case ours.TooOld(h.Versions()):
		return ErrContract.With("%s speaks version %d of the contract of %s, which is too old: this process needs at least %d (build there: %s)",
			g.Target, h.Contract, p.name, ours.Oldest, h.Build)
	case ours.TooNew(h.Versions()):
		return ErrContract.With("%s speaks versions from %d of the contract of %s, which is too new: this process knows %d (build there: %s)",
			g.Target, h.OldestContract, p.name, ours.Newest, h.Build)
	}
	return nil
}

// unreachable is the error of a target that gave no answer.
func (p *placed) unreachable(target string, err error) error {
	return ErrNotReachable.With("%s does not answer for %s: %s", target, p.name, reasonOf(err)).WithCause(err)
}

// reasonOf is an operator's reason of a failed greeting: what happened on the
// way, or what the other process said.
func reasonOf(err error) string {
	if failure, ok := errors.AsType[*contract.Failure](err); ok {
		return failure.Error()
	}
	if refusal, ok := errors.AsType[*fault.Error](err); ok {
		return refusal.Message
	}
	return err.Error()
}

// messageOf is what an error says to people; empty without one.
func messageOf(err error) string {
	if err == nil {
		return ""
	}
	return fault.From(err).Message
}

// short is enough of an identifier to tell it from another.
func short(id string) string { return id[:min(len(id), 8)] }

func databaseText(id string, epoch int64) string {
	return fmt.Sprintf("%s (epoch %d)", short(id), epoch)
}
