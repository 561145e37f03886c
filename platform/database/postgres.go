package database

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
)

const (
	postgresConnections = 6
	connectTimeout      = 5 * time.Second
	connectionLifetime  = 30 * time.Minute
	connectionIdleTime  = 5 * time.Minute
)

// openPostgres opens one pool for reading and writing. Statements are prepared
// and cached by pgx, per connection.
func (db *DB) openPostgres(ctx context.Context) error {
	db.dialect = Postgres
	config, err := postgresConfig(db.options, map[string]string{
		"statement_timeout":                   "30s",
		"lock_timeout":                        "10s",
		"idle_in_transaction_session_timeout": "60s",
		// A plan outlives the state of the table that it was made for: ADR 14.
		"enable_seqscan": "off",
		"jit":            "off", // which the price of what is off would call in
	})
	if err != nil {
		return err
	}
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(scanUTC))
	limit := db.options.MaxConnections
	if limit <= 0 {
		limit = postgresConnections
	}
	pool.SetMaxOpenConns(limit)
	pool.SetMaxIdleConns(limit)
	pool.SetConnMaxLifetime(connectionLifetime)
	pool.SetConnMaxIdleTime(connectionIdleTime)
	db.pools = []namedPool{{"all", pool}}

	dialector := postgresDialector{&postgres.Dialector{Config: &postgres.Config{Conn: pool}}}
	if db.writer, err = db.session(dialector); err != nil {
		return err
	}
	db.reader = db.writer
	return db.Ping(ctx)
}

// postgresConfig reads the URL and adds the session settings that the URL
// leaves open. They travel in the start-up packet, at no cost of a round trip.
func postgresConfig(o Options, settings map[string]string) (*pgx.ConnConfig, error) {
	if !strings.HasPrefix(o.URL, "postgres://") && !strings.HasPrefix(o.URL, "postgresql://") {
		return nil, fmt.Errorf("the database URL must begin with postgres://")
	}
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("read the database URL: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	given := config.RuntimeParams
	config.RuntimeParams = map[string]string{"application_name": "shop/" + o.Module}
	maps.Copy(config.RuntimeParams, settings)
	maps.Copy(config.RuntimeParams, given)
	// The module sees its own schema and nothing else, whatever the URL says.
	config.RuntimeParams["search_path"] = o.Module
	config.RuntimeParams["timezone"] = "UTC"
	return config, nil
}

// scanUTC makes timestamps come back in UTC, where pgx gives local time.
func scanUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}
