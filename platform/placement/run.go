package placement

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"shop/platform/config"
)

const (
	// tickEvery is how often guards are looked at and ramps may rise.
	tickEvery = time.Second
	// greetEvery is how often targets are greeted; sooner when something waits for
	// their answer.
	greetEvery   = 5 * time.Second
	greetWaiting = time.Second
)

// Run watches the settings, the store, the targets and the guards, and walks
// ramps, until ctx ends. It never fails for what is only unreachable.
func (c *Controller) Run(ctx context.Context) error {
	c.Reload() // the file may have changed since the settings were read
	var work sync.WaitGroup
	work.Go(func() {
		c.store.Watch(ctx, func(module string, r Record, revision uint64) { c.kept(ctx, module, r, revision) })
	})
	work.Go(func() { c.watchSettings(ctx) })
	work.Go(func() { c.watchFlags(ctx) })
	for _, p := range c.modules {
		if !p.Control.Reachable() {
			continue
		}
		work.Go(func() { p.keepGreeting(ctx) })
		work.Go(func() { p.keepLooking(ctx) })
	}
	work.Wait()
	if err := c.flags.close(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("end the flags: %w", err)
	}
	return nil
}

// kept takes over a record of the store.
func (c *Controller) kept(ctx context.Context, module string, r Record, revision uint64) {
	p, err := c.find(module)
	if err != nil || r.Remote < 0 || r.Remote > 100 || r.Shadow < 0 || r.Shadow > 100 {
		c.logger.WarnContext(ctx, "a record of a module's placement makes no sense here", slog.String("module", module))
		return
	}
	p.adopt(ctx, r, c.store.Name(), revision, c.store.Name())
}

// watchFlags decides again when the provider of flags says so.
func (c *Controller) watchFlags(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.decide:
			for _, p := range c.modules {
				p.enforce(ctx)
			}
		}
	}
}

func (c *Controller) watchSettings(ctx context.Context) {
	settings := c.settings
	settings.Watch(ctx, config.WatchOptions{
		Reload:   c.reload,
		OnChange: func(changed config.Config) { c.configure(ctx, changed) },
		OnError: func(err error) {
			c.logger.ErrorContext(ctx, "the settings cannot be used; those before stay in force", slog.Any("error", err))
		},
	})
}

// configure takes over what changed settings say of the modules' placement.
func (c *Controller) configure(ctx context.Context, changed config.Config) {
	if names := needStart(&c.settings, &changed); len(names) > 0 {
		c.logger.WarnContext(ctx, "changed settings come into force at the next start", slog.String("settings", strings.Join(names, " ")))
	}
	c.settings = changed
	for _, p := range c.modules {
		wanted, err := policyOf(changed, p.name)
		if err != nil {
			c.logger.ErrorContext(ctx, "cannot read a module's placement", slog.String("module", p.name), slog.Any("error", err))
			continue
		}
		p.configure(ctx, wanted)
	}
}

// needStart names the settings that have changed and are not read again while
// the process runs.
func needStart(before, after *config.Config) []string {
	old := map[string]string{}
	for _, s := range before.Describe() {
		old[s.Key] = s.Value
	}
	var names []string
	for _, s := range after.Describe() {
		_, name, _ := strings.Cut(s.Key, ".")
		live := name == "remote" || name == "shadow" || name == "fallback"
		if !live && old[s.Key] != s.Value {
			names = append(names, s.Key)
		}
	}
	return names
}

// keepGreeting greets the targets again and again, and puts in force what
// waited for their answer, or takes it out of force.
func (p *placed) keepGreeting(ctx context.Context) {
	for {
		p.greet(ctx)
		p.enforce(ctx)
		p.mu.Lock()
		wait := greetEvery
		if p.waiting != nil {
			wait = greetWaiting
		}
		p.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-p.greetSoon:
		case <-time.After(wait):
		}
	}
}

// keepLooking looks at the guards and the ramp.
func (p *placed) keepLooking(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			p.look(ctx)
		}
	}
}
