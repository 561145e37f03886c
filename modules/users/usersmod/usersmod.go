// Package usersmod builds the users module for the program that hosts it. It
// is the one package of the module that the program imports.
package usersmod

import (
	"context"
	"fmt"
	"time"

	"shop/modules/users"
	"shop/modules/users/internal/app"
	"shop/modules/users/internal/gormstore"
	"shop/modules/users/internal/rest"
	"shop/platform/event/outbox"
	"shop/platform/flip"
	"shop/platform/httpapi"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
	"shop/platform/module"
)

// Deps are what the module is built from.
type Deps struct {
	module.Deps
	Settings Settings
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Settings tune the module. The zero value works.
type Settings = app.Settings

// Built is the module: its face for other modules, and what to host.
type Built struct {
	Service users.Service
	Module  module.Module
}

// New builds the module over a migrated database.
func New(d Deps) (*Built, error) {
	answers := sqlstore.New(d.DB)
	events := outbox.New(d.DB)
	service, err := app.New(app.Deps{
		Store: gormstore.New(d.DB), Events: events, Idempotency: answers,
		Logger: d.Logger, Now: d.Now, Settings: d.Settings,
	})
	if err != nil {
		return nil, fmt.Errorf("build users: %w", err)
	}
	face := newSwitch(service, d.Observer)
	return &Built{
		Service: face,
		Module: module.Module{
			Name: "users", ContractVersion: users.ContractVersion, DB: d.DB,
			Register: func(api *httpapi.API) { rest.Register(api, face) },
			Workers: []module.Worker{
				module.Pruning("idempotency records", d.Logger, answers.Prune),
				module.Pruning("sessions, tokens and failed sign-ins", d.Logger, service.Prune),
			},
			Outbox: events,
		},
	}, nil
}

// Authenticator is what httpapi.Options.AuthenticateSession wants: it says who
// the bearer of a session's token is.
func Authenticator(s users.Service) func(ctx context.Context, token string) (identity.Actor, error) {
	return func(ctx context.Context, token string) (identity.Actor, error) {
		session, err := s.Authenticate(ctx, users.AuthenticateInput{Token: token})
		if err != nil {
			return identity.Actor{}, err
		}
		return identity.Actor{User: session.UserID, Administrator: session.Role == users.RoleAdministrator}, nil
	}
}

func newSwitch(local users.Service, o *flip.Observer) *Switch {
	return &Switch{flip.NewRoute(
		local, o,
		users.MethodRegister, users.MethodCreateAdministrator, users.MethodUser, users.MethodFindUser,
		users.MethodListUsers, users.MethodUpdateUser, users.MethodRemoveUser, users.MethodSignIn,
		users.MethodAuthenticate, users.MethodSignOut, users.MethodEndSessions, users.MethodRequestVerification,
		users.MethodVerify, users.MethodRequestPasswordReset, users.MethodResetPassword, users.MethodIssueToken,
	)}
}
