package users_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/event"
	"shop/platform/id"
)

var update = flag.Bool("update", false, "write the golden files")

// What was published once must stay readable: a changed golden file is a new
// version of the event.
func TestEventPayloads(t *testing.T) {
	t.Parallel()
	user, account := id.User{0: 1, 15: 1}, id.User{0: 1, 15: 2}
	for _, e := range []event.Event{
		users.Registered{UserID: user},
		users.Changed{UserID: user, Version: 7},
		users.Merged{From: user, To: account},
		users.Removed{UserID: user},
		users.VerificationRequested{UserID: user},
		users.PasswordResetRequested{Email: "ada@example.com"},
	} {
		t.Run(e.EventName(), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, e.EventVersion())
			if e.EventName() != users.EventPasswordResetRequested {
				require.Equal(t, user.String(), e.EventKey())
			}
			got, err := json.MarshalIndent(e, "", "  ")
			require.NoError(t, err)
			file := filepath.Join("testdata", e.EventName()+".json")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(file, append(got, '\n'), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(got))
		})
	}
}
