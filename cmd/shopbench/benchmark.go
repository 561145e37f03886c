package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
)

// benchmark does it all: builds, measures on each database, prints the table
// and runs the Go benchmarks. Failed requests are an error in the end, missed
// goals are not.
func benchmark(ctx context.Context, o options, out, progress io.Writer) (err error) {
	// A folder of its own, since it is removed in the end: what else is in the
	// chosen one is not the benchmark's.
	place := cmp.Or(o.dir, os.TempDir())
	if err = os.MkdirAll(place, 0o700); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	if o.dir, err = os.MkdirTemp(place, "shopbench-"); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	if o.keep {
		fmt.Fprintln(progress, "data and logs stay in", o.dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }() //nolint:gosec // just made
	}
	if o.shop == "" {
		fmt.Fprintln(progress, "building the shop")
		if o.shop, err = buildShop(ctx, o.dir); err != nil {
			return err
		}
	}
	binary, err := os.Stat(o.shop)
	if err != nil {
		return fmt.Errorf("find the shop: %w", err)
	}

	rows := newTable()
	var failures []error
	var described []string
	for _, name := range o.databases {
		a := arena{options: o, database: name, table: rows, progress: progress}
		if err := a.run(ctx); err != nil {
			return err
		}
		failures = append(failures, a.failures...)
		described = append(described, a.description)
	}
	rows.add("binary", "", megabytes(binary.Size()), "", "", "", "", "", "")

	fmt.Fprintf(out, "%d products, %d connections, medians of %d rounds of %s; %s, %d processors shared by all\n",
		o.products, o.conns, o.rounds, o.window, runtime.Version(), runtime.NumCPU())
	fmt.Fprintln(out, "by hand: net/http with pgx on PostgreSQL, with database/sql on SQLite")
	for _, text := range described {
		fmt.Fprintln(out, text)
	}
	fmt.Fprintln(out)
	if err := rows.print(out); err != nil {
		return err
	}
	if o.goBench {
		if err := runGoBenchmarks(ctx, o.goBenchTime, out); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}
