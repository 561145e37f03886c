package emailmod_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/email/emailmod"
	"shop/modules/email/emailtest"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/identity"
)

// BenchmarkSend measures POST /send_email/ from the request to the answer, the
// queue being in a database and nobody sending. The clock runs so fast that the
// limits, which are checked against as many e-mails as an hour may have, never
// refuse one.
func BenchmarkSend(b *testing.B) {
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		b.Run(dialect.String(), func(b *testing.B) {
			clock := emailtest.NewClock()
			built, err := emailmod.New(emailmod.Deps{
				Deps:  deps(dbtest.Open(b, dialect, "email")),
				Users: emailtest.NewUsers(), Payments: emailtest.NewPayments(), Settings: emailmod.Settings{Now: clock.Now},
			})
			require.NoError(b, err)
			api, err := httpapi.New(httpapi.Options{
				Name: "shop", Version: "test", Logger: slog.New(slog.DiscardHandler),
				AuthenticateSession: func(context.Context, string) (identity.Actor, error) {
					return identity.Actor{User: id.NewUser(), Administrator: true}, nil
				},
			})
			require.NoError(b, err)
			built.Module.Register(api)
			h := api.Public()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				clock.Advance(4 * time.Second)
				body := `{"to":"` + strconv.Itoa(i%100) + `@example.com","subject":"Hello","text":"How are you?"}`
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/send_email/", strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer admin")
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != http.StatusAccepted {
					text, _ := io.ReadAll(w.Body)
					b.Fatalf("%d %s", w.Code, text)
				}
			}
		})
	}
}
