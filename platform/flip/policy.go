package flip

import (
	"errors"
	"fmt"
)

// Side is one of the two implementations that a route may lead to.
type Side uint8

// The sides.
const (
	Local  Side = iota // in this process
	Remote             // in another process
	sides
)

// String is the side's name in metrics.
func (s Side) String() string {
	if s == Remote {
		return "remote"
	}
	return "local"
}

// Fallback says which calls the local side answers when the remote one cannot.
type Fallback uint8

// The fallbacks.
const (
	FallbackNone  Fallback = iota
	FallbackReads          // methods of class contract.Read
)

var fallbackNames = [...]string{FallbackNone: "none", FallbackReads: "reads"}

// String is "none" or "reads".
func (f Fallback) String() string { return fallbackNames[f] }

// MarshalText implements encoding.TextMarshaler.
func (f Fallback) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *Fallback) UnmarshalText(text []byte) error {
	for value, name := range fallbackNames {
		if name == string(text) {
			*f = Fallback(value)
			return nil
		}
	}
	return errFallback
}

var errFallback = errors.New("use none or reads")

// Policy says which side answers. The zero value is the local one, always.
type Policy struct {
	// Remote is the share of actors, in percent, whose calls the remote side
	// answers.
	Remote int
	// Shadow is the share of reads, in percent, that the other side is asked too,
	// in the background, to compare the answers.
	Shadow int
	// Fallback says what the local side answers when the remote one cannot.
	Fallback Fallback
}

// Mixed reports whether p lets both sides answer for the same data, which is
// right only while they share a database.
func (p Policy) Mixed() bool {
	return p.Remote > 0 && p.Remote < 100 || p.Shadow > 0 || p.Fallback != FallbackNone
}

// String is the policy in a line for the log.
func (p Policy) String() string {
	return fmt.Sprintf("remote %d%%, shadow %d%%, fallback %s", p.Remote, p.Shadow, p.Fallback)
}

// active is a policy as calls read it.
type active struct {
	Policy
	// onlyLocal is the common case, for which a call looks at nothing else.
	onlyLocal bool
}
