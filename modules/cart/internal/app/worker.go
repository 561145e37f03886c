package app

import "shop/platform/module"

// Workers are what carts do in the background. Every replica runs them.
func (s *Service) Workers() []module.Worker {
	return []module.Worker{
		module.Every("resume checkouts", s.settings.ResumeEvery, s.logger, s.resumeDue),
		module.Every("settle checkouts", s.settings.ResumeEvery, s.logger, s.settleDue),
		module.Every("cancel orders", s.settings.ResumeEvery, s.logger, s.cancelDue),
	}
}

const (
	// resumeBatch is how many things one look takes up.
	resumeBatch = 50
	// resumeAtOnce bounds the connections that resuming takes from customers.
	resumeAtOnce = 4
)
