package database

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"gorm.io/driver/sqlite"
	modernc "modernc.org/sqlite"
)

// busyTimeout is how long a statement waits for another process that writes,
// in milliseconds. Within this process writers queue for the one connection.
const busyTimeout = "busy_timeout(15000)"

// openAttempts bounds how often the file is opened while another process is
// about it, with pauses of up to 10 ms that grow by as much: about 5 seconds.
const openAttempts = 30

// openSQLite opens one connection that writes and a pool that reads, on the
// same file. A single writer gives the throughput of many (SQLite serializes
// them anyway) with a wait that is fair and short. The readers connect when
// they are needed first.
func (db *DB) openSQLite(ctx context.Context) error {
	db.dialect = SQLite
	db.line = &Shared{db: db}
	if db.options.DataDir == "" {
		return fmt.Errorf("neither a URL nor a data directory is set")
	}
	if err := os.MkdirAll(db.options.DataDir, 0o700); err != nil {
		return fmt.Errorf("create the data directory: %w", err)
	}
	synchronous := "synchronous(NORMAL)"
	if db.options.Durable {
		synchronous = "synchronous(FULL)"
	}
	writer, err := db.sqlitePool("write", 1, "immediate", synchronous)
	if err != nil {
		return err
	}
	// The first connection turns on the write-ahead log, so that the readers
	// find it on. For that the busy timeout is not in force: a process that opens
	// the same new file at the same time has to try again.
	for attempt := 1; ; attempt++ {
		err = writer.PingContext(ctx)
		if err == nil {
			break
		}
		if !retryable(err) || attempt == openAttempts || !pause(ctx, attempt) {
			return unavailable(err)
		}
	}
	limit := db.options.MaxConnections
	if limit <= 0 {
		limit = min(max(runtime.GOMAXPROCS(0), 2), 8)
	}
	reader, err := db.sqlitePool("read", limit, "deferred", "query_only(1)")
	if err != nil {
		return err
	}
	if db.writer, err = db.session(sqliteDialector{&sqlite.Dialector{DriverName: "sqlite", Conn: writer}}); err != nil {
		return err
	}
	db.reader, err = db.session(sqliteDialector{&sqlite.Dialector{DriverName: "sqlite", Conn: reader}})
	return err
}

func (db *DB) sqlitePool(name string, limit int, lock string, pragmas ...string) (*sql.DB, error) {
	dsn, err := sqliteDSN(db.options, lock, pragmas...)
	if err != nil {
		return nil, err
	}
	connector, err := modernc.NewConnector(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the file name: %w", err)
	}
	pool := sql.OpenDB(cachingConnector{connector})
	pool.SetMaxOpenConns(limit)
	pool.SetMaxIdleConns(limit)
	if name == "read" {
		pool.SetConnMaxIdleTime(connectionIdleTime)
	}
	db.pools = append(db.pools, namedPool{name, pool})
	return pool, nil
}

// sqliteFile is where a module's database lies.
func sqliteFile(o Options) (string, error) {
	file, err := filepath.Abs(filepath.Join(o.DataDir, o.Module+".db"))
	if err != nil {
		return "", fmt.Errorf("find the data directory: %w", err)
	}
	return file, nil
}

// sqliteDSN is the file as a URI with the settings of a connection. The busy
// timeout stands first, because turning on the write-ahead log may wait.
func sqliteDSN(o Options, lock string, pragmas ...string) (string, error) {
	file, err := sqliteFile(o)
	if err != nil {
		return "", err
	}
	all := append([]string{
		busyTimeout, "journal_mode(WAL)", "foreign_keys(1)",
		"journal_size_limit(67108864)", "temp_store(MEMORY)",
	}, pragmas...)
	dsn := url.URL{Scheme: "file", Path: file, RawQuery: url.Values{
		"_pragma":      all,
		"_txlock":      {lock},
		"_time_format": {"sqlite"},
		"_timezone":    {"UTC"},
	}.Encode()}
	return dsn.String(), nil
}
