package usersmod_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/users"
	"shop/platform/audit"
	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/id"
	"shop/platform/identity"
)

// What foreign keys and the use cases rule out is put there by hand.
func TestAuditFindsStrays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, "users", func(t *testing.T, db *database.DB) {
		s := build(t, db, nil, fast)
		register(t, s, "ada@example.com")
		guest, err := s.SignInGuest(t.Context(), users.SignInGuestInput{})
		require.NoError(t, err)
		_, err = s.SignIn(t.Context(), users.SignInInput{Email: "ada@example.com", Password: password, Guest: guest.Token})
		require.NoError(t, err)

		service := identity.With(t.Context(), identity.Actor{Service: "verify"})
		verify := func(repair bool) audit.Report {
			report, err := s.Audit(service, audit.Input{Repair: repair})
			require.NoError(t, err)
			return report
		}
		clean := verify(true)
		require.Empty(t, clean.Findings)
		require.Equal(t, map[string]int64{"users.session_of_nobody": 1, "users.token_of_nobody": 0, "users.merged_guest": 1}, clean.Checked)

		want := map[string]string{}
		insert := func(check string, user id.User) {
			session := id.NewSession()
			token := sha256.Sum256(session[:])
			require.NoError(t, db.Write(t.Context()).Exec(
				`INSERT INTO sessions (token_hash, id, user_id, created_at, expires_at) VALUES (`+literal(db, token[:])+`, ?, ?, ?, ?)`,
				session, user, time.Now().UTC(), time.Now().UTC().Add(time.Hour)).Error)
			want[session.String()] = check
		}
		insert("users.merged_guest", guest.UserID)
		require.NoError(t, db.Write(t.Context()).Exec(
			`INSERT INTO tokens (token_hash, user_id, purpose, email_key, expires_at)
			 SELECT token_hash, user_id, 'verification', '', expires_at FROM sessions WHERE user_id = ?`, guest.UserID).Error)
		want[guest.UserID.String()] = "users.token_of_nobody"
		if db.Dialect() == database.Postgres {
			require.NoError(t, db.Write(t.Context()).Exec(`ALTER TABLE sessions DROP CONSTRAINT sessions_user_id_fkey`).Error)
			insert("users.session_of_nobody", id.NewUser())
		}
		for _, repair := range []bool{false, true} {
			got := map[string]string{}
			for _, f := range verify(repair).Findings {
				require.Equal(t, repair, f.Repaired)
				got[f.Subject] = f.Check
			}
			require.Equal(t, want, got)
		}
		require.Empty(t, verify(false).Findings)
	})
}

// literal is bytes in SQL.
func literal(db *database.DB, b []byte) string {
	text := hex.EncodeToString(b)
	if db.Dialect() == database.Postgres {
		return `'\x` + text + `'`
	}
	return `x'` + text + `'`
}
