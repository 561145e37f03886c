// Package placement is the operator's side of the switch between a module's
// implementation in this process and the one in other processes: it checks
// changes of policy before they are made, keeps them where every replica finds
// them, lets shares rise by steps, and takes a change back by itself when its
// guards are exceeded.
//
// Both sides may answer for the same data only while they read the same
// database. That is checked when a change is made, and watched as long as it is
// in force.
package placement

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/open-feature/go-sdk/openfeature"

	"shop/platform/config"
	"shop/platform/contract"
	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/flip"
	"shop/platform/remote"
)

// Remote is what the package needs of a module's client; *remote.Client is one.
type Remote interface {
	// Greet asks each target for its contract, build and database, within its own
	// time limit.
	Greet(ctx context.Context) []remote.Greeting
	// Status is what the client knows of each target.
	Status() []remote.TargetStatus
	// RequireDatabase has targets refused that read another database than this one,
	// before any call goes there; with an empty id they may read any. It waits for
	// nobody, and asking for the same again costs nothing.
	RequireDatabase(id string, epoch int64)
}

// Module is one module as the controller sees it.
type Module struct {
	// Control is the module's switch.
	Control *flip.Control
	// Contract are the versions of the module's face that this process speaks.
	Contract contract.Versions
	// Remote is the client of other processes; not used when the switch has no
	// remote side.
	Remote Remote
	// Database is the identity of the module's own database; nil when the module
	// is not hosted here.
	Database func(ctx context.Context) (database.Identity, error)
}

// Options configure New. Modules and Logger are required.
type Options struct {
	Modules []Module
	// Settings are those of the start: the first policies, the settings file that
	// is watched, and where changes are kept.
	Settings config.Config
	// Build is this process's build, for people.
	Build string
	// Flags decides policies in the place of the settings and the store; nil lets
	// them through.
	Flags openfeature.FeatureProvider
	// Store keeps changes; nil takes the one that the settings ask for: NATS when
	// nats_url is set, else the settings file when there is one, else memory.
	Store  Store
	Logger *slog.Logger
}

// Controller places modules. It is safe for concurrent use.
type Controller struct {
	name    string // of this controller among the replicas
	build   string
	modules []*placed
	store   Store
	flags   *flags
	logger  *slog.Logger
	// reload has the settings read again, decide the flags.
	reload, decide chan struct{}
	// settings are the newest; from its start on Run alone reads and writes them.
	settings config.Config
}

// New makes a controller and puts the policies of the settings in force, as far
// as they are safe before the other processes have been greeted: where both
// sides would answer for the same data, it is the side in charge alone. It
// connects to nothing that it waits for. Errors name the setting that is wrong.
func New(ctx context.Context, o Options) (*Controller, error) {
	c := &Controller{
		name: rand.Text(), build: o.Build, store: o.Store, logger: o.Logger, settings: o.Settings,
		reload: make(chan struct{}, 1), decide: make(chan struct{}, 1),
	}
	var err error
	if c.store == nil {
		if c.store, err = newStore(o.Settings, o.Logger); err != nil {
			return nil, err
		}
	}
	if c.flags, err = newFlags(ctx, o.Flags, func() { poke(c.decide) }); err != nil {
		return nil, err
	}
	for _, m := range o.Modules {
		p := &placed{
			Module: m, name: m.Control.Module(), controller: c, origin: inSettings,
			hellos: map[string]remote.Hello{}, failures: map[string]error{}, greetSoon: make(chan struct{}, 1),
		}
		if p.configured, err = policyOf(o.Settings, p.name); err != nil {
			return nil, err
		}
		p.record = recordOf(p.configured)
		p.window.reset(now(), m.Control.Stats())
		p.enforce(ctx)
		c.modules = append(c.modules, p)
	}
	return c, nil
}

// newStore makes the store that the settings ask for.
func newStore(settings config.Config, logger *slog.Logger) (Store, error) {
	switch {
	case settings.NATSURL != "":
		return newNATSStore(string(settings.NATSURL), logger)
	case settings.File != "":
		return &fileStore{settings: settings}, nil
	default:
		return memoryStore{}, nil
	}
}

// policyOf is the policy that the settings give a module.
func policyOf(settings config.Config, module string) (flip.Policy, error) {
	p := settings.PlacementOf(module)
	policy := flip.Policy{Remote: p.Remote, Shadow: p.Shadow}
	if err := policy.Fallback.UnmarshalText([]byte(p.Fallback)); err != nil {
		return flip.Policy{}, fmt.Errorf("read %s: %w", config.EnvOf(module+".fallback"), err)
	}
	return policy, nil
}

// recordOf is the record of a policy without conditions.
func recordOf(p flip.Policy) Record {
	return Record{
		Change: rand.Text(), Remote: p.Remote, Shadow: p.Shadow, Fallback: p.Fallback,
		Before: Shares{p.Remote, p.Shadow},
	}
}

// Change makes an operator's change and returns the state after it. It is
// checked as a whole before anything changes. Errors: ErrNotKnown, ErrNoAddress,
// ErrNotHosted, ErrNotReachable, ErrContract, ErrDifferentDatabase,
// ErrDecidedElsewhere, ErrStore, and invalid fields. A change that sends no more
// calls to other processes is made even if it cannot be kept: it is kept later.
func (c *Controller) Change(ctx context.Context, module string, change Change) (ModuleState, error) {
	p, err := c.find(module)
	if err != nil {
		return ModuleState{}, err
	}
	if err := change.Validate(); err != nil {
		return ModuleState{}, err
	}
	p.changing.Lock()
	defer p.changing.Unlock()
	p.mu.Lock()
	present := p.record
	p.mu.Unlock()
	next := change.applyTo(present, rand.Text(), c.name, now())
	if err := p.check(ctx, next, change.Fallback != nil); err != nil {
		return ModuleState{}, err
	}
	if decided := c.flags.decide(ctx, p.name, next.policy()); decided != next.policy() {
		return ModuleState{}, ErrDecidedElsewhere.With("the flag provider decides the placement of %s: %s", p.name, decided)
	}
	if p.Control.Reachable() && p.stepsBack(next) {
		// Calls can be taken back while the store cannot be reached.
		p.saveOrLater(ctx, next, change.fields(), 0, fromOperator)
	} else if err := p.save(ctx, next, change.fields(), 0, fromOperator); err != nil {
		return ModuleState{}, err
	}
	return p.state(ctx), nil
}

// Modules are the states of all modules, in the order of Options.
func (c *Controller) Modules(ctx context.Context) []ModuleState {
	states := make([]ModuleState, len(c.modules))
	for i, p := range c.modules {
		states[i] = p.state(ctx)
	}
	return states
}

// Module is the state of one module. Errors: ErrNotKnown.
func (c *Controller) Module(ctx context.Context, module string) (ModuleState, error) {
	p, err := c.find(module)
	if err != nil {
		return ModuleState{}, err
	}
	return p.state(ctx), nil
}

func (c *Controller) find(module string) (*placed, error) {
	i := slices.IndexFunc(c.modules, func(p *placed) bool { return p.name == module })
	if i < 0 {
		return nil, ErrNotKnown
	}
	return c.modules[i], nil
}

// Reload has Run read the settings again, as SIGHUP asks for.
func (c *Controller) Reload() { poke(c.reload) }

// poke wakes who waits on the channel, now or when it comes back to it.
func poke(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// notKept is the answer to a change that could not be saved.
func notKept(err error) error {
	if errors.Is(err, ErrSuperseded) {
		return ErrSuperseded
	}
	return fault.From(ErrStore).WithCause(err)
}
