package placement_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/config"
	"shop/platform/contract"
	"shop/platform/database"
	"shop/platform/fault"
	"shop/platform/flip"
	"shop/platform/placement"
	"shop/platform/remote"
)

// reader is the face of the module that the tests place. It bears the name of a
// real one, for which there are settings.
type reader interface {
	Read(ctx context.Context, in int) (string, error)
}

var methodRead = contract.Method{Module: "catalog", Name: "Read", Class: contract.Read}

// side is one implementation of it.
type side struct {
	mu     sync.Mutex
	answer string
	err    error
	takes  time.Duration
}

func (s *side) Read(ctx context.Context, _ int) (string, error) {
	s.mu.Lock()
	answer, err, takes := s.answer, s.err, s.takes
	s.mu.Unlock()
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	return answer, err
}

func (s *side) set(change func(*side)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// Databases that the sides may read.
const (
	ours   = "0123456789abcdef0123456789abcdef"
	theirs = "fedcba9876543210fedcba9876543210"
)

// far is what other processes say when they are greeted.
type far struct {
	mu       sync.Mutex
	targets  []remote.Greeting
	required string // a database; empty: none
}

// answering is a target that hosts the module on a database.
func answering(address, db string) remote.Greeting {
	g := remote.Greeting{Target: address, Hello: remote.Hello{Module: "catalog", Contract: 3, OldestContract: 2, Build: "v2"}}
	g.Hello.Database.ID, g.Hello.Database.Epoch = db, 1
	return g
}

// silent is a target that does not answer.
func silent(address string) remote.Greeting {
	cause := &contract.Failure{Cause: context.DeadlineExceeded}
	return remote.Greeting{Target: address, Err: fault.New(fault.Unavailable, "catalog_unavailable", "not now").WithCause(cause)}
}

func (f *far) say(targets ...remote.Greeting) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.targets = targets
}

func (f *far) Greet(context.Context) []remote.Greeting {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.judged()
}

// judged are the greetings as the client gives them; the caller holds mu.
func (f *far) judged() []remote.Greeting {
	targets := slices.Clone(f.targets)
	for i := range targets {
		if g := &targets[i]; g.Err == nil && f.required != "" && g.Hello.Database.ID != f.required {
			g.Err = errors.New("it reads another database")
		}
	}
	return targets
}

func (f *far) RequireDatabase(id string, _ int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.required = id
}

// requires is the database that the targets have to read.
func (f *far) requires() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.required
}

func (f *far) Status() []remote.TargetStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	var status []remote.TargetStatus
	for _, t := range f.targets {
		status = append(status, remote.TargetStatus{Address: t.Target, Breaker: "closed", Calls: 7})
	}
	return status
}

// rig is one process with one module.
type rig struct {
	*placement.Controller
	route        *flip.Route[reader]
	near, remote *side
	far          *far
	logs         *logs
}

// options say what is unusual about a rig.
type options struct {
	settings    config.Config
	notHosted   bool
	noRemote    bool
	says        []remote.Greeting // what the targets say; nil: one with our database
	store       placement.Store
	configuring func(*placement.Options)
}

// newRig makes a process that does not run yet.
func newRig(t *testing.T, o options) *rig {
	t.Helper()
	r := &rig{near: &side{answer: "same"}, remote: &side{answer: "same"}, far: &far{}, logs: &logs{}}
	if o.says == nil {
		o.says = []remote.Greeting{answering("http://a", ours)}
	}
	r.far.say(o.says...)
	if o.settings.HTTPAddr == "" {
		o.settings = settings(t, "")
	}
	sides := flip.Options[reader]{Module: "catalog", Methods: []contract.Method{methodRead}}
	module := placement.Module{Contract: contract.Versions{Newest: 2, Oldest: 1}}
	if !o.notHosted {
		sides.Local = r.near
		module.Database = func(context.Context) (database.Identity, error) { return database.Identity{ID: ours, Epoch: 1}, nil }
	}
	if !o.noRemote {
		sides.Remote = r.remote
		module.Remote = r.far
	}
	r.route = flip.New(sides)
	module.Control = r.route.Control
	all := placement.Options{
		Modules: []placement.Module{module}, Settings: o.settings, Build: "v1", Store: o.store,
		Logger: slog.New(slog.NewTextHandler(r.logs, nil)),
	}
	if o.configuring != nil {
		o.configuring(&all)
	}
	var err error
	r.Controller, err = placement.New(t.Context(), all)
	require.NoError(t, err)
	return r
}

// run runs the process until the test, or its bubble, ends.
func (r *rig) run(t *testing.T) *rig {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return r
}

// settings are those of a file with the text, without one when it is empty, and
// of variables.
func settings(t *testing.T, file string, variables ...string) config.Config {
	t.Helper()
	if file == "" {
		file = "/dev/null"
	}
	c, err := config.Load(config.Options{File: file, Environ: append([]string{"SHOP_CATALOG_URL=http://a"}, variables...)})
	require.NoError(t, err)
	return c
}

// state is the module's.
func (r *rig) state(t *testing.T) placement.ModuleState {
	t.Helper()
	s, err := r.Module(t.Context(), "catalog")
	require.NoError(t, err)
	return s
}

// change makes one that must succeed.
func (r *rig) change(t *testing.T, c placement.Change) placement.ModuleState {
	t.Helper()
	s, err := r.Change(t.Context(), "catalog", c)
	require.NoError(t, err)
	return s
}

// read calls the module n times, as as many different users.
func (r *rig) read(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		_, _ = flip.Call(t.Context(), r.route, methodRead, reader.Read, i) // some are meant to fail
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, 20*time.Second, 10*time.Millisecond, what)
}

// remoteIs reports whether the share in force is the wanted one.
func (r *rig) remoteIs(share int) func() bool {
	return func() bool { return r.route.Policy().Remote == share }
}

// logs are what a process has logged.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func guards(t *testing.T, text string) placement.Guards {
	t.Helper()
	g, err := placement.ParseGuards(text)
	require.NoError(t, err)
	return g
}

func contains(l *logs, text string) bool { return strings.Contains(l.String(), text) }
