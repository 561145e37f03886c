package statstest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/modules/stats"
	"shop/modules/stats/internal/app"
	"shop/platform/idempotency"
)

// Fake is statistics in memory: the module's own use cases over a slice. It is
// safe for concurrent use.
type Fake struct{ stats.Service }

// NewFake makes a Fake without entries. now is its clock; nil means time.Now.
func NewFake(t testing.TB, now func() time.Time) *Fake {
	t.Helper()
	service, err := app.New(app.Deps{Store: &memory{}, Once: &answers{memory: idempotency.NewMemory(now)}, Now: now})
	require.NoError(t, err)
	return &Fake{service}
}

// answers implements app.Once.
type answers struct{ memory *idempotency.Memory }

// Record implements app.Once.
func (a *answers) Record(
	ctx context.Context, key *idempotency.Key, operation string, in any, fn func(context.Context) (stats.Recorded, error),
) (stats.Recorded, error) {
	return idempotency.DoMemory(ctx, a.memory, key, operation, in, fn)
}

// Forget implements app.Once.
func (a *answers) Forget(_ context.Context, actor string) error {
	a.memory.Forget(actor)
	return nil
}
