package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/cmd/shopbench/internal/load"
)

func TestTable(t *testing.T) {
	t.Parallel()
	got := [columns]load.Figures{
		{PerSecond: 12_345.6, P50: 1500 * time.Microsecond, P99: 9 * time.Millisecond},
		{PerSecond: 5000, P50: 3 * time.Millisecond, P99: 12 * time.Millisecond},
		{PerSecond: 20_000, P50: time.Millisecond, P99: 4 * time.Millisecond, Errors: 2},
	}
	rows := newTable()
	rows.addLoad(
		scenario{name: "one product", goal: goal{atLeast: 2, against: columnGinGORM}}, databasePostgres, got, 0)
	rows.addLoad(
		scenario{name: "cart", goal: goal{atLeast: 0.7, against: columnByHand, on: databasePostgres}}, databasePostgres, got, 0)
	rows.addLoad(
		scenario{name: "cart", goal: goal{atLeast: 0.7, against: columnByHand, on: databasePostgres}}, databaseSQLite, got, 0)
	rows.addReady("start", databaseSQLite, 80*time.Millisecond)
	rows.addIdle(databaseSQLite, [columns]int64{41_000_000, 20_500_000, 0})

	var out bytes.Buffer
	require.NoError(t, rows.print(&out))
	var lines []string
	for line := range strings.Lines(out.String()) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"one product PostgreSQL 12,346 (1.5, 9.0) 5,000 (3.0, 12.0) 2 errors! 20,000 (1.0, 4.0) 2.47× 0.62× ≥ 2.0× gin+gorm yes",
		"cart PostgreSQL 12,346 (1.5, 9.0) 5,000 (3.0, 12.0) 2 errors! 20,000 (1.0, 4.0) 2.47× 0.62× ≥ 0.7× by hand NO",
		"cart SQLite 12,346 (1.5, 9.0) 5,000 (3.0, 12.0) 2 errors! 20,000 (1.0, 4.0) 2.47× 0.62×",
		"start SQLite 80 ms ≤ 150 ms yes",
		"memory, idle SQLite 41.0 MB 20.5 MB n/a < 40 MB NO",
	}
	require.Empty(t, cmp.Diff(want, lines[2:]))
}

func TestGoalAgainstItself(t *testing.T) {
	t.Parallel()
	g := goal{atLeast: 0.8, ownScenario: keyPage}
	asked, met := g.check(databaseSQLite, 0.97)
	require.Equal(t, "≥ 0.8× own first pages (0.97×)", asked)
	require.Equal(t, "yes", met)

	_, met = g.check(databaseSQLite, 0)
	require.Equal(t, "NO", met, "what was not measured is not met")
}

func TestThousands(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]string{
		0: "0.0", 99.94: "99.9", 100: "100", 999.6: "1,000", 12_345.6: "12,346", 1_234_567: "1,234,567",
	} {
		require.Equal(t, want, thousands(value))
	}
}

func TestBenchmarkLines(t *testing.T) {
	t.Parallel()
	got := benchmarkLines("goos: linux\npkg: shop/a\ncpu: x\nBenchmarkGet-2  100  12 ns/op  0 B/op  0 allocs/op\n" +
		"BenchmarkPut-2  100  13 ns/op\nPASS\nok  shop/a 1s\n?  shop/b  [no test files]\n")
	require.Equal(t, "shop/a\n  BenchmarkGet-2  100  12 ns/op  0 B/op  0 allocs/op\n  BenchmarkPut-2  100  13 ns/op\n", got)
}
