package email_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/email"
	"shop/platform/event"
	"shop/platform/id"
)

var update = flag.Bool("update", false, "write the golden files")

// What was published once must stay readable: a changed golden file is a new
// version of the event.
func TestEventPayloads(t *testing.T) {
	t.Parallel()
	mail := id.Email{0: 1, 15: 1}
	for _, e := range []event.Event{
		email.Sent{EmailID: mail, Template: email.TemplateReceipt, Reference: "inv_01h455vb4pex5vsknk084sn02q"},
		email.Dead{EmailID: mail},
	} {
		t.Run(e.EventName(), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, e.EventVersion())
			require.Equal(t, mail.String(), e.EventKey())
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
