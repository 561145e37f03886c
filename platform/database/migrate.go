package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
)

// Status is how far a module's database is migrated.
type Status struct {
	// Current is the version of the last migration applied, 0 when none is. It
	// is above Latest when a newer release has been here.
	Current uint
	// Latest is the version of the last migration known.
	Latest uint
	// Dirty: a migration was cut off, and someone has to look (see Migrate).
	Dirty bool
	// Pending are the names of the migrations still to apply, in order.
	Pending []string
}

// Migrate brings the module's database to the latest version in fsys (see
// package migrations), creating its schema on PostgreSQL, and gives it an
// identity. A database that is up to date costs one query and no lock; else a
// lock across processes lets replicas start together. A database that a newer
// release has migrated further is left as it is.
//
// A migration that fails is rolled back and tried again next time. One that was
// cut off (the process was killed) leaves the database dirty, which Migrate
// refuses with what to do about it.
func Migrate(ctx context.Context, db *DB, fsys fs.FS) error {
	files, err := readFiles(fsys, db)
	if err != nil {
		return err
	}
	state, err := db.version(ctx)
	if err != nil {
		return err
	}
	if state.version >= files.latest() && !state.dirty && state.identified {
		return nil
	}
	return db.locked(ctx, func(m *migrator) error {
		// Another replica may have done it while this one waited; and until
		// here "dirty" could mean that one is at it.
		state, err := db.version(ctx)
		if err != nil {
			return err
		}
		if state.dirty {
			return dirtyError(db, state.version)
		}
		if state.version < files.latest() {
			if err := m.run(ctx, files, (*migrate.Migrate).Up); err != nil {
				return err
			}
		}
		return db.identify(ctx)
	})
}

// Down takes back the last migrations, at most as many as steps says. What they
// had made is lost.
func Down(ctx context.Context, db *DB, fsys fs.FS, steps int) error {
	if steps < 1 {
		return fmt.Errorf("take back migrations: steps must be at least 1, not %d", steps)
	}
	files, err := readFiles(fsys, db)
	if err != nil {
		return err
	}
	return db.locked(ctx, func(m *migrator) error {
		state, err := db.version(ctx)
		switch {
		case err != nil:
			return err
		case state.dirty:
			return dirtyError(db, state.version)
		case state.version > files.latest():
			return fmt.Errorf("take back migrations of %s: the database is at version %d, which only a newer release knows", db.Module(), state.version)
		}
		possible := min(steps, files.applied(state.version))
		if possible == 0 {
			return nil
		}
		return m.run(ctx, files, func(m *migrate.Migrate) error { return m.Steps(-possible) })
	})
}

// MigrationStatus reads how far the database is migrated; it changes nothing.
func MigrationStatus(ctx context.Context, db *DB, fsys fs.FS) (Status, error) {
	files, err := readFiles(fsys, db)
	if err != nil {
		return Status{}, err
	}
	state, err := db.version(ctx)
	if err != nil {
		return Status{}, err
	}
	return Status{
		Current: state.version, Latest: files.latest(), Dirty: state.dirty, Pending: files.after(state.version),
	}, nil
}

// versionState is what one query tells about a database.
type versionState struct {
	version    uint
	dirty      bool
	identified bool
}

// version asks for the state on the writer, whose connection is the one that
// the process needs next anyway. A database without the tables is at 0.
func (db *DB) version(ctx context.Context) (versionState, error) {
	pool, err := db.writer.DB()
	if err != nil {
		return versionState{}, fmt.Errorf("read the migration history: %w", err)
	}
	var state versionState
	var version int // -1 while the first migration is taken back
	err = pool.QueryRowContext(ctx, `SELECT version, dirty, EXISTS (SELECT 1 FROM database_identity) FROM schema_migrations`).
		Scan(&version, &state.dirty, &state.identified)
	if missingTable(err) {
		// Either table may be the one: a first migration that was cut off
		// leaves a history without an identity table.
		err = pool.QueryRowContext(ctx, `SELECT version, dirty FROM schema_migrations`).Scan(&version, &state.dirty)
	}
	state.version = uint(max(version, 0))
	if err == nil || missingTable(err) || errors.Is(err, sql.ErrNoRows) {
		return state, nil
	}
	return versionState{}, fmt.Errorf("read the migration history of %s: %w", db.Module(), db.translate(err))
}

// identify gives the database its identity unless it has one.
func (db *DB) identify(ctx context.Context) error {
	id, err := uuid.NewRandom()
	if err != nil {
		return fmt.Errorf("make an identity: %w", err)
	}
	// The bytes do not stand first: GORM takes a slice after "(" for a list.
	err = db.Write(ctx).Exec(`INSERT INTO database_identity (epoch, id) VALUES (1, ?) ON CONFLICT DO NOTHING`, id[:]).Error
	if err != nil {
		return fmt.Errorf("write the identity of %s: %w", db.Module(), err)
	}
	return nil
}

func missingTable(err error) bool {
	if err == nil {
		return false
	}
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer.Code == "42P01" // undefined_table
	}
	return strings.Contains(err.Error(), "no such table")
}

func dirtyError(db *DB, version uint) error {
	history := "schema_migrations"
	if db.dialect == Postgres {
		history = db.Module() + "." + history
	}
	return fmt.Errorf("the database of %s is dirty: a migration to or from version %d was cut off before it was recorded. "+
		"Each migration is one transaction, so its changes are there in full or not at all. "+
		"Look which, set version and dirty = false in its table %s accordingly (no row for version 0), and start again",
		db.Module(), version, history)
}

// run applies migrations with golang-migrate. When one fails it has been rolled
// back (each runs in a transaction), so the history goes back to what it was.
func (m *migrator) run(ctx context.Context, files migrationFiles, apply func(*migrate.Migrate) error) error {
	source, err := iofs.New(files.fsys, files.folder)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	runner, err := migrate.NewWithInstance("iofs", source, m.dialect.String(), m.driver)
	if err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	runner.LockTimeout = time.Minute
	defer context.AfterFunc(ctx, func() { runner.GracefulStop <- true })()

	before, _, err := m.driver.Version()
	if err != nil {
		return fmt.Errorf("read the migration history: %w", err)
	}
	failed := apply(runner)
	if errors.Is(failed, migrate.ErrNoChange) {
		return nil
	}
	if failed == nil {
		return ctx.Err() // a graceful stop between two migrations is no error to the library
	}
	return fmt.Errorf("migrate %s: %w", m.module, errors.Join(failed, m.undoMark(files, before)))
}

// undoMark takes the mark of the migration that failed off the history. Those
// before it in the same run stay applied.
func (m *migrator) undoMark(files migrationFiles, before int) error {
	at, dirty, err := m.driver.Version()
	if err != nil || !dirty {
		return err
	}
	last := files.before(at)
	if at < before { // going down: the version marked is the one aimed at
		last = files.following(at)
	}
	if err := m.driver.SetVersion(last, false); err != nil {
		return fmt.Errorf("record that the migration was rolled back: %w", err)
	}
	return nil
}
