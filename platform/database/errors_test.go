package database_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"shop/platform/database"
	"shop/platform/dbtest"
)

func TestDuplicate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		first := newBook("Faust", 1)
		require.NoError(t, db.Write(t.Context()).Create(first).Error)
		for name, test := range map[string]struct {
			change     func(*book)
			constraint string
		}{
			"Primary":    {func(b *book) { b.ID = first.ID }, "books_pkey"},
			"Constraint": {func(b *book) { b.Place = first.Place }, "books_shelf_place_key"},
			"Index":      {func(b *book) { b.Title = first.Title }, "books_title_key"},
		} {
			t.Run(name, func(t *testing.T) {
				second := newBook("Emilia Galotti", 2)
				test.change(second)
				err := db.Write(t.Context()).Create(second).Error
				require.ErrorIs(t, err, database.ErrDuplicate)
				require.ErrorIs(t, err, gorm.ErrDuplicatedKey)
				var duplicate *database.DuplicateError
				require.ErrorAs(t, err, &duplicate)
				require.Equal(t, test.constraint, duplicate.Constraint)
				require.NotErrorIs(t, err, database.ErrConstraint)

				var read book
				err = db.Write(t.Context()).Raw(
					`INSERT INTO books (id, title, shelf, place, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id`,
					second.ID, second.Title, second.Shelf, second.Place, second.CreatedAt).Scan(&read).Error
				require.ErrorAs(t, err, &duplicate, "also where GORM does not translate")
				require.Equal(t, test.constraint, duplicate.Constraint)

				skipped := db.Write(t.Context()).Clauses(clause.OnConflict{DoNothing: true}).Create(second)
				require.NoError(t, skipped.Error)
				require.Zero(t, skipped.RowsAffected)
			})
		}
	})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		run func(tx *gorm.DB) error
		is  error // nil: none of the package's, since it is a defect
	}{
		"NotFound": {func(tx *gorm.DB) error { return tx.Take(&book{}).Error }, database.ErrNotFound},
		"NotFoundIsGORMsToo": {
			func(tx *gorm.DB) error { return tx.Where("place = 7").First(&book{}).Error }, gorm.ErrRecordNotFound,
		},
		"Check": {
			func(tx *gorm.DB) error { return tx.Create(newBook("Faust", -1)).Error }, database.ErrConstraint,
		},
		"NotNull": {
			func(tx *gorm.DB) error {
				return tx.Exec("INSERT INTO books (id, title, shelf, place) VALUES (?, 'x', 'x', 1)", newBook("", 0).ID).Error
			}, database.ErrConstraint,
		},
		"Syntax": {func(tx *gorm.DB) error { return tx.Exec("SELEKT 1").Error }, nil},
		"NoSuchTable": {
			func(tx *gorm.DB) error { return tx.Table("scrolls").Where("a = 1").Take(&struct{ A int }{}).Error }, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, db *database.DB) {
				err := test.run(db.Write(t.Context()))
				require.Error(t, err)
				if test.is != nil {
					require.ErrorIs(t, err, test.is)
					return
				}
				for _, known := range []error{
					database.ErrNotFound, database.ErrDuplicate, database.ErrConstraint, database.ErrUnavailable,
				} {
					require.NotErrorIs(t, err, known)
				}
			})
		})
	}
}

func TestContextErrorsStay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, db.Read(canceled).Take(&book{}).Error, context.Canceled)
		require.NotErrorIs(t, db.Read(canceled).Take(&book{}).Error, database.ErrUnavailable)

		late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		require.ErrorIs(t, db.Read(late).Take(&book{}).Error, context.DeadlineExceeded)
		require.NotErrorIs(t, db.Read(late).Take(&book{}).Error, database.ErrUnavailable)
	})
}

// A statement that its caller gives up on ends, and the connection is good
// again.
func TestContextEndsAStatement(t *testing.T) {
	t.Parallel()
	endless := map[database.Dialect]string{
		database.Postgres: "SELECT pg_sleep(600)",
		database.SQLite:   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
	}
	each(t, func(t *testing.T, db *database.DB) {
		for _, session := range []func(context.Context) *gorm.DB{db.Read, db.Write} {
			var n int64
			// The time is the statement's, not that of a connection that is still to be made.
			require.NoError(t, session(t.Context()).Raw("SELECT 1").Scan(&n).Error)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			err := session(ctx).Raw(endless[db.Dialect()]).Scan(&n).Error
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotErrorIs(t, err, database.ErrUnavailable)
		}
		require.NoError(t, add(t.Context(), db, "Faust", 1))
		require.EqualValues(t, 1, stored(t, db))
	})
}

// A server that goes away is unavailable, and comes back without a restart.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	db := dbtest.OpenFS(t, database.Postgres, shelf, migrationFiles(t))
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		return db.Write(ctx).Exec("SELECT pg_terminate_backend(pg_backend_pid())").Error
	})
	require.ErrorIs(t, err, database.ErrUnavailable)
	require.NoError(t, db.Ping(t.Context()))
	require.Zero(t, stored(t, db))
}

func TestStatementTimeout(t *testing.T) {
	t.Parallel()
	db, err := database.Open(t.Context(), database.Options{
		Module: shelf, URL: dbtest.Postgres(t) + "&statement_timeout=20",
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.ErrorIs(t, db.Read(t.Context()).Exec("SELECT pg_sleep(30)").Error, database.ErrUnavailable)
}
