package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"shop/cmd/shopbench/internal/load"
)

// table is plain text in aligned columns: the first two to the left, figures to
// the right, the goals to the left again.
type table struct{ rows [][]string }

const (
	leftColumns = 2
	goalColumn  = 7
)

func newTable() *table {
	return &table{rows: [][]string{{
		"scenario", "database", "shop /s (p50, p99 ms)", "gin+gorm /s (p50, p99 ms)", "by hand /s (p50, p99 ms)",
		"shop/gin", "shop/hand", "goal", "met?",
	}}}
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// addLoad adds a row of requests per second. own is the figure of the shop that
// a goal against itself is checked with, zero if there is none.
func (t *table) addLoad(s scenario, database string, got [columns]load.Figures, own float64) {
	shop := got[columnShop].PerSecond
	against := got[s.goal.against].PerSecond
	if s.goal.ownScenario != "" {
		against = own
	}
	asked, met := s.goal.check(database, ratioOf(shop, against))
	t.add(s.name, database,
		cell(got[columnShop]), cell(got[columnGinGORM]), cell(got[columnByHand]),
		times(ratioOf(shop, got[columnGinGORM].PerSecond)), times(ratioOf(shop, got[columnByHand].PerSecond)),
		asked, met)
}

// addReady adds a row of how long starts took.
func (t *table) addReady(name, database string, took time.Duration) {
	t.add(name, database, fmt.Sprintf("%.0f ms", milliseconds(took)), "", "", "", "",
		"≤ 150 ms", yesNo(took <= 150*time.Millisecond))
}

// addIdle adds a row of memory without load.
func (t *table) addIdle(database string, bytes [columns]int64) {
	const limit = 40e6
	t.add("memory, idle", database, megabytes(bytes[columnShop]), megabytes(bytes[columnGinGORM]),
		megabytes(bytes[columnByHand]), "", "", "< 40 MB", yesNo(bytes[columnShop] > 0 && bytes[columnShop] < limit))
}

// addPeak adds a row of memory at its highest.
func (t *table) addPeak(database string, bytes [columns]int64) {
	t.add("memory, peak", database, megabytes(bytes[columnShop]), megabytes(bytes[columnGinGORM]),
		megabytes(bytes[columnByHand]), "", "", "", "")
}

// print writes the table.
func (t *table) print(w io.Writer) error {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, text := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	var out strings.Builder
	for n, row := range t.rows {
		var line strings.Builder
		for i, text := range row {
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
			if i < leftColumns || i >= goalColumn {
				line.WriteString(text + padding)
			} else {
				line.WriteString(padding + text)
			}
			line.WriteString("  ")
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		if n == 0 {
			for _, width := range widths {
				out.WriteString(strings.Repeat("-", width) + "  ")
			}
			out.WriteString("\n")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func cell(f load.Figures) string {
	text := fmt.Sprintf("%s (%.1f, %.1f)", thousands(f.PerSecond), milliseconds(f.P50), milliseconds(f.P99))
	if f.Errors > 0 {
		text = fmt.Sprintf("%d errors! %s", f.Errors, text)
	}
	return text
}

// thousands rounds and groups the digits.
func thousands(value float64) string {
	digits := fmt.Sprintf("%.0f", value)
	if value < 100 {
		return fmt.Sprintf("%.1f", value)
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func megabytes(bytes int64) string {
	if bytes == 0 {
		return "n/a"
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }
