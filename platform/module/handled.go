package module

import (
	"context"
	"net/http"
	"time"

	"shop/platform/contract"
	"shop/platform/event/inbox"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/remote"
)

// maxHandled is how many events are asked about at once.
const maxHandled = 1000

// EventIDs names events.
type EventIDs struct {
	IDs []id.Event `json:"ids" maxItems:"1000" nullable:"false" doc:"The events." example:"[\"evt_01h455vb4pex5vsknk084sn02q\"]"`
}

// UnhandledEvents are those of the events asked about that were not handled.
type UnhandledEvents struct {
	Missing []id.Event `json:"missing" nullable:"false" doc:"Events of whose handling nothing is recorded." example:"[\"evt_01h455vb4pex5vsknk084sn02q\"]"`
}

type handledInput struct{ Body EventIDs }

type handledOutput struct{ Body UnhandledEvents }

// RegisterHandled declares the operation with which it is asked what a module
// has handled; for a module without subscribers it does nothing.
func RegisterHandled(api *httpapi.API, m Module) {
	if len(m.Subscribers) == 0 {
		return
	}
	httpapi.Handle(api, httpapi.Operation{
		ID: "find-unhandled-events-of-" + m.Name, Method: http.MethodPost, Path: handledPath(m.Name), Module: m.Name,
		Summary: "Say which events the module has not handled", Access: httpapi.Internal,
		Errors: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *handledInput) (*handledOutput, error) {
		missing, err := inbox.New(m.DB).Missing(ctx, in.Body.IDs)
		if err != nil {
			return nil, err //nolint:wrapcheck // says what it is about
		}
		if missing == nil {
			missing = []id.Event{}
		}
		return &handledOutput{UnhandledEvents{missing}}, nil
	})
}

// Handled returns those of events that m has handled neither here nor in other
// processes. Errors: inbox.ErrNone, and those of the database and of
// remote.Client.Do.
func (m Module) Handled(ctx context.Context, events []id.Event) (missing []id.Event, err error) {
	missing = events
	if m.Hosted() {
		if missing, err = inbox.New(m.DB).Missing(ctx, events); err != nil {
			return nil, err //nolint:wrapcheck // says what it is about
		}
	}
	if len(missing) == 0 || m.Remote == nil {
		return missing, nil
	}
	var left []id.Event
	for len(missing) > 0 {
		some := missing[:min(len(missing), maxHandled)]
		missing = missing[len(some):]
		var answer UnhandledEvents
		_, err := m.Remote.Do(ctx, remote.Call{
			Does:   contract.Method{Module: m.Name, Name: "Handled", Class: contract.Read},
			Method: http.MethodPost, Path: handledPath(m.Name), Patience: 20 * time.Second,
			Body: EventIDs{some}, Result: &answer,
		})
		if err != nil {
			return nil, err //nolint:wrapcheck // says which module it is
		}
		left = append(left, answer.Missing...)
	}
	return left, nil
}

func handledPath(module string) string { return "/internal/" + module + "/events/handled" }
