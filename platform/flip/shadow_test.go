package flip_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"shop/platform/contract"
	"shop/platform/fault"
	"shop/platform/flip"
	"shop/platform/id"
	"shop/platform/money"
	"shop/platform/request"
)

// thing is an answer with everything that a face's values are made of.
type thing struct {
	ID    id.Product
	Name  string
	Price money.Amount
	Stock int64
	At    time.Time
	Tags  []string
	More  map[string]string
	Next  *thing
}

// shelf is a face whose answers a test sets.
type shelf interface {
	Thing(ctx context.Context, n int) (thing, error)
}

type answers func() (thing, error)

func (a answers) Thing(context.Context, int) (thing, error) { return a() }

var methodThing = contract.Method{Module: "shelf", Name: "Thing", Class: contract.Read}

func whole() thing {
	return thing{
		ID: id.Product{1}, Name: "secret", Price: money.Of(5, "EUR"), Stock: 3, At: time.Unix(1, 0).UTC(),
		Tags: []string{"a", "b"}, More: map[string]string{"colour": "blue"}, Next: &thing{Stock: 1},
	}
}

// shadowed asks a route once whose two sides answer as given, and returns what
// was counted when the comparison is over.
func shadowed(t *testing.T, remoteShare int, local, remote answers) flip.Stats {
	t.Helper()
	var stats flip.Stats
	synctest.Test(t, func(t *testing.T) {
		r := flip.New(flip.Options[shelf]{
			Module: "shelf", Methods: []contract.Method{methodThing}, Local: local, Remote: remote,
			Policy: flip.Policy{Remote: remoteShare, Shadow: 100},
		})
		ctx := request.WithID(t.Context(), "request-1")
		_, _ = flip.Call(ctx, r, methodThing, shelf.Thing, 1)
		time.Sleep(time.Minute) //nolint:forbidigo // of the bubble's own time
		synctest.Wait()
		stats = r.Stats()
	})
	return stats
}

func always(v thing) answers { return func() (thing, error) { return v, nil } }

func TestShadow_Match(t *testing.T) {
	t.Parallel()
	same := whole()
	same.At = same.At.In(time.FixedZone("other", 3600))
	stats := shadowed(t, 0, always(whole()), always(same))
	require.EqualValues(t, 1, stats.ShadowMatches)
	require.Zero(t, stats.ShadowMismatches)
	missing := fault.New(fault.NotFound, "missing", "it is not there")
	refuse := func() (thing, error) { return thing{}, missing }
	require.EqualValues(t, 1, shadowed(t, 100, refuse, refuse).ShadowMatches)
}

func TestShadow_Mismatch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change        func(*thing)
		field         string
		local, remote string
	}{
		"Number":     {func(v *thing) { v.Stock = 4 }, "Stock", "3", "4"},
		"Identifier": {func(v *thing) { v.ID[15] = 7 }, "ID", whole().ID.String(), ""},
		"Text":       {func(v *thing) { v.Name = "hidden!" }, "Name", "6 bytes of text", "7 bytes of text"},
		"Nested":     {func(v *thing) { v.Price.Minor = 6 }, "Price.Minor", "5", "6"},
		"Element":    {func(v *thing) { v.Tags[1] = "cc" }, "Tags[1]", "1 bytes of text", "2 bytes of text"},
		"Length":     {func(v *thing) { v.Tags = nil }, "Tags", "2 elements", "0 elements"},
		"Entry":      {func(v *thing) { v.More["colour"] = "red" }, "More[colour]", "4 bytes of text", "3 bytes of text"},
		"Entries":    {func(v *thing) { v.More = nil }, "More", "1 entries", "0 entries"},
		"Pointer":    {func(v *thing) { v.Next.Stock = 2 }, "Next.Stock", "1", "2"},
		"Absent":     {func(v *thing) { v.Next = nil }, "Next", "present", "absent"},
		"Time":       {func(v *thing) { v.At = v.At.Add(time.Second) }, "At", "1970-01-01 00:00:01 +0000 UTC", "1970-01-01 00:00:02 +0000 UTC"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := whole()
			c.change(&other)
			for share, stats := range map[int]flip.Stats{
				0:   shadowed(t, 0, always(whole()), always(other)),
				100: shadowed(t, 100, always(whole()), always(other)),
			} {
				require.EqualValues(t, 1, stats.ShadowMismatches, share)
				require.Len(t, stats.Differences, 1)
				d := stats.Differences[0]
				require.Equal(t, c.field, d.Field)
				require.Equal(t, c.local, d.Local)
				if c.remote != "" {
					require.Equal(t, c.remote, d.Remote)
				}
				require.Equal(t, "Thing", d.Method)
				require.Equal(t, "request-1", d.RequestID)
				require.NotContains(t, d.Local+d.Remote, "secret")
			}
		})
	}
}

func TestShadow_MismatchOfKeys(t *testing.T) {
	t.Parallel()
	other := whole()
	other.More = map[string]string{"size": "blue"}
	stats := shadowed(t, 0, always(whole()), always(other))
	require.EqualValues(t, 1, stats.ShadowMismatches)
	require.Equal(t, "More[colour]", stats.Differences[0].Field)
	require.Equal(t, "absent", stats.Differences[0].Remote)
}

func TestShadow_MismatchOfErrors(t *testing.T) {
	t.Parallel()
	stats := shadowed(t, 0, always(whole()), func() (thing, error) {
		return thing{}, fault.New(fault.NotFound, "missing", "it is not there")
	})
	require.EqualValues(t, 1, stats.ShadowMismatches)
	require.Equal(t, "error", stats.Differences[0].Field)
	require.Equal(t, "none", stats.Differences[0].Local)
	require.Equal(t, "missing", stats.Differences[0].Remote)
}

// What changes while it is compared, what a replica has not seen yet, and what a
// side cannot answer are no mismatches.
func TestShadow_NoMismatch(t *testing.T) {
	t.Parallel()
	counting := func() answers {
		v := whole()
		return func() (thing, error) { v.Stock++; return v, nil }
	}
	stats := shadowed(t, 0, counting(), counting())
	require.EqualValues(t, 1, stats.ShadowMatches, "both count alike")
	stats = shadowed(t, 0, counting(), always(whole()))
	require.EqualValues(t, 1, stats.ShadowUndecided)

	began := time.Time{}
	late := func() (thing, error) {
		if began.IsZero() {
			began = time.Now()
		}
		v := whole()
		if time.Since(began) < time.Second {
			v.Stock = 0
		}
		return v, nil
	}
	stats = shadowed(t, 0, always(whole()), late)
	require.EqualValues(t, 1, stats.ShadowMatches)

	stats = shadowed(t, 0, always(whole()), func() (thing, error) { return thing{}, unreachable })
	require.EqualValues(t, 1, stats.ShadowUndecided)
	require.Zero(t, stats.ShadowMismatches)
	require.Empty(t, stats.Differences)
}

// A side that panics in the background costs its comparison, not the process.
func TestShadow_Panic(t *testing.T) {
	t.Parallel()
	stats := shadowed(t, 100, func() (thing, error) { panic("defect") }, always(whole()))
	require.EqualValues(t, 1, stats.ShadowUndecided)
}

// A side that hangs holds nothing up: what there is no room for is dropped.
func TestShadow_Dropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		r := flip.New(flip.Options[shelf]{
			Module: "shelf", Methods: []contract.Method{methodThing}, Local: always(whole()),
			Remote: answers(func() (thing, error) { <-hang; return whole(), nil }), Policy: flip.Policy{Shadow: 100},
		})
		const calls = 100
		for range calls {
			_, err := flip.Call(t.Context(), r, methodThing, shelf.Thing, 1)
			require.NoError(t, err)
		}
		synctest.Wait()
		dropped := r.Stats().ShadowDropped
		require.Positive(t, dropped)
		close(hang)
		synctest.Wait()
		require.Equal(t, calls-dropped, r.Stats().ShadowMatches)
	})
}

func TestShadow_KeepsTheLastFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		other := whole()
		other.Stock = 9
		r := flip.New(flip.Options[shelf]{
			Module: "shelf", Methods: []contract.Method{methodThing}, Local: always(whole()), Remote: always(other),
			Policy: flip.Policy{Shadow: 100},
		})
		for i := range 15 {
			ctx := request.WithID(t.Context(), strings.Repeat("x", i+1))
			_, err := flip.Call(ctx, r, methodThing, shelf.Thing, 1)
			require.NoError(t, err)
			time.Sleep(time.Minute) //nolint:forbidigo // of the bubble's own time
			synctest.Wait()
		}
		stats := r.Stats()
		require.EqualValues(t, 15, stats.ShadowMismatches)
		require.Len(t, stats.Differences, 10)
		require.Len(t, stats.Differences[0].RequestID, 15, "the newest first")
	})
}
