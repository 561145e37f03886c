package usersmod

import (
	"context"

	"shop/modules/users"
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
	return flip.Call(ctx, s.route, users.MethodRegister, func(ctx context.Context, t users.Service) (id.User, error) { return t.Register(ctx, in) })
}

// CreateAdministrator implements users.Service.
func (s *Switch) CreateAdministrator(ctx context.Context, in users.CreateAdministratorInput) (id.User, error) {
	return flip.Call(ctx, s.route, users.MethodCreateAdministrator, func(ctx context.Context, t users.Service) (id.User, error) { return t.CreateAdministrator(ctx, in) })
}

// User implements users.Service.
func (s *Switch) User(ctx context.Context, in users.UserInput) (users.User, error) {
	return flip.Call(ctx, s.route, users.MethodUser, func(ctx context.Context, t users.Service) (users.User, error) { return t.User(ctx, in) })
}

// FindUser implements users.Service.
func (s *Switch) FindUser(ctx context.Context, in users.FindUserInput) (users.User, error) {
	return flip.Call(ctx, s.route, users.MethodFindUser, func(ctx context.Context, t users.Service) (users.User, error) { return t.FindUser(ctx, in) })
}

// ListUsers implements users.Service.
func (s *Switch) ListUsers(ctx context.Context, in users.ListUsersInput) (page.Page[users.User], error) {
	return flip.Call(ctx, s.route, users.MethodListUsers, func(ctx context.Context, t users.Service) (page.Page[users.User], error) { return t.ListUsers(ctx, in) })
}

// UpdateUser implements users.Service.
func (s *Switch) UpdateUser(ctx context.Context, in users.UpdateUserInput) (users.User, error) {
	return flip.Call(ctx, s.route, users.MethodUpdateUser, func(ctx context.Context, t users.Service) (users.User, error) { return t.UpdateUser(ctx, in) })
}

// RemoveUser implements users.Service.
func (s *Switch) RemoveUser(ctx context.Context, in users.RemoveUserInput) error {
	return flip.Do(ctx, s.route, users.MethodRemoveUser, func(ctx context.Context, t users.Service) error { return t.RemoveUser(ctx, in) })
}

// SignIn implements users.Service.
func (s *Switch) SignIn(ctx context.Context, in users.SignInInput) (users.NewSession, error) {
	return flip.Call(ctx, s.route, users.MethodSignIn, func(ctx context.Context, t users.Service) (users.NewSession, error) { return t.SignIn(ctx, in) })
}

// Authenticate implements users.Service.
func (s *Switch) Authenticate(ctx context.Context, in users.AuthenticateInput) (users.Session, error) {
	return flip.Call(ctx, s.route, users.MethodAuthenticate, func(ctx context.Context, t users.Service) (users.Session, error) { return t.Authenticate(ctx, in) })
}

// SignOut implements users.Service.
func (s *Switch) SignOut(ctx context.Context, in users.SignOutInput) error {
	return flip.Do(ctx, s.route, users.MethodSignOut, func(ctx context.Context, t users.Service) error { return t.SignOut(ctx, in) })
}

// EndSessions implements users.Service.
func (s *Switch) EndSessions(ctx context.Context, in users.EndSessionsInput) error {
	return flip.Do(ctx, s.route, users.MethodEndSessions, func(ctx context.Context, t users.Service) error { return t.EndSessions(ctx, in) })
}

// RequestVerification implements users.Service.
func (s *Switch) RequestVerification(ctx context.Context, in users.RequestVerificationInput) error {
	return flip.Do(ctx, s.route, users.MethodRequestVerification, func(ctx context.Context, t users.Service) error { return t.RequestVerification(ctx, in) })
}

// Verify implements users.Service.
func (s *Switch) Verify(ctx context.Context, in users.VerifyInput) (users.User, error) {
	return flip.Call(ctx, s.route, users.MethodVerify, func(ctx context.Context, t users.Service) (users.User, error) { return t.Verify(ctx, in) })
}

// RequestPasswordReset implements users.Service.
func (s *Switch) RequestPasswordReset(ctx context.Context, in users.RequestPasswordResetInput) error {
	return flip.Do(ctx, s.route, users.MethodRequestPasswordReset, func(ctx context.Context, t users.Service) error { return t.RequestPasswordReset(ctx, in) })
}

// ResetPassword implements users.Service.
func (s *Switch) ResetPassword(ctx context.Context, in users.ResetPasswordInput) error {
	return flip.Do(ctx, s.route, users.MethodResetPassword, func(ctx context.Context, t users.Service) error { return t.ResetPassword(ctx, in) })
}

// IssueToken implements users.Service.
func (s *Switch) IssueToken(ctx context.Context, in users.IssueTokenInput) (users.Token, error) {
	return flip.Call(ctx, s.route, users.MethodIssueToken, func(ctx context.Context, t users.Service) (users.Token, error) { return t.IssueToken(ctx, in) })
}
