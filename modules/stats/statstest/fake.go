package statstest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/modules/stats/internal/app"
	"shop/platform/id"
	"shop/platform/idempotency"
)

// Fake is statistics in memory: the module's own use cases over a slice. It is
// safe for concurrent use.
type Fake struct {
	stats.Service
	store *memory
}

// Fill makes every later Record fail with stats.ErrBusy, as it does while the
// queue of what waits for its commit is full; or no longer.
func (f *Fake) Fill(full bool) { f.store.full.Store(full) }

// NewFake makes a Fake without entries. now is its clock; nil means time.Now.
func NewFake(t testing.TB, now func() time.Time) *Fake {
	t.Helper()
	store := &memory{handled: map[id.Event]bool{}, removed: map[id.User]bool{}}
	service, err := app.New(app.Deps{Store: store, Once: &answers{idempotency.NewMemory(now), store}, Now: now})
	require.NoError(t, err)
	return &Fake{service, store}
}

// answers implements app.Once.
type answers struct {
	memory *idempotency.Memory
	store  *memory
}

// Record implements app.Once.
func (a *answers) Record(
	ctx context.Context, key *idempotency.Key, operation string, in any, result stats.Recorded, entries []stats.Entry,
) (stats.Recorded, error) {
	return idempotency.DoMemory(ctx, a.memory, key, operation, in, func(ctx context.Context) (stats.Recorded, error) {
		return result, a.store.Insert(ctx, entries)
	})
}

// Forget implements app.Once.
func (a *answers) Forget(_ context.Context, actor string) error {
	a.memory.Forget(actor)
	return nil
}
