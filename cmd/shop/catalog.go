package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"shop/cmd/shop/catalogimport"
	"shop/modules/catalog"
	"shop/platform/config"
	"shop/platform/telemetry"
)

// catalogCommand looks after products.
type catalogCommand struct {
	Import catalogImportCommand `cmd:"" help:"Import products from a CSV or NDJSON file."`
}

type catalogImportCommand struct {
	File   string `arg:"" help:"The file; - for standard input."`
	Format string `enum:"auto,csv,ndjson" default:"auto" help:"auto (by the file's name or first character), csv or ndjson."`
	Batch  int    `default:"500" help:"Rows that go in together or not at all, 1 to 1000."`
}

// Help is printed below the usage.
func (catalogImportCommand) Help() string {
	return `A product whose SKU is known is updated. A batch with a bad row is left out as a whole; the bad rows are reported by line and the exit code is 1.

CSV columns: sku, name, amount (minor units: 1999 is 19.99), and optionally description, currency, stock, category, images (separated by spaces or |), attr.<name>.

NDJSON: an object a line as POST /product/ takes it.

Examples:
  shop catalog import products.csv
  zcat products.ndjson.gz | shop catalog import --batch 1000 -`
}

// maxReported is how many bad rows are printed; the rest are counted.
const maxReported = 50

// Validate checks what the parser cannot.
func (cmd catalogImportCommand) Validate() error {
	if cmd.Batch < 1 || cmd.Batch > catalog.MaxProducts {
		return fmt.Errorf("use a number from 1 to %d with --batch, not %d", catalog.MaxProducts, cmd.Batch)
	}
	return nil
}

// Run imports the file.
func (cmd catalogImportCommand) Run(ctx context.Context, c *console, cfg config.Config) error {
	file, err := cmd.open(c)
	if err != nil {
		return err
	}
	defer file.Close()
	watched := &progress{reader: file, size: sizeOf(file), style: c.styleFor(c.err), start: time.Now()}
	logger := telemetry.NewLogger(cfg.LogFormat, "warn", c.err)
	return c.withApp(ctx, cfg, logger, func(app *App) error {
		result, err := catalogimport.Import(asOperator(ctx), watched, app.Catalog, catalogimport.Options{
			Format: cmd.format(), Currency: cfg.Currency, Batch: cmd.Batch,
			Progress: func(r catalogimport.Result) { watched.draw(c.err, r) },
		})
		watched.clear(c.err)
		return report(c, result, err)
	})
}

func (cmd catalogImportCommand) open(c *console) (io.ReadCloser, error) {
	if cmd.File == "-" {
		return io.NopCloser(c.in), nil
	}
	return os.Open(cmd.File) //nolint:wrapcheck // says which file and why
}

func (cmd catalogImportCommand) format() string {
	if cmd.Format != "auto" {
		return cmd.Format
	}
	switch strings.ToLower(filepath.Ext(cmd.File)) {
	case ".csv":
		return catalogimport.CSV
	case ".ndjson", ".jsonl":
		return catalogimport.NDJSON
	default:
		return "" // the first character tells
	}
}

// report prints what was done, and fails when something was not.
func report(c *console, r catalogimport.Result, err error) error {
	fmt.Fprintf(c.out, "%d created, %d updated, %d left out\n", r.Created, r.Updated, r.Skipped)
	for i, problem := range r.Problems {
		if i == maxReported {
			fmt.Fprintf(c.err, "… and %d more bad rows\n", len(r.Problems)-i)
			break
		}
		fmt.Fprintln(c.err, problem)
	}
	if err != nil {
		return err
	}
	if len(r.Problems) > 0 {
		return fmt.Errorf("%d bad rows; %d rows of their batches were left out", len(r.Problems), r.Skipped)
	}
	return nil
}

// progress shows on a terminal how far a file has been read.
type progress struct {
	reader io.Reader
	read   int64
	size   int64 // 0 when not known
	style  style
	start  time.Time
}

// Read implements io.Reader.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.reader.Read(b)
	p.read += int64(n)
	return n, err //nolint:wrapcheck // io.EOF is part of the contract
}

func (p *progress) draw(w io.Writer, r catalogimport.Result) {
	if !p.style.on {
		return
	}
	share := ""
	if p.size > 0 {
		share = strconv.FormatInt(100*p.read/p.size, 10) + " %  "
	}
	rows := r.Created + r.Updated + r.Skipped
	rate := int(float64(rows) / max(time.Since(p.start).Seconds(), 0.001))
	fmt.Fprintf(w, "\r\x1b[K%s%d rows  %s", p.style.bold(share), rows, p.style.dim(strconv.Itoa(rate)+"/s"))
}

func (p *progress) clear(w io.Writer) {
	if p.style.on {
		fmt.Fprint(w, "\r\x1b[K")
	}
}

func sizeOf(r io.Reader) int64 {
	file, ok := r.(*os.File)
	if !ok {
		return 0
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}
