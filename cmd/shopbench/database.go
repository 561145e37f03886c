package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	databasePostgres = "PostgreSQL"
	databaseSQLite   = "SQLite"
)

// databases makes databases for the servers and removes them at the end.
type databases interface {
	// create makes an empty one and returns its postgres:// URL, or a folder
	// for SQLite files.
	create(ctx context.Context, name string) (place string, err error)
	// settle brings the statistics up to date, as the server would by itself
	// after a while: it leaves alone what is empty, since a plan for a table known
	// to be empty reads it from end to end, and is kept while the table fills.
	settle(ctx context.Context, place string) error
	// describe says what is measured.
	describe() string
	close(ctx context.Context) error
}

// postgresDatabases are databases of their own on one server.
type postgresDatabases struct {
	admin   *pgx.Conn
	url     *url.URL
	prefix  string
	version string
	created []string
}

// openPostgres refuses a server that answers before it has written.
func openPostgres(ctx context.Context, rawURL string) (*postgresDatabases, error) {
	parsed, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("read SHOP_TEST_POSTGRES_URL: %w", err)
	}
	admin, err := pgx.Connect(ctx, rawURL)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	d := &postgresDatabases{admin: admin, url: parsed, prefix: "shopbench_" + strconv.FormatInt(time.Now().Unix(), 36)}
	var fsync, synchronous string
	err = admin.QueryRow(ctx, `SELECT current_setting('server_version'), current_setting('fsync'),
		current_setting('synchronous_commit')`).Scan(&d.version, &fsync, &synchronous)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("ask PostgreSQL for its settings: %w", err), d.close(ctx))
	}
	if fsync != "on" || synchronous != "on" {
		return nil, errors.Join(fmt.Errorf(
			"PostgreSQL runs with fsync %s and synchronous_commit %s: both must be on for the figures to mean something",
			fsync, synchronous), d.close(ctx))
	}
	return d, nil
}

func (d *postgresDatabases) create(ctx context.Context, name string) (string, error) {
	name = d.prefix + "_" + name
	if _, err := d.admin.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return "", fmt.Errorf("create a database: %w", err)
	}
	d.created = append(d.created, name)
	place := *d.url
	place.Path = "/" + name
	return place.String(), nil
}

func (d *postgresDatabases) settle(ctx context.Context, place string) (err error) {
	db, err := pgx.Connect(ctx, place)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close(ctx)) }()
	rows, err := db.Query(ctx, `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	if err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	for _, table := range tables {
		var filled bool
		if err = db.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+table+")").Scan(&filled); err != nil {
			return fmt.Errorf("look into %s: %w", table, err)
		}
		if !filled {
			continue
		}
		if _, err = db.Exec(ctx, "VACUUM ANALYZE "+table); err != nil {
			return fmt.Errorf("vacuum %s: %w", table, err)
		}
	}
	return nil
}

func (d *postgresDatabases) describe() string {
	return "PostgreSQL " + d.version + ", fsync on"
}

func (d *postgresDatabases) close(ctx context.Context) error {
	// The run may have been broken off, and its context with it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	var all error
	for _, name := range d.created {
		_, err := d.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
		all = errors.Join(all, err)
	}
	return errors.Join(all, d.admin.Close(ctx))
}

// sqliteDatabases are folders; who makes them removes them.
type sqliteDatabases struct {
	dir         string
	synchronous string
}

func (d sqliteDatabases) create(_ context.Context, name string) (string, error) {
	place := filepath.Join(d.dir, name)
	if err := os.MkdirAll(place, 0o700); err != nil {
		return "", fmt.Errorf("create a folder: %w", err)
	}
	return place, nil
}

func (d sqliteDatabases) settle(context.Context, string) error { return nil }

func (d sqliteDatabases) describe() string {
	return "SQLite in WAL mode, yardsticks synchronous " + d.synchronous
}

func (d sqliteDatabases) close(context.Context) error { return nil }
