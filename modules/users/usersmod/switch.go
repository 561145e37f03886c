package usersmod

import (
	"context"

	"shop/modules/users"
	"shop/platform/audit"
	"shop/platform/flip"
	"shop/platform/id"
	"shop/platform/page"
)

// Switch is the users module as others hold it: each call goes by the route to
// the implementation in charge.
type Switch struct{ route *flip.Route[users.Service] }

var _ users.Service = (*Switch)(nil)

// Register implements users.Service.
func (s *Switch) Register(ctx context.Context, in users.RegisterInput) (id.User, error) {
	return flip.Call(ctx, s.route, users.MethodRegister, users.Service.Register, in)
}

// CreateAdministrator implements users.Service.
func (s *Switch) CreateAdministrator(ctx context.Context, in users.CreateAdministratorInput) (id.User, error) {
	return flip.Call(ctx, s.route, users.MethodCreateAdministrator, users.Service.CreateAdministrator, in)
}

// User implements users.Service.
func (s *Switch) User(ctx context.Context, in users.UserInput) (users.User, error) {
	return flip.Call(ctx, s.route, users.MethodUser, users.Service.User, in)
}

// FindUser implements users.Service.
func (s *Switch) FindUser(ctx context.Context, in users.FindUserInput) (users.User, error) {
	return flip.Call(ctx, s.route, users.MethodFindUser, users.Service.FindUser, in)
}

// ListUsers implements users.Service.
func (s *Switch) ListUsers(ctx context.Context, in users.ListUsersInput) (page.Page[users.User], error) {
	return flip.Call(ctx, s.route, users.MethodListUsers, users.Service.ListUsers, in)
}

// UpdateUser implements users.Service.
func (s *Switch) UpdateUser(ctx context.Context, in users.UpdateUserInput) (users.User, error) {
	return flip.Call(ctx, s.route, users.MethodUpdateUser, users.Service.UpdateUser, in)
}

// RemoveUser implements users.Service.
func (s *Switch) RemoveUser(ctx context.Context, in users.RemoveUserInput) error {
	return flip.Do(ctx, s.route, users.MethodRemoveUser, users.Service.RemoveUser, in)
}

// SignIn implements users.Service.
func (s *Switch) SignIn(ctx context.Context, in users.SignInInput) (users.NewSession, error) {
	return flip.Call(ctx, s.route, users.MethodSignIn, users.Service.SignIn, in)
}

// SignInGuest implements users.Service.
func (s *Switch) SignInGuest(ctx context.Context, in users.SignInGuestInput) (users.NewSession, error) {
	return flip.Call(ctx, s.route, users.MethodSignInGuest, users.Service.SignInGuest, in)
}

// Authenticate implements users.Service.
func (s *Switch) Authenticate(ctx context.Context, in users.AuthenticateInput) (users.Session, error) {
	return flip.Call(ctx, s.route, users.MethodAuthenticate, users.Service.Authenticate, in)
}

// SignOut implements users.Service.
func (s *Switch) SignOut(ctx context.Context, in users.SignOutInput) error {
	return flip.Do(ctx, s.route, users.MethodSignOut, users.Service.SignOut, in)
}

// EndSessions implements users.Service.
func (s *Switch) EndSessions(ctx context.Context, in users.EndSessionsInput) error {
	return flip.Do(ctx, s.route, users.MethodEndSessions, users.Service.EndSessions, in)
}

// RequestVerification implements users.Service.
func (s *Switch) RequestVerification(ctx context.Context, in users.RequestVerificationInput) error {
	return flip.Do(ctx, s.route, users.MethodRequestVerification, users.Service.RequestVerification, in)
}

// Verify implements users.Service.
func (s *Switch) Verify(ctx context.Context, in users.VerifyInput) (users.User, error) {
	return flip.Call(ctx, s.route, users.MethodVerify, users.Service.Verify, in)
}

// RequestPasswordReset implements users.Service.
func (s *Switch) RequestPasswordReset(ctx context.Context, in users.RequestPasswordResetInput) error {
	return flip.Do(ctx, s.route, users.MethodRequestPasswordReset, users.Service.RequestPasswordReset, in)
}

// ResetPassword implements users.Service.
func (s *Switch) ResetPassword(ctx context.Context, in users.ResetPasswordInput) error {
	return flip.Do(ctx, s.route, users.MethodResetPassword, users.Service.ResetPassword, in)
}

// Audit implements users.Service.
func (s *Switch) Audit(ctx context.Context, in audit.Input) (audit.Report, error) {
	return flip.Call(ctx, s.route, users.MethodAudit, users.Service.Audit, in)
}

// IssueToken implements users.Service.
func (s *Switch) IssueToken(ctx context.Context, in users.IssueTokenInput) (users.Token, error) {
	return flip.Call(ctx, s.route, users.MethodIssueToken, users.Service.IssueToken, in)
}
