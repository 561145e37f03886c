package database_test

import (
	"embed"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
)

//go:embed testdata
var testdata embed.FS

// shelf is the module that these tests migrate.
const shelf = "shelf"

func migrationFiles(tb testing.TB) fs.FS {
	tb.Helper()
	files, err := fs.Sub(testdata, "testdata")
	require.NoError(tb, err)
	return files
}

// each runs a test on both databases, with the shelf's tables.
func each(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	dbtest.EachFS(t, shelf, migrationFiles(t), test)
}

// book is a row; its ID is a uuid on PostgreSQL and a blob on SQLite.
type book struct {
	ID        id.Product
	Title     string
	Shelf     string
	Place     int64
	CreatedAt time.Time
}

func newBook(title string, place int64) *book {
	return &book{ID: id.NewProduct(), Title: title, Shelf: "a", Place: place, CreatedAt: database.Now()}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		want := newBook("Faust", 1)
		require.NoError(t, db.Write(t.Context()).Create(want).Error)

		var got book
		require.NoError(t, db.Read(t.Context()).Where("id = ?", want.ID).Take(&got).Error)
		require.Empty(t, cmp.Diff(*want, got))
		require.Equal(t, time.UTC, got.CreatedAt.Location())

		var ids []id.Product
		require.NoError(t, db.Read(t.Context()).Model(&book{}).Where("id IN ?", []id.Product{want.ID}).Pluck("id", &ids).Error)
		require.Equal(t, []id.Product{want.ID}, ids)
	})
}

func TestTimes(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 2*60*60)
	for name, given := range map[string]time.Time{
		"WholeSecond":  time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
		"Microseconds": time.Date(2026, 11, 24, 12, 0, 0, 123_456_000, time.UTC),
		"Nanoseconds":  time.Date(2026, 11, 24, 12, 0, 0, 123_456_999, time.UTC),
		"OtherZone":    time.Date(2026, 11, 24, 1, 0, 0, 100_000_000, east),
		"MonotonicNow": time.Now(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, db *database.DB) {
				row := newBook("Faust", 1)
				row.CreatedAt = given
				require.NoError(t, db.Write(t.Context()).Create(row).Error)

				var got book
				require.NoError(t, db.Read(t.Context()).Take(&got).Error)
				require.Equal(t, database.Timestamp(given), got.CreatedAt)

				// A half-open period finds it, whatever zone its ends are in.
				var found int64
				require.NoError(t, db.Read(t.Context()).Model(&book{}).
					Where("created_at >= ? AND created_at < ?", given.In(east), given.Add(time.Microsecond).In(east)).
					Count(&found).Error)
				require.EqualValues(t, 1, found)
			})
		})
	}
}

// Times that differ in how many digits they need still sort as times.
func TestTimeOrder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		base := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		offsets := []time.Duration{0, 50 * time.Microsecond, 500 * time.Microsecond, 5 * time.Millisecond, 550 * time.Millisecond, time.Second}
		for place, offset := range offsets {
			row := newBook(offset.String(), int64(place))
			row.CreatedAt = base.Add(offset)
			require.NoError(t, db.Write(t.Context()).Create(row).Error)
		}
		var places []int64
		require.NoError(t, db.Read(t.Context()).Model(&book{}).Order("created_at").Pluck("place", &places).Error)
		require.Equal(t, []int64{0, 1, 2, 3, 4, 5}, places)
	})
}

func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	db := dbtest.OpenFS(t, database.SQLite, shelf, migrationFiles(t))
	require.Error(t, db.Read(t.Context()).Create(newBook("Faust", 1)).Error)
}

// A prepared statement keeps its plan when the table that was empty fills up, so
// that no plan may read whole tables where there is an index.
func TestPlansUseIndexes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		explain := "EXPLAIN QUERY PLAN "
		if db.Dialect() == database.Postgres {
			require.NoError(t, db.Write(t.Context()).Exec("VACUUM ANALYZE books").Error)
			explain = "EXPLAIN "
		}
		var plan []map[string]any
		require.NoError(t, db.Read(t.Context()).Raw(explain+"SELECT title FROM books WHERE id = ?", id.NewProduct()).Find(&plan).Error)
		require.NotEmpty(t, plan)
		require.NotRegexp(t, `(?i)\bscan (on )?books`, fmt.Sprint(plan))
	})
}

// The same statement may run again while its rows are read, as in a loop.
func TestStatementInsideItsOwnRows(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		for place := range int64(5) {
			require.NoError(t, db.Write(t.Context()).Create(newBook(string(rune('a'+place)), place)).Error)
		}
		sum := func() (n int64) {
			rows, err := db.Read(t.Context()).Raw("SELECT place FROM books WHERE place >= ? ORDER BY place", 0).Rows()
			require.NoError(t, err)
			defer func() { require.NoError(t, rows.Close()) }()
			for rows.Next() {
				var place int64
				require.NoError(t, rows.Scan(&place))
				n += place
			}
			require.NoError(t, rows.Err())
			return n
		}
		rows, err := db.Read(t.Context()).Raw("SELECT place FROM books WHERE place >= ? ORDER BY place", 0).Rows()
		require.NoError(t, err)
		var places []int64
		for rows.Next() {
			var place int64
			require.NoError(t, rows.Scan(&place))
			places = append(places, place)
			require.EqualValues(t, 10, sum())
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
		require.Equal(t, []int64{0, 1, 2, 3, 4}, places)
	})
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options     database.Options
		unavailable bool
		says        string
	}{
		"NoModule":       {database.Options{DataDir: "x"}, false, "no module name"},
		"NameNeedsQuote": {database.Options{Module: `a"b`, DataDir: "x"}, false, "no module name"},
		"NowhereToStore": {database.Options{Module: shelf}, false, "data directory"},
		"OtherDatabase":  {database.Options{Module: shelf, URL: "mysql://localhost/"}, false, "postgres://"},
		"NobodyAnswers":  {database.Options{Module: shelf, URL: "postgres://user:hunter2@127.0.0.1:1/x"}, true, "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := database.Open(t.Context(), test.options)
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), "hunter2")
			if test.unavailable {
				require.ErrorIs(t, err, database.ErrUnavailable)
			} else {
				require.NotErrorIs(t, err, database.ErrUnavailable)
			}
		})
	}
}
