package inbox_test

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
	"shop/platform/event"
	"shop/platform/event/inbox"
	"shop/platform/id"
)

//go:embed testdata
var testdata embed.FS

func each(t *testing.T, test func(t *testing.T, db *database.DB)) {
	t.Helper()
	files, err := fs.Sub(testdata, "testdata")
	require.NoError(t, err)
	dbtest.EachFS(t, "reader", files, test)
}

func increment(db *database.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		return db.Write(ctx).Exec(
			`INSERT INTO effects (name, n) VALUES ('mail', 1) ON CONFLICT (name) DO UPDATE SET n = effects.n + 1`).Error
	}
}

func count(t *testing.T, db *database.DB, query string) (n int) {
	t.Helper()
	require.NoError(t, db.Read(t.Context()).Raw(query).Scan(&n).Error)
	return n
}

func TestOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		in := inbox.New(db)
		e := event.Envelope{ID: id.NewEvent()}
		for range 3 {
			require.NoError(t, in.Once(t.Context(), e, increment(db)))
		}
		require.Equal(t, 1, count(t, db, `SELECT n FROM effects`))
		require.NoError(t, in.Once(t.Context(), event.Envelope{ID: id.NewEvent()}, increment(db)))
		require.Equal(t, 2, count(t, db, `SELECT n FROM effects`))
	})
}

func TestOnce_FailureRecordsNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		in := inbox.New(db)
		e := event.Envelope{ID: id.NewEvent()}
		broken := errors.New("broken")
		err := in.Once(t.Context(), e, func(ctx context.Context) error {
			require.NoError(t, increment(db)(ctx))
			return broken
		})
		require.ErrorIs(t, err, broken)
		require.Zero(t, count(t, db, `SELECT count(*) FROM effects`))
		require.Zero(t, count(t, db, `SELECT count(*) FROM inbox`))
		require.NoError(t, in.Once(t.Context(), e, increment(db)))
		require.Equal(t, 1, count(t, db, `SELECT n FROM effects`))
	})
}

func TestFresh(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		in := inbox.New(db)
		handled, one, other := id.NewEvent(), id.NewEvent(), id.NewEvent()
		require.NoError(t, in.Once(t.Context(), event.Envelope{ID: handled}, increment(db)))
		fresh := func() (got map[id.Event]bool) {
			require.NoError(t, db.InTx(t.Context(), func(ctx context.Context) (err error) {
				got, err = in.Fresh(ctx, []id.Event{other, handled, one, one})
				return err
			}))
			return got
		}
		require.Equal(t, map[id.Event]bool{one: true, other: true}, fresh())
		require.Empty(t, fresh())
		missing, err := in.Missing(t.Context(), []id.Event{one, other})
		require.NoError(t, err)
		require.Empty(t, missing)
	})
}

func TestMissing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		in := inbox.New(db)
		handled, one, other := id.NewEvent(), id.NewEvent(), id.NewEvent()
		require.NoError(t, in.Once(t.Context(), event.Envelope{ID: handled}, increment(db)))
		missing, err := in.Missing(t.Context(), []id.Event{one, handled, other})
		require.NoError(t, err)
		require.Equal(t, []id.Event{one, other}, missing)
		missing, err = in.Missing(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, missing)
	})
}

func TestPrune(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		in := inbox.New(db)
		require.NoError(t, in.Once(t.Context(), event.Envelope{ID: id.NewEvent()}, increment(db)))
		removed, err := in.Prune(t.Context(), time.Now().Add(inbox.Retention-time.Hour))
		require.NoError(t, err)
		require.Zero(t, removed)
		removed, err = in.Prune(t.Context(), time.Now().Add(inbox.Retention+time.Hour))
		require.NoError(t, err)
		require.EqualValues(t, 1, removed)
	})
}
