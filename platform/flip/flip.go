// Package flip stands between a module's callers and its implementation: every
// call to a module's face goes through a Route, which decides whether the
// implementation in this process or the one in another process answers. The
// policy can change while calls run; a call ends on the side where it began.
//
// What a method's class allows is decided here, once for all modules: a read
// that the remote side could not answer may fall back to the local one, and
// reads may be compared between the sides in the background. Repeating a call
// belongs to package remote, which knows whether anything of it has left.
package flip

import (
	"context"
	"errors"

	"shop/platform/contract"
	"shop/platform/database"
	"shop/platform/fault"
)

// ErrInTransaction is returned when a face is called inside a database
// transaction: it would hold the transaction across another module's work, and
// that work would not be undone with it.
var ErrInTransaction = errors.New("a module was called inside a database transaction")

// Route leads the calls of one module, whose face is S, to one of its sides.
type Route[S any] struct {
	*Control
	local, remote S
}

// Options configure New. Module and Methods are required, and at least one
// side, or every call fails.
type Options[S any] struct {
	Module  string
	Methods []contract.Method
	// Local is the implementation in this process, Remote the client of another;
	// nil where there is none.
	Local, Remote S
	// Policy is the first one. It is bounded by the sides that there are.
	Policy Policy
	// Observer is what all routes of a process share; nil sees nothing.
	Observer *Observer
}

// New makes the route of a module.
func New[S any](o Options[S]) *Route[S] {
	r := &Route[S]{
		Control: newControl(o.Module, o.Methods, any(o.Local) != nil, any(o.Remote) != nil, o.Observer),
		local:   o.Local, remote: o.Remote,
	}
	r.SetPolicy(o.Policy)
	return r
}

// Call calls a method that returns a value: fn is the method's expression,
// such as catalog.Service.Product, and in its input.
func Call[S, In, R any](
	ctx context.Context, r *Route[S], m contract.Method, fn func(S, context.Context, In) (R, error), in In,
) (result R, err error) {
	if database.InTransaction(ctx) {
		return result, inTransaction(m)
	}
	p := r.policy.Load()
	if p.onlyLocal {
		return perform(ctx, r.Control, Local, m, r.local, fn, in)
	}
	side, err := r.side(ctx, p)
	if err != nil {
		return result, err
	}
	to, other := r.local, r.remote
	if side == Remote {
		to, other = r.remote, r.local
	}
	result, err = perform(ctx, r.Control, side, m, to, fn, in)
	if m.Class != contract.Read || !r.hosted || !r.reachable {
		return result, err
	}
	if side == Remote && p.Fallback == FallbackReads && unreachable(ctx, err) {
		r.fallbacks.Add(1)
		return perform(ctx, r.Control, Local, m, r.local, fn, in)
	}
	if p.Shadow > 0 && r.shadowed(p) {
		compare(ctx, r.Control, side, m, to, other, fn, in, result, err)
	}
	return result, err
}

// Do calls a method that returns nothing but an error. Such methods write, so
// there is no fallback and no shadow.
func Do[S, In any](
	ctx context.Context, r *Route[S], m contract.Method, fn func(S, context.Context, In) error, in In,
) (err error) {
	if database.InTransaction(ctx) {
		return inTransaction(m)
	}
	side, to := Local, r.local
	if p := r.policy.Load(); !p.onlyLocal {
		if side, err = r.side(ctx, p); err != nil {
			return err
		}
		if side == Remote {
			to = r.remote
		}
	}
	ctx, call := r.begin(ctx, side, m)
	err = errPanic // until fn has returned
	defer func() { call.end(err) }()
	return fn(to, ctx, in)
}

// perform makes the call on one side and notes how it ended.
func perform[S, In, R any](
	ctx context.Context, c *Control, side Side, m contract.Method, to S, fn func(S, context.Context, In) (R, error), in In,
) (result R, err error) {
	ctx, call := c.begin(ctx, side, m)
	err = errPanic // until fn has returned
	defer func() { call.end(err) }()
	return fn(to, ctx, in)
}

// errPanic is how a call ended that did not return.
var errPanic = errors.New("the call panicked")

func inTransaction(m contract.Method) error {
	return fault.From(ErrInTransaction).WithCause(errors.Join(ErrInTransaction, errors.New(m.String())))
}

// unreachable tells an answer that never came from one that the far side gave.
// When the caller has gone, there is nobody to fall back for.
func unreachable(ctx context.Context, err error) bool {
	var failure *contract.Failure
	return errors.As(err, &failure) && ctx.Err() == nil
}
