package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"shop/cmd/internal/traffic"
)

// loadCommand lets customers use a shop that runs already.
const loadCommand = "load"

// errFailed is how a load ends in which something failed; the report has said
// what.
var errFailed = errors.New("not every request was answered as it should")

// runLoad lets customers use a shop until ctx or the time ends, says once a
// second how they fare, and reports at the end.
func runLoad(ctx context.Context, args []string, out, progress io.Writer) error {
	var (
		o        traffic.Options
		answered atomic.Int64
		flags    = flag.NewFlagSet("shopbench "+loadCommand, flag.ContinueOnError)
		lasting  = flags.Duration("for", 0, "`time` to go on (default: until Ctrl-C)")
	)
	flags.SetOutput(progress)
	flags.StringVar(&o.URL, "url", "http://localhost:8080", "`URL` of the public API")
	flags.IntVar(&o.Customers, "customers", 8, "`number` of customers at once")
	flags.DurationVar(&o.Pause, "pause", 200*time.Millisecond, "`time` that a customer thinks between two requests")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return usageError("unexpected argument " + flags.Arg(0))
	}
	if *lasting > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *lasting)
		defer cancel()
	}
	o.Answered = &answered
	watching, watched := context.WithCancel(context.WithoutCancel(ctx))
	defer watched()
	o.Failed = func(failure string) { fmt.Fprintln(progress, "\r\x1b[K"+failure) }
	go func() {
		second := time.NewTicker(time.Second)
		defer second.Stop()
		for before := int64(0); ; {
			select {
			case <-watching.Done():
				return
			case <-second.C:
				now := answered.Load()
				fmt.Fprintf(progress, "\r\x1b[K%d requests, %d/s", now, now-before)
				before = now
			}
		}
	}()
	report, err := traffic.Run(ctx, o)
	watched()
	fmt.Fprint(progress, "\r\x1b[K")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, report)
	if report.Failed() > 0 {
		return errFailed
	}
	return nil
}
