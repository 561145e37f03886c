// Package catalogimport reads products from CSV or newline-delimited JSON and
// puts them into the catalog in batches. A batch is imported whole or not at
// all; what is wrong is reported with its line.
package catalogimport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"shop/modules/catalog"
	"shop/platform/fault"
	"shop/platform/money"
)

// Formats of a file.
const (
	CSV    = "csv"
	NDJSON = "ndjson"
)

// defaultBatch is a good compromise between speed and how much one bad row
// holds back.
const defaultBatch = 500

// Catalog is the part of catalog.Service that an import needs.
type Catalog interface {
	// ImportProducts adds products and updates those whose SKU is known, all or
	// none.
	ImportProducts(ctx context.Context, in catalog.ImportProductsInput) (catalog.ImportResult, error)
}

// Options configure Import. The zero value works.
type Options struct {
	// Format is CSV or NDJSON; empty tells them apart by the first character.
	Format string
	// Currency is that of rows that name none; empty means that each must.
	Currency money.Currency
	// Batch is how many rows go together: 0 means 500, at most
	// catalog.MaxProducts.
	Batch int
	// Progress is called after each batch; may be nil.
	Progress func(Result)
}

// Result counts what has been done.
type Result struct {
	// Created and Updated are products.
	Created, Updated int
	// Skipped are rows of batches that were not imported.
	Skipped int
	// Problems are the bad rows, by line.
	Problems []Problem
}

// Problem is what is wrong with one row.
type Problem struct {
	// Line is where the row starts in the file, from 1.
	Line int
	// Message says what is wrong and what is allowed.
	Message string
}

// String is the problem as an editor would show it.
func (p Problem) String() string { return "line " + strconv.Itoa(p.Line) + ": " + p.Message }

// row is a product and where it comes from.
type row struct {
	line    int
	product catalog.CreateProductInput
	problem string
}

// source yields rows until io.EOF. A row that cannot be understood has a
// problem; an error ends the import.
type source interface{ next() (row, error) }

// Import reads all of r. The error is about the file as a whole, or a failure
// of the catalog; the result then counts what was done before. Bad rows are no
// error: they are in the result.
func Import(ctx context.Context, r io.Reader, to Catalog, o Options) (Result, error) {
	if o.Batch <= 0 {
		o.Batch = defaultBatch
	}
	o.Batch = min(o.Batch, catalog.MaxProducts)
	from, err := open(r, o)
	if err != nil {
		return Result{}, err
	}
	var result Result
	seen := map[string]int{}
	for {
		batch, err := readBatch(from, o.Batch, seen)
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return result, err
		}
		if len(batch) > 0 {
			if err := result.add(ctx, batch, to); err != nil {
				return result, err
			}
			if o.Progress != nil {
				o.Progress(result)
			}
		}
		if last {
			return result, nil
		}
	}
}

func open(r io.Reader, o Options) (source, error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = buffered.Discard(3) // a byte order mark, as spreadsheets write it
	}
	format := o.Format
	if format == "" {
		format = CSV
		if first, err := buffered.Peek(1); err == nil && first[0] == '{' {
			format = NDJSON
		}
	}
	switch format {
	case CSV:
		return newCSVSource(buffered, o.Currency)
	case NDJSON:
		return newNDJSONSource(buffered, o.Currency), nil
	default:
		return nil, fmt.Errorf("unknown format %q: use %s or %s", format, CSV, NDJSON)
	}
}

// readBatch reads up to size rows. seen holds the line of each SKU so far: the
// second of two rows for one product is a mistake in the file.
func readBatch(from source, size int, seen map[string]int) ([]row, error) {
	batch := make([]row, 0, size)
	for len(batch) < size {
		next, err := from.next()
		if err != nil {
			return batch, err
		}
		if next.problem == "" {
			if before, again := seen[next.product.SKU]; again {
				next.problem = fmt.Sprintf("sku %q is on line %d already", next.product.SKU, before)
			} else {
				seen[next.product.SKU] = next.line
			}
		}
		batch = append(batch, next)
	}
	return batch, nil
}

// add imports the batch, or notes why not.
func (r *Result) add(ctx context.Context, batch []row, to Catalog) error {
	before := len(r.Problems)
	products := make([]catalog.CreateProductInput, len(batch))
	for i, row := range batch {
		products[i] = row.product
		if row.problem != "" {
			r.Problems = append(r.Problems, Problem{Line: row.line, Message: row.problem})
		}
	}
	if len(r.Problems) > before {
		r.Skipped += len(batch)
		return nil
	}
	imported, err := to.ImportProducts(ctx, catalog.ImportProductsInput{Products: products})
	if err == nil {
		r.Created += imported.Created
		r.Updated += imported.Updated
		return nil
	}
	refused := refusals(batch, err)
	if len(refused) == 0 {
		return fmt.Errorf("import lines %d to %d: %w", batch[0].line, batch[len(batch)-1].line, err)
	}
	r.Problems = append(r.Problems, refused...)
	r.Skipped += len(batch)
	return nil
}

// refusals finds the lines of the rows that the catalog refused.
func refusals(batch []row, err error) []Problem {
	var refused []Problem
	for _, field := range fault.From(err).Fields {
		rest, found := strings.CutPrefix(field.Location, "body.products[")
		number, name, closed := strings.Cut(rest, "]")
		index, parseErr := strconv.Atoi(number)
		if !found || !closed || parseErr != nil || index < 0 || index >= len(batch) {
			continue
		}
		refused = append(refused, Problem{
			Line:    batch[index].line,
			Message: strings.TrimPrefix(name+": ", ".") + field.Message,
		})
	}
	return refused
}
