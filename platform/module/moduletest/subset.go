package moduletest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// withNews adds a field that no version has.
func withNews(body json.RawMessage) []byte {
	if rest, found := strings.CutPrefix(strings.TrimSpace(string(body)), "{"); found {
		comma := ","
		if strings.HasPrefix(strings.TrimSpace(rest), "}") {
			comma = ""
		}
		return []byte(`{"from_a_later_version":{"list":[1,2]}` + comma + rest)
	}
	return body
}

// requireSubset requires that everything that is in want is in got.
func requireSubset(t *testing.T, what string, got, want json.RawMessage) {
	t.Helper()
	if want == nil {
		return
	}
	var gotValue, wantValue any
	require.NoError(t, json.Unmarshal(want, &wantValue), what)
	require.NoError(t, json.Unmarshal(got, &gotValue), "%s: %s", what, got)
	requireWithin(t, what, gotValue, wantValue)
}

func requireWithin(t *testing.T, path string, got, want any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		require.True(t, ok, "%s is no object any more", path)
		for name, value := range want {
			require.Contains(t, object, name, path)
			requireWithin(t, path+"."+name, object[name], value)
		}
	case []any:
		list, ok := got.([]any)
		require.True(t, ok, "%s is no list any more", path)
		require.Len(t, list, len(want), path)
		for i, value := range want {
			requireWithin(t, fmt.Sprintf("%s[%d]", path, i), list[i], value)
		}
	default:
		require.Equal(t, want, got, path)
	}
}
