package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestRemoteCalls(t *testing.T) {
	t.Parallel()
	calls := remoteCalls{}
	for _, turn := range []string{
		// The suffix is missing on one processor.
		"BenchmarkRemoteProduct/by=shop/over=tcp/callers=1 \t 100\t 60000 ns/op\t 11510 B/op\t 137 allocs/op\n",
		"BenchmarkRemoteProduct/by=shop/over=tcp/callers=1-2 \t 100\t 900000 ns/op\t 11510 B/op\t 138 allocs/op\n",
		"BenchmarkRemoteProduct/by=shop/over=tcp/callers=1-2 \t 100\t 50000.5 ns/op\t 11510 B/op\t 139 allocs/op\n" +
			"BenchmarkRemoteProduct/by=net-http/over=tcp/callers=1-2 \t 100\t 40000 ns/op\t 7000 B/op\t 91 allocs/op\n" +
			"BenchmarkRemoteProduct/by=grpc-go/over=tcp/callers=1-2 \t 100\t 80000 ns/op\t 12000 B/op\t 197 allocs/op\n" +
			"BenchmarkRemoteProduct/by=shop/over=tcp/callers=32-2 \t 100\t 45000 ns/op\t 11510 B/op\t 137 allocs/op\n" +
			"BenchmarkRemoteProduct/by=net-http/over=tcp/callers=32-2 \t 100\t 40000 ns/op\t 7000 B/op\t 91 allocs/op\n" +
			"BenchmarkRemoteProduct/by=shop/over=unix/callers=1-2 \t 100\t 43210 ns/op\t 11510 B/op\t 137 allocs/op\nPASS\n",
	} {
		calls.read(turn)
	}

	var out bytes.Buffer
	rows := calls.table()
	require.NoError(t, rows.print(&out))
	var lines []string
	for line := range strings.Lines(out.String()) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	want := []string{
		"product, TCP 1 60.0 (137) 40.0 (91) 80.0 (197) 1.50× 0.75× ≤ 1.3× net/http, ≤ 1.0× grpc-go NO, yes",
		"product, TCP 32 45.0 (137) 40.0 (91) n/a 1.12× n/a ≤ 1.3× net/http, ≤ 1.0× grpc-go yes, NO",
		"product, unix socket 1 43.2 (137)",
		"product, unix socket 32 n/a",
	}
	require.Empty(t, cmp.Diff(want, lines[2:]))
}
