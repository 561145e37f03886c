// Package idempotency makes a repeated request harmless: the first answer to a
// key is kept for a day and given again to whoever repeats the request.
//
// This package holds what a module's face and its callers need: the key, the
// rules of its text, and an in-memory implementation for fakes. The one that
// commits with the effect it guards is in package sqlstore, so that a face does
// not link a database.
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"shop/platform/fault"
	"shop/platform/identity"
)

// Lifetime is how long an answer is kept, counted from its commit. A key that
// comes again later is a new request.
const Lifetime = 24 * time.Hour

// Errors of a repeated request.
var (
	// ErrMismatch is returned for a key that was used before with another input.
	ErrMismatch = fault.New(fault.Invalid, "idempotency_key_reused",
		"this Idempotency-Key was used with a different request: send a new key for a new request")
	// ErrInProgress is returned while the first request with the key is still
	// running. Trying again after a moment gives its answer.
	ErrInProgress = fault.New(fault.Conflict, "idempotency_in_progress",
		"a request with this Idempotency-Key is still running: try again in a moment").WithRetryAfter(time.Second)
)

// Scope is what a key is unique within: the actor of ctx and the operation,
// so that nobody is given the answer to somebody else's request. The actor is
// the first word, which Forget relies on.
func Scope(ctx context.Context, operation string) string {
	return identity.From(ctx).String() + " " + operation
}

// Fingerprint identifies an input: the SHA-256 of its JSON, in hexadecimal.
// Object keys of maps are sorted and fields of structs keep their order, so
// equal inputs have equal fingerprints. It fails for a value that has no JSON
// form.
//
// The fingerprint is stored. A short secret can be guessed from it, so leave
// passwords out of what is fingerprinted.
func Fingerprint(in any) (string, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return "", fmt.Errorf("fingerprint %T: %w", in, err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
