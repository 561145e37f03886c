package database_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/database"
	"shop/platform/dbtest"
)

// line lets one transaction after the other wait in a Shared, behind one that is
// under way until release is called.
type line struct {
	t       *testing.T
	shared  *database.Shared
	release func()
	running sync.WaitGroup
}

func newLine(t *testing.T, db *database.DB) *line {
	t.Helper()
	began, end := make(chan struct{}), make(chan struct{})
	l := &line{t: t, shared: db.NewShared(), release: sync.OnceFunc(func() { close(end) })}
	t.Cleanup(l.wait)
	l.running.Go(func() {
		err := l.shared.InTx(t.Context(), func(context.Context) error {
			close(began)
			<-end
			return nil
		})
		if err != nil {
			t.Errorf("the one before: %v", err)
		}
	})
	<-began
	return l
}

// add puts fn into the line; what came of it is there after wait.
func (l *line) add(ctx context.Context, fn func(context.Context) error) (err *error) {
	l.t.Helper()
	err = new(error)
	before := l.shared.Waiting()
	l.running.Go(func() {
		defer func() {
			if cause, _ := recover().(error); cause != nil {
				*err = cause
			}
		}()
		*err = l.shared.InTx(ctx, fn)
	})
	require.Eventually(l.t, func() bool { return l.shared.Waiting() == before+1 }, 10*time.Second, time.Millisecond)
	return err
}

func (l *line) wait() {
	l.release()
	l.running.Wait()
}

// Each of those that wait and then share a transaction is all or nothing for
// itself.
func TestShared(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		l := newLine(t, db)
		var after []string
		adding := func(title string, end error) func(context.Context) error {
			return func(ctx context.Context) error {
				db.AfterCommit(ctx, func() { after = append(after, title) })
				return errors.Join(add(ctx, db, title, int64(10+len(title))), end)
			}
		}
		one := l.add(t.Context(), adding("one", nil))
		failed := l.add(t.Context(), adding("failed", errStop))
		panicked := l.add(t.Context(), func(ctx context.Context) error {
			_ = adding("panicked", nil)(ctx)
			panic("stop")
		})
		gone, cancel := context.WithCancel(t.Context())
		cancelled := l.add(gone, func(ctx context.Context) error {
			cancel()
			return adding("cancelled", nil)(ctx)
		})
		doomed := l.add(t.Context(), func(ctx context.Context) error {
			_ = db.InTx(ctx, adding("doomed", errStop))
			return nil
		})
		wrong := l.add(t.Context(), func(ctx context.Context) error {
			return db.Write(ctx).Exec("INSERT INTO nowhere VALUES (1)").Error
		})
		two := l.add(t.Context(), func(ctx context.Context) error {
			var seen int64
			if err := db.Read(ctx).Model(&book{}).Count(&seen).Error; err != nil || seen != 1 {
				return errors.Join(err, errors.New("it does not see just the first"))
			}
			return add(ctx, db, "two", 2)
		})
		require.Zero(t, stored(t, db))
		l.wait()
		require.NoError(t, *one)
		require.ErrorIs(t, *failed, errStop)
		require.ErrorContains(t, *panicked, "stop")
		require.ErrorIs(t, *cancelled, context.Canceled)
		require.ErrorIs(t, *doomed, errStop)
		require.Error(t, *wrong)
		require.NoError(t, *two)
		require.EqualValues(t, 2, stored(t, db))
		require.Equal(t, []string{"one"}, after)
	})
}

func TestShared_GivesUpWaiting(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		l := newLine(t, db)
		gone, cancel := context.WithCancel(t.Context())
		err := l.add(gone, func(context.Context) error { panic("it was not to run") })
		cancel()
		require.Eventually(t, func() bool { return l.shared.Waiting() == 0 }, 10*time.Second, time.Millisecond)
		l.wait()
		require.ErrorIs(t, *err, context.Canceled)
	})
}

// With the connection goes what was done on it, for all.
func TestShared_LosesTheConnection(t *testing.T) {
	t.Parallel()
	db := dbtest.OpenFS(t, database.Postgres, shelf, migrationFiles(t))
	l := newLine(t, db)
	one := l.add(t.Context(), func(ctx context.Context) error { return add(ctx, db, "one", 1) })
	lost := l.add(t.Context(), func(ctx context.Context) error {
		return db.Write(ctx).Exec("SELECT pg_terminate_backend(pg_backend_pid())").Error
	})
	two := l.add(t.Context(), func(ctx context.Context) error { return add(ctx, db, "two", 2) })
	l.wait()
	for _, err := range []error{*one, *lost, *two} {
		require.Error(t, err)
	}
	require.Zero(t, stored(t, db))
	require.NoError(t, db.NewShared().InTx(t.Context(), func(ctx context.Context) error { return add(ctx, db, "one", 1) }))
}

// Those who wait for the row of a counter all count.
func TestShared_Counter(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database.DB) {
		require.NoError(t, add(t.Context(), db, "counted", 0))
		shared := db.NewShared()
		const callers = 100
		var running sync.WaitGroup
		for range callers {
			running.Go(func() {
				err := shared.InTx(t.Context(), func(ctx context.Context) error {
					return db.Write(ctx).Exec("UPDATE books SET place = place + 1 WHERE title = 'counted'").Error
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		var counted book
		require.NoError(t, db.Read(t.Context()).Where("title = ?", "counted").Take(&counted).Error)
		require.EqualValues(t, callers, counted.Place)
	})
}
