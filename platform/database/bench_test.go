package database_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
)

func eachBench(b *testing.B, bench func(b *testing.B, db *database.DB)) {
	b.Helper()
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		b.Run(dialect.String(), func(b *testing.B) {
			bench(b, dbtest.OpenFS(b, dialect, shelf, migrationFiles(b)))
		})
	}
}

func BenchmarkPointRead(b *testing.B) {
	eachBench(b, func(b *testing.B, db *database.DB) {
		var ids []id.Product
		for place := range int64(1000) {
			row := newBook(strconv.FormatInt(place, 10), place)
			require.NoError(b, db.Write(b.Context()).Create(row).Error)
			ids = append(ids, row.ID)
		}
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			var got book
			require.NoError(b, db.Read(b.Context()).Where("id = ?", ids[n%len(ids)]).Take(&got).Error)
		}
	})
}

func BenchmarkInsert(b *testing.B) {
	eachBench(b, func(b *testing.B, db *database.DB) {
		b.ReportAllocs()
		for n := int64(0); b.Loop(); n++ {
			require.NoError(b, add(b.Context(), db, strconv.FormatInt(n, 10), n))
		}
	})
}

func BenchmarkInsertInTx(b *testing.B) {
	eachBench(b, func(b *testing.B, db *database.DB) {
		b.ReportAllocs()
		for n := int64(0); b.Loop(); n++ {
			require.NoError(b, db.InTx(b.Context(), func(ctx context.Context) error {
				return add(ctx, db, strconv.FormatInt(n, 10), n)
			}))
		}
	})
}

// BenchmarkMigrateCurrent is what a start costs when there is nothing to do.
func BenchmarkMigrateCurrent(b *testing.B) {
	eachBench(b, func(b *testing.B, db *database.DB) {
		for b.Loop() {
			require.NoError(b, database.Migrate(b.Context(), db, migrationFiles(b)))
		}
	})
}

// BenchmarkOpen is what a module's database adds to a start.
func BenchmarkOpen(b *testing.B) {
	folder, url := b.TempDir(), dbtest.Postgres(b)
	for _, o := range []database.Options{{Module: shelf, DataDir: folder}, {Module: shelf, URL: url}} {
		name := database.SQLite
		if o.URL != "" {
			name = database.Postgres
		}
		b.Run(name.String(), func(b *testing.B) {
			for b.Loop() {
				db, err := database.Open(b.Context(), o)
				require.NoError(b, err)
				require.NoError(b, database.Migrate(b.Context(), db, migrationFiles(b)))
				require.NoError(b, db.Close())
			}
		})
	}
}

// BenchmarkCounter counts with one row, for 64 callers at once: each with a
// statement that commits by itself, and sharing transactions. The difference is
// the disk's: run it under pgrun --fsync.
func BenchmarkCounter(b *testing.B) {
	const count = "UPDATE books SET place = place + 1 WHERE title = 'counted'"
	for name, way := range map[string]func(db *database.DB) func(context.Context) error{
		"alone": func(db *database.DB) func(context.Context) error {
			return func(ctx context.Context) error { return db.Write(ctx).Exec(count).Error }
		},
		"shared": func(db *database.DB) func(context.Context) error {
			shared := db.NewShared()
			return func(ctx context.Context) error {
				return shared.InTx(ctx, func(ctx context.Context) error { return db.Write(ctx).Exec(count).Error })
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			eachBench(b, func(b *testing.B, db *database.DB) {
				require.NoError(b, add(b.Context(), db, "counted", 0))
				do := way(db)
				b.SetParallelism(64 / runtime.GOMAXPROCS(0))
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := do(b.Context()); err != nil {
							b.Error(err)
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "counts/s")
			})
		})
	}
}
