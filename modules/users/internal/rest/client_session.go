package rest

import (
	"context"
	"net/http"

	"shop/modules/users"
	"shop/platform/audit"
	"shop/platform/remote"
)

// SignIn implements users.Service.
func (c *Client) SignIn(ctx context.Context, in users.SignInInput) (users.NewSession, error) {
	if in.Guest != "" {
		defer c.sessions.Forget()
	}
	var wire NewSession
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodSignIn, Method: http.MethodPost, Path: "/internal/users/sessions",
		Body: ForwardedCredentials{
			Credentials: Credentials{Email: in.Email, Password: in.Password}, Address: in.Address, Guest: in.Guest,
		}, Result: &wire,
	})
	return users.NewSession(wire), err
}

// SignInGuest implements users.Service.
func (c *Client) SignInGuest(ctx context.Context, _ users.SignInGuestInput) (users.NewSession, error) {
	var wire NewSession
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodSignInGuest, Method: http.MethodPost, Path: "/session/guest", Result: &wire,
	})
	return users.NewSession(wire), err
}

// Authenticate implements users.Service. It is asked for every request of
// somebody signed in, and answers from memory what it has asked a moment ago.
func (c *Client) Authenticate(ctx context.Context, in users.AuthenticateInput) (users.Session, error) {
	return c.sessions.Find(ctx, in.Token)
}

// authenticate asks the other process.
func (c *Client) authenticate(ctx context.Context, token string) (users.Session, error) {
	var wire KnownSession
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodAuthenticate, Method: http.MethodPost, Path: "/internal/users/authenticate",
		Body: PresentedToken{token}, Result: &wire,
	})
	return wire.value(), err
}

// SignOut implements users.Service.
func (c *Client) SignOut(ctx context.Context, in users.SignOutInput) error {
	defer c.sessions.Forget()
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodSignOut, Method: http.MethodPost, Path: "/internal/users/sign-out", Body: PresentedToken(in),
	})
	return err
}

// EndSessions implements users.Service.
func (c *Client) EndSessions(ctx context.Context, in users.EndSessionsInput) error {
	defer c.sessions.Forget()
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodEndSessions, Method: http.MethodDelete, Path: pathOf(in.UserID) + "/sessions",
	})
	return err
}

// RequestVerification implements users.Service.
func (c *Client) RequestVerification(ctx context.Context, in users.RequestVerificationInput) error {
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodRequestVerification, Method: http.MethodPost, Path: pathOf(in.UserID) + "/verification",
	})
	return err
}

// Verify implements users.Service.
func (c *Client) Verify(ctx context.Context, in users.VerifyInput) (users.User, error) {
	var wire User
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodVerify, Method: http.MethodPost, Path: "/internal/users/verification",
		Body: PresentedToken(in), Result: &wire,
	})
	return wire.value(), err
}

// RequestPasswordReset implements users.Service.
func (c *Client) RequestPasswordReset(ctx context.Context, in users.RequestPasswordResetInput) error {
	if broken(in.Email) {
		return in.Validate()
	}
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodRequestPasswordReset, Method: http.MethodPost, Path: "/password-reset", Body: Address(in),
	})
	return err
}

// ResetPassword implements users.Service.
func (c *Client) ResetPassword(ctx context.Context, in users.ResetPasswordInput) error {
	if broken(in.Password) {
		return in.Validate()
	}
	defer c.sessions.Forget()
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodResetPassword, Method: http.MethodPost, Path: "/internal/users/password-reset",
		Body: ForwardedReset{PresentedToken{in.Token}, NewPassword{in.Password}},
	})
	return err
}

// IssueToken implements users.Service.
func (c *Client) IssueToken(ctx context.Context, in users.IssueTokenInput) (users.Token, error) {
	var wire IssuedToken
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodIssueToken, Method: http.MethodPost, Path: "/internal/users/tokens",
		Body: TokenRequest(in), Result: &wire,
	})
	return users.Token{Text: wire.Token, ExpiresAt: wire.ExpiresAt}, err
}

// Audit implements users.Service.
func (c *Client) Audit(ctx context.Context, in audit.Input) (audit.Report, error) {
	if in.Repair {
		defer c.sessions.Forget()
	}
	return audit.Call(ctx, c.remote, "users", in)
}
