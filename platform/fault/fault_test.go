package fault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"shop/platform/fault"
)

var errMissing = fault.New(fault.NotFound, "product_not_found", "there is no such product")

func TestIs(t *testing.T) {
	t.Parallel()
	// One that came from another process has the code only.
	arrived := fault.New(fault.NotFound, "product_not_found", "words may differ")
	require.ErrorIs(t, arrived, errMissing)
	require.ErrorIs(t, fmt.Errorf("read: %w", errMissing.With("product %d", 7)), errMissing)
	require.ErrorIs(t, errMissing.WithField("path.id", "is unknown").WithCause(errors.New("x")).WithRetryAfter(time.Second), errMissing)
	require.NotErrorIs(t, errMissing, fault.ErrPrecondition)
	require.NotErrorIs(t, errMissing, errors.New("product_not_found"))
}

func TestFrom(t *testing.T) {
	t.Parallel()
	require.Same(t, errMissing, fault.From(fmt.Errorf("read: %w", errMissing)))
	plain := errors.New("disk on fire")
	f := fault.From(plain)
	require.Equal(t, fault.Internal, f.Kind)
	require.Equal(t, "internal", f.Code)
	require.NotContains(t, f.Message, "fire")
	require.ErrorIs(t, f, plain)
	require.Equal(t, fault.NotFound, fault.KindOf(errors.Join(plain, errMissing)))
	require.Equal(t, fault.Internal, fault.KindOf(plain))
}

// What is made of a sentinel leaves the sentinel as it is.
func TestCopies(t *testing.T) {
	t.Parallel()
	before := *errMissing
	cause := errors.New("cause")
	changed := errMissing.With("no %s", "mug").WithField("a", "1").WithCause(cause).WithRetryAfter(time.Minute)
	one, two := changed.WithField("b", "2"), changed.WithField("c", "3")
	require.Empty(t, cmp.Diff(&before, errMissing, cmpopts.IgnoreUnexported(fault.Error{})))
	require.Equal(t, []fault.Field{{Location: "a", Message: "1"}, {Location: "b", Message: "2"}}, one.Fields)
	require.Equal(t, []fault.Field{{Location: "a", Message: "1"}, {Location: "c", Message: "3"}}, two.Fields)
	require.Equal(t, time.Minute, one.RetryAfter)
	require.ErrorIs(t, one, cause)
	require.Equal(t, "product_not_found: no mug; a: 1; b: 2: cause", one.Error())
	require.NoError(t, errors.Unwrap(errMissing))
}

func TestInvalidField(t *testing.T) {
	t.Parallel()
	f := fault.InvalidField("body.price", "must not be negative")
	require.Equal(t, fault.Invalid, f.Kind)
	require.Equal(t, fault.CodeInvalid, f.Code)
	require.Equal(t, []fault.Field{{Location: "body.price", Message: "must not be negative"}}, f.Fields)
}

// Kinds cross the wire by number.
func TestKinds(t *testing.T) {
	t.Parallel()
	require.Equal(t, []fault.Kind{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, []fault.Kind{
		fault.Internal, fault.Invalid, fault.Malformed, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Conflict,
		fault.Precondition, fault.TooLarge, fault.Unsupported, fault.Misdirected, fault.Limited, fault.Unavailable, fault.Timeout, fault.Declined,
	})
}
