package httpapi

import (
	"errors"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// OptionalInt64 is a whole number in the query that may be left out, where 0
// is a value of its own.
type OptionalInt64 struct {
	value int64
	set   bool
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *OptionalInt64) UnmarshalText(text []byte) error {
	value, err := strconv.ParseUint(string(text), 10, 63) // takes no sign
	if err != nil || value > maxOptional {
		return errors.New("expected a whole number from 0 to " + strconv.FormatInt(maxOptional, 10))
	}
	o.value, o.set = int64(value), true
	return nil
}

// maxOptional keeps amounts within what money.MaxPrice allows.
const maxOptional = 1_000_000_000_000

// Schema implements huma.SchemaProvider. The value arrives as text, so that its
// bounds are checked by UnmarshalText.
func (OptionalInt64) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: "^[0-9]{1,13}$", Examples: []any{"1000"}}
}

// Pointer is the number, nil when it was left out.
func (o OptionalInt64) Pointer() *int64 {
	if !o.set {
		return nil
	}
	return &o.value
}
