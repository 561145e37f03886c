// Package operate is what operators see of events: those that a subscriber did
// not handle, and the way to have them delivered again.
package operate

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"shop/platform/event/outbox"
	"shop/platform/fault"
	"shop/platform/id"
	"shop/platform/page"
)

// Errors of this package.
var (
	// ErrPublisher says that no publisher of that name is hosted here.
	ErrPublisher = fault.New(fault.NotFound, "publisher_not_known", "no module of that name publishes events here")
	// ErrEvent says that the event is no failure: it was handled, or never was.
	ErrEvent = fault.New(fault.NotFound, "failed_event_not_found", "no subscriber of a publisher hosted here has failed to handle that event")
)

// Events are the failures of the publishers of this process.
type Events struct{ publishers []Publisher }

// Publisher is a module that publishes.
type Publisher struct {
	// Name is the module's name.
	Name string
	// Outbox is where it publishes.
	Outbox *outbox.Outbox
}

// New makes the Events of publishers.
func New(publishers []Publisher) *Events {
	publishers = slices.Clone(publishers)
	slices.SortFunc(publishers, func(a, b Publisher) int { return cmp.Compare(a.Name, b.Name) })
	return &Events{publishers}
}

// Failure is an event that a subscriber did not handle.
type Failure struct {
	// Publisher is the module that published it.
	Publisher string

	outbox.Failure
}

// ListInput says which failures to list.
type ListInput struct {
	// Publisher and Subscriber limit the list; empty is all.
	Publisher, Subscriber string
	// State limits it to dead letters or to those that are tried again.
	State outbox.State
	Page  page.Request
}

// sortOfList is the only one.
const sortOfList = "failures"

// List returns a page of failures by publisher, subscriber and age. Errors:
// ErrPublisher, page.ErrCursor.
func (e *Events) List(ctx context.Context, in ListInput) (page.Page[Failure], error) {
	var none page.Page[Failure]
	after, err := decode(in.Page.Cursor)
	if err != nil {
		return none, err
	}
	publishers := e.publishers
	if in.Publisher != "" {
		p, err := e.publisher(in.Publisher)
		if err != nil {
			return none, err
		}
		publishers = []Publisher{p}
	}
	var found []Failure
	for _, p := range publishers {
		if p.Name < after.publisher || len(found) > in.Page.Size() {
			continue
		}
		q := outbox.FailureQuery{Subscriber: in.Subscriber, State: in.State, Limit: in.Page.Size() + 1 - len(found)}
		if p.Name == after.publisher {
			q.AfterSubscriber, q.AfterSequence = after.subscriber, after.sequence
		}
		failures, err := p.Outbox.ListFailures(ctx, q)
		if err != nil {
			return none, err //nolint:wrapcheck // says what it is about
		}
		for _, f := range failures {
			found = append(found, Failure{p.Name, f})
		}
	}
	return page.Cut(found, in.Page.Size(), func(f Failure) page.Cursor {
		return place{f.Publisher, f.Subscriber, f.Sequence}.cursor()
	}), nil
}

// Get returns the failures of one event, of each subscriber that has one.
// Errors: ErrEvent.
func (e *Events) Get(ctx context.Context, event id.Event) ([]Failure, error) {
	var found []Failure
	for _, p := range e.publishers {
		failures, err := p.Outbox.ListFailures(ctx, outbox.FailureQuery{Event: event})
		if err != nil {
			return nil, err //nolint:wrapcheck // says what it is about
		}
		for _, f := range failures {
			found = append(found, Failure{p.Name, f})
		}
	}
	if len(found) == 0 {
		return nil, ErrEvent
	}
	return found, nil
}

// ReplayInput says which dead letters are delivered again.
type ReplayInput struct {
	// Publisher and Subscriber are needed.
	Publisher, Subscriber string
	// IDs are the events; All is all dead letters of the subscriber. One of the two.
	IDs []id.Event
	All bool
}

// Replay makes dead letters pending again and returns how many those were. A
// repeat is harmless. Errors: ErrPublisher, fault.Invalid with the field.
func (e *Events) Replay(ctx context.Context, in ReplayInput) (int64, error) {
	switch {
	case in.Subscriber == "":
		return 0, fault.InvalidField("body.subscriber", "must not be empty")
	case in.All == (len(in.IDs) > 0):
		return 0, fault.InvalidField("body.ids", "name the events, or say all")
	}
	p, err := e.publisher(in.Publisher)
	if err != nil {
		return 0, err
	}
	if in.All {
		return p.Outbox.ReplayAll(ctx, in.Subscriber) //nolint:wrapcheck // says what it is about
	}
	return p.Outbox.Replay(ctx, in.Subscriber, in.IDs...) //nolint:wrapcheck // says what it is about
}

func (e *Events) publisher(name string) (Publisher, error) {
	for _, p := range e.publishers {
		if p.Name == name {
			return p, nil
		}
	}
	return Publisher{}, ErrPublisher
}

// place is where a failure stands in the list.
type place struct {
	publisher, subscriber string
	sequence              int64
}

func (p place) cursor() page.Cursor {
	return page.Cursor{Sort: sortOfList, Key: p.publisher + "/" + p.subscriber, ID: strconv.FormatInt(p.sequence, 10)}
}

func decode(cursor string) (place, error) {
	if cursor == "" {
		return place{}, nil
	}
	c, err := page.Decode(cursor, sortOfList)
	if err != nil {
		return place{}, err //nolint:wrapcheck // names the field
	}
	var p place
	p.publisher, p.subscriber, _ = strings.Cut(c.Key, "/")
	if p.sequence, err = strconv.ParseInt(c.ID, 10, 64); err != nil {
		return place{}, page.ErrCursor
	}
	return p, nil
}
