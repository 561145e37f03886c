package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// runGoBenchmarks runs the benchmarks of the module, one package after the
// other, and prints their lines, then the benchmark of remote calls.
func runGoBenchmarks(ctx context.Context, each time.Duration, out io.Writer) error {
	cmd := exec.CommandContext(ctx, "go", "test", //nolint:gosec // fixed but for a duration
		"-tags", "nomsgpack", "-run", "^$", "-bench", ".", "-benchmem",
		"-benchtime", each.String(), "-p", "1", "shop/modules/...", "shop/platform/...")
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("run the Go benchmarks: %w\n%s", err, said)
	}
	if _, err := io.WriteString(out, "\nGo benchmarks\n"+benchmarkLines(string(said))); err != nil {
		return err
	}
	return runRemoteCalls(ctx, each, out)
}

// benchmarkLines keeps the results, each under the name of its package.
func benchmarkLines(said string) string {
	var kept strings.Builder
	pkg := ""
	for line := range strings.Lines(said) {
		if name, found := strings.CutPrefix(line, "pkg: "); found {
			pkg = name
			continue
		}
		if !strings.HasPrefix(line, "Benchmark") || !strings.Contains(line, "ns/op") {
			continue
		}
		kept.WriteString(pkg)
		pkg = ""
		kept.WriteString("  " + line)
	}
	return kept.String()
}
