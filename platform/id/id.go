// Package id holds the typed identifiers of everything the shop stores.
//
// An identifier is a UUIDv7 (RFC 9562) underneath, so that rows sort by age,
// and a TypeID at the edge (a prefix that names the kind, "_", and 26
// characters of Crockford's base32): "prod_01h455vb4pex5vsknk084sn02q". An
// identifier of the wrong kind is told apart before any query.
package id

import (
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// Kind names a kind of identifier by its prefix.
type Kind interface{ Prefix() string }

// ID is an identifier of one kind. The zero value is no identifier.
type ID[K Kind] [16]byte

// New makes a new identifier. Identifiers made by one process ascend.
func New[K Kind]() ID[K] { return ID[K](uuid.Must(uuid.NewV7())) }

// ErrMalformed is what parsing returns for text that is no identifier of the
// wanted kind.
var ErrMalformed = errors.New("malformed identifier")

// IsZero reports whether i is no identifier.
func (i ID[K]) IsZero() bool { return i == ID[K]{} }

// Prefix is the prefix of i's kind.
func (i ID[K]) Prefix() string {
	var k K
	return k.Prefix()
}

// String is the text form; empty for the zero value.
func (i ID[K]) String() string {
	if i.IsZero() {
		return ""
	}
	b, _ := i.AppendText(make([]byte, 0, 40))
	return string(b)
}

// PathSegment is the text form for the path of a URL, which must not end early:
// of the zero value, too, it is a prefix and 26 characters, which read back as
// the zero value.
func (i ID[K]) PathSegment() string {
	return string(appendBase32(append(make([]byte, 0, 40), i.Prefix()+"_"...), i))
}

// AppendText appends the text form to b.
func (i ID[K]) AppendText(b []byte) ([]byte, error) {
	if i.IsZero() {
		return b, nil
	}
	b = append(b, i.Prefix()...)
	b = append(b, '_')
	return appendBase32(b, i), nil
}

// MarshalText implements encoding.TextMarshaler.
func (i ID[K]) MarshalText() ([]byte, error) { return i.AppendText(make([]byte, 0, 40)) }

// UnmarshalText implements encoding.TextUnmarshaler; text of another kind is
// refused with ErrMalformed. Empty text is the zero value, as MarshalText
// writes it.
func (i *ID[K]) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*i = ID[K]{}
		return nil
	}
	prefix := i.Prefix()
	rest, found := strings.CutPrefix(string(text), prefix+"_")
	if !found || len(rest) != encodedLen {
		return fmt.Errorf("%w: expected %s_ and %d characters", ErrMalformed, prefix, encodedLen)
	}
	raw, ok := decodeBase32(rest)
	if !ok {
		return fmt.Errorf("%w: expected %s_ and %d characters of lower-case base32", ErrMalformed, prefix, encodedLen)
	}
	*i = raw
	return nil
}

// Value implements driver.Valuer: 16 bytes, which PostgreSQL's uuid and
// SQLite's blob both take; the zero value is NULL.
func (i ID[K]) Value() (driver.Value, error) {
	if i.IsZero() {
		return nil, nil //nolint:nilnil // NULL is what the zero value means to a database
	}
	return append([]byte(nil), i[:]...), nil
}

// Scan implements sql.Scanner for 16 bytes, the usual text of a UUID, and NULL.
func (i *ID[K]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*i = ID[K]{}
		return nil
	case []byte:
		if len(v) == len(i) {
			copy(i[:], v)
			return nil
		}
		return i.scanHex(string(v))
	case string:
		return i.scanHex(v)
	default:
		return fmt.Errorf("%w: cannot scan %T", ErrMalformed, src)
	}
}

func (i *ID[K]) scanHex(text string) error {
	if len(text) != 36 {
		return fmt.Errorf("%w: %d characters are no UUID", ErrMalformed, len(text))
	}
	var compact [32]byte
	n := 0
	for at := range len(text) {
		if text[at] == '-' {
			continue
		}
		if n == len(compact) {
			return fmt.Errorf("%w: no UUID", ErrMalformed)
		}
		compact[n] = text[at]
		n++
	}
	if n != len(compact) {
		return fmt.Errorf("%w: no UUID", ErrMalformed)
	}
	if _, err := hex.Decode(i[:], compact[:]); err != nil {
		return fmt.Errorf("%w: no UUID", ErrMalformed)
	}
	return nil
}
