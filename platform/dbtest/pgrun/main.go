// Pgrun runs a command beside a throwaway PostgreSQL server:
//
//	go run ./platform/dbtest/pgrun [--fsync] -- COMMAND [ARGUMENT…]
//
// The command finds the server's address in SHOP_TEST_POSTGRES_URL, and the
// server ends with it. A server that SHOP_TEST_POSTGRES_URL names already is
// used instead. --fsync makes the server wait for the disk at each commit, for
// benchmarks. Where no server is installed it is installed, if this is root on
// Debian or Ubuntu; else the command to type is printed.
//
// It exits as the command does: 2 for wrong usage, 1 for what else goes wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"shop/platform/dbtest/internal/cluster"
)

const (
	variable = "SHOP_TEST_POSTGRES_URL"
	usage    = "usage: pgrun [--fsync] -- COMMAND [ARGUMENT…]"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgrun:", err)
	}
	os.Exit(code)
}

func run(args []string) (code int, err error) {
	var options cluster.Options
	if len(args) > 0 && args[0] == "--fsync" {
		options.FSync, args = true, args[1:]
	}
	if len(args) < 2 || args[0] != "--" {
		return 2, errors.New(usage)
	}
	args = args[1:]

	// The command is in the same process group and gets a terminal's interrupt
	// itself; this process only outlives it, to stop the server.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) //nolint:forbidigo // the process's first context
	defer stop()

	environment := os.Environ()
	if os.Getenv(variable) == "" {
		server, startErr := start(ctx, options)
		if startErr != nil {
			return 1, startErr
		}
		defer func() {
			if stopErr := server.Stop(); stopErr != nil {
				code, err = max(code, 1), errors.Join(err, stopErr)
			}
		}()
		environment = append(environment, variable+"="+server.URL())
	}
	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.Env = environment
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = command.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode(), nil // the command has said why
	default:
		return 1, fmt.Errorf("run %s: %w", args[0], err)
	}
}

func start(ctx context.Context, options cluster.Options) (*cluster.Cluster, error) {
	server, err := cluster.Start(ctx, options)
	var missing *cluster.NotInstalledError
	if !errors.As(err, &missing) || !installable() {
		return server, err
	}
	fmt.Fprintln(os.Stderr, "pgrun: no PostgreSQL server is installed here; installing it")
	if err := install(ctx); err != nil {
		return nil, errors.Join(err, missing)
	}
	return cluster.Start(ctx, options)
}
