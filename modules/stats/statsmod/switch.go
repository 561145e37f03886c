package statsmod

import (
	"context"

	"shop/modules/stats"
	"shop/platform/audit"
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
	return flip.Call(ctx, s.route, stats.MethodRecord, stats.Service.Record, in)
}

// Entries implements stats.Service.
func (s *Switch) Entries(ctx context.Context, in stats.EntriesInput) (page.Page[stats.Entry], error) {
	return flip.Call(ctx, s.route, stats.MethodEntries, stats.Service.Entries, in)
}

// Summary implements stats.Service.
func (s *Switch) Summary(ctx context.Context, in stats.SummaryInput) (stats.Summary, error) {
	return flip.Call(ctx, s.route, stats.MethodSummary, stats.Service.Summary, in)
}

// Receive implements stats.Service.
func (s *Switch) Receive(ctx context.Context, e event.Envelope) error {
	return flip.Do(ctx, s.route, stats.MethodReceive, stats.Service.Receive, e)
}

// Verify implements stats.Service.
func (s *Switch) Verify(ctx context.Context, in audit.Input) (audit.Report, error) {
	return flip.Call(ctx, s.route, stats.MethodVerify, stats.Service.Verify, in)
}
