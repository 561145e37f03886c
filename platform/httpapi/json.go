package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

const jsonType = "application/json"

// jsonAPI is huma's API, speaking JSON and nothing else. Accept is not
// negotiated: who cannot read JSON is better served with an answer that says so
// than with 406 (RFC 9110, section 12.5.1, leaves the choice). It also keeps
// huma from parsing that header, which panics on some of what clients may send.
type jsonAPI struct {
	huma.API
	config huma.Config
}

// Config is how huma finds its settings.
func (a *jsonAPI) Config() huma.Config { return a.config }

// Negotiate implements huma.API.
func (a *jsonAPI) Negotiate(string) (string, error) { return jsonType, nil }

// Marshal implements huma.API. A value that has no JSON is a defect of ours: it
// panics, because huma would have said 200 already and written its complaint
// behind it; the edge has written nothing yet and answers 500.
func (a *jsonAPI) Marshal(w io.Writer, _ string, v any) error {
	e, _ := encoders.Get().(*encoder)
	defer e.release()
	if err := e.json.Encode(v); err != nil {
		panic(fmt.Errorf("encode the answer: %w", err))
	}
	_, _ = w.Write(e.buffer.Bytes()) // a client that has gone needs no answer
	return nil
}

// Unmarshal implements huma.API. The edge has made sure that the content is
// JSON.
func (a *jsonAPI) Unmarshal(_ string, data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("is not valid JSON at byte %d", syntax.Offset)
	}
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errors.New(located("body."+jsonPath(reflect.TypeOf(v), mistyped.Field), "has the wrong type or is out of range"))
	}
	return err //nolint:wrapcheck // becomes a rejected part of the request
}

// jsonPath is a field's path as clients know it: encoding/json puts the names of
// embedded structs into it, which are not in the JSON.
func jsonPath(t reflect.Type, path string) string {
	var names []string
	for name := range strings.SplitSeq(path, ".") {
		for t != nil && slices.Contains(containers, t.Kind()) {
			t = t.Elem()
		}
		if t == nil || t.Kind() != reflect.Struct {
			names = append(names, name)
			continue
		}
		field, embedded := fieldOf(t, name)
		if !embedded {
			names = append(names, name)
		}
		t = field.Type
	}
	return strings.Join(names, ".")
}

// containers are the kinds that are not in a path, only what they hold.
var containers = []reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map}

// fieldOf is a struct's field with a name in the JSON, or the embedded struct
// with a name in Go; the zero value without either.
func fieldOf(t reflect.Type, name string) (field reflect.StructField, embedded bool) {
	for f := range t.Fields() {
		tagged, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case tagged == name, tagged == "" && !f.Anonymous && f.Name == name:
			return f, false
		case tagged == "" && f.Anonymous && f.Name == name:
			field, embedded = f, true
		}
	}
	return field, embedded
}

// located is a message that names its place. huma passes messages on as text
// only, and says "body" for the place of whatever Unmarshal finds.
func located(location, message string) string {
	return strings.TrimSuffix(location, ".") + "\x00" + message
}

// maxPooledBytes is the largest buffer that is kept for further answers.
const maxPooledBytes = 64 << 10

// encoder is an encoder with the buffer that it writes to.
type encoder struct {
	buffer bytes.Buffer
	json   *json.Encoder
}

var encoders = sync.Pool{New: func() any {
	e := &encoder{}
	e.json = json.NewEncoder(&e.buffer)
	e.json.SetEscapeHTML(false)
	return e
}}

func (e *encoder) release() {
	if e.buffer.Cap() <= maxPooledBytes {
		e.buffer.Reset()
		encoders.Put(e)
	}
}
