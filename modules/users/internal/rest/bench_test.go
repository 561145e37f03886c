package rest_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/modules/users/usersmod"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/flip"
	"shop/platform/httpapi"
	"shop/platform/module"
)

// BenchmarkGetMe measures GET /user/me from the request to the answer: the
// session is in memory, the account is read from the database.
func BenchmarkGetMe(b *testing.B) {
	for _, dialect := range []database.Dialect{database.SQLite, database.Postgres} {
		b.Run(dialect.String(), func(b *testing.B) {
			built, err := usersmod.New(usersmod.Deps{
				Deps: module.Deps{
					DB: dbtest.Open(b, dialect, "users"), Logger: slog.New(slog.DiscardHandler),
					Observer: flip.NewObserver(nil, nil),
				},
				Settings: usersmod.Settings{PasswordMemory: 64, PasswordIterations: 1},
			})
			require.NoError(b, err)
			api, err := httpapi.New(httpapi.Options{
				Name: "shop", Version: "test", Logger: slog.New(slog.DiscardHandler),
				AuthenticateSession: usersmod.Authenticator(built.Service),
			})
			require.NoError(b, err)
			built.Module.Register(api)
			_, err = built.Service.Register(b.Context(), users.RegisterInput{
				Email: "ada@example.com", Password: password, Name: "Ada Lovelace",
			})
			require.NoError(b, err)
			session, err := built.Service.SignIn(b.Context(), users.SignInInput{Email: "ada@example.com", Password: password})
			require.NoError(b, err)

			h := api.Public()
			b.Run("handler", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/user/me", nil)
					r.Header.Set("Authorization", "Bearer "+session.Token)
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					if w.Code != http.StatusOK {
						b.Fatalf("%d %s", w.Code, w.Body)
					}
				}
			})
			b.Run("authenticate", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := built.Service.Authenticate(b.Context(), users.AuthenticateInput{Token: session.Token}); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
