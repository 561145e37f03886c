// Package page is how lists are cut: by a cursor on a stable order (keyset
// paging), so that a deep page costs what the first one costs and rows that
// arrive meanwhile shift nothing.
package page

import (
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"

	"shop/platform/fault"
)

// DefaultLimit and MaxLimit bound how many items a page has.
const (
	DefaultLimit = 20
	MaxLimit     = 100
)

// Request asks for one page. The zero value is the first page of the default
// size without a count.
type Request struct {
	// Limit is how many items are wanted, 1 to MaxLimit; 0 means DefaultLimit.
	Limit int
	// Cursor is the Next of the page before; empty for the first page.
	Cursor string
	// CountExact asks for the exact total, which costs a scan of all matches.
	CountExact bool
}

// Size is the limit in force.
func (r Request) Size() int {
	if r.Limit <= 0 {
		return DefaultLimit
	}
	return min(r.Limit, MaxLimit)
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	// Next is the cursor of the following page; empty on the last.
	Next string
	// Total is the number of all matches; nil unless it was asked for.
	Total *int64
}

// Cursor is the place in an order where a page ended: the sort that the order
// was made by, the last item's sort key, and its identifier to break ties.
type Cursor struct {
	Sort string `json:"s,omitempty"`
	Key  string `json:"k,omitempty"`
	ID   string `json:"i"`
}

// ErrCursor is returned for a cursor that was not made by this list and sort.
// Code invalid_request, field query.cursor.
var ErrCursor = fault.InvalidField("query.cursor", "is no cursor of this list; leave it out to start from the first page")

// maxCursor bounds the text that is looked at: a cursor holds one sort key and
// one identifier.
const maxCursor = 2048

// Encode is the opaque text of c.
func (c Cursor) Encode() string {
	b, err := json.Marshal(c)
	if err != nil { // three strings always marshal
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// Decode reads text that Encode made, for a list in the given sort. Errors:
// ErrCursor.
func Decode(text, sort string) (Cursor, error) {
	var c Cursor
	if len(text) > maxCursor {
		return c, ErrCursor
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || !utf8.Valid(b) {
		return c, ErrCursor
	}
	if err := json.Unmarshal(b, &c); err != nil || c.ID == "" || c.Sort != sort {
		return Cursor{}, ErrCursor
	}
	return c, nil
}

// Cut makes a page of rows that were read with one more than the wanted size:
// the surplus row proves that there is a next page and is left out. cursor
// says where an item stands in the order.
func Cut[T any](rows []T, size int, cursor func(T) Cursor) Page[T] {
	if len(rows) <= size {
		return Page[T]{Items: rows}
	}
	rows = rows[:size:size]
	return Page[T]{Items: rows, Next: cursor(rows[size-1]).Encode()}
}
