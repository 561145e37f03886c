package main

import (
	"context"
	"flag"
	"io"

	"shop/cmd/shopbench/internal/dataset"
	"shop/cmd/shopbench/internal/yardstick"
	"shop/cmd/shopbench/internal/yardstick/byhand"
	"shop/cmd/shopbench/internal/yardstick/gingorm"
)

// yardstickCommand makes this binary a yardstick: a process of its own, as the
// shop is one.
const yardstickCommand = "yardstick"

const yardstickPage = yardstick.PageSize

const (
	kindGinGORM = "gin-gorm"
	kindByHand  = "by-hand"
)

func runYardstick(ctx context.Context, args []string, output io.Writer) error {
	var (
		o     yardstick.Options
		flags = flag.NewFlagSet("shopbench "+yardstickCommand, flag.ContinueOnError)
		kind  = flags.String("kind", "", kindGinGORM+" or "+kindByHand)
		fill  = flags.Int("fill", 0, "create the tables, load that many products, and end")
	)
	flags.SetOutput(output)
	flags.StringVar(&o.Address, "address", "", "`host:port` to listen on")
	flags.StringVar(&o.Database, "database", "", "postgres:// `URL` or path of a SQLite file")
	flags.IntVar(&o.Pool, "pool", 0, "`connections` to the database")
	flags.StringVar(&o.Synchronous, "synchronous", "", "FULL or NORMAL, on SQLite")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case *kind == kindGinGORM && *fill > 0:
		return gingorm.Fill(ctx, o, dataset.Products(*fill))
	case *kind == kindGinGORM:
		return gingorm.Serve(ctx, o)
	case *kind == kindByHand && *fill > 0:
		return byhand.Fill(ctx, o, dataset.Products(*fill))
	case *kind == kindByHand:
		return byhand.Serve(ctx, o)
	}
	return usageError("-kind must be " + kindGinGORM + " or " + kindByHand)
}
