package app

import "shop/platform/module"

// Workers are what payments do in the background. Every replica runs them; each
// ends after what it has in hand.
func (s *Service) Workers() []module.Worker {
	return []module.Worker{
		module.Every("resolve payments", s.settings.ResolveEvery, s.logger, s.ResolveDue),
		{Name: "handle webhooks", Run: s.runWebhooks},
		module.Pruning("webhooks", s.logger, s.PruneWebhooks),
		module.Every("void overdue invoices", s.settings.VoidEvery, s.logger, s.VoidOverdue),
	}
}
