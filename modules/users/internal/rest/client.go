package rest

import (
	"context"
	"net/http"
	"time"
	"unicode/utf8"

	"shop/modules/users"
	"shop/modules/users/internal/recent"
	"shop/platform/httpapi"
	"shop/platform/id"
	"shop/platform/page"
	"shop/platform/remote"
)

// Client is the users module in another process, over the routes beside. Tokens
// and passwords travel in bodies only, which are logged nowhere.
type Client struct {
	remote   *remote.Client
	sessions *recent.Sessions[string]
}

var _ users.Service = (*Client)(nil)

// NewClient makes the users module that r reaches. now is the clock; nil means
// time.Now.
func NewClient(r *remote.Client, now func() time.Time) (*Client, error) {
	if now == nil {
		now = time.Now
	}
	c := &Client{remote: r}
	var err error
	c.sessions, err = recent.New(recent.OfProcess, now, c.authenticate)
	return c, err
}

// broken reports whether one of the texts is no UTF-8. JSON would carry another
// text in its place, which might be accepted: so the face's own rules refuse it
// on this side already.
func broken(texts ...string) bool {
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return true
		}
	}
	return false
}

// Register implements users.Service.
func (c *Client) Register(ctx context.Context, in users.RegisterInput) (id.User, error) {
	if broken(in.Email, in.Password, in.Name) {
		return id.User{}, in.Validate()
	}
	var wire CreatedUser
	body := NewUser{Email: in.Email, Password: in.Password, Name: in.Name}
	call := remote.Call{
		Does: users.MethodRegister, Method: http.MethodPost, Path: "/user/", Key: in.Key, TakesKey: true,
		Body: body, Result: &wire,
	}
	if in.Guest != "" {
		defer c.sessions.Forget()
		call.Path, call.Body = "/internal/users/accounts", ForwardedRegistration{body, in.Guest}
	}
	_, err := c.remote.Do(ctx, call)
	return wire.ID, err
}

// CreateAdministrator implements users.Service.
func (c *Client) CreateAdministrator(ctx context.Context, in users.CreateAdministratorInput) (id.User, error) {
	if broken(in.Email, in.Password, in.Name) {
		return id.User{}, in.Validate()
	}
	var wire MadeAdministrator
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodCreateAdministrator, Method: http.MethodPost, Path: "/internal/users/administrators",
		Body: NewAdministrator{
			NewUser: NewUser{Email: in.Email, Password: in.Password, Name: in.Name}, OnlyFirst: in.OnlyFirst,
		}, Result: &wire,
	})
	if err != nil || wire.ID == nil {
		return id.User{}, err
	}
	return *wire.ID, nil
}

// User implements users.Service.
func (c *Client) User(ctx context.Context, in users.UserInput) (users.User, error) {
	var wire User
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodUser, Method: http.MethodGet, Path: pathOf(in.ID), Result: &wire,
	})
	return wire.value(), err
}

// FindUser implements users.Service.
func (c *Client) FindUser(ctx context.Context, in users.FindUserInput) (users.User, error) {
	var wire User
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodFindUser, Method: http.MethodPost, Path: "/internal/users/find",
		Body: PresentedAddress(in), Result: &wire,
	})
	return wire.value(), err
}

// ListUsers implements users.Service.
func (c *Client) ListUsers(ctx context.Context, in users.ListUsersInput) (page.Page[users.User], error) {
	query := httpapi.PageValues(in.Page)
	if in.Query != "" {
		query.Set("q", in.Query)
	}
	if in.Role != "" {
		query.Set("role", string(in.Role))
	}
	var wire httpapi.ListBody[User]
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodListUsers, Method: http.MethodGet, Path: "/users/", Query: query, Result: &wire,
	})
	return httpapi.PageOf(wire, User.value), err
}

// UpdateUser implements users.Service.
func (c *Client) UpdateUser(ctx context.Context, in users.UpdateUserInput) (users.User, error) {
	for _, text := range []*string{in.Email, in.Name, in.Password} {
		if text != nil && broken(*text) {
			return users.User{}, in.Validate()
		}
	}
	if in.Password != nil || in.Role != nil {
		defer c.sessions.Forget()
	}
	var wire User
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodUpdateUser, Method: http.MethodPut, Path: "/internal/users/accounts/" + in.ID.PathSegment(),
		Header: httpapi.IfVersion(in.IfVersion), Body: changeOf(in), Result: &wire,
	})
	return wire.value(), err
}

// RemoveUser implements users.Service.
func (c *Client) RemoveUser(ctx context.Context, in users.RemoveUserInput) error {
	defer c.sessions.Forget()
	_, err := c.remote.Do(ctx, remote.Call{
		Does: users.MethodRemoveUser, Method: http.MethodDelete, Path: pathOf(in.ID), Header: httpapi.IfVersion(in.IfVersion),
	})
	return err
}

// pathOf is the path of a user.
func pathOf(user id.User) string { return "/user/" + user.PathSegment() }
