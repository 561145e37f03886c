// Package event is what modules tell one another: a fact that was committed in
// one module and that others may want to act on.
//
// A publisher declares its events in its face as structs with a stable name and
// a version, and appends them to its outbox (package outbox) in the transaction
// that made them true. A relay delivers them at least once, in order per key,
// to every subscriber; the inbox (package inbox) makes handling them
// exactly-once in effect. This package itself needs no database, so that a face
// can import it.
package event

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"shop/platform/id"
)

// Event is a fact that a module publishes. It is a struct whose JSON form is
// the payload; a consumer in another release must be able to read it, so fields
// are added and never renamed, and EventVersion changes when that cannot be
// kept.
type Event interface {
	// EventName is the stable name: module, dot, what happened ("users.registered").
	EventName() string
	// EventVersion is the version of the payload, from 1.
	EventVersion() int
	// EventKey names the thing that changed. Events of one key are delivered in
	// the order in which they were appended; append under the lock of the thing
	// itself for that order to be the order of its changes. Events with the empty
	// key have no order among one another.
	EventKey() string
}

// Envelope is an event on its way to a subscriber.
type Envelope struct {
	// ID is the same at every delivery of the event.
	ID id.Event `json:"id"`
	// Name is the event's stable name.
	Name string `json:"name"`
	// Version is the version of the payload.
	Version int `json:"version"`
	// Key names the thing that changed.
	Key string `json:"key"`
	// At is when the event was appended, UTC, to the microsecond.
	At time.Time `json:"at"`
	// TraceParent is the W3C traceparent of what caused it, empty when it was not
	// traced.
	TraceParent string `json:"trace_parent,omitempty"`
	// Payload is the event's JSON.
	Payload json.RawMessage `json:"payload"`
}

// Decode reads the payload of e as a T. Fields that T does not have are
// ignored, since the publisher may be a newer release.
func Decode[T any](e Envelope) (T, error) {
	var payload T
	if err := json.Unmarshal(e.Payload, &payload); err != nil {
		return payload, fmt.Errorf("decode event %s version %d: %w", e.Name, e.Version, err)
	}
	return payload, nil
}

// Subscriber is one consumer of a publisher's events.
type Subscriber struct {
	// Name is stable across releases: the cursor is kept under it. By custom it
	// is the name of the subscribing module.
	Name string
	// Events are the names of the events that it wants.
	Events []string
	// Handle acts on one event. It is called for one event of a key at a time, at
	// least once per event, and must stand repetition: put the effect in inbox.Once.
	//
	// An error makes the event come again later, after a growing pause, and later
	// events of the same key wait behind it; after some attempts it becomes a dead
	// letter. A *fault.Error of kind Unavailable says instead that the subscriber
	// itself cannot be reached: then all its events wait, and none becomes a dead
	// letter.
	Handle func(context.Context, Envelope) error
}
