package statsmod

import (
	"context"

	"shop/modules/stats"
	"shop/platform/event"
	"shop/platform/flip"
	"shop/platform/page"
)

// Switch is statistics as other modules hold them: each call goes by the route
// to the implementation in charge.
type Switch struct{ route *flip.Route[stats.Service] }

var _ stats.Service = (*Switch)(nil)

// Record implements stats.Service.
func (s *Switch) Record(ctx context.Context, in stats.RecordInput) (stats.Recorded, error) {
	return flip.Call(ctx, s.route, stats.MethodRecord, func(ctx context.Context, t stats.Service) (stats.Recorded, error) { return t.Record(ctx, in) })
}

// Entries implements stats.Service.
func (s *Switch) Entries(ctx context.Context, in stats.EntriesInput) (page.Page[stats.Entry], error) {
	return flip.Call(ctx, s.route, stats.MethodEntries, func(ctx context.Context, t stats.Service) (page.Page[stats.Entry], error) { return t.Entries(ctx, in) })
}

// Summary implements stats.Service.
func (s *Switch) Summary(ctx context.Context, in stats.SummaryInput) (stats.Summary, error) {
	return flip.Call(ctx, s.route, stats.MethodSummary, func(ctx context.Context, t stats.Service) (stats.Summary, error) { return t.Summary(ctx, in) })
}

// Receive implements stats.Service.
func (s *Switch) Receive(ctx context.Context, e event.Envelope) error {
	return flip.Do(ctx, s.route, stats.MethodReceive, func(ctx context.Context, t stats.Service) error { return t.Receive(ctx, e) })
}
