package rest

import (
	"context"

	"shop/modules/users"
	"shop/platform/httpapi"
	"shop/platform/identity"
)

// accounts handles the operations on accounts.
type accounts struct{ service users.Service }

type registerInput struct {
	httpapi.IdempotencyKey
	bearer
	Body NewUser
}

func (h accounts) register(ctx context.Context, in *registerInput) (*httpapi.Created[CreatedUser], error) {
	key, err := in.Key()
	if err != nil {
		return nil, err
	}
	return register(ctx, h.service, users.RegisterInput{
		Key: key, Email: in.Body.Email, Password: in.Body.Password, Name: in.Body.Name, Guest: in.guest(),
	})
}

// register answers a registration.
func register(ctx context.Context, s users.Service, in users.RegisterInput) (*httpapi.Created[CreatedUser], error) {
	user, err := s.Register(ctx, in)
	if err != nil {
		return nil, err
	}
	version := int64(1)
	if user == identity.From(ctx).User {
		version = 2 // he was a guest, who has one version only
	}
	return httpapi.NewCreated("/user/"+user.String(), httpapi.ETag(version), in.Key, CreatedUser{user}), nil
}

// userOutput is one user.
type userOutput struct {
	ETag string `header:"ETag" doc:"Changes with the account."`
	Body User
}

func outputOf(u users.User) *userOutput {
	return &userOutput{ETag: httpapi.ETag(u.Version), Body: userOf(u)}
}

type getInput struct {
	httpapi.Conditional
	ID httpapi.UserRef `path:"id"`
}

func (h accounts) get(ctx context.Context, in *getInput) (*userOutput, error) {
	user, err := in.ID.In(ctx)
	if err != nil {
		return nil, err
	}
	u, err := h.service.User(ctx, users.UserInput{ID: user})
	if err != nil {
		return nil, err
	}
	if err := in.Check(httpapi.ETag(u.Version)); err != nil {
		return nil, err
	}
	return outputOf(u), nil
}

type updateInput struct {
	httpapi.Precondition
	bearer
	ID   httpapi.UserRef `path:"id"`
	Body ChangedUser
}

func (h accounts) update(ctx context.Context, in *updateInput) (*userOutput, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	user, err := in.ID.In(ctx)
	if err != nil {
		return nil, err
	}
	change := in.Body.input(user, version)
	change.KeepSession = in.token
	u, err := h.service.UpdateUser(ctx, change)
	if err != nil {
		return nil, err
	}
	return outputOf(u), nil
}

type removeInput struct {
	httpapi.Precondition
	ID httpapi.UserRef `path:"id"`
}

func (h accounts) remove(ctx context.Context, in *removeInput) (*struct{}, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	user, err := in.ID.In(ctx)
	if err != nil {
		return nil, err
	}
	return nil, h.service.RemoveUser(ctx, users.RemoveUserInput{ID: user, IfVersion: version})
}

type listInput struct {
	httpapi.PageQuery
	Query string `query:"q" maxLength:"200" doc:"Part of the name or the address, in any case." example:"ada"`
	Role  string `query:"role" enum:"customer,administrator,guest" doc:"Only users with this role. Guests are listed only when asked for." example:"customer"`
}

func (h accounts) list(ctx context.Context, in *listInput) (*httpapi.List[User], error) {
	p, err := h.service.ListUsers(ctx, users.ListUsersInput{
		Page: in.Page(), Query: in.Query, Role: users.Role(in.Role),
	})
	if err != nil {
		return nil, err
	}
	return httpapi.NewList(ctx, p, userOf), nil
}
