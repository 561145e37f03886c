// Package dbtest gives tests databases of their own: SQLite files and databases
// on a PostgreSQL server.
//
// The server is the one that SHOP_TEST_POSTGRES_URL names (`make test` sets it;
// its user must be allowed to create databases), else a throwaway one that the
// test process starts from the machine's binaries and that ends with it. A
// machine without a server fails the test and says what to install: nothing is
// skipped.
package dbtest

import (
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/migrations"
	"shop/platform/database"
)

// Open is a migrated database for a module, closed and dropped with the test.
// It has an identity of its own.
func Open(tb testing.TB, dialect database.Dialect, module string) *database.DB {
	tb.Helper()
	return OpenFS(tb, dialect, module, migrations.FS)
}

// OpenFS is Open with other migrations than the shop's: for tests of the
// platform, which knows no module.
func OpenFS(tb testing.TB, dialect database.Dialect, module string, fsys fs.FS) *database.DB {
	tb.Helper()
	options := database.Options{Module: module}
	if dialect == database.Postgres {
		options.URL = migrated(tb, module, fsys)
	} else {
		options.DataDir = tb.TempDir()
		file := filepath.Join(options.DataDir, module+".db")
		require.NoError(tb, os.WriteFile(file, migratedFile(tb, module, fsys), 0o600))
	}
	db, err := database.Open(tb.Context(), options)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	identity := [16]byte{}
	_, _ = rand.Read(identity[:]) // never fails
	require.NoError(tb, db.Write(tb.Context()).Exec(`INSERT INTO database_identity (epoch, id) VALUES (1, ?)`, identity[:]).Error)
	require.NoError(tb, database.Migrate(tb.Context(), db, fsys))
	return db
}

// Each runs a test once on each kind of database, as subtests "sqlite" and
// "postgres".
func Each(t *testing.T, module string, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	EachFS(t, module, migrations.FS, test)
}

// EachFS is Each with other migrations than the shop's.
func EachFS(t *testing.T, module string, fsys fs.FS, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(dialect.String(), func(t *testing.T) { test(t, OpenFS(t, dialect, module, fsys)) })
	}
}

// Postgres is the address of an empty database of the test's own, dropped when
// the test ends, whoever is still connected.
func Postgres(tb testing.TB) string {
	tb.Helper()
	return create(tb, "template1")
}
