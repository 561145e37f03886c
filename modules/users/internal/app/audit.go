package app

import (
	"context"

	"shop/platform/audit"
	"shop/platform/identity"
)

// The checks of Audit.
const (
	checkSessions = "users.session_of_nobody"
	checkTokens   = "users.token_of_nobody" //nolint:gosec // a name, no secret
	checkMerged   = "users.merged_guest"
)

// Audit implements users.Service.
func (s *Service) Audit(ctx context.Context, in audit.Input) (audit.Report, error) {
	var report audit.Report
	if err := identity.RequirePrivileged(ctx); err != nil {
		return report, err
	}
	strays, err := s.store.Strays(ctx, s.now())
	if err != nil {
		return report, err
	}
	if in.Repair && strays.any() {
		defer s.sessions.forget()
		if err := s.store.DeleteStrays(ctx); err != nil {
			return report, err
		}
	}
	report.Looked(checkSessions, strays.Sessions)
	report.Looked(checkTokens, strays.Tokens)
	report.Looked(checkMerged, strays.Merged)
	found := func(check, subject, want, got string) {
		report.Found(audit.Finding{Check: check, Subject: subject, Want: want, Got: got, Repaired: in.Repair})
	}
	for _, session := range strays.OfNobody {
		found(checkSessions, session.String(), "a session of a user", "its user is gone")
	}
	for _, user := range strays.TokensOf {
		found(checkTokens, user.String(), "no token", "a token, and no account that it is for")
	}
	for _, session := range strays.OfMerged {
		found(checkMerged, session.String(), "no session of a merged guest", "a session that is alive")
	}
	return report, nil
}

func (s Strays) any() bool { return len(s.OfNobody)+len(s.TokensOf)+len(s.OfMerged) > 0 }
