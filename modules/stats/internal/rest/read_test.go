package rest

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/platform/fault"
	"shop/platform/id"
)

// FuzzReadActions compares the reader with encoding/json: what it accepts means
// the same there, what is no JSON it refuses, and what it calls malformed is.
// Of data it only finds the end; whether that is JSON the use case says.
func FuzzReadActions(f *testing.F) {
	for _, seed := range []string{
		`{"action":"a"}`,
		` [ { "user_id" : "user_01h455vb4pex5vsknk084sn02q" , "action" : "a" , "data" : { "b" : [ "]\"" , 1.50 ] } , "at" : "2026-11-24T13:05:00Z" } ] `,
		`[{"action":"a"},{"\u0061ction":"\u00e4\\","data":{}}]`,
		`[]`, `{}`, `[{}]`, `[1,"x",null,{"action":"a"}]`, `null`, `"a"`, `7`, ``, `[`, `{"action":"a"`, `{"action":"a"},`,
		`{"action":tru}`, `{"x":01}`, `{"action":"a","action":"b"}`, `{"data":{"a":]}}`, "{\"action\":\"\n\"}", `{"action":"\`, `{"":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !utf8.Valid(body) {
			return // the edge refuses it before
		}
		before := bytes.Clone(body)
		actions, array, err := readActions(body)
		require.Equal(t, before, body, "the reader must not change its input")
		if err != nil {
			f := fault.From(err)
			require.NotEmpty(t, f.Fields)
			switch f.Kind {
			case fault.Invalid:
			case fault.Malformed:
				require.False(t, json.Valid(body), "valid JSON called malformed: %v", err)
			default:
				t.Fatalf("neither invalid nor malformed: %v", err)
			}
			return
		}
		for _, a := range actions {
			if a.Data != nil && !json.Valid(a.Data) {
				return // the use case refuses it
			}
		}
		require.True(t, json.Valid(body), "what is no JSON was read")
		if text := bytes.TrimLeft(body, " \t\r\n"); array != (text[0] == '[') {
			t.Fatalf("array is %t for %q", array, body)
		}
		require.Empty(t, cmp.Diff(reference(t, body, array), actions))
	})
}

// reference reads good actions with encoding/json.
func reference(t *testing.T, body []byte, array bool) []stats.Action {
	t.Helper()
	if !array {
		body = append(append([]byte("["), body...), ']')
	}
	var read []struct {
		UserID id.User         `json:"user_id"`
		Action string          `json:"action"`
		Data   json.RawMessage `json:"data"`
		At     time.Time       `json:"at"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&read))
	actions := make([]stats.Action, len(read))
	for i, r := range read {
		actions[i] = stats.Action{UserID: r.UserID, Action: r.Action, Data: r.Data, At: r.At}
	}
	return actions
}
