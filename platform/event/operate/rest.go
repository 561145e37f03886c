package operate

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"shop/platform/event/outbox"
	"shop/platform/httpapi"
	"shop/platform/id"
)

// Register declares the operations with which operators look at events that
// were not handled, and have them delivered again.
func Register(api *httpapi.API, e *Events) {
	h := handlers{e}
	httpapi.Handle(api, httpapi.Operation{
		ID: "list-failed-events", Method: http.MethodGet, Path: "/internal/events", Module: "shop",
		Summary: "List the events that a subscriber did not handle", Access: httpapi.Internal,
		Description: "Those of the publishers that this process hosts: events that failed and are tried again, that wait behind one of the same key, and dead letters, which failed too often.",
		Errors:      []int{http.StatusNotFound},
	}, h.list)
	httpapi.Handle(api, httpapi.Operation{
		ID: "get-failed-event", Method: http.MethodGet, Path: "/internal/events/{id}", Module: "shop",
		Summary: "Show an event that a subscriber did not handle, with its payload", Access: httpapi.Internal,
	}, h.get)
	httpapi.Handle(api, httpapi.Operation{
		ID: "replay-events", Method: http.MethodPost, Path: "/internal/events/replay", Module: "shop",
		Summary: "Deliver dead letters again", Access: httpapi.Internal,
		Description: "With all attempts before them. Events that are no dead letters of the subscriber are ignored; safe to repeat.",
		Errors:      []int{http.StatusNotFound},
	}, h.replay)
}

type handlers struct{ events *Events }

// FailedEvent is an event that a subscriber did not handle.
type FailedEvent struct {
	Publisher  string     `json:"publisher" doc:"The module that published it." example:"users"`
	Subscriber string     `json:"subscriber" doc:"The module that did not handle it." example:"email"`
	ID         id.Event   `json:"id" example:"evt_01h455vb4pex5vsknk084sn02q"`
	Name       string     `json:"name" example:"users.registered"`
	Key        string     `json:"key" doc:"What changed." example:"user_01h455vb4pex5vsknk084sn02q"`
	At         time.Time  `json:"at" doc:"When it was published." example:"2026-11-02T09:30:00.000000Z"`
	Attempts   int        `json:"attempts" doc:"How often it was tried; 0 while it only waits behind another one." example:"10"`
	NextAt     *time.Time `json:"next_at,omitempty" doc:"When it is tried again; left out for a dead letter, and while it waits." example:"2026-11-02T09:35:00.000000Z"`
	Error      string     `json:"error,omitempty" doc:"What the last attempt ended with." example:"mail server not reachable"`
	Dead       bool       `json:"dead" doc:"It is not tried again until it is replayed." example:"true"`
}

// FailedEventDetail is an event with its payload and everybody who did not
// handle it.
type FailedEventDetail struct {
	Event    FailedEventMessage `json:"event"`
	Failures []FailedEvent      `json:"failures" nullable:"false"`
}

// FailedEventMessage is the event as it is delivered.
type FailedEventMessage struct {
	ID          id.Event        `json:"id" example:"evt_01h455vb4pex5vsknk084sn02q"`
	Name        string          `json:"name" example:"users.registered"`
	Version     int             `json:"version" example:"1"`
	Key         string          `json:"key" example:"user_01h455vb4pex5vsknk084sn02q"`
	At          time.Time       `json:"at" example:"2026-11-02T09:30:00.000000Z"`
	TraceParent string          `json:"trace_parent,omitempty" example:"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"`
	Payload     json.RawMessage `json:"payload" doc:"An object." example:"{\"user_id\":\"user_01h455vb4pex5vsknk084sn02q\"}"`
}

// EventReplay says which dead letters are delivered again.
type EventReplay struct {
	Publisher  string     `json:"publisher" minLength:"1" maxLength:"20" example:"users"`
	Subscriber string     `json:"subscriber" minLength:"1" maxLength:"20" example:"email"`
	IDs        []id.Event `json:"ids,omitempty" maxItems:"1000" nullable:"false" doc:"The events, or all." example:"[\"evt_01h455vb4pex5vsknk084sn02q\"]"`
	All        bool       `json:"all,omitempty" doc:"All dead letters of the subscriber." example:"false"`
}

// EventsReplayed counts them.
type EventsReplayed struct {
	Replayed int64 `json:"replayed" example:"1"`
}

func wireOf(f Failure) FailedEvent {
	wire := FailedEvent{
		Publisher: f.Publisher, Subscriber: f.Subscriber, ID: f.Event.ID, Name: f.Event.Name, Key: f.Event.Key,
		At: f.Event.At, Attempts: f.Attempts, Error: f.Error, Dead: f.Dead,
	}
	if !f.NextAt.IsZero() {
		wire.NextAt = &f.NextAt
	}
	return wire
}

type listInput struct {
	httpapi.PageQuery
	Publisher  string `query:"publisher" maxLength:"20" doc:"Of one module's events." example:"users"`
	Subscriber string `query:"subscriber" maxLength:"20" doc:"Of one subscriber." example:"email"`
	Dead       string `query:"dead" enum:"true,false" doc:"true: dead letters; false: what is tried again." example:"true"`
}

func (h handlers) list(ctx context.Context, in *listInput) (*httpapi.List[FailedEvent], error) {
	state := map[string]outbox.State{"true": outbox.DeadLetters, "false": outbox.Pending}[in.Dead]
	found, err := h.events.List(ctx, ListInput{Publisher: in.Publisher, Subscriber: in.Subscriber, State: state, Page: in.Page()})
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(ctx, found, wireOf), nil
}

type getInput struct {
	ID id.Event `path:"id" doc:"The event." example:"evt_01h455vb4pex5vsknk084sn02q"`
}

type getOutput struct{ Body FailedEventDetail }

func (h handlers) get(ctx context.Context, in *getInput) (*getOutput, error) {
	failures, err := h.events.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &getOutput{FailedEventDetail{Event: FailedEventMessage(failures[0].Event)}}
	for _, f := range failures {
		out.Body.Failures = append(out.Body.Failures, wireOf(f))
	}
	return out, nil
}

type replayInput struct{ Body EventReplay }

type replayOutput struct{ Body EventsReplayed }

func (h handlers) replay(ctx context.Context, in *replayInput) (*replayOutput, error) {
	replayed, err := h.events.Replay(ctx, ReplayInput(in.Body))
	if err != nil {
		return nil, err
	}
	return &replayOutput{EventsReplayed{replayed}}, nil
}
