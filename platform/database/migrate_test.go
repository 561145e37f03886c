package database_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
)

// empty is how to reach a database that nobody has migrated.
func empty(t *testing.T, dialect database.Dialect) database.Options {
	t.Helper()
	if dialect == database.Postgres {
		return database.Options{Module: shelf, URL: dbtest.Postgres(t)}
	}
	return database.Options{Module: shelf, DataDir: t.TempDir()}
}

func open(t *testing.T, o database.Options) *database.DB {
	t.Helper()
	db, err := database.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func eachEmpty(t *testing.T, test func(t *testing.T, o database.Options)) {
	t.Helper()
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		t.Run(dialect.String(), func(t *testing.T) {
			t.Parallel()
			test(t, empty(t, dialect))
		})
	}
}

func status(t *testing.T, db *database.DB, fsys fs.FS) database.Status {
	t.Helper()
	got, err := database.MigrationStatus(t.Context(), db, fsys)
	require.NoError(t, err)
	return got
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	files := migrationFiles(t)
	eachEmpty(t, func(t *testing.T, o database.Options) {
		db := open(t, o)
		require.Equal(t, database.Status{Latest: 2, Pending: []string{"0001_initial", "0002_title_unique"}}, status(t, db, files))

		require.NoError(t, database.Migrate(t.Context(), db, files))
		require.Equal(t, database.Status{Current: 2, Latest: 2}, status(t, db, files))
		before, err := db.Identity(t.Context())
		require.NoError(t, err)
		require.Len(t, before.ID, 32)
		require.EqualValues(t, 1, before.Epoch)

		require.NoError(t, database.Migrate(t.Context(), db, files), "again")
		after, err := db.Identity(t.Context())
		require.NoError(t, err)
		require.Equal(t, before, after)

		require.NoError(t, database.Down(t.Context(), db, files, 1))
		require.Equal(t, database.Status{Current: 1, Latest: 2, Pending: []string{"0002_title_unique"}}, status(t, db, files))
		require.NoError(t, database.Down(t.Context(), db, files, 5), "no more than there are")
		require.Equal(t, database.Status{Latest: 2, Pending: []string{"0001_initial", "0002_title_unique"}}, status(t, db, files))
		require.NoError(t, database.Down(t.Context(), db, files, 1), "none left")

		require.NoError(t, database.Migrate(t.Context(), db, files))
		require.NoError(t, add(t.Context(), db, "Faust", 1))
		again, err := db.Identity(t.Context())
		require.NoError(t, err)
		require.NotEqual(t, before.ID, again.ID, "a database made anew is another")
	})
}

func TestMigrateErrors(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, o database.Options) {
		db := open(t, o)
		require.ErrorIs(t, database.Migrate(t.Context(), db, fstest.MapFS{}), fs.ErrNotExist)
		require.ErrorContains(t, database.Down(t.Context(), db, migrationFiles(t), 0), "at least 1")
	})
}

// A migration that fails leaves no trace, and can be tried again once mended.
func TestMigrateFails(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, o database.Options) {
		db := open(t, o)
		files := copyFiles(t)
		folder := db.Dialect().String() + "/" + shelf + "/"
		files[folder+"0003_broken.up.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE left_over (a integer); CREATE TABLE books (a integer);")}
		files[folder+"0003_broken.down.sql"] = &fstest.MapFile{Data: []byte("SELEKT 1;")}

		require.ErrorContains(t, database.Migrate(t.Context(), db, files), "books")
		require.Equal(t, database.Status{Current: 2, Latest: 3, Pending: []string{"0003_broken"}}, status(t, db, files))

		files[folder+"0003_broken.up.sql"].Data = []byte("CREATE TABLE left_over (a integer);")
		require.NoError(t, database.Migrate(t.Context(), db, files), "the table of the first try was rolled back")
		require.Equal(t, database.Status{Current: 3, Latest: 3}, status(t, db, files))

		require.ErrorContains(t, database.Down(t.Context(), db, files, 2), "SELEKT")
		require.Equal(t, database.Status{Current: 3, Latest: 3}, status(t, db, files))
	})
}

func TestMigrateFirstFails(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, o database.Options) {
		db := open(t, o)
		files := copyFiles(t)
		name := db.Dialect().String() + "/" + shelf + "/0001_initial.up.sql"
		good := files[name].Data
		files[name] = &fstest.MapFile{Data: append([]byte("SELEKT 1;"), good...)}
		require.ErrorContains(t, database.Migrate(t.Context(), db, files), "SELEKT")
		files[name].Data = good
		require.NoError(t, database.Migrate(t.Context(), db, files))
	})
}

func TestMigrateRefusesDirty(t *testing.T) {
	t.Parallel()
	files := migrationFiles(t)
	eachEmpty(t, func(t *testing.T, o database.Options) {
		db := open(t, o)
		require.NoError(t, database.Migrate(t.Context(), db, files))
		require.NoError(t, db.Write(t.Context()).Exec("UPDATE schema_migrations SET dirty = true").Error)

		for name, err := range map[string]error{
			"Migrate": database.Migrate(t.Context(), db, files),
			"Down":    database.Down(t.Context(), db, files, 1),
		} {
			require.ErrorContains(t, err, "database of shelf is dirty", name)
			require.ErrorContains(t, err, "schema_migrations", name)
		}
		require.True(t, status(t, db, files).Dirty)
	})
}

// An older release starts on the database of a newer one, and does not take it
// back.
func TestMigrateOlderRelease(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, o database.Options) {
		db := open(t, o)
		newer := copyFiles(t)
		older := copyFiles(t)
		for _, direction := range []string{"up", "down"} {
			delete(older, db.Dialect().String()+"/"+shelf+"/0002_title_unique."+direction+".sql")
		}
		require.NoError(t, database.Migrate(t.Context(), db, newer))
		require.NoError(t, database.Migrate(t.Context(), db, older))
		require.Equal(t, database.Status{Current: 2, Latest: 1}, status(t, db, older))
		require.ErrorContains(t, database.Down(t.Context(), db, older, 1), "newer release")
	})
}

func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	files := migrationFiles(t)
	eachEmpty(t, func(t *testing.T, o database.Options) {
		var all sync.WaitGroup
		errs := make([]error, 4)
		for n := range errs {
			db := open(t, o)
			all.Go(func() { errs[n] = database.Migrate(t.Context(), db, files) })
		}
		all.Wait()
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, database.Status{Current: 2, Latest: 2}, status(t, open(t, o), files))
	})
}

// Other processes migrate while this one does: they run TestMigrateInChild.
func TestMigrateFromTwoProcesses(t *testing.T) {
	t.Parallel()
	files := migrationFiles(t)
	eachEmpty(t, func(t *testing.T, o database.Options) {
		var all sync.WaitGroup
		errs := make([]error, 2)
		for n := range errs {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMigrateInChild$")
			child.Env = append(os.Environ(), "TEST_CHILD=1", "TEST_CHILD_URL="+o.URL, "TEST_CHILD_DIR="+o.DataDir)
			all.Go(func() {
				if output, err := child.CombinedOutput(); err != nil {
					errs[n] = errors.Join(err, errors.New(string(output)))
				}
			})
		}
		db := open(t, o)
		require.NoError(t, database.Migrate(t.Context(), db, files))
		all.Wait()
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, database.Status{Current: 2, Latest: 2}, status(t, db, files))
	})
}

func TestMigrateInChild(t *testing.T) {
	if os.Getenv("TEST_CHILD") == "" {
		return // it is the other process's part of TestMigrateFromTwoProcesses
	}
	db := open(t, database.Options{Module: shelf, URL: os.Getenv("TEST_CHILD_URL"), DataDir: os.Getenv("TEST_CHILD_DIR")})
	require.NoError(t, database.Migrate(t.Context(), db, migrationFiles(t)))
	_, err := db.Identity(t.Context())
	require.NoError(t, err)
}

func TestMigrateStopsWithItsContext(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, o database.Options) {
		db := open(t, o)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, database.Migrate(ctx, db, migrationFiles(t)), context.Canceled)
		require.NoError(t, database.Migrate(t.Context(), db, migrationFiles(t)))
	})
}

// Modules on one server keep apart: each has a schema and a history.
func TestModulesOnOneDatabase(t *testing.T) {
	t.Parallel()
	files := copyFiles(t)
	for name, file := range copyFiles(t) {
		if !strings.HasPrefix(name, "postgres/") {
			continue
		}
		files["postgres/attic/"+name[len("postgres/shelf/"):]] = file
	}
	url := dbtest.Postgres(t)
	one := open(t, database.Options{Module: shelf, URL: url})
	two := open(t, database.Options{Module: "attic", URL: url})
	require.NoError(t, database.Migrate(t.Context(), one, files))
	require.NoError(t, database.Migrate(t.Context(), two, files))
	require.NoError(t, add(t.Context(), one, "Faust", 1))
	require.Zero(t, stored(t, two))
	require.NoError(t, add(t.Context(), two, "Faust", 1))
	first, err := one.Identity(t.Context())
	require.NoError(t, err)
	second, err := two.Identity(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, first.ID, second.ID)
}

// copyFiles is the migrations as files that a test may change.
func copyFiles(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(migrationFiles(t), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrationFiles(t), name)
		files[name] = &fstest.MapFile{Data: text}
		return err
	}))
	return files
}
