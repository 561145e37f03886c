package httpapi

import (
	"shop/platform/idempotency"
)

// IdempotencyKey is embedded in the input of an operation that creates or pays.
type IdempotencyKey struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"Makes a repeat safe: the same key and body get the first answer again, for a day. Make a new one (a UUID) for each thing you want done." example:"6f1ab1b6-1c2b-4a53-9c3d-0a6d3b7b8f10"`
}

// Key is the key that was sent; nil when none was. Errors: a fault that names
// the header.
func (k IdempotencyKey) Key() (*idempotency.Key, error) {
	if k.IdempotencyKey == "" {
		return nil, nil //nolint:nilnil // no key is a valid choice of the caller
	}
	return idempotency.ParseKey(k.IdempotencyKey)
}

// Created is the output of an operation that creates one resource.
type Created[T any] struct {
	Location string `header:"Location" doc:"Where the new resource is."`
	ETag     string `header:"ETag" doc:"The new resource's entity tag."`
	Replayed string `header:"Idempotent-Replayed" doc:"true: the answer of an earlier request with the same Idempotency-Key."`
	Body     T
}

// NewCreated makes the answer of a create. key is what IdempotencyKey.Key
// returned.
func NewCreated[T any](location, etag string, key *idempotency.Key, body T) *Created[T] {
	out := &Created[T]{Location: location, ETag: etag, Body: body}
	if key.Replayed() {
		out.Replayed = "true"
	}
	return out
}
