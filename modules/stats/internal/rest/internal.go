package rest

import (
	"context"
	"net/http"
	"time"

	"shop/modules/stats"
	"shop/platform/audit"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/module"
)

// registerInternal declares what only services call.
func registerInternal(api *httpapi.API, h handlers) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "record-batch", Method: http.MethodPost, Path: "/internal/stats/entries", Module: "stats",
		Summary: "Record actions, all or none, with data of any size and shape", Access: httpapi.Internal,
		Description: "What `POST /log` does, without its limit on the body as a whole.",
		Errors:      []int{http.StatusConflict, http.StatusTooManyRequests}, MaxBodyBytes: 32 << 20,
	}, h.recordBatch)
	module.RegisterEvents(api, "stats", h.service.Receive)
	audit.Register(api, "stats", h.service.Verify)
}

// Batch is actions to record.
type Batch struct {
	Actions []BatchAction `json:"actions" maxItems:"1000" nullable:"false"`
}

// BatchAction is an action to record. Data is text within text: whatever it is,
// it arrives as it left, and what is wrong with it is found where it is stored.
type BatchAction struct {
	UserID id.User   `json:"user_id,omitzero" doc:"Whose action it is; the caller's own when left out." example:"user_01h455vb4pex5vsknk084sn02q"`
	Action string    `json:"action" doc:"What was done." example:"product.viewed"`
	Data   []byte    `json:"data,omitempty" doc:"A JSON object, in base64." example:"eyJwb3NpdGlvbiI6M30="`
	At     time.Time `json:"at,omitzero" doc:"When it happened; now when left out." example:"2026-11-24T13:05:00.123456Z"`
}

func batchOf(actions []stats.Action) Batch {
	batch := Batch{Actions: make([]BatchAction, len(actions))}
	for i, a := range actions {
		batch.Actions[i] = BatchAction{UserID: a.UserID, Action: a.Action, Data: a.Data, At: a.At}
	}
	return batch
}

func (b Batch) actions() []stats.Action {
	actions := make([]stats.Action, len(b.Actions))
	for i, a := range b.Actions {
		actions[i] = stats.Action{UserID: a.UserID, Action: a.Action, Data: a.Data, At: a.At}
	}
	return actions
}

type batchInput struct {
	httpapi.IdempotencyKey
	Body Batch
}

type batchOutput struct {
	Replayed string `header:"Idempotent-Replayed"`
	Body     RecordedMany
}

func (h handlers) recordBatch(ctx context.Context, in *batchInput) (*batchOutput, error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	recorded, err := h.service.Record(ctx, stats.RecordInput{Key: key, Actions: in.Body.actions()})
	if err != nil {
		return nil, err
	}
	out := &batchOutput{Body: RecordedMany{IDs: recorded.IDs, Count: len(recorded.IDs)}}
	if key.Replayed() {
		out.Replayed = "true"
	}
	return out, nil
}
