package rest

import (
	"context"
	"net/http"

	"shop/modules/users"
	"shop/platform/audit"
	"shop/platform/httpapi"
	"shop/platform/id"
)

// registerInternal declares what only services call.
func registerInternal(api *httpapi.API, h internal) {
	httpapi.Handle(api, httpapi.Operation{
		ID: "find-user", Method: http.MethodPost, Path: "/internal/users/find", Module: "users",
		Summary: "Find a user by e-mail address", Access: httpapi.Internal, Errors: []int{http.StatusNotFound},
		Description: "A POST, so that the address is in no URL.",
	}, h.find)
	httpapi.Handle(api, httpapi.Operation{
		ID: "authenticate-session", Method: http.MethodPost, Path: "/internal/users/authenticate", Module: "users",
		Summary: "Say whose session a token is", Access: httpapi.Internal,
	}, h.authenticate)
	httpapi.Handle(api, httpapi.Operation{
		ID: "issue-token", Method: http.MethodPost, Path: "/internal/users/tokens", Module: "users",
		Summary: "Make a single-use token for an e-mail", Access: httpapi.Internal, Errors: []int{http.StatusNotFound},
	}, h.issue)
	httpapi.Handle(api, httpapi.Operation{
		ID: "create-administrator", Method: http.MethodPost, Path: "/internal/users/administrators", Module: "users",
		Summary: "Create an administrator", Access: httpapi.Internal, Status: http.StatusCreated,
		Description: "For services. With `only_first`, and an administrator already there, the answer has no `id`.",
		Errors:      []int{http.StatusConflict, http.StatusServiceUnavailable},
	}, h.createAdministrator)
	httpapi.Handle(api, httpapi.Operation{
		ID: "register-guest", Method: http.MethodPost, Path: "/internal/users/accounts", Module: "users",
		Summary: "Register a guest", Access: httpapi.Internal, Status: http.StatusCreated,
		Description: "What `POST /user/` does, for a guest at another process.",
		Errors:      []int{http.StatusConflict, http.StatusServiceUnavailable},
	}, h.register)
	httpapi.Handle(api, httpapi.Operation{
		ID: "sign-in-from", Method: http.MethodPost, Path: "/internal/users/sessions", Module: "users",
		Summary: "Sign in on behalf of a client", Access: httpapi.Internal, Status: http.StatusCreated,
		Description: "What `POST /session` does, for a client at another process.",
		Errors:      []int{http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, h.signIn)
	httpapi.Handle(api, httpapi.Operation{
		ID: "end-session", Method: http.MethodPost, Path: "/internal/users/sign-out", Module: "users",
		Summary: "End the session of a token", Access: httpapi.Internal,
		Description: "Safe to repeat. A POST, so that the token is in no URL.",
	}, h.signOut)
	httpapi.Handle(api, httpapi.Operation{
		ID: "change-user", Method: http.MethodPut, Path: "/internal/users/accounts/{id}", Module: "users",
		Summary: "Change a user and say which session stays", Access: httpapi.Internal,
		Description: "What `PUT /user/{id}` does. There the session that stays after a new password is that of the request.",
		Errors: []int{
			http.StatusConflict, http.StatusPreconditionFailed, http.StatusTooManyRequests, http.StatusServiceUnavailable,
		},
	}, h.update)
	httpapi.Handle(api, httpapi.Operation{
		ID: "redeem-verification", Method: http.MethodPost, Path: "/internal/users/verification", Module: "users",
		Summary: "Verify an e-mail address by whatever was presented as a token", Access: httpapi.Internal,
		Errors: []int{http.StatusNotFound},
	}, h.verify)
	httpapi.Handle(api, httpapi.Operation{
		ID: "redeem-password-reset", Method: http.MethodPost, Path: "/internal/users/password-reset", Module: "users",
		Summary: "Set a password by whatever was presented as a token", Access: httpapi.Internal,
		Description: "A POST, so that the token is in no URL.",
		Errors:      []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, h.reset)
	audit.Register(api, "users", h.service.Audit)
}

// internal handles the operations that only services may call.
type internal struct{ service users.Service }

type findInput struct{ Body PresentedAddress }

func (h internal) find(ctx context.Context, in *findInput) (*userOutput, error) {
	u, err := h.service.FindUser(ctx, users.FindUserInput{Email: in.Body.Email})
	if err != nil {
		return nil, err
	}
	return outputOf(u), nil
}

type presentedInput struct{ Body PresentedToken }

type authenticateOutput struct{ Body KnownSession }

func (h internal) authenticate(ctx context.Context, in *presentedInput) (*authenticateOutput, error) {
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

type forwardedRegistrationInput struct {
	httpapi.IdempotencyKey
	Body ForwardedRegistration
}

func (h internal) register(ctx context.Context, in *forwardedRegistrationInput) (*httpapi.Created[CreatedUser], error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	return register(ctx, h.service, users.RegisterInput{
		Key: key, Email: in.Body.Email, Password: in.Body.Password, Name: in.Body.Name, Guest: in.Body.Guest,
	})
}

type forwardedSignInInput struct{ Body ForwardedCredentials }

func (h internal) signIn(ctx context.Context, in *forwardedSignInInput) (*signInOutput, error) {
	s, err := h.service.SignIn(ctx, users.SignInInput{
		Email: in.Body.Email, Password: in.Body.Password, Address: in.Body.Address, Guest: in.Body.Guest,
	})
	if err != nil {
		return nil, err
	}
	return &signInOutput{Location: "/session", Body: NewSession(s)}, nil
}

func (h internal) signOut(ctx context.Context, in *presentedInput) (*struct{}, error) {
	return nil, h.service.SignOut(ctx, users.SignOutInput{Token: in.Body.Token})
}

type forwardedUpdateInput struct {
	httpapi.Precondition
	ID   id.User `path:"id" doc:"The user." example:"user_01h455vb4pex5vsknk084sn02q"`
	Body ForwardedChange
}

func (h internal) update(ctx context.Context, in *forwardedUpdateInput) (*userOutput, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	change := in.Body.input(in.ID, version)
	change.KeepSession = in.Body.KeepSession
	u, err := h.service.UpdateUser(ctx, change)
	if err != nil {
		return nil, err
	}
	return outputOf(u), nil
}

func (h internal) verify(ctx context.Context, in *presentedInput) (*userOutput, error) {
	u, err := h.service.Verify(ctx, users.VerifyInput{Token: in.Body.Token})
	if err != nil {
		return nil, err
	}
	return outputOf(u), nil
}

type forwardedResetInput struct{ Body ForwardedReset }

func (h internal) reset(ctx context.Context, in *forwardedResetInput) (*struct{}, error) {
	return nil, h.service.ResetPassword(ctx, users.ResetPasswordInput{Token: in.Body.Token, Password: in.Body.Password})
}
