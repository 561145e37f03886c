package app

import "context"

// finding is what came of checking a password.
type finding struct {
	match bool
	// rehashed is the hash to store instead; empty when the stored one is good.
	rehashed string
	// failures is how often the pair had failed before.
	failures int
}

// check checks a password against a hash, within the limits of where it comes from. Whoever
// calls passes the hash of nobody for an account that does not exist, and gets
// the same statements and the same time. Errors: users.ErrTooManyAttempts,
// users.ErrBusy.
func (s *Service) check(ctx context.Context, from source, password, hash string) (v finding, err error) {
	// Before the turn, so that somebody locked out takes no place in the queue;
	// and in it, so that many at once cannot slip by.
	if _, err := s.attempts.allow(ctx, from); err != nil {
		return v, err
	}
	err = s.passwords.inTurn(ctx, func() error {
		if v.failures, err = s.attempts.allow(ctx, from); err != nil {
			return err
		}
		match, outdated, err := s.passwords.matches(password, hash)
		if err != nil {
			return err
		}
		if !match {
			return s.attempts.failed(ctx, from)
		}
		v.match = true
		if outdated {
			v.rehashed, err = s.passwords.hash(password)
		}
		return err
	})
	return v, err
}
