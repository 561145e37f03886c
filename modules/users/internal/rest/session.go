package rest

import (
	"context"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"shop/modules/users"
	"shop/platform/httpapi"
)

// sessions handles the operations on sessions.
type sessions struct{ service users.Service }

// bearer is embedded in the input of an operation that needs the session's
// token itself. The edge has authenticated it already.
type bearer struct{ token string }

// Resolve implements huma.Resolver.
func (b *bearer) Resolve(ctx huma.Context) []error {
	_, token, _ := strings.Cut(ctx.Header("Authorization"), " ")
	b.token = strings.TrimSpace(token)
	return nil
}

// client is embedded in the input of an operation that needs the client's
// network address, as the trusted proxies tell it, beside the token.
type client struct {
	bearer
	address string
}

// Resolve implements huma.Resolver.
func (c *client) Resolve(ctx huma.Context) []error {
	c.address = humagin.Unwrap(ctx).ClientIP()
	return c.bearer.Resolve(ctx)
}

// guest is the token where it may be a guest's. A service's is no session's.
func (b *bearer) guest() string {
	if strings.Contains(b.token, ".") {
		return ""
	}
	return b.token
}

type signInInput struct {
	client
	Body Credentials
}

// signInOutput has no ETag: a session cannot be changed.
type signInOutput struct {
	Location string `header:"Location" doc:"Where the session is."`
	Body     NewSession
}

func (h sessions) start(ctx context.Context, in *signInInput) (*signInOutput, error) {
	s, err := h.service.SignIn(ctx, users.SignInInput{
		Email: in.Body.Email, Password: in.Body.Password, Address: in.address, Guest: in.guest(),
	})
	if err != nil {
		return nil, err
	}
	return &signInOutput{Location: "/session", Body: NewSession(s)}, nil
}

func (h sessions) startGuest(ctx context.Context, _ *struct{}) (*signInOutput, error) {
	s, err := h.service.SignInGuest(ctx, users.SignInGuestInput{})
	if err != nil {
		return nil, err
	}
	return &signInOutput{Location: "/session", Body: NewSession(s)}, nil
}

type sessionInput struct{ bearer }

type sessionOutput struct{ Body Session }

func (h sessions) get(ctx context.Context, in *sessionInput) (*sessionOutput, error) {
	s, err := h.service.Authenticate(ctx, users.AuthenticateInput{Token: in.token})
	if err != nil {
		return nil, err
	}
	return &sessionOutput{sessionOf(s)}, nil
}

func (h sessions) end(ctx context.Context, in *sessionInput) (*struct{}, error) {
	return nil, h.service.SignOut(ctx, users.SignOutInput{Token: in.token})
}

type userInput struct {
	ID httpapi.UserRef `path:"id"`
}

func (h sessions) endAll(ctx context.Context, in *userInput) (*struct{}, error) {
	user, err := in.ID.In(ctx)
	if err != nil {
		return nil, err
	}
	return nil, h.service.EndSessions(ctx, users.EndSessionsInput{UserID: user})
}
