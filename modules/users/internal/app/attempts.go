package app

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"time"

	"shop/modules/users"
)

// Limits of failed sign-ins within the window, which slides.
const (
	failureWindow     = 15 * time.Minute
	failuresOfPair    = 10
	failuresOfAddress = 100
)

// attempts limits guessing of passwords.
//
// Two counts are kept in the database, so that replicas share them: failures
// of one account from one address, and failures from one address whatever the
// account. There is deliberately none of an account alone: whoever knows
// somebody's e-mail address could use it up, again and again, and lock the
// owner out from everywhere. So an attacker at n addresses has 10·n guesses in a
// quarter of an hour, against passwords of eight characters or more, while the
// owner signs in from his own address undisturbed. Where owner and attacker
// share an address (an office), the owner waits at most until the window has
// passed, or resets the password, which forgets the account's failures.
//
// An attempt that is refused for the limits is not checked and not counted, so
// that the window ends although somebody keeps knocking. Accounts that do not
// exist are counted alike.
//
// An IPv6 address stands for its /64 network: one customer has at least as many.
//
// The limits are looked at and the failure is noted inside a slot of passwords;
// so they are exceeded by no more than the number of slots of all replicas.
type attempts struct {
	store Store
	now   func() time.Time
}

// source is who is tried from where.
type source struct {
	account Hash
	address string
}

func signInSource(email, address string) source {
	return source{account: hashOfEmail(email), address: networkOf(address)}
}

// changeSource counts the guesses of a current password by somebody who has
// got hold of a session.
func changeSource(u users.User) source {
	return source{account: hashOfEmail(u.Email), address: "password change of " + u.ID.String()}
}

// hashOfEmail names an account by its address without keeping the address.
func hashOfEmail(email string) Hash { return sha256.Sum256([]byte(users.EmailKey(email))) }

func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	network, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}

// allow says how often the pair has failed in the window. Errors:
// users.ErrTooManyAttempts, with the time after which one of the failures that
// are too many has left the window.
func (a attempts) allow(ctx context.Context, from source) (failed int, err error) {
	now := a.now()
	failures, err := a.store.Failures(ctx, from.address, now.Add(-failureWindow))
	if err != nil {
		return 0, err
	}
	var pair []Failure
	for _, f := range failures {
		if f.Account == from.account {
			pair = append(pair, f)
		}
	}
	wait := max(excess(pair, failuresOfPair, now), excess(failures, failuresOfAddress, now))
	if wait > 0 {
		return len(pair), users.ErrTooManyAttempts.WithRetryAfter(wait)
	}
	return len(pair), nil
}

// excess is how long it takes until less than limit of the failures are left
// in the window; 0 when that is so.
func excess(failures []Failure, limit int, now time.Time) time.Duration {
	if len(failures) < limit {
		return 0
	}
	last := failures[len(failures)-limit]
	return max(last.At.Add(failureWindow).Sub(now), time.Second)
}

// failed notes a failure, also when whoever tried has hung up meanwhile.
func (a attempts) failed(ctx context.Context, from source) error {
	ctx = context.WithoutCancel(ctx)
	return a.store.AddFailure(ctx, Failure{Account: from.account, Address: from.address, At: a.now()})
}
