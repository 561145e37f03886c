package request_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/request"
)

func TestID(t *testing.T) {
	t.Parallel()
	require.Empty(t, request.ID(t.Context()))
	ctx := request.WithID(t.Context(), "abc")
	require.Equal(t, "abc", request.ID(ctx))
	require.Equal(t, "def", request.ID(request.WithID(ctx, "def")))
}
