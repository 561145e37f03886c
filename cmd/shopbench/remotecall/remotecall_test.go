package remotecall_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/module/moduletest"
)

// callers is how many calls are under way at once in the busy variants.
const callers = 32

// BenchmarkRemoteProduct is a read of one product in another process. The shop's
// has everything that such a call has: switch, service token, deadline,
// validation, use case, coded errors, log line. That of grpc-go has a token and
// a deadline, that of net/http nothing; both answer with a product at hand.
//
// The goals are 1.3 times net/http and 1.0 times grpc-go at most.
func BenchmarkRemoteProduct(b *testing.B) {
	far, product := newFarSide(b)
	measure(b, "by=shop/over=tcp", placeShop(b, moduletest.HTTP, far, product.ID))
	measure(b, "by=net-http/over=tcp", placeNetHTTP(b, product))
	measure(b, "by=grpc-go/over=tcp", placeGRPC(b, product))
	measure(b, "by=shop/over=unix", placeShop(b, moduletest.Unix, far, product.ID))
}

// measure times a call that returns an A: one after the other, and many at once.
func measure[A any](b *testing.B, name string, call func(context.Context) (A, error)) {
	b.Helper()
	b.Run(name+"/callers=1", func(b *testing.B) {
		ctx := customer(b)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := call(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run(name+"/callers="+strconv.Itoa(callers), func(b *testing.B) {
		ctx := customer(b)
		processors := runtime.GOMAXPROCS(0)
		b.SetParallelism((callers + processors - 1) / processors)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := call(ctx); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

// customer makes the calls.
func customer(tb testing.TB) context.Context {
	tb.Helper()
	return identity.With(tb.Context(), identity.Actor{User: id.NewUser()})
}

// TestSameProduct proves that the contestants do the same work.
func TestSameProduct(t *testing.T) {
	t.Parallel()
	far, product := newFarSide(t)
	want := messageOf(product)
	for _, placement := range []moduletest.Placement{moduletest.HTTP, moduletest.Unix} {
		got, err := placeShop(t, placement, far, product.ID)(customer(t))
		require.NoError(t, err, placement)
		require.Empty(t, cmp.Diff(want, messageOf(got)), placement)
	}

	byNetHTTP, err := placeNetHTTP(t, product)(customer(t))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, byNetHTTP))

	byGRPC, err := placeGRPC(t, product)(customer(t))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, messageOfProto(byGRPC)))
}

// TestSameBytes proves that the bare round trip carries the body of the shop's.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	far, product := newFarSide(t)
	require.Equal(t, shopBody(t, far, product.ID), netHTTPBody(t, product))
}
