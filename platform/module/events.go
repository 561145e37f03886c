package module

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"shop/platform/event"
	"shop/platform/fault"
	"shop/platform/httpapi"
	"shop/platform/id"
)

// Event is an event on its way to a subscriber in another process.
type Event struct {
	ID          id.Event        `json:"id" pattern:"^evt_[0-7][0-9a-hjkmnp-tv-z]{25}$" doc:"The same at every delivery." example:"evt_01h455vb4pex5vsknk084sn02q"`
	Name        string          `json:"name" minLength:"1" maxLength:"100" example:"users.removed"`
	Version     int             `json:"version" minimum:"1" maximum:"1000000" doc:"That of the payload." example:"1"`
	Key         string          `json:"key" maxLength:"200" doc:"What changed." example:"user_01h455vb4pex5vsknk084sn02q"`
	At          time.Time       `json:"at" example:"2026-11-02T09:30:00.000000Z"`
	TraceParent string          `json:"trace_parent,omitempty" maxLength:"100" doc:"The W3C traceparent of what caused it." example:"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"`
	Payload     json.RawMessage `json:"payload" doc:"An object." example:"{\"user_id\":\"user_01h455vb4pex5vsknk084sn02q\"}"`
}

type eventInput struct{ Body Event }

// RegisterEvents declares the operation with which another process delivers an
// event to the named module. receive acts on it, once however often it comes.
func RegisterEvents(api *httpapi.API, name string, receive func(context.Context, event.Envelope) error) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "deliver-event-to-" + name, Method: http.MethodPost, Path: "/internal/" + name + "/events", Module: name,
		Summary: "Act on an event of another module", Access: httpapi.Internal, Description: "Safe to repeat.",
	}, func(ctx context.Context, in *eventInput) (*struct{}, error) {
		if payload := bytes.TrimSpace(in.Body.Payload); len(payload) == 0 || payload[0] != '{' {
			return nil, fault.InvalidField("body.payload", "must be an object")
		}
		return nil, receive(ctx, event.Envelope(in.Body))
	})
}
