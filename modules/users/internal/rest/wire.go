// Package rest is the HTTP face of accounts.
package rest

import (
	"time"

	"shop/modules/users"
	"shop/platform/id"
)

// NewUser is the body of a registration.
type NewUser struct {
	Email    string `json:"email" minLength:"3" maxLength:"254" format:"email" doc:"Unique without regard to case." example:"ada@example.com"`
	Password string `json:"password" minLength:"8" maxLength:"128" writeOnly:"true" doc:"8 to 128 characters." example:"correct horse battery"`
	Name     string `json:"name" minLength:"1" maxLength:"200" doc:"How the user wants to be called." example:"Ada Lovelace"`
}

// NewAdministrator is the body that makes an administrator.
type NewAdministrator struct {
	NewUser
	OnlyFirst bool `json:"only_first,omitempty" doc:"Do nothing when there is an administrator already." example:"true"`
}

// CreatedUser is the answer to a create.
type CreatedUser struct {
	ID id.User `json:"id" doc:"The new user's identifier." example:"user_01h455vb4pex5vsknk084sn02q"`
}

// MadeAdministrator is the answer to making an administrator.
type MadeAdministrator struct {
	ID *id.User `json:"id,omitempty" doc:"The administrator's identifier; missing when none was made." example:"user_01h455vb4pex5vsknk084sn02q"`
}

// ChangedUser is the body of a change: what is left out stays.
type ChangedUser struct {
	Email           *string `json:"email,omitempty" minLength:"3" maxLength:"254" format:"email" doc:"A new address must be verified again." example:"ada@example.org"`
	Name            *string `json:"name,omitempty" minLength:"1" maxLength:"200" doc:"How the user wants to be called." example:"Ada King"`
	Password        *string `json:"password,omitempty" minLength:"8" maxLength:"128" writeOnly:"true" doc:"A new password; it ends the user's other sessions." example:"staple battery horse"`
	CurrentPassword string  `json:"current_password,omitempty" maxLength:"128" writeOnly:"true" doc:"Needed with password, but not from administrators." example:"correct horse battery"`
	Role            *string `json:"role,omitempty" enum:"customer,administrator" doc:"Only administrators change it." example:"customer"`
}

// User is an account as it is answered.
type User struct {
	ID        id.User    `json:"id" doc:"Identifies the user." example:"user_01h455vb4pex5vsknk084sn02q"`
	Email     string     `json:"email" doc:"As it was typed; empty for a guest." example:"ada@example.com"`
	Name      string     `json:"name" doc:"How the user wants to be called; empty for a guest." example:"Ada Lovelace"`
	Role      users.Role `json:"role" enum:"customer,administrator,guest" doc:"What the user may do." example:"customer"`
	Verified  bool       `json:"verified" doc:"Whether the address was shown to be the user's." example:"true"`
	Version   int64      `json:"version" minimum:"1" maximum:"9007199254740991" doc:"Counts changes." example:"1"`
	CreatedAt time.Time  `json:"created_at" doc:"When the account was made." example:"2026-11-02T09:30:00Z"`
	UpdatedAt time.Time  `json:"updated_at" doc:"When the account was changed last." example:"2026-11-02T09:30:00Z"`
}

func userOf(u users.User) User { return User(u) }

// value is the account as the face has it.
func (u User) value() users.User { return users.User(u) }

// Credentials are the body of a sign-in.
type Credentials struct {
	Email    string `json:"email" minLength:"1" maxLength:"254" doc:"The account's address, in any case." example:"ada@example.com"`
	Password string `json:"password" minLength:"1" maxLength:"128" writeOnly:"true" doc:"The account's password." example:"correct horse battery"`
}

// NewSession is a session just started.
type NewSession struct {
	Token     string    `json:"token" doc:"Send it as Authorization: Bearer. It is shown this once." example:"pQ7r0yXnJ2vK5mT8wZ1bD4fG6hL9sA3cE0iU7oR2tYk"`
	UserID    id.User   `json:"user_id" doc:"Whose session it is." example:"user_01h455vb4pex5vsknk084sn02q"`
	ExpiresAt time.Time `json:"expires_at" doc:"When it ends unless it is used." example:"2026-12-02T09:30:00Z"`
}

// Session is a session that is alive.
type Session struct {
	UserID    id.User    `json:"user_id" doc:"Whose session it is." example:"user_01h455vb4pex5vsknk084sn02q"`
	Role      users.Role `json:"role" enum:"customer,administrator,guest" doc:"What the user may do." example:"customer"`
	ExpiresAt time.Time  `json:"expires_at" doc:"When it ends unless it is used." example:"2026-12-02T09:30:00Z"`
}

// KnownSession is a session as services see it.
type KnownSession struct {
	ID id.Session `json:"id" doc:"Identifies the session; it is no secret." example:"sess_01h455vb4pex5vsknk084sn02q"`
	Session
}

func sessionOf(s users.Session) Session {
	return Session{UserID: s.UserID, Role: s.Role, ExpiresAt: s.ExpiresAt}
}

// value is the session as the face has it.
func (s KnownSession) value() users.Session {
	return users.Session{ID: s.ID, UserID: s.UserID, Role: s.Role, ExpiresAt: s.ExpiresAt}
}

// SecretToken is the body that carries a token from an e-mail.
type SecretToken struct {
	Token string `json:"token" minLength:"1" maxLength:"128" writeOnly:"true" doc:"The token." example:"pQ7r0yXnJ2vK5mT8wZ1bD4fG6hL9sA3cE0iU7oR2tYk"`
}

// Address is the body that names an account by its e-mail address.
type Address struct {
	Email string `json:"email" minLength:"3" maxLength:"254" format:"email" doc:"The account's address, in any case." example:"ada@example.com"`
}

// NewPassword is the body that sets a password.
type NewPassword struct {
	Password string `json:"password" minLength:"8" maxLength:"128" writeOnly:"true" doc:"8 to 128 characters." example:"staple battery horse"`
}

// TokenRequest is the body that asks for a single-use token.
type TokenRequest struct {
	UserID  id.User       `json:"user_id" pattern:"^user_[0-7][0-9a-hjkmnp-tv-z]{25}$" doc:"Whom it is for." example:"user_01h455vb4pex5vsknk084sn02q"`
	Purpose users.Purpose `json:"purpose" enum:"verification,password_reset" doc:"What it is good for." example:"verification"`
}

// IssuedToken is a single-use token for an e-mail.
type IssuedToken struct {
	Token     string    `json:"token" doc:"Goes into the e-mail and nowhere else." example:"pQ7r0yXnJ2vK5mT8wZ1bD4fG6hL9sA3cE0iU7oR2tYk"`
	ExpiresAt time.Time `json:"expires_at" doc:"When it becomes void." example:"2026-11-04T09:30:00Z"`
}
