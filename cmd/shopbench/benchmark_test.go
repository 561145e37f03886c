package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"shop/cmd/shopbench/internal/dataset"
	"shop/cmd/shopbench/internal/yardstick"
	"shop/cmd/shopbench/internal/yardstick/byhand"
)

// TestMain lets the test binary be all programs: the yardsticks, and a stand-in
// for the shop.
func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	var err error
	switch {
	case len(os.Args) > 1 && os.Args[1] == yardstickCommand:
		err = run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	case os.Getenv("SHOP_HTTP_ADDR") != "":
		err = standIn(ctx, os.Args[1:])
	default:
		os.Exit(m.Run())
	}
	stop()
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}

// standIn is a shop made of a yardstick: the same commands, settings and
// routes, with accounts that are not kept.
func standIn(ctx context.Context, args []string) error {
	o := yardstick.Options{
		Address: os.Getenv("SHOP_INTERNAL_ADDR"), Database: os.Getenv("SHOP_DATABASE_URL"), Pool: 4, Synchronous: "NORMAL",
	}
	if dir := os.Getenv("SHOP_DATA_DIR"); o.Database == "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		o.Database = filepath.Join(dir, "rows.db")
	}
	switch strings.Join(args[:min(2, len(args))], " ") {
	case "migrate up":
		return nil
	case "catalog import":
		text, err := os.ReadFile(args[2])
		if err != nil {
			return err
		}
		return byhand.Fill(ctx, o, dataset.Products(bytes.Count(text, []byte("\n"))))
	}
	if _, err := os.Stat(o.Database); err != nil && !o.OnPostgres() {
		if err := byhand.Fill(ctx, o, nil); err != nil {
			return err
		}
	}
	rows := make(chan error, 1)
	go func() { rows <- byhand.Serve(ctx, o) }()
	front := yardstick.Options{Address: os.Getenv("SHOP_HTTP_ADDR")}
	return errors.Join(front.Serve(ctx, accounts(o.Address)), <-rows)
}

func accounts(behind string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: behind}))
	answer := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		id := uuid.NewString()
		_ = json.NewEncoder(w).Encode(map[string]string{"id": id, "user_id": id, "token": "token of " + id})
	}
	mux.HandleFunc("POST /user/{$}", answer)
	mux.HandleFunc("POST /session", answer)
	if broken := os.Getenv("STAND_IN_BROKEN"); broken != "" {
		mux.HandleFunc("POST "+broken, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "out of order", http.StatusServiceUnavailable)
		})
	}
	return mux
}

func TestBenchmark(t *testing.T) {
	// Under the race detector a process would rest a second before it ends.
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	self, err := os.Executable()
	require.NoError(t, err)
	small := []string{
		"-shop", self, "-products", "800", "-conns", "3", "-rounds", "2", "-starts", "1", "-seconds", "0.1",
		"-warm-up", "10ms", "-idle", "1ms", "-gobench=false", "-db", "sqlite",
	}

	t.Run("everything", func(t *testing.T) {
		dir := t.TempDir()
		mine := filepath.Join(dir, "mine")
		require.NoError(t, os.WriteFile(mine, nil, 0o600))
		var table, progress bytes.Buffer
		require.NoError(t, run(t.Context(), slices.Concat(small, []string{"-dir", dir}), &table, &progress), "%s", progress.String())
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(t, err)
		require.Equal(t, []string{mine}, left, "what it made is gone, and nothing else")
		for _, s := range scenarios() {
			require.Contains(t, table.String(), "\n"+s.name+"  ")
		}
		for _, row := range []string{"start to first 200, empty", "start to first 200, again", "memory, idle", "memory, peak", "binary"} {
			require.Contains(t, table.String(), "\n"+row+"  ")
		}
		require.Contains(t, progress.String(), "round 2 of 2, log 1,000:")
	})

	t.Run("failed requests", func(t *testing.T) {
		var table, progress bytes.Buffer
		missing := filepath.Join(t.TempDir(), "missing") // is made
		args := slices.Concat(small, []string{"-only", "log1", "-shop-env", "STAND_IN_BROKEN=/log", "-dir", missing})
		err := run(t.Context(), args, &table, &progress)
		require.ErrorContains(t, err, "SQLite, shop, log 1: ")
		require.ErrorContains(t, err, "POST /log answered 503: out of order")
		require.Contains(t, table.String(), " errors! ")
	})

	t.Run("no shop", func(t *testing.T) {
		var table, progress bytes.Buffer
		args := slices.Concat(small, []string{"-shop", filepath.Join(t.TempDir(), "missing")})
		require.ErrorContains(t, run(t.Context(), args, &table, &progress), "find the shop")
	})
}

func TestOptions(t *testing.T) {
	t.Setenv("SHOP_TEST_POSTGRES_URL", "")
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"database":   {[]string{"-db", "oracle"}, "-db must be postgres, sqlite or both"},
		"no server":  {nil, "set SHOP_TEST_POSTGRES_URL"},
		"scenario":   {[]string{"-db", "sqlite", "-only", "product,nothing"}, `no scenario "nothing"`},
		"rounds":     {[]string{"-db", "sqlite", "-rounds", "0"}, "above zero"},
		"argument":   {[]string{"-db", "sqlite", "more"}, "unexpected argument more"},
		"durability": {[]string{"-db", "sqlite", "-sqlite-synchronous", "OFF"}, "FULL or NORMAL"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseOptions(test.args, &bytes.Buffer{})
			require.ErrorContains(t, err, test.want)
			require.ErrorAs(t, err, new(usageError))
		})
	}
}
