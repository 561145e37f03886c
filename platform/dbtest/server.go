package dbtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest/internal/cluster"
)

// lockNumber keeps test processes from making the same template at once.
const lockNumber = 0x73686f7074657374 // "shoptest"

// server is where the databases of this process are.
type server struct {
	url string
	own *cluster.Cluster // kept, since it ends when nothing refers to it; nil for another's server
}

// findServer finds or starts the server, once for all tests of the process,
// since starting one takes a second or two. It ends with the process (see
// package cluster).
var findServer = sync.OnceValues(func() (server, error) {
	if given := os.Getenv("SHOP_TEST_POSTGRES_URL"); given != "" {
		return server{url: given}, nil
	}
	own, err := cluster.Start(context.Background(), cluster.Options{}) //nolint:forbidigo // it outlives the test that is the first to need it
	if err != nil {
		return server{}, err
	}
	return server{own.URL(), own}, nil
})

// migrated is the address of a database with a module's migrations applied. It
// is copied from a template that the first test makes: a copy takes some tens
// of milliseconds however many migrations there are.
func migrated(tb testing.TB, module string, fsys fs.FS) string {
	tb.Helper()
	template := templateName(tb, database.Postgres, module, fsys)
	server, conn := connect(tb)
	ctx := tb.Context()
	var exists bool
	const find = `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`
	require.NoError(tb, conn.QueryRow(ctx, find, template).Scan(&exists))
	if !exists {
		_, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(lockNumber))
		require.NoError(tb, err)
		require.NoError(tb, conn.QueryRow(ctx, find, template).Scan(&exists))
		if !exists {
			require.NoError(tb, makeTemplate(ctx, conn, server, template, module, fsys))
		}
		_, err = conn.Exec(ctx, `SELECT pg_advisory_unlock($1)`, int64(lockNumber))
		require.NoError(tb, err)
	}
	return create(tb, template)
}

// makeTemplate migrates a database under another name and renames it when it is
// whole. Its identity is removed, so that each copy gets its own.
func makeTemplate(ctx context.Context, conn *pgx.Conn, server, template, module string, fsys fs.FS) error {
	unfinished := template + "_unfinished"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + unfinished, "CREATE DATABASE " + unfinished} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("make a template: %w", err)
		}
	}
	db, err := database.Open(ctx, database.Options{Module: module, URL: withDatabase(server, unfinished)})
	if err != nil {
		return fmt.Errorf("make a template: %w", err)
	}
	if err = errors.Join(fill(ctx, db, fsys), db.Close()); err != nil {
		return fmt.Errorf("make a template: %w", err)
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+unfinished+" RENAME TO "+template); err != nil {
		return fmt.Errorf("make a template: %w", err)
	}
	return nil
}

// create makes a database with a name of its own and drops it with the test.
func create(tb testing.TB, template string) string {
	tb.Helper()
	server, conn := connect(tb)
	name := "test_" + strings.ToLower(rand.Text())
	_, err := conn.Exec(tb.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY file_copy")
	require.NoError(tb, err)
	tb.Cleanup(func() {
		ctx := context.WithoutCancel(tb.Context()) // which has ended
		_, conn := connectWith(ctx, tb)
		_, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		require.NoError(tb, err)
		require.NoError(tb, conn.Close(ctx))
	})
	return withDatabase(server, name)
}

func connect(tb testing.TB) (string, *pgx.Conn) {
	tb.Helper()
	server, conn := connectWith(tb.Context(), tb)
	tb.Cleanup(func() { require.NoError(tb, conn.Close(context.WithoutCancel(tb.Context()))) })
	return server, conn
}

func connectWith(ctx context.Context, tb testing.TB) (string, *pgx.Conn) {
	tb.Helper()
	server, err := findServer()
	require.NoError(tb, err, "a PostgreSQL server for tests")
	conn, err := pgx.Connect(ctx, server.url)
	require.NoError(tb, err, "connect to the PostgreSQL server for tests")
	return server.url, conn
}

// templateName changes with the module's migrations, so that a server that
// lives longer than they do never gives an old template.
func templateName(tb testing.TB, dialect database.Dialect, module string, fsys fs.FS) string {
	tb.Helper()
	hash := sha256.New()
	folder := path.Join(dialect.String(), module)
	entries, err := fs.ReadDir(fsys, folder)
	require.NoError(tb, err, "read the module's migrations")
	for _, entry := range entries {
		text, err := fs.ReadFile(fsys, path.Join(folder, entry.Name()))
		require.NoError(tb, err)
		fmt.Fprintf(hash, "%s %d\n%s", entry.Name(), len(text), text)
	}
	return "template_" + module + "_" + hex.EncodeToString(hash.Sum(nil)[:8])
}

func withDatabase(server, name string) string {
	address, err := url.Parse(server)
	if err != nil {
		return server // pgx refuses it with a better message
	}
	address.Path = "/" + name
	return address.String()
}
