package catalogimport

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"shop/modules/catalog"
	"shop/platform/money"
)

// maxLine is the longest line of JSON in bytes, that of a body of the API.
const maxLine = 1 << 20

// ndjsonSource reads a JSON object a line, shaped as POST /product/ takes it.
type ndjsonSource struct {
	lines    *bufio.Scanner
	line     int
	currency money.Currency
}

var _ source = (*ndjsonSource)(nil)

// jsonProduct is a product on one line.
type jsonProduct struct {
	SKU         string            `json:"sku"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Price       *jsonPrice        `json:"price"`
	Stock       int64             `json:"stock"`
	Category    string            `json:"category"`
	Attributes  map[string]string `json:"attributes"`
	Images      []string          `json:"images"`
}

type jsonPrice struct {
	Amount   int64          `json:"amount"`
	Currency money.Currency `json:"currency"`
}

func newNDJSONSource(r *bufio.Reader, currency money.Currency) *ndjsonSource {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxLine)
	return &ndjsonSource{lines: lines, currency: currency}
}

// next implements source. Empty lines are passed over.
func (s *ndjsonSource) next() (row, error) {
	for s.lines.Scan() {
		s.line++
		if text := bytes.TrimSpace(s.lines.Bytes()); len(text) > 0 {
			return s.read(text), nil
		}
	}
	if err := s.lines.Err(); err != nil {
		return row{}, fmt.Errorf("line %d: %w", s.line+1, err)
	}
	return row{}, io.EOF
}

func (s *ndjsonSource) read(text []byte) row {
	result := row{line: s.line}
	var in jsonProduct
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&in)
	if err == nil && decoder.More() {
		err = errors.New("has more than one value")
	}
	switch {
	case !utf8.Valid(text):
		result.problem = "is not valid UTF-8"
		return result
	case err != nil:
		result.problem = explain(err)
		return result
	case in.Price == nil:
		result.problem = "price: is missing"
		return result
	}
	if in.Price.Currency == "" {
		in.Price.Currency = s.currency
	}
	result.product = catalog.CreateProductInput{
		SKU: in.SKU, Name: in.Name, Description: in.Description,
		Price: money.Of(in.Price.Amount, in.Price.Currency), Stock: in.Stock,
		Category: in.Category, Attributes: in.Attributes, Images: in.Images,
	}
	result.problem = missing(result.product)
	return result
}

// explain says what is wrong in words that need no Go.
func explain(err error) string {
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return "is no JSON object"
	case errors.As(err, &wrongType):
		return fmt.Sprintf("%s: use a %s, not a %s", wrongType.Field, jsonName(wrongType.Type), wrongType.Value)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "is cut off: no complete JSON object"
	default:
		return strings.TrimPrefix(err.Error(), "json: ")
	}
}

// jsonName is what JSON calls a value that becomes a t.
func jsonName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Slice:
		return "list"
	case reflect.Map, reflect.Struct:
		return "object"
	default:
		return "whole number"
	}
}
