package usersmod_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/modules/users/usersmod"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/idempotency"
	"shop/platform/identity"
)

// dump is everything in the module's database as text, bytes in hexadecimal.
func dump(t *testing.T, db *database.DB) string {
	t.Helper()
	var text strings.Builder
	for _, table := range []string{
		"users", "sessions", "tokens", "sign_in_failures", "outbox", "outbox_failures", "idempotency_keys",
	} {
		rows, err := db.Read(t.Context()).Table(table).Rows()
		require.NoError(t, err)
		columns, err := rows.Columns()
		require.NoError(t, err)
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			require.NoError(t, rows.Scan(into...))
			for _, value := range values {
				if b, ok := value.([]byte); ok {
					fmt.Fprintf(&text, "%x\n", b)
				}
				fmt.Fprintf(&text, "%s\n", value)
			}
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
	return text.String()
}

func TestSecretsAreStoredHashed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "users", func(t *testing.T, db *database.DB) {
		s := build(t, db, nil, fast)
		service := identity.With(t.Context(), identity.Actor{Service: "email"})
		user, err := s.Register(t.Context(), users.RegisterInput{
			Key: idempotency.NewKey("k"), Email: "ada@example.com", Password: password, Name: "Ada",
		})
		require.NoError(t, err)
		reset, err := s.IssueToken(service, users.IssueTokenInput{UserID: user, Purpose: users.PurposePasswordReset})
		require.NoError(t, err)
		stored := dump(t, db)
		require.Contains(t, stored, "ada@example.com")
		require.NotContains(t, stored, password)
		for _, token := range []string{signIn(t, s, "ada@example.com"), reset.Text} {
			secret, err := base64.RawURLEncoding.DecodeString(token)
			require.NoError(t, err)
			require.Len(t, secret, 32)
			require.NotContains(t, stored, token)
			require.NotContains(t, stored, hex.EncodeToString(secret))
		}
	})
}

func TestRemovalLeavesNoPersonalData(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "users", func(t *testing.T, db *database.DB) {
		s := build(t, db, nil, fast)
		user := register(t, s, "ada@example.com")
		signIn(t, s, "ada@example.com")
		_, err := s.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: "wrong password", Address: "192.0.2.77"})
		require.ErrorIs(t, err, users.ErrCredentials)
		self := identity.With(t.Context(), identity.Actor{User: user})
		require.Contains(t, dump(t, db), "192.0.2.77")
		require.NoError(t, s.RemoveUser(self, users.RemoveUserInput{ID: user}))
		stored := strings.ToLower(dump(t, db))
		for _, personal := range []string{"ada@example.com", "lovelace", "192.0.2.77", "argon2id"} {
			require.NotContains(t, stored, personal)
		}
	})
}

// The parameters of a hash stand in it; those of an old hash give way at the
// next sign-in.
func TestPasswordHashesAreUpgraded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "users", func(t *testing.T, db *database.DB) {
		hash := func() (stored string) {
			require.NoError(t, db.Read(t.Context()).Raw(`SELECT password_hash FROM users`).Scan(&stored).Error)
			return stored
		}
		before, after := build(t, db, nil, fast), build(t, db, nil, usersmod.Settings{})
		user := register(t, before, "ada@example.com")
		require.Contains(t, hash(), "$argon2id$v=19$m=64,t=1,p=1$")
		signIn(t, before, "ada@example.com")
		require.Contains(t, hash(), "$argon2id$v=19$m=64,t=1,p=1$")
		token := signIn(t, after, "ada@example.com")
		upgraded := hash()
		require.Contains(t, upgraded, "$argon2id$v=19$m=19456,t=2,p=1$")
		signIn(t, after, "ada@example.com")
		require.Equal(t, upgraded, hash())
		self := identity.With(t.Context(), identity.Actor{User: user})
		u, err := after.User(self, users.UserInput{ID: user})
		require.NoError(t, err)
		require.Equal(t, int64(1), u.Version, "an upgrade is no change that others see")
		_, err = after.Authenticate(t.Context(), users.AuthenticateInput{Token: token})
		require.NoError(t, err)
	})
}

// One customer has a whole network of IPv6 addresses.
func TestAttemptsCountIPv6Networks(t *testing.T) {
	t.Parallel()
	s := build(t, dbtest.Open(t, database.SQLite, "users"), nil, fast)
	register(t, s, "ada@example.com")
	for host := range 10 {
		_, err := s.SignIn(t.Context(), users.SignInInput{
			Email: "ada@example.com", Password: "wrong password", Address: fmt.Sprintf("2001:db8::%x", host),
		})
		require.ErrorIs(t, err, users.ErrCredentials)
	}
	in := users.SignInInput{Email: "ada@example.com", Password: password, Address: "2001:db8::ffff"}
	_, err := s.SignIn(t.Context(), in)
	require.ErrorIs(t, err, users.ErrTooManyAttempts)
	in.Address = "2001:db8:0:1::1"
	_, err = s.SignIn(t.Context(), in)
	require.NoError(t, err)
}
