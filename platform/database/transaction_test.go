package database_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
)

var errStop = errors.New("stop")

func add(ctx context.Context, db *database.DB, title string, place int64) error {
	return db.Write(ctx).Create(newBook(title, place)).Error
}

// stored counts the books that are committed, seen from outside.
func stored(t *testing.T, db *database.DB) (n int64) {
	t.Helper()
	require.NoError(t, db.Read(t.Context()).Model(&book{}).Count(&n).Error)
	return n
}

func TestInTx(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		run    func(ctx context.Context, db *database.DB) error
		err    error
		stored int64
	}{
		"Commits": {
			run: func(ctx context.Context, db *database.DB) error {
				return errors.Join(add(ctx, db, "one", 1), add(ctx, db, "two", 2))
			},
			stored: 2,
		},
		"RollsBackOnError": {
			run: func(ctx context.Context, db *database.DB) error { return errors.Join(add(ctx, db, "one", 1), errStop) },
			err: errStop,
		},
		"Joins": {
			run: func(ctx context.Context, db *database.DB) error {
				return errors.Join(add(ctx, db, "one", 1), db.InTx(ctx, func(ctx context.Context) error { return add(ctx, db, "two", 2) }))
			},
			stored: 2,
		},
		"JoinedPartRollsBackWithTheWhole": {
			run: func(ctx context.Context, db *database.DB) error {
				return errors.Join(db.InTx(ctx, func(ctx context.Context) error { return add(ctx, db, "two", 2) }), errStop)
			},
			err: errStop,
		},
		"SwallowedErrorOfAPartDoomsTheWhole": {
			run: func(ctx context.Context, db *database.DB) error {
				_ = db.InTx(ctx, func(context.Context) error { return errStop })
				return add(ctx, db, "one", 1)
			},
			err: errStop,
		},
		"SeesItsOwnWrites": {
			run: func(ctx context.Context, db *database.DB) error {
				if err := add(ctx, db, "one", 1); err != nil {
					return err
				}
				return db.Read(ctx).Where("title = ?", "one").Take(&book{}).Error
			},
			stored: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, db *database.DB) {
				err := db.InTx(t.Context(), func(ctx context.Context) error {
					require.True(t, database.InTransaction(ctx))
					return test.run(ctx, db)
				})
				require.ErrorIs(t, err, test.err)
				require.Equal(t, test.stored, stored(t, db))
			})
		})
	}
}

func TestInTxRollsBackOnPanic(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		require.PanicsWithError(t, "stop", func() {
			_ = db.InTx(t.Context(), func(ctx context.Context) error {
				require.NoError(t, add(ctx, db, "one", 1))
				panic(errStop)
			})
		})
		require.Zero(t, stored(t, db))
		require.NoError(t, add(t.Context(), db, "one", 1), "the connection is free again")
	})
}

func TestInTxEndsWithItsContext(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.InTx(ctx, func(ctx context.Context) error {
			err := add(ctx, db, "one", 1)
			cancel()
			return err
		})
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, database.ErrUnavailable)
		require.Zero(t, stored(t, db))
	})
}

func TestTransactionsOfTwoDatabases(t *testing.T) {
	t.Parallel()
	one := dbtest.OpenFS(t, database.SQLite, shelf, migrationFiles(t))
	two := dbtest.OpenFS(t, database.SQLite, shelf, migrationFiles(t))
	err := one.InTx(t.Context(), func(ctx context.Context) error {
		return errors.Join(
			two.InTx(ctx, func(ctx context.Context) error {
				return errors.Join(add(ctx, one, "one", 1), add(ctx, two, "two", 2))
			}),
			errStop,
		)
	})
	require.ErrorIs(t, err, errStop)
	require.Zero(t, stored(t, one), "rolled back")
	require.EqualValues(t, 1, stored(t, two), "committed by itself")
}

func TestAfterCommit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		var ran []string
		note := func(text string) func() { return func() { ran = append(ran, text) } }

		db.AfterCommit(t.Context(), note("outside"))
		require.Equal(t, []string{"outside"}, ran)

		ran = nil
		require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
			db.AfterCommit(ctx, note("first"))
			err := db.InTx(ctx, func(ctx context.Context) error {
				db.AfterCommit(ctx, note("second"))
				return nil
			})
			require.Empty(t, ran, "the part has not committed by itself")
			db.AfterCommit(ctx, func() {
				outside := database.WithoutTransaction(ctx)
				require.False(t, database.InTransaction(outside))
				require.NoError(t, add(outside, db, "after", 1))
			})
			return err
		}))
		require.Equal(t, []string{"first", "second"}, ran)
		require.EqualValues(t, 1, stored(t, db))

		ran = nil
		require.ErrorIs(t, db.InTx(t.Context(), func(ctx context.Context) error {
			db.AfterCommit(ctx, note("never"))
			return errStop
		}), errStop)
		require.Empty(t, ran)
	})
}

// A transaction that is over is not quietly gone around.
func TestTransactionThatIsOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		var kept context.Context
		require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) error {
			kept = ctx //nolint:fatcontext // kept beyond its transaction, which is what is tested
			return nil
		}))
		require.Error(t, add(kept, db, "late", 1))
		require.Zero(t, stored(t, db))
	})
}

func TestInTransaction(t *testing.T) {
	t.Parallel()
	require.False(t, database.InTransaction(t.Context()))
	require.Equal(t, t.Context(), database.WithoutTransaction(t.Context()))
}

// Two transactions that lock the same two rows in turn deadlock; PostgreSQL
// ends one of them, and it is run again.
func TestInTxRetriesADeadlock(t *testing.T) {
	t.Parallel()
	db := dbtest.OpenFS(t, database.Postgres, shelf, migrationFiles(t))
	require.NoError(t, add(t.Context(), db, "a", 1))
	require.NoError(t, add(t.Context(), db, "b", 2))

	var bothLocked, done sync.WaitGroup
	bothLocked.Add(2)
	runs := make([]int, 2)
	errs := make([]error, 2)
	for n, titles := range [][2]string{{"a", "b"}, {"b", "a"}} {
		done.Go(func() {
			errs[n] = db.InTx(t.Context(), func(ctx context.Context) error {
				runs[n]++
				raise := func(title string) error {
					return db.Write(ctx).Exec("UPDATE books SET place = place + 10 WHERE title = ?", title).Error
				}
				if err := raise(titles[0]); err != nil {
					return err
				}
				if runs[n] == 1 {
					bothLocked.Done()
					bothLocked.Wait()
				}
				return raise(titles[1])
			})
		})
	}
	done.Wait()
	require.NoError(t, errors.Join(errs...))
	// A transaction that runs again may meet the other one once more.
	require.GreaterOrEqual(t, runs[0]+runs[1], 3)
	var places []int64
	require.NoError(t, db.Read(t.Context()).Model(&book{}).Order("place").Pluck("place", &places).Error)
	require.Equal(t, []int64{21, 22}, places)
}
