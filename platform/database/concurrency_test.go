package database_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
)

// Readers and writers at once meet no "database is locked": writers queue, also
// those that read before they write.
func TestConcurrentWriters(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		const writers, writes = 32, 10
		var all sync.WaitGroup
		errs := make([]error, writers)
		for n := range writers {
			all.Go(func() { errs[n] = writeBooks(t.Context(), db, n*writes, writes) })
		}
		all.Wait()
		require.NoError(t, errors.Join(errs...))
		require.EqualValues(t, writers*writes, stored(t, db))
	})
}

// writeBooks adds books, each after reading in the same transaction.
func writeBooks(ctx context.Context, db *database.DB, from, count int) error {
	for place := from; place < from+count; place++ {
		err := db.InTx(ctx, func(ctx context.Context) error {
			var n int64
			if err := db.Read(ctx).Model(&book{}).Where("place = ?", place).Count(&n).Error; err != nil {
				return err
			}
			return add(ctx, db, strconv.Itoa(place), int64(place))
		})
		if err != nil {
			return fmt.Errorf("book %d: %w", place, err)
		}
		if err := db.Read(ctx).Where("place = ?", place).Take(&book{}).Error; err != nil {
			return fmt.Errorf("read book %d: %w", place, err)
		}
	}
	return nil
}

// Two processes write to one SQLite file: they wait for each other. The other
// one runs TestWriteInChild.
func TestWritersInTwoProcesses(t *testing.T) {
	t.Parallel()
	o := empty(t, database.SQLite)
	db := open(t, o)
	require.NoError(t, database.Migrate(t.Context(), db, migrationFiles(t)))
	const count = 200
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriteInChild$")
	child.Env = append(os.Environ(), "TEST_WRITER_DIR="+o.DataDir, "TEST_WRITER_COUNT="+strconv.Itoa(count))
	var failed error
	var all sync.WaitGroup
	all.Go(func() {
		if output, err := child.CombinedOutput(); err != nil {
			failed = errors.Join(err, errors.New(string(output)))
		}
	})
	err := writeBooks(t.Context(), db, 0, count)
	all.Wait()
	require.NoError(t, errors.Join(err, failed))
	require.EqualValues(t, 2*count, stored(t, db))
}

func TestWriteInChild(t *testing.T) {
	folder := os.Getenv("TEST_WRITER_DIR")
	if folder == "" {
		return // it is the other process's part of TestWritersInTwoProcesses
	}
	count, err := strconv.Atoi(os.Getenv("TEST_WRITER_COUNT"))
	require.NoError(t, err)
	db := open(t, database.Options{Module: shelf, DataDir: folder})
	require.NoError(t, writeBooks(t.Context(), db, count, count))
}

// More different statements than a connection keeps prepared still work, in
// any order.
func TestManyStatements(t *testing.T) {
	t.Parallel()
	db := dbtest.OpenFS(t, database.SQLite, shelf, migrationFiles(t))
	for round := range 3 {
		for n := range 300 {
			var got int
			require.NoError(t, db.Read(t.Context()).Raw(fmt.Sprintf("SELECT %d + ?", n), round).Scan(&got).Error)
			require.Equal(t, n+round, got)
		}
	}
}

// A statement that is kept prepared notices that the schema has changed.
func TestSchemaChangesUnderneath(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		require.NoError(t, add(t.Context(), db, "one", 1))
		for _, change := range []string{
			"ALTER TABLE books ADD COLUMN pages bigint NOT NULL DEFAULT 0",
			"CREATE INDEX books_created_at ON books (created_at)",
			"ALTER TABLE books DROP COLUMN pages",
		} {
			require.NoError(t, db.Read(t.Context()).Where("title = ?", "one").Take(&book{}).Error)
			require.NoError(t, db.Write(t.Context()).Exec(change).Error)
			require.NoError(t, db.Read(t.Context()).Where("title = ?", "one").Take(&book{}).Error)
		}
	})
}
