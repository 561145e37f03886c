package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// usageError is a command line that makes no sense.
type usageError string

func (e usageError) Error() string { return string(e) }

// options of a benchmark run.
type options struct {
	shop        string   // path of the shop's binary, empty: build it
	shopEnv     []string // NAME=value, for the shop only
	dir         string   // where to make the folder for binaries, data and logs; empty: among temporary files
	keep        bool     // leave that folder behind
	databases   []string // of databasePostgres and databaseSQLite
	postgresURL string
	only        []string // scenario keys, empty: all
	products    int
	conns       int
	pool        int
	rounds      int
	starts      int
	window      time.Duration
	warmUp      time.Duration
	idle        time.Duration
	synchronous string
	goBench     bool
	goBenchTime time.Duration
}

func parseOptions(args []string, output io.Writer) (options, error) {
	var (
		o        options
		flags    = flag.NewFlagSet("shopbench", flag.ContinueOnError)
		database string
		only     string
		seconds  float64
	)
	flags.SetOutput(output)
	flags.StringVar(&o.shop, "shop", "", "`path` of the shop's binary (default: build it from this module)")
	flags.Func("shop-env", "`NAME=value` in the shop's environment, repeatable", func(pair string) error {
		if !strings.Contains(pair, "=") {
			return fmt.Errorf("want NAME=value")
		}
		o.shopEnv = append(o.shopEnv, pair)
		return nil
	})
	flags.StringVar(&o.dir, "dir", "", "`folder` in which data and logs are put while it runs, on the disk to be measured (default: that of temporary files)")
	flags.BoolVar(&o.keep, "keep", false, "leave data and logs behind")
	flags.StringVar(&database, "db", "both", "postgres, sqlite or both")
	flags.StringVar(&only, "only", "", "comma-separated `scenarios`: "+strings.Join(scenarioKeys(), ","))
	flags.IntVar(&o.products, "products", 10_000, "`number` of products")
	flags.IntVar(&o.conns, "conns", 32, "`number` of connections, each with a user of its own")
	flags.IntVar(&o.pool, "pool", 16, "database `connections` of a yardstick")
	flags.IntVar(&o.rounds, "rounds", 3, "`number` of rounds; the table shows their median")
	flags.IntVar(&o.starts, "starts", 5, "`number` of starts of the shop, on an empty and on a full database; medians, too")
	flags.Float64Var(&seconds, "seconds", 2, "`seconds` measured per scenario, server and round")
	flags.DurationVar(&o.warmUp, "warm-up", 400*time.Millisecond, "`time` before each measurement")
	flags.DurationVar(&o.idle, "idle", 5*time.Second, "`time` without load before the idle memory is read")
	flags.StringVar(&o.synchronous, "sqlite-synchronous", "FULL", "FULL or NORMAL, of the yardsticks on SQLite")
	flags.BoolVar(&o.goBench, "gobench", true, "run the Go benchmarks of the handlers, too")
	flags.DurationVar(&o.goBenchTime, "gobench-time", 100*time.Millisecond, "`time` per Go benchmark")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	o.window = time.Duration(seconds * float64(time.Second))
	o.postgresURL = os.Getenv("SHOP_TEST_POSTGRES_URL")
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	switch database {
	case "both":
		o.databases = []string{databasePostgres, databaseSQLite}
	case "postgres":
		o.databases = []string{databasePostgres}
	case "sqlite":
		o.databases = []string{databaseSQLite}
	default:
		return options{}, usageError("-db must be postgres, sqlite or both")
	}
	return o, o.check(flags.Args())
}

func (o options) check(rest []string) error {
	for _, key := range o.only {
		if !slices.Contains(scenarioKeys(), key) {
			return usageError(fmt.Sprintf("-only: no scenario %q; there are %s", key, strings.Join(scenarioKeys(), ",")))
		}
	}
	switch {
	case len(rest) > 0:
		return usageError("unexpected argument " + rest[0])
	case o.products < 40*yardstickPage || o.conns < 1 || o.pool < 1 || o.rounds < 1 || o.starts < 1 || o.window <= 0:
		return usageError("-products must be at least 800; -conns, -pool, -rounds, -starts and -seconds above zero")
	case o.synchronous != "FULL" && o.synchronous != "NORMAL":
		return usageError("-sqlite-synchronous must be FULL or NORMAL")
	case slices.Contains(o.databases, databasePostgres) && o.postgresURL == "":
		return usageError("set SHOP_TEST_POSTGRES_URL to a server whose user may create databases, or give -db sqlite")
	}
	return nil
}
