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
	"shop/platform/httpapi"
	"shop/platform/idempotency/sqlstore"
	"shop/platform/identity"
	"shop/platform/module"
	"shop/platform/remote"
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

// name is the module's name.
const name = "users"

// New builds the module: over a migrated database where it is hosted, and as a
// client of other processes where there is an address.
func New(d Deps) (*Built, error) {
	built := &Built{Module: module.Module{Name: name, Contract: users.Contract, Remote: d.Remote, DB: d.DB}}
	local, err := newLocal(d, &built.Module)
	if err != nil {
		return nil, fmt.Errorf("build users: %w", err)
	}
	var client *rest.Client
	if d.Remote != nil {
		if client, err = rest.NewClient(d.Remote, d.Now); err != nil {
			return nil, fmt.Errorf("build users: %w", err)
		}
	}
	face := &Switch{module.NewRoute(
		d.Deps, name, local, func(*remote.Client) users.Service { return client },
		users.MethodRegister, users.MethodCreateAdministrator, users.MethodUser, users.MethodFindUser,
		users.MethodListUsers, users.MethodUpdateUser, users.MethodRemoveUser, users.MethodSignIn, users.MethodSignInGuest,
		users.MethodAuthenticate, users.MethodSignOut, users.MethodEndSessions, users.MethodRequestVerification,
		users.MethodVerify, users.MethodRequestPasswordReset, users.MethodResetPassword, users.MethodIssueToken,
		users.MethodAudit,
	)}
	built.Service, built.Module.Control = face, face.route.Control
	built.Module.Register = func(api *httpapi.API) { rest.Register(api, face) }
	return built, nil
}

// newLocal builds the module of this process and adds what it runs and
// publishes to hosted; nothing where it is not hosted.
func newLocal(d Deps, hosted *module.Module) (users.Service, error) {
	if d.DB == nil {
		return nil, nil //nolint:nilnil // no implementation is what there is
	}
	answers := sqlstore.New(d.DB)
	events := outbox.New(d.DB)
	service, err := app.New(app.Deps{
		Store: gormstore.New(d.DB), Events: events, Idempotency: answers,
		Logger: d.Logger, Now: d.Now, Settings: d.Settings,
	})
	if err != nil {
		return nil, err //nolint:wrapcheck // New says what it was about
	}
	hosted.Outbox = events
	hosted.Workers = []module.Worker{
		module.Pruning("idempotency records", d.Logger, answers.Prune),
		module.Pruning("idle guests", d.Logger, service.RemoveIdleGuests),
		module.Pruning("sessions, tokens and failed sign-ins", d.Logger, service.Prune),
	}
	return service, nil
}

// Authenticator is what httpapi.Options.AuthenticateSession wants: it says who
// the bearer of a session's token is. It keeps nothing itself: the module answers
// from memory on both its sides, within the bounds of users.Service.Authenticate.
func Authenticator(s users.Service) func(ctx context.Context, token string) (identity.Actor, error) {
	return func(ctx context.Context, token string) (identity.Actor, error) {
		session, err := s.Authenticate(ctx, users.AuthenticateInput{Token: token})
		if err != nil {
			return identity.Actor{}, err
		}
		return identity.Actor{User: session.UserID, Administrator: session.Role == users.RoleAdministrator}, nil
	}
}
