package catalogimport

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"shop/modules/catalog"
	"shop/platform/money"
)

// attributePrefix starts the columns that become attributes: attr.colour.
const attributePrefix = "attr."

// csvSource reads rows from a file whose first line names the columns.
type csvSource struct {
	reader   *csv.Reader
	columns  []string
	currency money.Currency
}

var _ source = (*csvSource)(nil)

// newCSVSource reads the header. Columns are separated by commas, or by
// semicolons where the header has no comma.
func newCSVSource(r *bufio.Reader, currency money.Currency) (*csvSource, error) {
	reader := csv.NewReader(r)
	reader.ReuseRecord = true
	if start, _ := r.Peek(4096); separatedBySemicolon(string(start)) {
		reader.Comma = ';'
	}
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: the first line names the columns")
	}
	if err != nil {
		return nil, fmt.Errorf("read the first line: %w", err)
	}
	columns := make([]string, len(header))
	for i, name := range header {
		name = strings.TrimSpace(name)
		switch {
		case slices.Contains(columns[:i], name):
			return nil, fmt.Errorf("line 1: two columns are named %q", name)
		case !slices.Contains(knownColumns(), name) && !strings.HasPrefix(name, attributePrefix):
			return nil, fmt.Errorf("line 1: unknown column %q: use %s or %s<name>", name, strings.Join(knownColumns(), ", "), attributePrefix)
		}
		columns[i] = name
	}
	for _, required := range []string{"sku", "name", "amount"} {
		if !slices.Contains(columns, required) {
			return nil, fmt.Errorf("line 1: the column %q is missing", required)
		}
	}
	return &csvSource{reader: reader, columns: columns, currency: currency}, nil
}

func knownColumns() []string {
	return []string{"sku", "name", "description", "amount", "currency", "stock", "category", "images"}
}

func separatedBySemicolon(start string) bool {
	header, _, _ := strings.Cut(start, "\n")
	return strings.Contains(header, ";") && !strings.Contains(header, ",")
}

// next implements source.
func (s *csvSource) next() (row, error) {
	record, err := s.reader.Read()
	var syntax *csv.ParseError
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		line, _ := s.reader.FieldPos(0)
		return row{line: line, problem: fmt.Sprintf("has %d columns, the first line has %d", len(record), len(s.columns))}, nil
	case errors.As(err, &syntax):
		// After a stray quote nobody knows where the next row begins.
		return row{}, fmt.Errorf("line %d: %w", syntax.Line, syntax.Err)
	case err != nil:
		return row{}, err //nolint:wrapcheck // io.EOF is part of the contract, the rest names the file already
	}
	line, _ := s.reader.FieldPos(0)
	result := row{line: line, product: catalog.CreateProductInput{Price: money.Amount{Currency: s.currency}}}
	for i, column := range s.columns {
		if wrong := setColumn(&result.product, column, strings.TrimSpace(record[i])); wrong != nil {
			result.problem = column + ": " + wrong.Error()
			break
		}
	}
	if result.problem == "" {
		result.problem = missing(result.product)
	}
	return result, nil
}

// setColumn reads one cell; an empty one leaves the default.
func setColumn(p *catalog.CreateProductInput, column, text string) error {
	switch {
	case text == "":
		return nil
	case !utf8.ValidString(text):
		return errors.New("is not valid UTF-8")
	}
	var err error
	switch column {
	case "sku":
		p.SKU = strings.Clone(text)
	case "name":
		p.Name = strings.Clone(text)
	case "description":
		p.Description = strings.Clone(text)
	case "category":
		p.Category = strings.Clone(text)
	case "amount":
		if p.Price.Minor, err = strconv.ParseInt(text, 10, 64); err != nil {
			return errors.New("use a whole number of minor units, such as 1999 for 19.99")
		}
	case "stock":
		if p.Stock, err = strconv.ParseInt(text, 10, 64); err != nil {
			return errors.New("use a whole number")
		}
	case "currency":
		if p.Price.Currency, err = money.ParseCurrency(strings.Clone(text)); err != nil {
			return errors.New("use an ISO 4217 code such as EUR")
		}
	case "images":
		p.Images = strings.FieldsFunc(strings.Clone(text), func(r rune) bool { return r == '|' || r == ' ' })
	default:
		if p.Attributes == nil {
			p.Attributes = map[string]string{}
		}
		p.Attributes[strings.TrimPrefix(column, attributePrefix)] = strings.Clone(text)
	}
	return nil
}

// missing says which required part a product lacks.
func missing(p catalog.CreateProductInput) string {
	switch {
	case p.SKU == "":
		return "sku: is missing"
	case p.Name == "":
		return "name: is missing"
	case p.Price.Currency == "":
		return "currency: is missing"
	default:
		return ""
	}
}
