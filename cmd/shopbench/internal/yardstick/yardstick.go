// Package yardstick holds what the two yardsticks of the benchmark share: the
// tables, the bodies on the wire and how a server is run.
//
// A yardstick answers the shop's own paths with the shop's rows and nothing
// else: nobody is signed in, nothing can be retried safely, nothing is
// published, logged, measured or traced. It is what the shop's own work is
// weighed against, so it has to be as good as its kind gets: the indices, pool
// sizes and statements of somebody who knows the trade.
package yardstick

import (
	"context"
	_ "embed" // for the schemas
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// PostgresSchema creates the tables on an empty PostgreSQL database.
//
//go:embed postgres.sql
var PostgresSchema string

// SQLiteSchema creates the tables in an empty SQLite file.
//
//go:embed sqlite.sql
var SQLiteSchema string

// PageSize is how many products a page or a search returns.
const PageSize = 20

const busyTimeout = 10 * time.Second

// Options of a yardstick. All are needed, Address for serving only.
type Options struct {
	Address     string // to listen on, host:port
	Database    string // postgres:// URL, else the path of a SQLite file
	Pool        int    // connections to the database
	Synchronous string // SQLite's pragma: FULL keeps an answered write through a power cut, NORMAL does not
}

// OnPostgres reports whether the database is a PostgreSQL one.
func (o Options) OnPostgres() bool {
	return strings.HasPrefix(o.Database, "postgres://") || strings.HasPrefix(o.Database, "postgresql://")
}

// SQLiteDSN is the data source name of the SQLite file for modernc.org/sqlite.
func (o Options) SQLiteDSN() string {
	query := url.Values{
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
			"journal_mode(WAL)", "synchronous(" + o.Synchronous + ")", "foreign_keys(1)",
		},
		"_txlock":      {"immediate"},
		"_time_format": {"sqlite"},
	}
	return "file:" + o.Database + "?" + query.Encode()
}

// Serve answers with the handler until ctx ends, then lets running requests
// finish.
func (o Options) Serve(ctx context.Context, handler http.Handler) error {
	server := &http.Server{Addr: o.Address, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(drain)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("listen: %w", err)
	}
	return <-stopped
}
