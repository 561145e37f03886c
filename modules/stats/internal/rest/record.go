package rest

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"shop/modules/stats"
	"shop/platform/fault"
	"shop/platform/httpapi"
	"shop/platform/id"
)

// recordInput holds the body as it came: a thousand actions are read and
// checked in one pass (readActions) where huma would decode them twice.
type recordInput struct {
	httpapi.IdempotencyKey
	RawBody []byte
}

// recordOutput is one identifier or a list of them, as was asked.
type recordOutput struct {
	ContentType string `header:"Content-Type"`
	Replayed    string `header:"Idempotent-Replayed" doc:"true: the answer of an earlier request with the same Idempotency-Key."`
	Body        []byte
}

func (h handlers) record(ctx context.Context, in *recordInput) (*recordOutput, error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	actions, array, err := readActions(in.RawBody)
	if err != nil {
		return nil, err
	}
	recorded, err := h.service.Record(ctx, stats.RecordInput{Key: key, Actions: actions})
	if err != nil {
		if array && len(actions) == 1 {
			err = relocated(err, "body.", "body[0].")
		}
		return nil, err
	}
	out := &recordOutput{ContentType: jsonType, Body: answer(recorded.IDs, array)}
	if key.Replayed() {
		out.Replayed = "true"
	}
	return out, nil
}

// relocated names the fields of err that begin with from with to in its place.
// A single action of an array is body[0] to whoever sent the array, and body to
// the face.
func relocated(err error, from, to string) error {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) == 0 {
		return err
	}
	named := *f
	named.Fields = make([]fault.Field, len(f.Fields))
	for i, field := range f.Fields {
		if name, ok := strings.CutPrefix(field.Location, from); ok {
			field.Location = to + name
		}
		named.Fields[i] = field
	}
	return &named
}

// answer is RecordedOne or RecordedMany.
func answer(ids []id.LogEntry, array bool) []byte {
	const perID = len(`"log_01h455vb4pex5vsknk084sn02q",`)
	b := make([]byte, 0, len(ids)*perID+len(`{"ids":[],"count":1000}`))
	if !array {
		b = append(b, `{"id":`...)
		return append(appendID(b, ids[0]), "}\n"...)
	}
	b = append(b, `{"ids":[`...)
	for i, entry := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendID(b, entry)
	}
	b = append(b, `],"count":`...)
	return append(strconv.AppendInt(b, int64(len(ids)), 10), "}\n"...)
}

func appendID(b []byte, entry id.LogEntry) []byte {
	b, _ = entry.AppendText(append(b, '"')) // it never fails
	return append(b, '"')
}

// Action is something to record.
type Action struct {
	UserID id.User   `json:"user_id,omitzero" pattern:"^user_[0-7][0-9a-hjkmnp-tv-z]{25}$" doc:"Whose action it is; your own when left out, and nobody's when a service leaves it out." example:"user_01h455vb4pex5vsknk084sn02q"`
	Action string    `json:"action" pattern:"^[a-z0-9][a-z0-9_.:-]{0,99}$" minLength:"1" maxLength:"100" doc:"What was done." example:"product.viewed"`
	Data   Object    `json:"data,omitempty" doc:"Anything that belongs to it: at most 16 KiB, nested at most 16 levels deep."`
	At     time.Time `json:"at,omitzero" doc:"When it happened, from the year 2000 to 5 minutes from now; now when left out. Kept to the microsecond." example:"2026-11-24T13:05:00.123456Z"`
}

// RecordedOne answers one action.
type RecordedOne struct {
	ID id.LogEntry `json:"id" doc:"The entry's identifier." example:"log_01h455vb4pex5vsknk084sn02q"`
}

// RecordedMany answers an array of actions.
type RecordedMany struct {
	IDs   []id.LogEntry `json:"ids" nullable:"false" minItems:"1" maxItems:"1000" example:"[\"log_01h455vb4pex5vsknk084sn02q\"]" doc:"The entries' identifiers, in the order of the array."`
	Count int           `json:"count" minimum:"1" maximum:"1000" doc:"How many were recorded." example:"2"`
}

// describeActions describes the body, of which huma knows that it is bytes.
func describeActions(operation *huma.Operation, schemas huma.Registry) {
	action := schemas.Schema(reflect.TypeFor[Action](), true, "Action")
	least, most := 1, stats.MaxActions
	operation.RequestBody.Description = "One action, or an array of them."
	operation.RequestBody.Required = true
	operation.RequestBody.Content = map[string]*huma.MediaType{jsonType: {Schema: &huma.Schema{OneOf: []*huma.Schema{
		action,
		{Type: huma.TypeArray, Items: action, MinItems: &least, MaxItems: &most},
	}}}}
}

// recordedResponse describes the answer, of which huma knows the same.
func recordedResponse(schemas huma.Registry) *huma.Response {
	return &huma.Response{
		Description: "Recorded.",
		Content: map[string]*huma.MediaType{jsonType: {Schema: &huma.Schema{OneOf: []*huma.Schema{
			schemas.Schema(reflect.TypeFor[RecordedOne](), true, "RecordedOne"),
			schemas.Schema(reflect.TypeFor[RecordedMany](), true, "RecordedMany"),
		}}}},
	}
}
