package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/golang-migrate/migrate/v4/database"
	pgxmigrate "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	sqlitemigrate "github.com/golang-migrate/migrate/v4/database/sqlite"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// lockNumber keeps our advisory lock apart from others on the same server; the
// second half of the key is the module's.
const lockNumber = 0x73686f70 // "shop"

// migrator is golang-migrate's driver while this process holds the lock. It
// works on a pool of its own, because the library closes the one it is given
// and because the limits of time for requests are not for migrations.
type migrator struct {
	dialect Dialect
	module  string
	driver  database.Driver
}

// locked runs fn while no other process migrates the module's database.
func (db *DB) locked(ctx context.Context, fn func(*migrator) error) error {
	if db.dialect == Postgres {
		return db.lockedPostgres(ctx, fn)
	}
	return db.lockedSQLite(ctx, fn)
}

// lockedPostgres holds an advisory lock on a connection of its own, which the
// server releases with the connection, whatever becomes of this process.
func (db *DB) lockedPostgres(ctx context.Context, fn func(*migrator) error) (err error) {
	config, err := postgresConfig(db.options, map[string]string{"application_name": "shop/" + db.Module() + "/migrate"})
	if err != nil {
		return err
	}
	// No statement comes twice: preparing each would double the round trips.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, pool.Close()) }()

	conn, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to migrate: %w", unavailable(err))
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	_, err = conn.ExecContext(ctx, `SELECT pg_advisory_lock($1, hashtext($2))`, lockNumber, db.Module())
	if err != nil {
		return fmt.Errorf("wait for the migration lock: %w", translatePostgres(err))
	}
	// The history table needs the schema. Module names need no quotes.
	if _, err = conn.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS `+db.Module()); err != nil {
		return fmt.Errorf("create the schema %s: %w", db.Module(), translatePostgres(err))
	}
	driver, err := pgxmigrate.WithInstance(pool, &pgxmigrate.Config{SchemaName: db.Module()})
	if err != nil {
		return fmt.Errorf("prepare the migration history: %w", err)
	}
	defer func() { err = errors.Join(err, driver.Close()) }()
	return fn(&migrator{db.dialect, db.Module(), marks{driver, context.WithoutCancel(ctx), conn, db.Module()}})
}

// marks is golang-migrate's driver for PostgreSQL with a history that is written
// in one round trip each time. The driver's own TRUNCATE makes a new file for
// the table and its index, and waits for the disk to have it.
type marks struct {
	database.Driver

	ctx    context.Context //nolint:containedctx // the driver's methods take none
	conn   *sql.Conn
	module string
}

// SetVersion implements database.Driver. The mark that a migration has begun
// need not be on the disk by itself: the migration's own commit brings it there,
// and before that there is nothing to mark.
func (m marks) SetVersion(version int, dirty bool) error {
	var statement strings.Builder
	if dirty {
		statement.WriteString(`SET LOCAL synchronous_commit = off; `)
	}
	// Statements without parameters travel together, and are one transaction.
	fmt.Fprintf(&statement, `DELETE FROM %s.schema_migrations`, m.module)
	if version >= 0 || dirty { // -1 while the first migration is taken back
		fmt.Fprintf(&statement, `; INSERT INTO %s.schema_migrations (version, dirty) VALUES (%d, %t)`, m.module, version, dirty)
	}
	if _, err := m.conn.ExecContext(m.ctx, statement.String()); err != nil {
		return fmt.Errorf("record a migration: %w", translatePostgres(err))
	}
	return nil
}

// lockedSQLite holds a lock on a file beside the database, since the lock of
// golang-migrate's driver holds within one process only.
func (db *DB) lockedSQLite(ctx context.Context, fn func(*migrator) error) (err error) {
	file, err := sqliteFile(db.options)
	if err != nil {
		return err
	}
	lock, err := os.OpenFile(file+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the migration lock: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }() // and with it goes the lock
	if err = flock(ctx, lock); err != nil {
		return fmt.Errorf("wait for the migration lock: %w", err)
	}
	dsn, err := sqliteDSN(db.options, "immediate", "synchronous(FULL)")
	if err != nil {
		return err
	}
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return fmt.Errorf("connect to migrate: %w", err)
	}
	driver, err := sqlitemigrate.WithInstance(pool, &sqlitemigrate.Config{})
	if err != nil {
		return errors.Join(fmt.Errorf("prepare the migration history: %w", translateSQLite(err)), pool.Close())
	}
	defer func() { err = errors.Join(err, driver.Close()) }()
	return fn(&migrator{db.dialect, db.Module(), driver})
}

// flock waits for the file's lock, looking again and again, since a wait in the
// kernel would not end with ctx.
func flock(ctx context.Context, file *os.File) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
}
