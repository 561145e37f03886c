// Command shop is the shop: `shop serve` runs it, the other commands look after
// it. `shop --help` lists them.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], &console{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ(), compose: newApp,
	}))
}
