package rest_test

import (
	"context"

	"shop/modules/users"
	"shop/platform/audit"
	"shop/platform/id"
	"shop/platform/module/moduletest"
	"shop/platform/page"
)

// stub is a users module that plays a script.
type stub struct{ script *moduletest.Script }

func (s stub) Register(_ context.Context, in users.RegisterInput) (id.User, error) {
	return moduletest.Play[id.User](s.script, in)
}

func (s stub) CreateAdministrator(_ context.Context, in users.CreateAdministratorInput) (id.User, error) {
	return moduletest.Play[id.User](s.script, in)
}

func (s stub) User(_ context.Context, in users.UserInput) (users.User, error) {
	return moduletest.Play[users.User](s.script, in)
}

func (s stub) FindUser(_ context.Context, in users.FindUserInput) (users.User, error) {
	return moduletest.Play[users.User](s.script, in)
}

func (s stub) ListUsers(_ context.Context, in users.ListUsersInput) (page.Page[users.User], error) {
	return moduletest.Play[page.Page[users.User]](s.script, in)
}

func (s stub) UpdateUser(_ context.Context, in users.UpdateUserInput) (users.User, error) {
	return moduletest.Play[users.User](s.script, in)
}

func (s stub) RemoveUser(_ context.Context, in users.RemoveUserInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) SignIn(_ context.Context, in users.SignInInput) (users.NewSession, error) {
	return moduletest.Play[users.NewSession](s.script, in)
}

func (s stub) SignInGuest(_ context.Context, in users.SignInGuestInput) (users.NewSession, error) {
	return moduletest.Play[users.NewSession](s.script, in)
}

func (s stub) Authenticate(_ context.Context, in users.AuthenticateInput) (users.Session, error) {
	return moduletest.Play[users.Session](s.script, in)
}

func (s stub) SignOut(_ context.Context, in users.SignOutInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) EndSessions(_ context.Context, in users.EndSessionsInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) RequestVerification(_ context.Context, in users.RequestVerificationInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) Verify(_ context.Context, in users.VerifyInput) (users.User, error) {
	return moduletest.Play[users.User](s.script, in)
}

func (s stub) RequestPasswordReset(_ context.Context, in users.RequestPasswordResetInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) ResetPassword(_ context.Context, in users.ResetPasswordInput) error {
	return moduletest.Perform(s.script, in)
}

func (s stub) IssueToken(_ context.Context, in users.IssueTokenInput) (users.Token, error) {
	return moduletest.Play[users.Token](s.script, in)
}

func (s stub) Audit(_ context.Context, in audit.Input) (audit.Report, error) {
	return moduletest.Play[audit.Report](s.script, in)
}
