// Package database opens a module's own database and hands out GORM sessions
// on it: PostgreSQL with a schema per module, or SQLite with a file per module.
//
// What a module sees is the same on both: Read and Write sessions that join the
// transaction in the context, InTx, errors translated once (ErrNotFound,
// ErrDuplicate, ErrConstraint, ErrUnavailable), times in UTC at microseconds,
// and migrations with one history per module. SQL that the dialects write
// differently is told apart with DB.Dialect.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"go.opentelemetry.io/otel/trace"
	"gorm.io/gorm"
)

// Dialect names a kind of database.
type Dialect int

// The dialects.
const (
	Postgres Dialect = iota + 1
	SQLite
)

// String is the dialect's name, which is also its folder under migrations/.
func (d Dialect) String() string {
	switch d {
	case Postgres:
		return "postgres"
	case SQLite:
		return "sqlite"
	default:
		return fmt.Sprintf("dialect(%d)", int(d))
	}
}

// Options say which database a module gets. Module and one of URL and DataDir
// are required; every other zero value works.
type Options struct {
	// Module names the schema or file: lower-case letters, digits and "_".
	Module string
	// URL is a postgres:// address; empty means SQLite.
	URL string
	// DataDir is the folder of <Module>.db, created when missing. SQLite only.
	DataDir string
	// Durable makes SQLite wait for the disk at each commit, so that an
	// acknowledged write survives a power loss. PostgreSQL decides by its own
	// synchronous_commit.
	Durable bool
	// MaxConnections bounds the pool: on PostgreSQL all connections (0: 6, so
	// that two replicas of six modules stay well below its default of 100), on
	// SQLite the readers beside the one writer (0: by processors, 2 to 8).
	MaxConnections int
	// Logger takes slow statements; nil discards them.
	Logger *slog.Logger
	// SlowStatement is how long a statement takes that is logged (0: 200 ms).
	SlowStatement time.Duration
	// Metrics measures statements and pools; nil measures nothing.
	Metrics *Metrics
	// Tracer makes a span of each statement inside a sampled trace; nil makes
	// none.
	Tracer trace.Tracer
}

// DB is a module's database. It is safe for concurrent use.
type DB struct {
	options Options
	dialect Dialect
	writer  *gorm.DB
	reader  *gorm.DB // the writer itself on PostgreSQL
	pools   []namedPool
	line    *Shared // in which transactions of SQLite wait for the one writer
}

// namedPool is a pool under the name that its gauges carry.
type namedPool struct {
	name string
	sql  *sql.DB
}

const slowStatement = 200 * time.Millisecond

var moduleName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Open connects to the module's database and checks that it answers; it
// changes nothing in it (see Migrate), but creates a SQLite file that is
// missing. An unreachable server is ErrUnavailable. The caller closes the DB.
func Open(ctx context.Context, o Options) (*DB, error) {
	if !moduleName.MatchString(o.Module) {
		return nil, fmt.Errorf("open database: %q is no module name", o.Module)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.SlowStatement <= 0 {
		o.SlowStatement = slowStatement
	}
	db := &DB{options: o}
	open := db.openSQLite
	if o.URL != "" {
		open = db.openPostgres
	}
	if err := open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database of %s: %w", o.Module, err), db.Close())
	}
	o.Metrics.watch(db)
	return db, nil
}

// Close closes the connections. Transactions still open are rolled back.
func (db *DB) Close() error {
	db.options.Metrics.forget(db)
	var errs []error
	for _, pool := range db.pools {
		errs = append(errs, pool.sql.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the database of %s: %w", db.options.Module, err)
	}
	return nil
}

// Ping asks the database for an answer; without one it returns ErrUnavailable
// or the context's error.
func (db *DB) Ping(ctx context.Context) error {
	for _, pool := range db.pools {
		if err := pool.sql.PingContext(ctx); err != nil {
			return fmt.Errorf("ping: %w", unavailable(err))
		}
	}
	return nil
}

// Dialect says which SQL the database speaks.
func (db *DB) Dialect() Dialect { return db.dialect }

// Module is the name of the module that owns the database.
func (db *DB) Module() string { return db.options.Module }

// Read is a session for statements that change nothing: in the transaction of
// this database that ctx carries, else on the read pool. What a committed
// transaction wrote is visible.
func (db *DB) Read(ctx context.Context) *gorm.DB {
	if tx := db.transaction(ctx); tx != nil {
		return tx.session.WithContext(ctx)
	}
	return db.reader.WithContext(ctx)
}

// Write is a session for any statement: in the transaction of this database
// that ctx carries, so that nothing inside InTx can go around it; else each
// statement commits by itself.
func (db *DB) Write(ctx context.Context) *gorm.DB {
	if tx := db.transaction(ctx); tx != nil {
		return tx.session.WithContext(ctx)
	}
	return db.writer.WithContext(ctx)
}

// Now is the current time as the databases keep it: UTC, at microseconds. Use
// it (or Timestamp) for times that are compared with stored ones.
func Now() time.Time { return Timestamp(time.Now()) }

// Timestamp is t as the databases keep it: UTC, cut to microseconds.
func Timestamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// session opens GORM over a pool. Each call has a configuration of its own:
// two that shared one would swap dialects.
func (db *DB) session(dialector gorm.Dialector) (*gorm.DB, error) {
	session, err := gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		// Columns by name, never *: a column that a newer replica adds must not
		// change the shape of a statement that PostgreSQL has prepared.
		QueryFields:          true,
		DisableAutomaticPing: true,
		NowFunc:              Now,
		Logger:               &statementLogger{db.options.Logger, db.options.Module, db.options.SlowStatement},
	})
	if err != nil {
		return nil, fmt.Errorf("open a session: %w", unavailable(err))
	}
	if err := observe(session, db.options); err != nil {
		return nil, fmt.Errorf("observe statements: %w", err)
	}
	return session, nil
}
