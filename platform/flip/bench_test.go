package flip_test

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"shop/platform/flip"
	"shop/platform/id"
	"shop/platform/identity"
	"shop/platform/request"
)

// BenchmarkCall is what the switch costs beyond a direct call of the interface,
// in the context of a signed-in user's request. The goal is 50 ns and no
// allocation.
func BenchmarkCall(b *testing.B) {
	ctx := identity.With(request.WithID(b.Context(), "benchmark"), identity.Actor{User: id.NewUser()})
	quiet := &quiet{}
	both := route(quiet, quiet, flip.Policy{}, flip.NewObserver(prometheus.NewRegistry(), nil))
	b.Run("direct", func(b *testing.B) {
		var direct greeter = quiet
		b.ReportAllocs()
		for b.Loop() {
			if _, err := direct.Greet(ctx, "Ada"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("switch", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := greet(ctx, both); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("switch at 50 %", func(b *testing.B) {
		both.SetPolicy(flip.Policy{Remote: 50})
		b.ReportAllocs()
		for b.Loop() {
			if _, err := greet(ctx, both); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// quiet answers at once.
type quiet struct{ side }

func (*quiet) Greet(context.Context, string) (string, error) { return "", nil }
