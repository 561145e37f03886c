package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The contestants and the ways to the far side, as remotecall names them.
const (
	byShop    = "shop"
	byNetHTTP = "net-http"
	byGRPC    = "grpc-go"
	overTCP   = "tcp"
	overUnix  = "unix"
)

const (
	// remoteCallTurns is how often each contestant has its turn. The median of
	// many short turns is hardly moved by what else the machine does.
	remoteCallTurns = 9
	// The goals: a call of the shop takes at most so many times a bare round trip
	// of the same bytes, and so many times the call with grpc-go.
	mostOfNetHTTP = 1.3
	mostOfGRPC    = 1.0
)

// runRemoteCalls weighs a call of a module in another process against two
// yardsticks, in the Go module of its own that knows grpc-go, and prints a table.
func runRemoteCalls(ctx context.Context, each time.Duration, out io.Writer) error {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	dir, err := os.MkdirTemp("", "shopbench-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "remotecall.test")
	build := exec.CommandContext(ctx, "go", "test", "-tags", "nomsgpack", "-c", "-o", binary, ".") //nolint:gosec // a folder of our own
	build.Dir = filepath.Join(strings.TrimSpace(string(root)), "cmd", "shopbench", "remotecall")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the benchmark of remote calls: %w\n%s", err, said)
	}
	calls := remoteCalls{}
	for range remoteCallTurns {
		turn := exec.CommandContext(ctx, binary, "-test.run", "^$", "-test.bench", ".", "-test.benchtime", each.String()) //nolint:gosec // built above
		turn.Dir = build.Dir
		said, err := turn.CombinedOutput()
		if err != nil {
			return fmt.Errorf("run the benchmark of remote calls: %w\n%s", err, said)
		}
		calls.read(string(said))
	}
	fmt.Fprintf(out, "\nOne product of a catalog in another process, medians of %d turns\n", remoteCallTurns)
	rows := calls.table()
	return rows.print(out)
}

// remoteCallKey says what was called, how, and by how many at once.
type remoteCallKey struct{ by, over, callers string }

// remoteCallFigures are of one turn.
type remoteCallFigures struct {
	nanoseconds float64
	allocations string
}

// remoteCalls are the figures of all turns.
type remoteCalls map[remoteCallKey][]remoteCallFigures

var remoteCallLine = regexp.MustCompile(`(?m)/by=([^/]+)/over=([^/]+)/callers=(\d+)(?:-\d+)?\s+\d+\s+([0-9.]+) ns/op.*\s(\d+) allocs/op$`)

// read notes the figures of a turn.
func (c remoteCalls) read(said string) {
	for _, found := range remoteCallLine.FindAllStringSubmatch(said, -1) {
		nanoseconds, err := strconv.ParseFloat(found[4], 64)
		if err != nil {
			continue // no figure
		}
		key := remoteCallKey{by: found[1], over: found[2], callers: found[3]}
		c[key] = append(c[key], remoteCallFigures{nanoseconds, found[5]})
	}
}

// median is the turn in the middle, zero when there was none.
func (c remoteCalls) median(key remoteCallKey) remoteCallFigures {
	turns := slices.SortedFunc(slices.Values(c[key]), func(a, b remoteCallFigures) int {
		return int(a.nanoseconds - b.nanoseconds)
	})
	if len(turns) == 0 {
		return remoteCallFigures{}
	}
	return turns[len(turns)/2]
}

// table holds the shop's call against the yardsticks, which are over TCP.
func (c remoteCalls) table() *table {
	rows := &table{rows: [][]string{{
		"remote call", "callers", "shop µs (allocs)", "net/http µs (allocs)", "grpc-go µs (allocs)",
		"shop/net", "shop/grpc", "goal", "met?",
	}}}
	for _, callers := range []string{"1", "32"} {
		shop := c.median(remoteCallKey{byShop, overTCP, callers})
		bare := c.median(remoteCallKey{byNetHTTP, overTCP, callers})
		grpc := c.median(remoteCallKey{byGRPC, overTCP, callers})
		ofBare, ofGRPC := ratioOf(shop.nanoseconds, bare.nanoseconds), ratioOf(shop.nanoseconds, grpc.nanoseconds)
		rows.add("product, TCP", callers, shop.cell(), bare.cell(), grpc.cell(), times(ofBare), times(ofGRPC),
			fmt.Sprintf("≤ %.1f× net/http, ≤ %.1f× grpc-go", mostOfNetHTTP, mostOfGRPC),
			atMost(ofBare, mostOfNetHTTP)+", "+atMost(ofGRPC, mostOfGRPC))
	}
	for _, callers := range []string{"1", "32"} {
		rows.add("product, unix socket", callers, c.median(remoteCallKey{byShop, overUnix, callers}).cell(), "", "", "", "", "", "")
	}
	return rows
}

func (f remoteCallFigures) cell() string {
	if f.nanoseconds == 0 {
		return "n/a"
	}
	return fmt.Sprintf("%.1f (%s)", f.nanoseconds/1000, f.allocations)
}

// atMost says whether a ratio keeps to its limit. One that could not be measured
// does not.
func atMost(ratio, limit float64) string { return yesNo(ratio > 0 && ratio <= limit) }
