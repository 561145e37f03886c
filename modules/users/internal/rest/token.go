package rest

import (
	"context"

	"shop/modules/users"
)

// tokens handles the operations around single-use tokens.
type tokens struct{ service users.Service }

func (h tokens) requestVerification(ctx context.Context, in *userInput) (*struct{}, error) {
	user, err := in.ID.In(ctx)
	if err != nil {
		return nil, err
	}
	return nil, h.service.RequestVerification(ctx, users.RequestVerificationInput{UserID: user})
}

type verifyInput struct{ Body SecretToken }

func (h tokens) verify(ctx context.Context, in *verifyInput) (*userOutput, error) {
	u, err := h.service.Verify(ctx, users.VerifyInput{Token: in.Body.Token})
	if err != nil {
		return nil, err
	}
	return outputOf(u), nil
}

type requestResetInput struct{ Body Address }

func (h tokens) requestReset(ctx context.Context, in *requestResetInput) (*struct{}, error) {
	return nil, h.service.RequestPasswordReset(ctx, users.RequestPasswordResetInput{Email: in.Body.Email})
}

// resetInput has the token in the path because the specification says so; the
// log names routes, never URLs.
type resetInput struct {
	Token string `path:"token" minLength:"1" maxLength:"128" doc:"The token of the reset e-mail." example:"pQ7r0yXnJ2vK5mT8wZ1bD4fG6hL9sA3cE0iU7oR2tYk"`
	Body  NewPassword
}

func (h tokens) reset(ctx context.Context, in *resetInput) (*struct{}, error) {
	return nil, h.service.ResetPassword(ctx, users.ResetPasswordInput{Token: in.Token, Password: in.Body.Password})
}
