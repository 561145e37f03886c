package moduletest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/event"
)

// CheckEvent compares an event of version 1 with the key that it must have and
// with its payload in testdata, in the file of that name. What was published once
// must stay readable: a changed file is a new version of the event.
func CheckEvent(t *testing.T, name, key string, e event.Event) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		require.Equal(t, 1, e.EventVersion())
		require.Equal(t, key, e.EventKey())
		got, err := json.MarshalIndent(e, "", "  ")
		require.NoError(t, err)
		file := filepath.Join("testdata", name+".json")
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o750))
			require.NoError(t, os.WriteFile(file, append(got, '\n'), 0o600))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.JSONEq(t, string(want), string(got))
	})
}
