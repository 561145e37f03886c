package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"shop/migrations"
	"shop/platform/config"
	"shop/platform/database"
)

// migrateCommand changes the databases by hand.
type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" help:"Apply what is pending. Repeating it is harmless."`
	Down   migrateDownCommand   `cmd:"" help:"Take back the last migrations of one module. What they had made is lost."`
	Status migrateStatusCommand `cmd:"" help:"Show how far each module is. Changes nothing."`
}

// Help is printed below the usage.
func (migrateCommand) Help() string {
	return `"shop serve" migrates by itself, unless told not to (--no-migrate, SHOP_MIGRATE=false).

Examples:
  shop migrate status
  shop migrate up
  shop migrate down --module catalog --steps 1`
}

type migrateUpCommand struct {
	Module string `enum:"${modules}" default:"all" help:"Only this module: ${modules}."`
}

// Run applies what is pending.
func (cmd migrateUpCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	return eachDatabase(ctx, cfg, cmd.Module, func(db *database.DB) error {
		before, err := database.MigrationStatus(ctx, db, migrations.FS)
		if err != nil {
			return err
		}
		if err := database.Migrate(ctx, db, migrations.FS); err != nil {
			return err
		}
		if len(before.Pending) == 0 {
			fmt.Fprintf(c.out, "%-9s is up to date (%d)\n", db.Module(), before.Current)
			return nil
		}
		fmt.Fprintf(c.out, "%-9s %d → %d\n", db.Module(), before.Current, before.Latest)
		return nil
	})
}

type migrateDownCommand struct {
	Module string `required:"" enum:"${names}" placeholder:"NAME" help:"The module: ${names}."`
	Steps  int    `default:"1" help:"How many migrations to take back."`
}

// Validate checks what the parser cannot.
func (cmd migrateDownCommand) Validate() error {
	if cmd.Steps < 1 {
		return fmt.Errorf("use a number from 1 with --steps, not %d", cmd.Steps)
	}
	return nil
}

// Run takes migrations back.
func (cmd migrateDownCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	return eachDatabase(ctx, cfg, cmd.Module, func(db *database.DB) error {
		before, err := database.MigrationStatus(ctx, db, migrations.FS)
		if err != nil {
			return err
		}
		err = database.Down(ctx, db, migrations.FS, cmd.Steps)
		if err != nil {
			return err
		}
		after, err := database.MigrationStatus(ctx, db, migrations.FS)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%-9s %d → %d\n", db.Module(), before.Current, after.Current)
		return nil
	})
}

type migrateStatusCommand struct {
	Module string `enum:"${modules}" default:"all" help:"Only this module: ${modules}."`
}

// Run prints how far each module is.
func (cmd migrateStatusCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	rows := table{{"MODULE", "VERSION", "LATEST", "PENDING"}}
	for _, p := range parts() {
		if cmd.Module != allModules && cmd.Module != p.name {
			continue
		}
		if missingFile(cfg, p.name) {
			rows = append(rows, []string{p.name, "0", "-", "all: there is no database yet"})
			continue
		}
		err := withDatabase(ctx, cfg, p.name, func(db *database.DB) error {
			status, err := database.MigrationStatus(ctx, db, migrations.FS)
			if err != nil {
				return err
			}
			pending := orDash(strings.Join(status.Pending, ", "))
			if status.Dirty {
				pending = "a migration was cut off: shop migrate up says what to do"
			}
			rows = append(rows, []string{p.name, strconv.FormatUint(uint64(status.Current), 10), strconv.FormatUint(uint64(status.Latest), 10), pending})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return rows.write(c.out, c.styleFor(c.out))
}

// allModules stands for every module.
const allModules = "all"

// missingFile reports whether a module's database is a SQLite file that nobody
// has made yet: opening it would.
func missingFile(cfg config.Config, module string) bool {
	if cfg.DatabaseURLOf(module) != "" {
		return false
	}
	_, err := os.Stat(databaseOf(cfg, module))
	return errors.Is(err, os.ErrNotExist)
}

func eachDatabase(ctx context.Context, cfg config.Config, module string, do func(*database.DB) error) error {
	for _, p := range parts() {
		if module != allModules && module != p.name {
			continue
		}
		if err := withDatabase(ctx, cfg, p.name, do); err != nil {
			return err
		}
	}
	return nil
}

func withDatabase(ctx context.Context, cfg config.Config, module string, do func(*database.DB) error) error {
	db, err := database.Open(ctx, database.Options{
		Module: module, URL: cfg.DatabaseURLOf(module), DataDir: cfg.DataDir, Durable: true, MaxConnections: 2,
	})
	if err != nil {
		return err //nolint:wrapcheck // says which module's database it is
	}
	return errors.Join(do(db), db.Close())
}
