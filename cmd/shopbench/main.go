// Command shopbench weighs the shop against two yardsticks, servers that keep
// the same rows by hand and do nothing else, and prints one table of ratios.
// All is measured in one run on one machine, in turns, since only then a ratio
// means something.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	var usage usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, "shopbench:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "shopbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	if len(args) > 0 && args[0] == yardstickCommand {
		return runYardstick(ctx, args[1:], progress)
	}
	if len(args) > 0 && args[0] == loadCommand {
		return runLoad(ctx, args[1:], out, progress)
	}
	o, err := parseOptions(args, progress)
	if err != nil {
		return err
	}
	return benchmark(ctx, o, out, progress)
}
