package rest

import (
	"shop/modules/users"
	"shop/platform/id"
)

// What follows are bodies that another process sends for its callers. They say
// more than the public ones, and take whatever text was presented: whether it is
// a token or an address is for the module to say, in its own words.

// PresentedToken is what somebody presented as a token.
type PresentedToken struct {
	Token string `json:"token" writeOnly:"true" doc:"The token." example:"pQ7r0yXnJ2vK5mT8wZ1bD4fG6hL9sA3cE0iU7oR2tYk"`
}

// PresentedAddress is what somebody presented as an account's address.
type PresentedAddress struct {
	Email string `json:"email" doc:"The account's address, in any case." example:"ada@example.com"`
}

// ForwardedCredentials are credentials and where they came from.
type ForwardedCredentials struct {
	Credentials
	Address string `json:"address,omitempty" doc:"The client's network address; failures are counted by it." example:"203.0.113.7"`
	Guest   string `json:"guest,omitempty" writeOnly:"true" doc:"The token of the guest's session that the client presented." example:"pQ7r0yXnJ2vK5mT8wZ1bD4fG6hL9sA3cE0iU7oR2tYk"`
}

// ForwardedRegistration is a registration, and the guest who asks for it.
type ForwardedRegistration struct {
	NewUser
	Guest string `json:"guest" writeOnly:"true" doc:"The token of the guest's session that the client presented." example:"pQ7r0yXnJ2vK5mT8wZ1bD4fG6hL9sA3cE0iU7oR2tYk"`
}

// ForwardedChange is a change, and which session outlives it.
type ForwardedChange struct {
	ChangedUser
	KeepSession string `json:"keep_session,omitempty" writeOnly:"true" doc:"The token of the session that a new password does not end." example:"pQ7r0yXnJ2vK5mT8wZ1bD4fG6hL9sA3cE0iU7oR2tYk"`
}

// ForwardedReset is a new password and the token that allows it.
type ForwardedReset struct {
	PresentedToken
	NewPassword
}

// changeOf is the body that asks for a change.
func changeOf(in users.UpdateUserInput) ForwardedChange {
	return ForwardedChange{
		ChangedUser: ChangedUser{
			Email: in.Email, Name: in.Name, Password: in.Password,
			CurrentPassword: in.CurrentPassword, Role: (*string)(in.Role),
		},
		KeepSession: in.KeepSession,
	}
}

// input is the face's input of a change, but for which session outlives it.
func (c ChangedUser) input(user id.User, version int64) users.UpdateUserInput {
	return users.UpdateUserInput{
		ID: user, IfVersion: version, Email: c.Email, Name: c.Name, Password: c.Password,
		CurrentPassword: c.CurrentPassword, Role: (*users.Role)(c.Role),
	}
}
