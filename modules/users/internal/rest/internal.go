package rest

import (
	"context"

	"shop/modules/users"
)

// internal handles the operations that only services may call.
type internal struct{ service users.Service }

type findInput struct{ Body Address }

func (h internal) find(ctx context.Context, in *findInput) (*userOutput, error) {
	u, err := h.service.FindUser(ctx, users.FindUserInput{Email: in.Body.Email})
	if err != nil {
		return nil, err
	}
	return outputOf(u), nil
}

type authenticateInput struct{ Body SecretToken }

type authenticateOutput struct{ Body KnownSession }

func (h internal) authenticate(ctx context.Context, in *authenticateInput) (*authenticateOutput, error) {
	s, err := h.service.Authenticate(ctx, users.AuthenticateInput{Token: in.Body.Token})
	if err != nil {
		return nil, err
	}
	return &authenticateOutput{KnownSession{ID: s.ID, Session: sessionOf(s)}}, nil
}

type issueInput struct{ Body TokenRequest }

type issueOutput struct{ Body IssuedToken }

func (h internal) issue(ctx context.Context, in *issueInput) (*issueOutput, error) {
	t, err := h.service.IssueToken(ctx, users.IssueTokenInput{UserID: in.Body.UserID, Purpose: in.Body.Purpose})
	if err != nil {
		return nil, err
	}
	return &issueOutput{IssuedToken{Token: t.Text, ExpiresAt: t.ExpiresAt}}, nil
}

type createAdministratorInput struct{ Body NewAdministrator }

// createAdministratorOutput may have made nothing, hence no Location.
type createAdministratorOutput struct{ Body MadeAdministrator }

func (h internal) createAdministrator(
	ctx context.Context, in *createAdministratorInput,
) (*createAdministratorOutput, error) {
	user, err := h.service.CreateAdministrator(ctx, users.CreateAdministratorInput{
		Email: in.Body.Email, Password: in.Body.Password, Name: in.Body.Name, OnlyFirst: in.Body.OnlyFirst,
	})
	if err != nil {
		return nil, err
	}
	out := &createAdministratorOutput{}
	if !user.IsZero() {
		out.Body.ID = &user
	}
	return out, nil
}
