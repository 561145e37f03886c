package idempotency

import (
	"fmt"
	"sync/atomic"

	"shop/platform/fault"
)

// MaxKeyLength is the largest number of characters that a key may have.
const MaxKeyLength = 255

// Header is the HTTP header that carries a key.
const Header = "Idempotency-Key"

// Key is what a caller sent to make its request repeatable. A nil *Key means
// that the caller sent none. One Key belongs to one call: the callee notes in
// it whether the answer is a repetition. It is safe for concurrent use.
type Key struct {
	text     string
	replayed atomic.Bool
}

// NewKey makes a key of text that the program itself chose, such as the
// identifier of a saga's step. Text from outside goes through ParseKey.
func NewKey(text string) *Key { return &Key{text: text} }

// ParseKey reads a key from a request: 1 to 255 printable ASCII characters.
// Anything else is a *fault.Error of kind Invalid that names
// header.Idempotency-Key. Do not call it when the header is absent: that is a
// nil *Key.
func ParseKey(text string) (*Key, error) {
	if len(text) < 1 || len(text) > MaxKeyLength {
		return nil, fault.InvalidField("header."+Header, fmt.Sprintf("must have 1 to %d characters", MaxKeyLength))
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return nil, fault.InvalidField("header."+Header, "must be printable ASCII characters")
		}
	}
	return NewKey(text), nil
}

// Text is what the caller sent; empty for a nil key.
func (k *Key) Text() string {
	if k == nil {
		return ""
	}
	return k.text
}

// MarkReplayed notes that the answer is the repetition of an earlier one. A
// remote client calls it when the far side said so. On a nil key it does
// nothing.
func (k *Key) MarkReplayed() {
	if k != nil {
		k.replayed.Store(true)
	}
}

// Replayed reports whether the answer was the repetition of an earlier one.
func (k *Key) Replayed() bool { return k != nil && k.replayed.Load() }

// MarshalJSON makes a key null: it names the request and is no part of the
// input, so two inputs that differ in their keys alone have one fingerprint.
func (k *Key) MarshalJSON() ([]byte, error) { return []byte("null"), nil }
