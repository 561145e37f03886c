package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shop/cmd/shopbench/internal/load"
)

// arena is where the servers meet: one kind of database, all servers running at
// once, asked in turns.
type arena struct {
	options     options
	database    string
	table       *table
	progress    io.Writer
	description string  // of the database, once run
	failures    []error // of requests, once run

	databases databases
	dir       string
	targets   []*target
}

// run measures and adds the rows to the table.
func (a *arena) run(ctx context.Context) (err error) {
	a.dir = filepath.Join(a.options.dir, strings.ToLower(a.database))
	if err = os.MkdirAll(a.dir, 0o700); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	a.databases = sqliteDatabases{dir: a.dir, synchronous: a.options.synchronous}
	if a.database == databasePostgres {
		if a.databases, err = openPostgres(ctx, a.options.postgresURL); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, a.stop(), a.databases.close(ctx)) }()
	a.description = a.databases.describe()
	return a.measureAll(ctx)
}

func (a *arena) measureAll(ctx context.Context) error {
	firstReady, err := a.measureFirstStarts(ctx)
	if err != nil {
		return err
	}
	restartReady, err := a.open(ctx)
	if err != nil {
		return err
	}
	idle, err := a.measureIdle(ctx)
	if err != nil {
		return err
	}
	err = a.admit(ctx)
	if err != nil {
		return err
	}
	err = a.measureLoad(ctx)
	if err != nil {
		return err
	}
	var peak [columns]int64
	for _, t := range a.targets {
		if _, peak[t.column], err = t.process.memory(); err != nil {
			return err
		}
	}
	a.table.addReady("start to first 200, empty", a.database, firstReady)
	a.table.addReady("start to first 200, again", a.database, restartReady)
	a.table.addIdle(a.database, idle)
	a.table.addPeak(a.database, peak)
	return nil
}

// subject returns the server of the column on the named, empty database.
func (a *arena) subject(ctx context.Context, c column, name string) (s subject, place string, err error) {
	if place, err = a.databases.create(ctx, name); err != nil {
		return nil, "", err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, "", err
	}
	if c != columnShop {
		kind := kindGinGORM
		if c == columnByHand {
			kind = kindByHand
		}
		return yardstickServer{kind: kind, dir: a.dir, place: place, address: address, options: a.options}, place, nil
	}
	dir := filepath.Join(a.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", fmt.Errorf("make a folder: %w", err)
	}
	return shop{binary: a.options.shop, env: a.options.shopEnv, dir: dir, place: place, address: address}, place, nil
}

// measureFirstStarts returns how long the shop takes to answer when nothing is
// there yet.
func (a *arena) measureFirstStarts(ctx context.Context) (time.Duration, error) {
	a.say("starting the shop on empty databases")
	var took []time.Duration
	for i := range a.options.starts {
		s, _, err := a.subject(ctx, columnShop, fmt.Sprintf("first_%d", i))
		if err != nil {
			return 0, err
		}
		one, err := startAgain(ctx, s, 1)
		if err != nil {
			return 0, err
		}
		took = append(took, one...)
	}
	return load.Median(took), nil
}

// open fills the databases and starts all servers; the shop a few times more,
// to return how long that takes.
func (a *arena) open(ctx context.Context) (time.Duration, error) {
	var took []time.Duration
	for c := range columns {
		a.say("filling %s", c)
		s, place, err := a.subject(ctx, c, strings.NewReplacer("+", "_", " ", "_").Replace(c.String()))
		if err != nil {
			return 0, err
		}
		err = s.fill(ctx, a.options.products)
		if err != nil {
			return 0, err
		}
		err = a.databases.settle(ctx, place)
		if err != nil {
			return 0, err
		}
		if c == columnShop {
			if took, err = startAgain(ctx, s, a.options.starts); err != nil {
				return 0, err
			}
		}
		t := &target{column: c, subject: s}
		if t.process, err = s.start(ctx); err != nil {
			return 0, err
		}
		for i := range a.options.conns {
			t.clients = append(t.clients, newClient(t.process.address, i))
		}
		a.targets = append(a.targets, t)
	}
	return load.Median(took), nil
}

// startAgain starts and stops the server n times and returns how long each
// start took.
func startAgain(ctx context.Context, s subject, n int) ([]time.Duration, error) {
	var took []time.Duration
	for range n {
		p, err := s.start(ctx)
		if err != nil {
			return nil, err
		}
		took = append(took, p.readyAfter)
		if err := p.stop(); err != nil {
			return nil, err
		}
	}
	return took, nil
}

// measureIdle returns the memory of servers that nobody has asked anything.
func (a *arena) measureIdle(ctx context.Context) (bytes [columns]int64, err error) {
	a.say("idling for %s", a.options.idle)
	select {
	case <-time.After(a.options.idle):
	case <-ctx.Done():
		return bytes, ctx.Err()
	}
	for _, t := range a.targets {
		if bytes[t.column], _, err = t.process.memory(); err != nil {
			return bytes, err
		}
	}
	return bytes, nil
}

// admit signs the clients up and lets one of each server walk the catalog.
func (a *arena) admit(ctx context.Context) error {
	for _, t := range a.targets {
		a.say("walking through %s", t.column)
		for i, c := range t.clients {
			if err := t.subject.signUp(ctx, c, i); err != nil {
				return fmt.Errorf("%s: %w", t.column, err)
			}
		}
		found, err := t.clients[0].walk(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", t.column, err)
		}
		if len(found.products) != a.options.products {
			return fmt.Errorf("%s lists %d products instead of %d", t.column, len(found.products), a.options.products)
		}
		for _, c := range t.clients {
			c.catalog = found
		}
	}
	return nil
}

// measureLoad runs the rounds: each scenario on each server in turn, so that
// whatever else the machine does hits all alike.
func (a *arena) measureLoad(ctx context.Context) error {
	rounds := map[string]*[columns][]load.Figures{}
	chosen := a.chosen()
	for round := range a.options.rounds {
		for _, s := range chosen {
			if rounds[s.key] == nil {
				rounds[s.key] = new([columns][]load.Figures)
			}
			var line strings.Builder
			fmt.Fprintf(&line, "round %d of %d, %s:", round+1, a.options.rounds, s.name)
			for i := range a.targets {
				t := a.targets[(i+round)%len(a.targets)]
				figures, err := a.measure(ctx, s, t)
				if err != nil {
					return err
				}
				rounds[s.key][t.column] = append(rounds[s.key][t.column], figures)
				fmt.Fprintf(&line, "  %s %s", t.column, thousands(figures.PerSecond))
			}
			a.say("%s", line.String())
		}
	}
	own := map[string]float64{}
	for _, s := range chosen {
		var got [columns]load.Figures
		for c := range columns {
			got[c] = load.Combine(rounds[s.key][c])
			if got[c].Errors > 0 {
				a.failures = append(a.failures, fmt.Errorf("%s, %s, %s: %d requests failed, the first: %w",
					a.database, c, s.name, got[c].Errors, got[c].FirstError))
			}
		}
		own[s.key] = got[columnShop].PerSecond
		a.table.addLoad(s, a.database, got, own[s.goal.ownScenario])
	}
	return nil
}

func (a *arena) measure(ctx context.Context, s scenario, t *target) (load.Figures, error) {
	steps := make([]load.Step, len(t.clients))
	for i, c := range t.clients {
		if s.prepare != nil {
			if err := s.prepare(ctx, c); err != nil {
				return load.Figures{}, fmt.Errorf("%s, prepare %s: %w", t.column, s.name, err)
			}
		}
		steps[i] = func(ctx context.Context) error { return s.step(ctx, c) }
	}
	sample := load.Window{WarmUp: a.options.warmUp, Duration: a.options.window}.Run(ctx, steps)
	return sample.Figures(), ctx.Err()
}

// chosen returns the scenarios of -only, in the usual order.
func (a *arena) chosen() []scenario {
	if len(a.options.only) == 0 {
		return scenarios()
	}
	return slices.DeleteFunc(scenarios(), func(s scenario) bool { return !slices.Contains(a.options.only, s.key) })
}

// stop ends all servers.
func (a *arena) stop() error {
	var all error
	for _, t := range a.targets {
		for _, c := range t.clients {
			all = errors.Join(all, c.conn.Close())
		}
		all = errors.Join(all, t.process.stop())
	}
	return all
}

func (a *arena) say(format string, args ...any) {
	fmt.Fprintf(a.progress, a.database+": "+format+"\n", args...)
}
