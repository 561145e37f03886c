package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/negotiation"

	"shop/modules/stats"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/page"
)

// The two forms of the list.
const (
	jsonType   = "application/json"
	ndjsonType = "application/x-ndjson"
)

type entriesInput struct {
	Period
	UserID id.User `query:"user_id" doc:"Only this user's entries." example:"user_01h455vb4pex5vsknk084sn02q"`
	httpapi.PageQuery
	// OpenAPI describes Accept by the media types of the answers.
	Accept string `header:"Accept" hidden:"true"`
}

// Object is a JSON object as it was sent.
type Object json.RawMessage

// MarshalJSON implements json.Marshaler.
func (o Object) MarshalJSON() ([]byte, error) { return o, nil }

// UnmarshalJSON implements json.Unmarshaler, without the space between the parts.
func (o *Object) UnmarshalJSON(text []byte) error {
	compact := bytes.NewBuffer(make([]byte, 0, len(text)))
	err := json.Compact(compact, text)
	*o = compact.Bytes()
	return err
}

// Schema implements huma.SchemaProvider.
func (Object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// Entry is a recorded action.
type Entry struct {
	ID     id.LogEntry `json:"id" doc:"The entry's identifier." example:"log_01h455vb4pex5vsknk084sn02q"`
	UserID id.User     `json:"user_id,omitzero" doc:"Whose action it was; missing when it was nobody's, or the user has been removed." example:"user_01h455vb4pex5vsknk084sn02q"`
	Action string      `json:"action" maxLength:"100" doc:"What was done." example:"product.viewed"`
	Data   Object      `json:"data,omitempty" doc:"What was sent with it."`
	At     time.Time   `json:"at" doc:"When it happened." example:"2026-11-24T13:05:00.123456Z"`
}

func entryOf(e stats.Entry) Entry {
	return Entry{ID: e.ID, UserID: e.UserID, Action: e.Action, Data: Object(e.Data), At: e.At}
}

// value is the entry as the face has it.
func (e Entry) value() stats.Entry {
	return stats.Entry{ID: e.ID, UserID: e.UserID, Action: e.Action, Data: json.RawMessage(e.Data), At: e.At}
}

// entriesOutput is the list in either form; Link is for JSON only.
type entriesOutput struct {
	Link string `header:"Link" doc:"rel=\"next\" (RFC 8288): the next page."`
	Body func(huma.Context)
}

func (h handlers) entries(ctx context.Context, in *entriesInput) (*entriesOutput, error) {
	query := stats.EntriesInput{From: in.From, To: in.To, Page: in.Page(), Action: in.Action, UserID: in.UserID}
	if negotiation.SelectQValue(in.Accept, []string{jsonType, ndjsonType}) == ndjsonType {
		return h.stream(ctx, query)
	}
	found, err := h.service.Entries(ctx, query)
	if err != nil {
		return nil, err
	}
	list := httpapi.NewList(ctx, found, entryOf)
	var body bytes.Buffer
	if err := newEncoder(&body).Encode(list.Body); err != nil {
		return nil, fmt.Errorf("encode the list: %w", err)
	}
	return &entriesOutput{Link: list.Link, Body: func(c huma.Context) {
		c.SetHeader("Content-Type", jsonType)
		c.SetStatus(http.StatusOK)
		_, _ = body.WriteTo(c.BodyWriter()) // a client that has gone needs no answer
	}}, nil
}

// stream answers with all entries. The first page is read before the answer
// begins, so that what is wrong with the request is still answered as a problem.
func (h handlers) stream(ctx context.Context, query stats.EntriesInput) (*entriesOutput, error) {
	if query.To.IsZero() {
		query.To = time.Now() // one end for all pages, else the stream might never have one
	}
	query.Page = page.Request{Limit: page.MaxLimit, Cursor: query.Page.Cursor}
	first, err := h.service.Entries(ctx, query)
	if err != nil {
		return nil, err
	}
	return &entriesOutput{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", ndjsonType)
		c.SetStatus(http.StatusOK)
		if err := h.send(ctx, c.BodyWriter(), query, first); err != nil {
			// The status is out: breaking the connection is the one way left to
			// say that this is not all. net/http documents this panic for it.
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// send writes page after page. It holds one page at a time and ends with ctx.
func (h handlers) send(ctx context.Context, w io.Writer, query stats.EntriesInput, p page.Page[stats.Entry]) error {
	encoder := newEncoder(w)
	for {
		for _, e := range p.Items {
			if err := encoder.Encode(entryOf(e)); err != nil {
				return fmt.Errorf("send an entry: %w", err)
			}
		}
		if p.Next == "" {
			return nil
		}
		query.Page.Cursor = p.Next
		var err error
		if p, err = h.service.Entries(ctx, query); err != nil {
			return err
		}
	}
}

// newEncoder leaves what was recorded as it is: what is safe in JSON needs no
// HTML escapes.
func newEncoder(w io.Writer) *json.Encoder {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder
}

// entriesResponse describes both forms, which huma cannot tell from a function.
func entriesResponse(schemas huma.Registry) *huma.Response {
	return &huma.Response{
		Description: "The entries.",
		Content: map[string]*huma.MediaType{
			jsonType:   {Schema: schemas.Schema(reflect.TypeFor[httpapi.ListBody[Entry]](), true, "ListBodyEntry")},
			ndjsonType: {Schema: schemas.Schema(reflect.TypeFor[Entry](), true, "Entry")},
		},
	}
}
